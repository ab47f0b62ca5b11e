"""The hunt from concrete states: one symbolic call, a few iterations of each loop, exactly; the interpreter decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations

from verify.engine.content import Content, Unknown
from verify.engine.pages import PAGE, SHARE_FFA, SHARE_HYP, UNSHARE_FFA
from verify.engine.relevance import exclude
from verify.engine.transition import function_number, named_functions
from verify.errors import ReplayMismatch
from verify.interpret.session import HostWrites
from verify.interpret.world import FOREIGN, OWN
from verify.prove.claims import Claim, Renamed, alone, claims, is_about_state_only, speaks_of_hazards, speaks_of_secrets
from verify.prove.hunt import Hit, Known, remaining, shown
from verify.prove.outcome import Episode
from verify.prove.replay import Replay
from verify.prove.reset import Script, make_readable
from verify.prove.safety import blocks
from verify.prove.starts import INDEX, IS_FOREIGN, Start, Starts
from verify.rules.rule import Part, Rule
from verify.solve.query import GLANCE, MODEST, Satisfied, Solver, Undecided
from verify.terms import build as t
from verify.terms.evaluate import evaluate
from verify.terms.term import Term, memories, variables

MOST_STARTS, MOST_ALIKE = 6, 2
"""States that one looks from, though the interpreter refused all before; of those that as many calls lead to. Where a
violation is known already, the first one alone."""
FEW_PAGES = 16
"""In one range of an ordinary call."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A state that something may happen from, with a model in which it does, but for what EL2's buffers hold there."""

    start: Start
    values: Mapping[str, int] | None = None


