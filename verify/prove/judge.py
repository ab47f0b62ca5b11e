"""One rule on one target at one trust level: each part proved, refuted from reset, or said to be open."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from verify.errors import ReplayMismatch
from verify.prove import replay
from verify.prove.claims import Claim, Known, claims, is_about_state_only, site_of
from verify.prove.guarantee import Guarantee
from verify.prove.invariants import Invariants, surroundings
from verify.prove.outcome import Cause, Episode, Finding, PartResult, RuleResult, Status
from verify.prove.reset import Chain, Script, Search
from verify.prove.samples import Samples
from verify.prove.target import FFA_VERSION, HARMLESS, Target
from verify.prove.trust import LEVELS
from verify.prove.unmodelled import assumed_safe
from verify.rules.rule import Part, Require, Rule
from verify.rules.scene import Scene
from verify.solve.query import Answer, Satisfied, Solver, Undecided, Unsatisfiable
from verify.terms import build as t
from verify.terms.evaluate import evaluate
from verify.terms.term import Term, variables

MAX_FINDINGS = 32
"""Per part; a part with more causes says so."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What does not change between the rules of one run: target, trust, invariants, other CPUs' guarantee."""

    target: Target
    level: str
    profile: str
    invariants: Invariants
    guarantee: Guarantee
    samples: Samples = field(default_factory=lambda: Samples([]))
    pages: tuple[Term, ...] = ()
    """Restricts the page size; empty: 4K, 16K and 64K."""
    chains: dict[int, Chain] = field(default_factory=dict)
    """Sequences of calls that were put together already, by the length of their history."""
    assumed: tuple[str, ...] = ()
    """What the invariants rest on."""


