"""One rule on one target at one trust level: each part proved, refuted from reset, or said to be open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verify.engine.record import Site
from verify.ir.span import Span
from verify.prove.chains import ChainHunt
from verify.prove.claims import Claim, Renamed, claims, is_about_state_only, speaks_of_hazards, speaks_of_secrets
from verify.prove.hunt import Hit, Known, remaining, witness
from verify.prove.identity import Places, fingerprint
from verify.prove.outcome import Cause, Episode, Finding, PartResult, RuleResult, Status
from verify.prove.questions import Effort, Questions
from verify.prove.reset import Search
from verify.prove.setting import Setting
from verify.prove.starts import INDEX
from verify.prove.states import StateHunt
from verify.prove.target import FFA_VERSION
from verify.prove.trust import LEVELS
from verify.rules.rule import Part, Rule
from verify.rules.scene import Scene
from verify.solve.query import Answer, Satisfied, Solver, Undecided, Unsatisfiable
from verify.terms import build as t
from verify.terms.evaluate import evaluate
from verify.terms.term import Term, variables

MAX_FINDINGS = 32
"""Per part; a part with more causes says so."""
Refuted = tuple[Term, ...]
"""A conjunction without a model."""


class Judge:
    """Judges the parts of one rule."""

    def __init__(
        self, setting: Setting, rule: Rule, solver: Solver, stricter: Judge | None = None,
        weakest: Setting | None = None,
    ) -> None:
        """`stricter` judged the same rule where EL3 may do less: what it found holds here too.

        What is certain at the weakest level is certain here.
        """
        self._setting = setting
        self._known = stricter._found if stricter else {}
        self._found: dict[str, list[Hit]] = {}
        self._rule = rule
        self._solver = solver
        self._renamed = Renamed(setting.safe)
        self._witnesses: dict[str, Episode] = stricter._witnesses if stricter else {}
        self._weakest = weakest or setting
        self.certain: dict[str, list[Refuted]] = stricter.certain if stricter else {}
        self.evidence: dict[str, list[Refuted]] = {}
        """By part: the conjunctions without a model that its result rests on, if it has any."""
        self.asked: dict[str, Part] = {}
        self._present: set[str] = stricter._present if stricter else set()
        self._tried: dict[tuple[str, Effort], _Open | None] = stricter._tried if stricter else {}
        self._questions = Questions(setting.target, solver)
        self._open: dict[str, _Open] = dict(stricter._open) if stricter and _implies(stricter._setting, setting) else {}
        search = Search(setting.light, setting.level, solver, setting.pages, setting.chains)
        self._places = Places(setting.target.unit)
        self._chains = ChainHunt(setting.light, rule, setting.profile, search)
        self._states = StateHunt(setting.starts, rule, setting.profile, setting.level, solver, setting.pages)

    def judge(self) -> RuleResult:
        scene = self._setting.scene()
        parts = tuple(self._with_evidence(scene, part) for part in self._rule.statement(scene))
        return RuleResult(self._rule.identity, self._setting.profile, self._setting.level, parts, self._solver.cost)

    # -- one part --------------------------------------------------------------------------------------------

    def _with_evidence(self, scene: Scene, part: Part) -> PartResult:
        before = len(self._solver.refuted)
        self.asked[part.name] = part
        result = self._part(scene, part)
        self.evidence[part.name] = [*self.evidence.get(part.name, []), *self._solver.refuted[before:]]
        return result

    def _part(self, scene: Scene, part: Part) -> PartResult:
        state_only = is_about_state_only(part)
        dispatched = [] if state_only else [t.not_(scene.undispatched.term)]
        given = [part.given.term, *dispatched]
        if self._is_elsewhere(part, dispatched) or self._is_absent(part, given, dispatched):
            return self._absent(part)
        conjuncts = claims(self._setting.target, part, self._renamed)
        findings, open_question = self._findings(part, given, conjuncts)
        if findings:  # each of them was run: they rest on no assumption
            return PartResult(part.name, part.function, Status.VIOLATED, findings=tuple(findings),
                              reason=open_question.reason if open_question else "")
        if open_question is not None:
            return PartResult(part.name, part.function, open_question.status, open_question.reason,
                              open_question.places, self._setting.assumed)
        return self._check_vacuity(part)

    def _absent(self, part: Part) -> PartResult:
        """Not applicable, if the invariants and what other CPUs keep may be relied on."""
        problem = self._blocked()
        if problem is not None:
            return PartResult(part.name, part.function, problem.status, problem.reason, problem.places)
        return PartResult(part.name, part.function, Status.NOT_APPLICABLE, assumptions=self._setting.assumed)

    def _is_elsewhere(self, part: Part, dispatched: Sequence[Term]) -> bool:
        """Does a reachable call show that another part judges this?"""
        if part.unless.term is t.FALSE:
            return False
        asked = [self._setting.target.step.alive, part.unless.term, *dispatched]
        return isinstance(self._ask(asked), Satisfied)

    def _is_absent(self, part: Part, given: Sequence[Term], dispatched: Sequence[Term]) -> bool:
        """No reachable call meets the interface condition, not even one that is not modelled to its end."""
        setting = self._setting
        if part.exists.term is t.TRUE or part.name in self._present:
            return False
        if setting.samples.shows(setting.target, self._rule, setting.profile, part):
            self._present.add(part.name)
            return False
        step = self._setting.target.step
        lost = t.or_(*(b.guard for b in step.record.boundaries))
        exists = t.or_(t.and_(step.alive, part.exists.term, *dispatched), t.and_(lost, *self._asked(given)))
        answer = self._ask([exists])
        if isinstance(answer, Satisfied):
            self._present.add(part.name)
        return isinstance(answer, Unsatisfiable)

    def _asked(self, given: Sequence[Term]) -> list[Term]:
        """What a premise says of the host's registers: results mean nothing where a path is not followed or wild."""
        name = f"{self._setting.target.step.record.prefix}x"
        facts = [fact for term in given for fact in (term.args if term.op == "band" else (term,))]
        return [fact for fact in facts if all(found.startswith(name) for found in variables([fact]))]

    def _ask(self, terms: Sequence[Term], effort: Effort = Effort.FULL) -> Answer:
        return self._questions.ask(terms, self._setting, effort)

    # -- violations ------------------------------------------------------------------------------------------

    def _findings(
        self, part: Part, given: Sequence[Term], conjuncts: Sequence[Claim]
    ) -> tuple[list[Finding], _Open | None]:
        found = list(self._known.get(part.name, ()))
        self._found[part.name] = found
        record = self._setting.target.step.record
        while len(found) < MAX_FINDINGS:
            known = {(hit.key, hit.site) for hit in found}
            wrong = [remaining(record, claim, known) for claim in conjuncts]
            hits = self._looked(part, given, wrong, known)
            if hits is None:
                break
            if not hits:
                problem = self._whether_it_fails(part, given, wrong, bool(known))
                if problem is None:
                    break
                return self._merge(part, conjuncts, found), problem
            found += hits
        findings = self._merge(part, conjuncts, found)
        if len(found) >= MAX_FINDINGS:
            return findings, _Open(Status.UNKNOWN, "too many findings", ())
        return findings, self._vague(given, conjuncts) or self._lost(part, given) or self._blocked()

    def _looked(self, part: Part, given: Sequence[Term], wrong: Sequence[Term], known: Known) -> list[Hit] | None:
        """What is found with the least effort that does; None where nothing is left to be found.

        Once something is known, the rest is more likely to hold than to fail.
        """
        if self._holds(part, given, wrong, known, Effort.COARSE):
            return None
        if hits := _sure(self._chains.hits(part.name, known)):
            return hits
        if not known:
            return self._exactly(part, given, wrong)
        if self._holds(part, given, wrong, known, Effort.EXACT):
            return None
        return _sure(self._states.hits(part.name, known, is_thorough=False))

    def _exactly(self, part: Part, given: Sequence[Term], wrong: Sequence[Term]) -> list[Hit] | None:
        """A look at the states comes before a proof: it costs less where the part is violated."""
        quick = self._states.hits(part.name, set(), is_thorough=False)
        if hits := _sure(quick):
            return hits
        if self._holds(part, given, wrong, set(), Effort.EXACT):
            return None
        if isinstance(quick, Undecided) and (hits := _sure(self._states.hits(part.name, set()))):
            return hits
        return None if self._is_certain(part, given, wrong, Effort.FULL) else []

    def _holds(
        self, part: Part, given: Sequence[Term], wrong: Sequence[Term], known: Known, effort: Effort
    ) -> bool:
        """With this effort, at the weakest level or at this one.

        What else is wrong is asked at the weakest level first: it will be asked there.
        """
        if not known and self._is_certain(part, given, wrong, effort):
            return True
        levels = [self._weakest] if known and self._is_certain_if_weakest(part) else []
        return any(self._fails(part, given, wrong, level, effort) is None for level in [*levels, self._setting])

    def _vague(self, given: Sequence[Term], conjuncts: Sequence[Claim]) -> _Open | None:
        """Are two calls compared whose values depend on memory or on a loop? Both runs' are given the same names."""
        if all(claim.is_exact for claim in conjuncts):
            return None
        record = self._setting.target.step.record
        loops = (guard for guard, index in record.indices if set(variables([index])) != {INDEX})
        beyond = t.or_(*(access.guard for access in record.buffers), *(fetch.guard for fetch in record.fetches),
                       *(transfer.guard for transfer in record.transfers), *loops)
        if isinstance(self._ask([*given, beyond]), Unsatisfiable):
            return None
        return _Open(Status.UNKNOWN, "two calls are not compared where memory is read", ())

    def _merge(self, part: Part, conjuncts: Sequence[Claim], found: Sequence[Hit]) -> list[Finding]:
        """What fails because of one site is one finding."""
        order = {claim.key: number for number, claim in reversed(list(enumerate(conjuncts)))}
        groups: dict[tuple[str, str, int, str, str, str], list[Hit]] = {}
        for hit in found:
            cause = self._cause(hit)
            key = (cause.function, cause.file, cause.line, cause.kind, cause.text, cause.place)
            groups.setdefault(key, []).append(hit)
        result = []
        for _, members in sorted(groups.items()):
            members.sort(key=lambda hit: (order.get(hit.key, len(order)), hit.key))
            outputs = tuple(dict.fromkeys(hit.require.output for hit in members))
            text = "; ".join(dict.fromkeys(hit.require.text for hit in members))
            cause = self._cause(members[0], outputs)
            result.append(Finding(cause, text, members[0].replay(),
                                  fingerprint(self._rule.identity, part.name, text, cause)))
        return result

    def _cause(self, hit: Hit, outputs: tuple[str, ...] = ()) -> Cause:
        made = self._here(hit.made)
        return Cause(made.function, made.span.file, made.span.line, outputs, hit.site.kind, made.text,
                     self._places.of(made))

    def _here(self, site: Site) -> Site:
        """As this target's call numbers it."""
        record = self._setting.target.step.record
        number = record.number(site)
        return site if number is None else record.sites[number]

    # -- proofs ----------------------------------------------------------------------------------------------

    def _fails(
        self, part: Part, given: Sequence[Term], wrong: Sequence[Term], setting: Setting, effort: Effort
    ) -> _Open | None:
        """Is there still a way for a conjunct to fail, on a path that is modelled to its end and safe?"""
        match self._questions.ask([*given, *_ends(setting, part)], setting, effort, wrong):
            case Unsatisfiable():
                return None
            case Undecided(reason=reason):
                return _Open(Status.UNKNOWN, reason, ())
            case _:
                return _Open(Status.UNKNOWN, "not inductive: no sequence of calls from reset was found", ())

    def _is_certain(self, part: Part, given: Sequence[Term], wrong: Sequence[Term], effort: Effort) -> bool:
        """Proved at the weakest level, whose assumptions hold at this one too, with this effort or less."""
        if part.name in self.certain:
            self.evidence[part.name] = self.certain[part.name]
            return True
        if not self._is_certain_if_weakest(part):
            return False
        key = (part.name, effort)
        if key not in self._tried:
            before = len(self._solver.refuted)
            self._tried[key] = self._fails(part, given, wrong, self._weakest, effort)
            if self._tried[key] is None:
                self.certain[part.name] = self._solver.refuted[before:]
        return part.name in self.certain

    def _is_certain_if_weakest(self, part: Part) -> bool:
        """Is what holds at the weakest level, another one than this, certain here?"""
        if self._weakest is self._setting or speaks_of_hazards(part) or not _implies(self._setting, self._weakest):
            return False
        # what may be read elsewhere there counts as no secret in claims of secrets
        return not speaks_of_secrets(part) or self._setting.safe == self._weakest.safe

    def _whether_it_fails(
        self, part: Part, given: Sequence[Term], wrong: Sequence[Term], has_findings: bool
    ) -> _Open | None:
        """With all effort, unless there are findings; once for the weakest level."""
        key = (part.name, Effort.FULL)
        if not has_findings and self._weakest is self._setting and key in self._tried:
            return self._tried[key]
        return self._fails(part, given, wrong, self._setting, Effort.EXACT if has_findings else Effort.FULL)

    def _lost(self, part: Part, given: Sequence[Term]) -> _Open | None:
        """Does the premise allow a path that is not modelled, or one whose safety is not proved?"""
        if is_about_state_only(part):
            return None
        if part.name not in self._open and (problem := self._find_lost(given)) is not None:
            self._open[part.name] = problem
        return self._open.get(part.name)

    def _find_lost(self, given: Sequence[Term]) -> _Open | None:
        """What is not modelled counts before what is not safe, whichever the solver happens to find first.

        The question is about the host's registers: what memory holds does not matter.
        """
        boundaries = self._setting.target.step.record.boundaries
        unsafe = self._setting.unsafe
        lost = [b.guard for b in boundaries]
        wild = [t.and_(o.guard, t.not_(o.holds)) for o in unsafe]
        given = self._asked(given)
        answer = self._ask([*given, t.or_(*lost, *wild)], Effort.COARSE)
        if isinstance(answer, Satisfied) and not any(evaluate(lost, answer.values)):
            beyond = self._ask([*given, t.or_(*lost)], Effort.COARSE)
            answer = answer if isinstance(beyond, Unsatisfiable) else beyond
        match answer:
            case Unsatisfiable():
                return None
            case Undecided(reason=reason):
                return _Open(Status.UNKNOWN, reason, ())
            case Satisfied(values=values):
                hits = evaluate([*lost, *wild], values)
        for boundary, hit in zip(boundaries, hits, strict=False):
            if hit:
                return _Open(Status.UNSUPPORTED, boundary.construct, (_place(boundary.span),))
        item = unsafe[hits.index(1) - len(boundaries)]
        return _Open(Status.UNKNOWN, f"blocked by {item.kind}", (_place(item.span),))

    def _blocked(self) -> _Open | None:
        guarantee = self._setting.guarantee
        if guarantee.place:
            return _Open(Status.UNSUPPORTED, f"initialisation: {guarantee.construct}", (guarantee.place,))
        if guarantee.problem:
            return _Open(Status.UNKNOWN, f"blocked by what a call may leave behind: {guarantee.problem}", ())
        return None

    # -- vacuity ---------------------------------------------------------------------------------------------

    def _check_vacuity(self, part: Part) -> PartResult:
        """A proof counts if the premise is met by a call that the interpreter reproduces."""
        setting, name = self._setting, part.name
        if name not in self._witnesses:
            sample = setting.samples.meets(setting.target, self._rule, setting.profile, part)
            found = sample or witness((self._chains, self._states), name)
            if isinstance(found, Undecided):
                return PartResult(name, part.function, Status.UNKNOWN, f"premise: {found.reason}")
            if found is None:
                return self._unmet(part)
            self._witnesses[name] = found
        return PartResult(name, part.function, Status.PROVED, assumptions=self._assumed(name),
                          witness=self._witnesses[name])

    def _assumed(self, name: str) -> tuple[str, ...]:
        """What is proved at the weakest level rests on what is assumed there, which this level may have proved."""
        return () if name in self.certain and not self._weakest.assumed else self._setting.assumed

    def _unmet(self, part: Part) -> PartResult:
        """Vacuous, unless the way there may lead through something that is not modelled."""
        target = self._setting.target
        asked = t.eq(t.extract(target.step.inputs[0], 31, 0), t.const(FFA_VERSION, 32))
        lost = self._find_lost([asked])
        if lost is None:
            return PartResult(part.name, part.function, Status.VACUOUS, "no sequence of calls meets the premise")
        reason = f"premise: no version is agreed without {lost.reason}"
        return PartResult(part.name, part.function, lost.status, reason, lost.places)


def _sure(hits: list[Hit] | Undecided) -> list[Hit]:
    return [] if isinstance(hits, Undecided) else hits


def _ends(setting: Setting, part: Part) -> list[Term]:
    """Paths that count: modelled to their end, and without undefined behaviour that is not proved away."""
    step = setting.target.step
    if is_about_state_only(part):
        return [t.or_(step.alive, *(b.guard for b in step.record.boundaries))]
    if speaks_of_hazards(part):
        return []
    return [step.alive, *(t.implies(item.guard, item.holds) for item in setting.unsafe)]


def _place(span: Span) -> str:
    return f"{span.file}:{span.line}"


def _implies(stricter: Setting, weaker: Setting) -> bool:
    """Is all that the weaker level assumes assumed at the stricter one? Axioms are: levels only add some."""
    is_lower = LEVELS.index(weaker.level) <= LEVELS.index(stricter.level)
    return is_lower and set(weaker.invariants.names) <= set(stricter.invariants.names)


@dataclass(frozen=True, slots=True)
class _Open:
    """Why a part is not proved."""

    status: Status
    reason: str
    places: tuple[str, ...]