@dataclass(slots=True)
class StateHunt:
    """A candidate that the interpreter refuses is none: the engine knows nothing of pages besides the followed one."""

    starts: Starts
    rule: Rule
    profile: str
    level: str
    solver: Solver
    pages: Sequence[Term] = ()
    _renamed: Renamed = field(default_factory=Renamed)
    _parts: dict[str, Part] = field(default_factory=dict)
    _known: dict[tuple[Term, ...], list[Term]] = field(default_factory=dict)
    """What was asked before, with all that it rests on."""

    def hits(self, name: str, known: Known, is_thorough: bool = True) -> list[Hit] | Undecided:
        """Unless it is thorough, states are not looked at where a glance at all of them together decides nothing."""
        part = self._part(name)
        if part is None:
            return []
        conjuncts = claims(self.starts.target, part, self._renamed)
        record = self.starts.target.step.record
        wrong = [remaining(record, claim, known) for claim in conjuncts]
        given = [*self._given(part), *alone(conjuncts)]
        undecided: Undecided | None = None
        for usual in (self._usual(part), []):
            wanted = [*given, *usual, t.or_(*wrong)]
            first = self._one_of(self.starts.items, wanted, MODEST if is_thorough else GLANCE)
            if isinstance(first, Undecided) and not is_thorough:
                undecided = first
                continue
            for place in self._starts(wanted, first, not known):
                start = place.start
                found = self._from(start, part, conjuncts, [*given, *usual], wrong, seen=place.values)
                if isinstance(found, Undecided):
                    undecided = found
                elif found:
                    return [*found, *self._others(start, part, conjuncts, [*given, *usual], (known, found))]
        return undecided or []

    def _others(
        self, start: Start, part: Part, conjuncts: Sequence[Claim], given: Sequence[Term],
        before: tuple[Known, Sequence[Hit]],
    ) -> list[Hit]:
        """More causes in calls from the same state."""
        known, new = before
        result: list[Hit] = []
        while new:
            known = {*known, *((hit.key, hit.site) for hit in new)}
            record = self.starts.target.step.record
            wrong = [remaining(record, claim, known) for claim in conjuncts]
            found = self._from(start, part, conjuncts, given, wrong, GLANCE)
            new = [] if isinstance(found, Undecided) else found
            result += new
        return result

    def _usual(self, part: Part) -> list[Term]:
        """Other pages than the followed one are mostly as the host needs them: they let no page-table function fail.

        Ranges are short, those that are shared have no page of the mailboxes, and none is shared or given back twice.
        Reads stay inside their objects, unless the part may be about those that do not.
        """
        scene = self.starts.target.scene(self.profile)
        pair = ((scene.pre.has_tx.term, scene.pre.tx_at), (scene.pre.has_rx.term, scene.pre.rx_at))
        mailboxes = [(is_set, scene.frame(at).term) for is_set, at in pair]
        record = self.starts.target.step.record
        result: list[Term] = []
        if not speaks_of_secrets(part) and not speaks_of_hazards(part):
            result += [t.implies(item.guard, item.holds) for item in record.obligations if item.is_read]
        transfers = record.transfers
        for one, other in combinations(transfers, 2):
            if one.action == other.action in (SHARE_FFA, UNSHARE_FFA) and not exclude(one.guard, other.guard):
                done = t.and_(one.guard, one.succeeds, other.guard, other.succeeds)
                result.append(t.implies(done, t.not_(one.overlaps(other))))
        for x in transfers:
            facts = [t.ule(x.count, t.const(FEW_PAGES, 64)), t.or_(x.blamed, x.succeeds)]
            if x.action in (SHARE_HYP, SHARE_FFA):
                facts += [t.not_(t.and_(x.succeeds, is_set, x.has(page))) for is_set, page in mailboxes]
            result.append(t.implies(x.guard, t.and_(*facts)))
        return result

    def witness(self, name: str) -> Episode | Undecided | None:
        part = self._part(name)
        if part is None:
            return None
        undecided: Undecided | None = None
        for given in ([*self._given(part), *self._usual(part)], self._given(part)):
            for place in self._starts(given, self._one_of(self.starts.items, given)):
                start, values = place.start, self._solve(place.start, given)
                if isinstance(values, Undecided):
                    undecided = values
                elif values is not None:
                    try:
                        return self._replay(start, values, name).witness()
                    except ReplayMismatch:
                        continue
        return undecided

    def _starts(
        self, wanted: Sequence[Term], first: _Place | Undecided | None, is_new: bool = True
    ) -> Iterator[_Place]:
        """Those that it may happen from, the fewest calls first; `first`: what was said of all of them."""
        starts = list(self.starts.items)
        found = _Place(starts[0]) if isinstance(first, Undecided) else first
        while found is not None:
            before = self._likely([x for x in starts if len(x.calls) < len(found.start.calls)], wanted)
            if before is None:
                break
            found = before
        tried: Counter[int] = Counter()
        for _ in range(MOST_STARTS if is_new else 1):
            if found is None:
                return
            yield found
            place, calls = found.start, len(found.start.calls)
            tried[calls] += 1
            starts = [start for start in starts if start is not place and len(start.calls) >= calls
                      and tried[len(start.calls)] < MOST_ALIKE]
            found = self._likely([x for x in starts if len(x.calls) == calls], wanted) or self._likely(starts, wanted)

    def _likely(self, starts: Sequence[Start], wanted: Sequence[Term]) -> _Place | None:
        """A state that it may happen from; the first one, if that is not decided."""
        found = self._one_of(starts, wanted)
        return _Place(starts[0]) if isinstance(found, Undecided) else found

    def _one_of(
        self, starts: Sequence[Start], wanted: Sequence[Term], share: int = MODEST
    ) -> _Place | Undecided | None:
        """The state that a model speaks of, found by one question."""
        if not starts:
            return None
        asked = self._asked(wanted)
        names = variables(asked)
        here = [t.and_(start.is_here(names), self._conforms(start)) for start in starts]
        answer = self.solver.find([*asked, t.or_(*here)], share)
        if isinstance(answer, Satisfied):
            return _Place(starts[evaluate(here, answer.values).index(1)], answer.values)
        return answer if isinstance(answer, Undecided) else None

    def _part(self, name: str) -> Part | None:
        if not self._parts:
            scene = self.starts.target.scene(self.profile)
            self._parts.update((part.name, part) for part in self.rule.statement(scene))
        return self._parts.get(name)

    def _given(self, part: Part) -> list[Term]:
        """The premise, on a path with an end; without undefined behaviour, unless that is looked for."""
        step = self.starts.target.step
        undispatched = self.starts.target.scene(self.profile).undispatched.term
        given = [part.given.term, *([] if is_about_state_only(part) else [t.not_(undispatched)])]
        if speaks_of_hazards(part):
            return given
        return [*given, step.alive, *(t.implies(o.guard, o.holds) for o in step.record.obligations if blocks(o))]

    def _from(
        self, start: Start, part: Part, conjuncts: Sequence[Claim], given: Sequence[Term], wrong: Sequence[Term],
        share: int = MODEST, seen: Mapping[str, int] | None = None,
    ) -> list[Hit] | Undecided:
        """Preferably where every conjunct fails that can; `seen`: a model of one that may fail here."""
        values = self._solve(start, [*given, t.or_(*wrong)], share, seen)
        if values is None or isinstance(values, Undecided):
            return values or []
        possible = [term for term, here in zip(wrong, start.at(wrong), strict=True) if here is not t.FALSE]
        candidates = [values]
        if not all(evaluate(start.at(possible), values)):
            together = self._solve(start, [*given, *possible])
            candidates = [together, values] if isinstance(together, Mapping) else candidates
        for candidate in candidates:
            hits = self._confirmed(start, part, conjuncts, wrong, candidate)
            if hits:
                wanted = t.and_(*(term for term, fails in zip(wrong, evaluate(start.at(wrong), candidate), strict=True)
                                  if fails))
                readable = self._readable(start, [*given, wanted], candidate)
                return self._confirmed(start, part, conjuncts, wrong, readable) or hits
        return []

    def _solve(
        self, start: Start, wanted: Sequence[Term], share: int = MODEST, seen: Mapping[str, int] | None = None,
    ) -> Mapping[str, int] | Undecided | None:
        """A model, if there is one; `seen`, if it is one."""
        goal = self._goal(start, wanted)
        if any(term is t.FALSE for term in goal):
            return None
        if seen is not None and all(evaluate(goal, seen)):
            names = {*variables(goal), *memories(goal)}
            return {name: value for name, value in seen.items() if name.partition("@")[0] in names}
        answer = self.solver.find(goal, share)
        if isinstance(answer, Undecided):
            return answer
        return answer.values if isinstance(answer, Satisfied) else None

    def _goal(self, start: Start, wanted: Sequence[Term]) -> list[Term]:
        return [term for term in start.at([*self._asked(wanted), self._conforms(start)]) if term is not t.TRUE]

    def _conforms(self, start: Start) -> Term:
        return self.starts.answers_conform(start, self.level)

    def _asked(self, wanted: Sequence[Term]) -> list[Term]:
        key = tuple(wanted)
        if key not in self._known:
            wanted = [*wanted, *self._of_one_function(t.and_(*wanted))]
            general = self.starts.general(self.level, t.and_(*wanted))
            exact = self.starts.target.step.record.exact.definitions(wanted)
            self._known[key] = [*general, *wanted, *exact, *self.pages]
        return self._known[key]

    def _of_one_function(self, where: Term) -> list[Term]:
        """The number that each alternative names, said outright: a question without the other functions is small."""
        prefix = self.starts.target.step.record.prefix
        named = named_functions(where, prefix)
        return [t.eq(function_number(prefix), t.const(named[1][0], 16))] if named and len(named[1]) == 1 else []

    def _readable(self, start: Start, wanted: Sequence[Term], values: Mapping[str, int]) -> Mapping[str, int]:
        return make_readable(self._goal(start, wanted), values)

    def _confirmed(
        self, start: Start, part: Part, conjuncts: Sequence[Claim], wrong: Sequence[Term], values: Mapping[str, int]
    ) -> list[Hit]:
        record = self.starts.target.step.record
        replayed = self._replay(start, values, part.name)
        terms = start.at([term for pair in zip(wrong, conjuncts, strict=True) for term in (pair[0], pair[1].origin)])
        numbers = evaluate(terms, values)
        found: dict[tuple[object, int], Hit] = {}
        for claim, fails, site in zip(conjuncts, numbers[::2], numbers[1::2], strict=True):
            if not fails or (claim.key, site) in found:
                continue
            try:
                episode = replayed.confirm(claim.require)
            except ReplayMismatch:
                continue
            made = shown(self.starts.target.step, record.sites[site], claim.require.output,
                         lambda blamed: evaluate(start.at([blamed]), values)[0])
            found[claim.key, site] = Hit(
                claim.require, claim.key, record.sites[site], made, partial(_already_run, episode))
        return list(found.values())

    def _replay(self, start: Start, values: Mapping[str, int], name: str) -> Replay:
        script = make_script(self.starts, start, values)
        return Replay(self.starts.target, self.rule, self.profile, script, name)