@dataclass(slots=True)
class _Excluded:
    """Causes that were reported already: (claim index, site)."""

    pairs: dict[tuple[int, int], None] = field(default_factory=dict)

    def remaining(self, index: int, claim: Claim) -> Term:
        gone = [
            t.eq(claim.origin, t.const(site, claim.origin.bits)) for number, site in self.pairs if number == index]
        return t.and_(claim.fails, *(t.not_(x) for x in gone))


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
        self._found: dict[str, list[tuple[int, int, Script]]] = {}
        self._episodes: dict[tuple[str, int, int], Episode] = stricter._episodes if stricter else {}
        self._rule = rule
        self._solver = solver
        self._renamed = Known()
        self._witnesses: dict[str, Episode] = stricter._witnesses if stricter else {}
        self._weakest = weakest or setting
        self._certain: dict[str, bool] = stricter._certain if stricter else {}
        self._open: dict[str, _Open] = dict(stricter._open) if stricter and _implies(stricter._setting, setting) else {}
        self._search = Search(setting.target, setting.level, solver, setting.pages, setting.chains)
        self._base = _base(setting)

    def judge(self) -> RuleResult:
        scene = self._setting.target.scene(self._setting.profile)
        parts = tuple(self._part(scene, part) for part in self._rule.statement(scene))
        return RuleResult(self._rule.identity, self._setting.profile, self._setting.level, parts, self._solver.cost)

    # -- one part --------------------------------------------------------------------------------------------

    def _part(self, scene: Scene, part: Part) -> PartResult:
        state_only = is_about_state_only(part)
        dispatched = [] if state_only else [t.not_(scene.undispatched.term)]
        given = [part.given.term, *dispatched]
        if self._is_elsewhere(part, dispatched) or self._is_absent(part, given, dispatched):
            return self._absent(part)
        conjuncts = claims(self._setting.target, part, given, self._renamed)
        findings, open_question = self._findings(part, given, conjuncts, state_only)
        if findings:  # each of them was run: they rest on no assumption
            return PartResult(part.name, part.function, Status.VIOLATED, findings=tuple(findings),
                              reason=open_question.reason if open_question else "")
        assumptions = self._assumptions(given, state_only)
        if open_question is not None:
            return PartResult(part.name, part.function, open_question.status, open_question.reason,
                              open_question.places, assumptions)
        return self._check_vacuity(part, given, assumptions)

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
        asked = [*self._base, self._setting.target.step.alive, part.unless.term, *dispatched]
        return isinstance(self._ask(asked), Satisfied)

    def _is_absent(self, part: Part, given: Sequence[Term], dispatched: Sequence[Term]) -> bool:
        """No reachable call meets the interface condition, not even one that is not modelled to its end."""
        setting = self._setting
        if part.exists.term is t.TRUE or setting.samples.shows(setting.target, self._rule, setting.profile, part):
            return False
        step = self._setting.target.step
        lost = t.or_(*(b.guard for b in step.record.boundaries))
        exists = t.or_(t.and_(step.alive, part.exists.term, *dispatched), t.and_(lost, *self._asked(given)))
        return isinstance(self._ask([*self._base, exists]), Unsatisfiable)

    def _asked(self, given: Sequence[Term]) -> list[Term]:
        """What a premise says of the function ID alone: results mean nothing where a path is not followed."""
        name = f"{self._setting.target.step.record.prefix}x0."
        facts = [fact for term in given for fact in (term.args if term.op == "band" else (term,))]
        return [fact for fact in facts if all(found.startswith(name) for found in variables([fact]))]

    def _ask(self, terms: Sequence[Term]) -> Answer:
        """What is read from memory counts as unknown at first; a model of that is only a candidate."""
        answer = self._solver.ask(terms)
        if not isinstance(answer, Satisfied):
            return answer
        meanings = self._setting.target.step.record.exact.definitions(terms)
        return self._solver.ask([*terms, *meanings]) if meanings else answer

    # -- violations ------------------------------------------------------------------------------------------

    def _findings(
        self, part: Part, given: Sequence[Term], conjuncts: Sequence[Claim], state_only: bool
    ) -> tuple[list[Finding], _Open | None]:
        found = list(self._known.get(part.name, ()))
        self._found[part.name] = found
        excluded = _Excluded({(index, site): None for index, site, _ in found})
        if (vague := self._vague(given, conjuncts)) is not None:
            return [], vague
        while True:
            wrong = [excluded.remaining(k, claim) for k, claim in enumerate(conjuncts)]
            model = None
            if excluded.pairs or not self._is_certain(part.name, given, wrong, state_only):
                model = self._wrong(given, wrong, state_only)
            if model is None or len(found) >= MAX_FINDINGS:
                break
            script = self._sequence([*given, *_alone(conjuncts)], wrong)
            if not isinstance(script, Script):
                why = "no sequence of calls from reset was found" if script is None else script.reason
                return self._merge(part, conjuncts, found), _Open(Status.UNKNOWN, f"not inductive: {why}", ())
            for index, site in self._hits(conjuncts, excluded, script):
                excluded.pairs[index, site] = None
                found.append((index, site, script))
        return self._merge(part, conjuncts, found), model or self._lost(part.name, given, state_only) or self._blocked()

    def _vague(self, given: Sequence[Term], conjuncts: Sequence[Claim]) -> _Open | None:
        """Are two calls compared whose values depend on memory or on a loop?"""
        if all(claim.is_exact or claim.fails is t.FALSE for claim in conjuncts):
            return None
        record = self._setting.target.step.record
        loops = (guard for guard, index in record.indices if not str(index.data).startswith("ghost."))
        beyond = t.or_(*(access.guard for access in record.buffers), *(fetch.guard for fetch in record.fetches),
                       *(transfer.guard for transfer in record.transfers), *loops)
        if isinstance(self._ask([*self._base, *given, beyond]), Unsatisfiable):
            return None
        return _Open(Status.UNKNOWN, "two calls are not compared where memory is read", ())

    def _sequence(self, given: Sequence[Term], wrong: Sequence[Term]) -> Script | Undecided | None:
        """Preferably one in which every conjunct fails that can."""
        reduced = self._solver.under(given, wrong)
        together = [term for term, simple in zip(wrong, reduced, strict=True) if simple is not t.FALSE]
        if len(together) > 1:
            script = self._search.find([*given, *together])
            if isinstance(script, Script):
                return script
        return self._search.find([*given, t.or_(*wrong)])

    @staticmethod
    def _hits(conjuncts: Sequence[Claim], excluded: _Excluded, script: Script) -> list[tuple[int, int]]:
        """Claims that fail in this model, with the site that is to blame."""
        values = evaluate([term for claim in conjuncts for term in (claim.fails, claim.origin)], script.values)
        pairs = enumerate(zip(values[::2], values[1::2], strict=True))
        return [(index, site) for index, (fails, site) in pairs if fails and (index, site) not in excluded.pairs]

    def _merge(
        self, part: Part, conjuncts: Sequence[Claim], found: Sequence[tuple[int, int, Script]]
    ) -> list[Finding]:
        """What fails because of one site is one finding."""
        groups: dict[tuple[str, str, int, str, str, int], list[tuple[int, Script]]] = {}
        for index, site, script in found:
            made = self._cause(site, (), script)
            key = (made.function, made.file, made.line, made.kind, made.text, made.ordinal)
            groups.setdefault(key, []).append((index, script))
        result = []
        for key, members in sorted(groups.items()):
            members.sort(key=lambda member: member[0])
            requires = [conjuncts[index].require for index, _ in members]
            episode = self._confirmed(part, members[0], requires[0])
            outputs = tuple(dict.fromkeys(require.output for require in requires))
            text = "; ".join(dict.fromkeys(require.text for require in requires))
            cause = Cause(key[0], key[1], key[2], outputs, *key[3:])
            result.append(Finding(cause, text, episode, self._fingerprint(part, cause, text)))
        return result

    def _confirmed(self, part: Part, member: tuple[int, Script], wanted: Require) -> Episode:
        key = (part.name, member[0], id(member[1]))
        if key not in self._episodes:
            self._episodes[key] = replay.confirm(
                self._setting.target, self._rule, self._setting.profile, member[1], part.name, wanted)
        return self._episodes[key]

    def _cause(self, number: int, outputs: tuple[str, ...], script: Script) -> Cause:
        record = self._setting.target.step.record
        site = site_of(record, number)
        if not site.function:
            answer = self._setting.target.step.outputs[0].origin
            made = site_of(record, evaluate([answer], script.values)[0])
            return Cause(made.function, made.span.file, made.span.line, outputs, site.kind, made.text, made.ordinal)
        return Cause(site.function, site.span.file, site.span.line, outputs, site.kind, site.text, site.ordinal)

    def _fingerprint(self, part: Part, cause: Cause, text: str) -> str:
        """Stable over edits elsewhere: no line numbers."""
        parts = (self._rule.identity, part.name, text, cause.function, ",".join(cause.outputs), cause.kind, cause.text,
                 str(cause.ordinal))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    # -- proofs ----------------------------------------------------------------------------------------------

    def _wrong(self, given: Sequence[Term], wrong: Sequence[Term], state_only: bool) -> _Open | None:
        """Is there still a way for a conjunct to fail, on a path that is modelled to its end and safe?"""
        match self._ask([*self._base, *given, *self._ends(state_only), t.or_(*wrong)]):
            case Unsatisfiable():
                return None
            case Undecided(reason=reason):
                return _Open(Status.UNKNOWN, reason, ())
            case _:
                return _Open(Status.UNKNOWN, "too many findings", ())

    def _ends(self, state_only: bool) -> list[Term]:
        step = self._setting.target.step
        if state_only:
            return [t.or_(step.alive, *(b.guard for b in step.record.boundaries))]
        defined = [o for o in step.record.obligations if o.kind not in HARMLESS]
        return [step.alive, *(t.or_(t.not_(o.guard), o.holds) for o in defined)]

    def _is_certain(self, name: str, given: Sequence[Term], wrong: Sequence[Term], state_only: bool) -> bool:
        """Proved at the weakest level, whose assumptions hold at this one too."""
        if self._weakest is self._setting or not _implies(self._setting, self._weakest):
            return self._certain.get(name, False)
        if name not in self._certain:
            answer = self._ask([*_base(self._weakest), *given, *self._ends(state_only), t.or_(*wrong)])
            self._certain[name] = isinstance(answer, Unsatisfiable)
        return self._certain[name]

    def _lost(self, name: str, given: Sequence[Term], state_only: bool) -> _Open | None:
        """Does the premise allow a path that is not modelled, or one whose safety is not proved?"""
        if state_only:
            return None
        if name not in self._open and (problem := self._find_lost(given)) is not None:
            self._open[name] = problem
        return self._open.get(name)

    def _find_lost(self, given: Sequence[Term]) -> _Open | None:
        """What is not modelled counts before what is not safe, whichever the solver happens to find first."""
        record = self._setting.target.step.record
        unsafe = [t.and_(o.guard, t.not_(o.holds)) for o in record.obligations if o.kind not in HARMLESS]
        lost = [b.guard for b in record.boundaries]
        answer = self._ask([*self._base, *given, t.or_(*lost, *unsafe)])
        if isinstance(answer, Satisfied) and not any(evaluate(lost, answer.values)):
            beyond = self._ask([*self._base, *given, t.or_(*lost)])
            answer = answer if isinstance(beyond, Unsatisfiable) else beyond
        match answer:
            case Unsatisfiable():
                return None
            case Undecided(reason=reason):
                return _Open(Status.UNKNOWN, reason, ())
            case Satisfied(values=values):
                return self._where_lost(evaluate([*lost, *unsafe], values))

    def _where_lost(self, hits: Sequence[int]) -> _Open:
        """`hits`: for each boundary, then for each obligation, whether control comes by there."""
        record = self._setting.target.step.record
        for boundary, hit in zip(record.boundaries, hits, strict=False):
            if hit:
                place = f"{boundary.span.file}:{boundary.span.line}"
                return _Open(Status.UNSUPPORTED, boundary.construct, (place,))
        undefined = [o for o in record.obligations if o.kind not in HARMLESS]
        obligation = undefined[hits.index(1) - len(record.boundaries)]
        place = f"{obligation.span.file}:{obligation.span.line}"
        return _Open(Status.UNKNOWN, f"blocked by {obligation.kind}", (place,))

    def _blocked(self) -> _Open | None:
        guarantee = self._setting.guarantee
        if guarantee.place:
            return _Open(Status.UNSUPPORTED, f"initialisation: {guarantee.construct}", (guarantee.place,))
        if guarantee.problem:
            return _Open(Status.UNKNOWN, f"blocked by what a call may leave behind: {guarantee.problem}", ())
        return None

    def _assumptions(self, given: Sequence[Term], state_only: bool) -> tuple[str, ...]:
        """Of the handlers that the invariants rest on, and that a part about the version alone does not follow."""
        setting = self._setting
        own = assumed_safe(
            setting.target, setting.invariants, setting.level, given, self._solver) if state_only else ()
        return tuple(sorted({*self._setting.assumed, *own}))

    # -- vacuity ---------------------------------------------------------------------------------------------

    def _check_vacuity(self, part: Part, given: Sequence[Term], assumptions: tuple[str, ...]) -> PartResult:
        """A proof counts if the premise is met by a call that the interpreter reproduces."""
        setting = self._setting
        sample = setting.samples.meets(setting.target, self._rule, setting.profile, part)
        if sample is not None:
            return PartResult(part.name, part.function, Status.PROVED, assumptions=assumptions, witness=sample)
        if part.name in self._witnesses:
            episode = self._witnesses[part.name]
            return PartResult(part.name, part.function, Status.PROVED, assumptions=assumptions, witness=episode)
        script = self._search.find(list(given), readable=False)
        if isinstance(script, Undecided):
            return PartResult(part.name, part.function, Status.UNKNOWN, f"premise: {script.reason}")
        if script is None:
            return self._unmet(part)
        episode = replay.run(setting.target, script, replay.PATTERNS[0])
        if not self._is_witness(episode, part.name):
            raise ReplayMismatch(
                f"{self._rule.identity}, part '{part.name}': the interpreter does not meet the premise")
        self._witnesses[part.name] = episode
        return PartResult(part.name, part.function, Status.PROVED, assumptions=assumptions, witness=episode)

    def _unmet(self, part: Part) -> PartResult:
        """Vacuous, unless the way there may lead through something that is not modelled."""
        target = self._setting.target
        asked = t.eq(t.extract(target.step.inputs[0], 31, 0), t.const(FFA_VERSION, 32))
        lost = self._find_lost([asked])
        if lost is None:
            return PartResult(part.name, part.function, Status.VACUOUS, "no sequence of calls meets the premise")
        reason = f"premise: no version is agreed without {lost.reason}"
        return PartResult(part.name, part.function, lost.status, reason, lost.places)

    def _is_witness(self, episode: Episode, name: str) -> bool:
        return replay.meets_premise(self._setting.target, self._rule, self._setting.profile, episode, name)


def _alone(conjuncts: Sequence[Claim]) -> list[Term]:
    """Nothing else runs beside the second of two calls."""
    return list(dict.fromkeys(claim.alone for claim in conjuncts if claim.alone is not t.TRUE))


def _base(setting: Setting) -> list[Term]:
    return [*setting.pages, *surroundings(setting.target, setting.invariants, setting.level)]


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
