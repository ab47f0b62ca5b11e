"""Is there any other value with which a counterexample shows all that is wrong? The solver says so for all of them.

Of places of the last call: the state before it is that which the earlier calls lead to, the other registers are as they
are, and EL3 answers each function that it was asked once as it did. Everything else, what EL3 answers beyond that and
what host memory holds, is as the trust level allows. A path that is not modelled to its end may do anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from verify.engine.record import SmcEvent
from verify.prove.claims import Claim, Renamed, alone, claims, is_about_state_only, speaks_of_hazards
from verify.prove.inputs import FORWARD, WORD, CallInputs, Kind, Place, changed, inputs_of
from verify.prove.rerun import Outcome, Rerun
from verify.prove.safety import blocks
from verify.prove.starts import Start, Starts, followed, memories, standing
from verify.prove.target import Target
from verify.prove.weigh import Explained, Weighed, Weight
from verify.rules.rule import Part
from verify.solve.query import QUICK, Satisfied, Solver, Unsatisfiable
from verify.terms import build as t
from verify.terms.evaluate import evaluate
from verify.terms.term import Term

MOST_PLACES = 24
"""That the solver is asked about."""
MOST_STRETCHES = 4
"""Of bits of one place, where not all that end it are forced together."""
MOST_VALUES = 3
"""That it may come up with for one place before the interpreter agrees."""


@dataclass(frozen=True, slots=True)
class Said:
    """`forced`: there is no other value. `value`: one that shows it, too. Neither: it is not known."""

    forced: bool = False
    value: int | None = None


def settled(explained: Explained, rerun: Rerun, target: Target, level: str, solver: Solver) -> Explained:
    """What no value that was tried shows, and which bits no such value has, with the solver's word.

    After `rerun.begin`.
    """
    about = [one for one in explained.weighed if one.weight is not Weight.FREE and one.places[0].call == rerun.calls]
    asked = _Question.of(rerun, target, level, solver) if about else None
    if asked is None:
        return explained
    chosen = [one for one in about if asked.is_about(one.places)][:MOST_PLACES]
    weighed = tuple(_settled(one, asked) if one in chosen else one for one in explained.weighed)
    return replace(explained, weighed=weighed, runs=rerun.count)


def _settled(one: Weighed, asked: _Question) -> Weighed:
    place = one.places[0]
    if one.weight is Weight.MATTERS:
        return replace(one, proved=asked.forced_bits(place, one.value, one.ends))
    said = asked.other_value(place, one.value)
    if said.value is not None:
        return replace(one, found=said.value, tried=one.tried + 1, kept=one.kept + 1)
    return replace(one, proved=WORD if said.forced else 0)


@dataclass(slots=True)
class _Question:
    """`shown`: the call shows all that is wrong, or leads to where nobody knows. `known`: what holds of it; all at the
    state before it."""

    rerun: Rerun
    solver: Solver
    last: CallInputs
    number: int
    inputs: Sequence[Term]
    events: Sequence[SmcEvent]
    start: Start
    shown: Term
    known: tuple[Term, ...]

    @classmethod
    def of(cls, rerun: Rerun, target: Target, level: str, solver: Solver) -> _Question | None:
        """None where the formula of one call says nothing about it."""
        part = _part(rerun, target)
        if part is None or speaks_of_hazards(part) or rerun.episode.calls[-1].ended is not None:
            return None
        wrong = [claim for claim in claims(target, part, Renamed()) if claim.key in rerun.wrong]
        if {claim.key for claim in wrong} != rerun.wrong or not all(claim.is_exact for claim in wrong):
            return None
        inputs, record = inputs_of(rerun.episode), target.step.record
        start = _start(rerun, target)
        shown = t.or_(_shows(target, part, rerun, wrong), _lost(target))
        facts = [*Starts(target, ()).general(level, shown), *record.exact.definitions([shown])]
        here = start.at([shown, *facts])
        asked = cls(rerun, solver, inputs.calls[-1], len(inputs.calls) - 1, target.step.inputs, record.smcs, start,
                    here[0], tuple(here[1:]))
        return asked if asked.is_possible() else None

    def is_possible(self) -> bool:
        """The formula knows the counterexample itself; if not, it knows nothing else of it."""
        return isinstance(self.solver.find([self.shown, *self.known, *self._as_it_is(None)], QUICK), Satisfied)

    def is_about(self, places: Sequence[Place]) -> bool:
        return len(places) == 1 and places[0].call == self.number and (
            places[0].kind is Kind.REGISTER
            or (places[0].kind is Kind.ANSWER and self._is_alone(self.last.asked[places[0].item])))

    def other_value(self, place: Place, old: int) -> Said:
        asked = [self.shown, *self.known, *self._as_it_is(place), self._is_other(place, old)]
        for number in range(MOST_VALUES):
            answer = self.solver.refute(asked, QUICK)
            if isinstance(answer, Unsatisfiable):  # of all values only if none was left out
                return Said(forced=not number)
            if not isinstance(answer, Satisfied) or place.kind is not Kind.REGISTER:
                return Said()
            (new,) = evaluate([self._half(place)], answer.values)
            if self.rerun.outcome(changed(inputs_of(self.rerun.episode), {place: new})).outcome is Outcome.VIOLATED:
                return Said(value=new)
            asked.append(self._is_other(place, new))
        return Said()

    def forced_bits(self, place: Place, old: int, bits: int) -> int:
        """Of those that end it when one of them alone is flipped: all together, or stretches of them."""
        asked = [self.shown, *self.known, *self._as_it_is(place)]

        def are_forced(mask: int) -> bool:
            answer = self.solver.refute([*asked, self._is_other(place, old, mask)], QUICK)
            return isinstance(answer, Unsatisfiable)

        if not bits or are_forced(bits):
            return bits
        some = list(_stretches(bits))[:MOST_STRETCHES]
        return sum(mask for mask in some if mask != bits and are_forced(mask))

    def _half(self, place: Place) -> Term:
        return _half(self.inputs[place.at // 2], place.at)

    def _is_other(self, place: Place, old: int, mask: int = WORD) -> Term:
        """In these bits. Of an answer: EL3 is asked, and answers something else."""
        if place.kind is Kind.REGISTER:
            return _differs(self._half(place), old, mask)
        found = []
        for event in self.events:
            half = _half(event.results[place.at // 2].term, place.at)
            found.append(t.and_(_is_asked(event, self.last.asked[place.item]), _differs(half, old, mask)))
        return self.start.at([t.or_(*found)])[0]

    def _as_it_is(self, place: Place | None) -> list[Term]:
        """All registers and answers, but for this half of one."""
        halves = [(value >> shift) & WORD for value in self.last.registers for shift in (0, 32)]
        same = [t.eq(_half(self.inputs[at // 2], at), t.const(half, 32)) for at, half in enumerate(halves)
                if at // 2 < len(self.inputs) and (
                    place is None or place.kind is not Kind.REGISTER or place.at != at)]
        answered = [fact for item in range(len(self.last.answers)) for fact in self._answered(item, place)]
        return [*same, *self.start.at(answered)]

    def _answered(self, item: int, place: Place | None) -> list[Term]:
        """The answer to the only SMC of this function, wherever it is made."""
        if not self._is_alone(self.last.asked[item]):
            return []
        result = []
        for event in self.events:
            same = []
            for k, (register, value) in enumerate(zip(event.results, self.last.answers[item], strict=False)):
                for at, half in ((2 * k, value & WORD), (2 * k + 1, value >> 32)):
                    if place is None or (place.kind, place.item, place.at) != (Kind.ANSWER, item, at):
                        same.append(t.eq(_half(register.term, at), t.const(half, 32)))
            result.append(t.implies(_is_asked(event, self.last.asked[item]), t.and_(*same)))
        return result

    def _is_alone(self, function: int) -> bool:
        return list(self.last.asked).count(function) == 1


def _differs(half: Term, old: int, mask: int) -> Term:
    chosen = t.const(mask, 32)
    return t.not_(t.eq(t.binary("and", half, chosen), t.const(old & mask, 32)))


def _stretches(bits: int) -> Iterator[int]:
    """Bits that stand side by side, the highest first."""
    while bits:
        top = bits.bit_length()
        length = next((k for k in range(top) if not bits >> (top - 1 - k) & 1), top)
        mask = (1 << top) - (1 << (top - length))
        yield mask
        bits &= ~mask


def _half(word: Term, at: int) -> Term:
    return t.extract(word, 63, 32) if at % 2 else t.extract(word, 31, 0)


def _is_asked(event: SmcEvent, function: int) -> Term:
    """As the interpreter tells functions apart: without the SVE hint."""
    if function == FORWARD:
        return event.guard if event.is_forward else t.FALSE
    if event.is_forward:
        return t.FALSE
    word = t.binary("and", t.extract(event.arguments[0].term, 31, 0), t.const(0xFFFEFFFF, 32))
    return t.and_(event.guard, t.eq(word, t.const(function, 32)))


def _part(rerun: Rerun, target: Target) -> Part | None:
    statement = rerun.rule.statement(target.scene(rerun.profile))
    return next((part for part in statement if part.name == rerun.part), None)


def _shows(target: Target, part: Part, rerun: Rerun, wrong: Sequence[Claim]) -> Term:
    """Of several claims of one conjunct, one is enough."""
    undispatched = [] if is_about_state_only(part) else [t.not_(target.scene(rerun.profile).undispatched.term)]
    each = (t.or_(*(claim.fails for claim in wrong if claim.key == key)) for key in sorted(rerun.wrong))
    return t.and_(part.given.term, *undispatched, target.step.alive, *alone(wrong), *each)


def _lost(target: Target) -> Term:
    """Something that is not modelled, or undefined behaviour."""
    record = target.step.record
    return t.or_(*(b.guard for b in record.boundaries),
                 *(t.and_(o.guard, t.not_(o.holds)) for o in record.obligations if blocks(o)))


def _start(rerun: Rerun, target: Target) -> Start:
    """The state before the last call, as numbers."""
    session, environment = rerun.before_last()
    booted = inputs_of(rerun.episode).calls[0].answers
    then = environment.world.now()
    definitions = {**standing(target, session, booted), **followed(then)}
    return Start("", session.machine.page_shift, (), (), (), {}, then, definitions, memories(target, session), {}, True)