def _already_run(episode: Episode) -> Episode:
    """The replay of a hit that was confirmed when it was found."""
    return episode


def make_script(starts: Starts, start: Start, values: Mapping[str, int]) -> Script:
    """The numbers of a model, for the interpreter."""
    step = starts.target.step
    record = step.record

    def of(terms: Sequence[Term]) -> list[int]:
        return evaluate(start.at(terms), values)

    made = [event for event, happens in zip(record.smcs, of([e.guard for e in record.smcs]), strict=True) if happens]
    answers = tuple(tuple(of([result.term for result in event.results])) for event in made)
    number = len(start.answers)
    left = {**start.left, **{number + k: _bytes(event.rx, values) for k, event in enumerate(made)}}
    fetches = [f.name for f, happens in zip(record.fetches, of([f.guard for f in record.fetches]), strict=True)
               if happens]
    transfers = zip(record.transfers, of([x.guard for x in record.transfers]), strict=True)
    results = tuple(of([event.result for event, happens in transfers if happens]))
    stays = {item.outside: item.holds for item in record.obligations}
    leaves = [t.and_(x.guard, t.not_(stays[x.name])) for x in record.outsides]
    loads = zip(record.outsides, of(leaves), of([x.offset for x in record.outsides]), strict=True)
    outside = ((load.name, offset, load.size) for load, happens, offset in loads if happens)
    page = values.get(str(PAGE.data), 0)
    known = [(page, FOREIGN if values.get(str(IS_FOREIGN.data)) else OWN)] if start.then.states.at(page) is None else []
    other = tuple(sorted((name[:-2], value) for name, value in values.items() if name.endswith("~2")))
    looks = HostWrites({}, tuple(_named(name, values) for name in fetches))
    return Script(
        start.page_shift, start.boot, (), other, (*(registers for registers, _ in start.calls), tuple(of(step.inputs))),
        (*start.answers, *answers), values, (*(host for _, host in start.calls), looks), left, tuple(known), results,
        page, values.get(INDEX, 0), tuple(outside))


def _named(name: str, values: Mapping[str, int]) -> dict[int, int]:
    """The bytes of an unknown memory that the model speaks of."""
    prefix = f"{name}@"
    return {int(key.removeprefix(prefix)): value for key, value in values.items() if key.startswith(prefix)}


def _bytes(content: Content | None, values: Mapping[str, int]) -> dict[int, int]:
    return _named(content.name, values) if isinstance(content, Unknown) else {}
