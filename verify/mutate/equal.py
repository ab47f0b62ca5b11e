"""Is a mutant equivalent to the unit? Proved by the engine, block by block and call by call; never guessed.

The unit's run has met each block in some contexts, which together cover whatever reachable calls come there with:
states and paths, for any iteration of a loop. Where the changed block does in each of them what the unit's own does,
each call of the mutant takes the same course, so that it reaches the same states and no others; what is known of the
unit's reachable states may be used for that, by induction over calls, and over the iterations of a loop.

Where a block alone differs, in what nobody may ever look at, the call of its function is compared as a whole, then that
of its caller, and so on up to the host's call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from verify.engine.record import Meeting
from verify.engine.relevance import contradict
from verify.engine.transition import PROXY_PAGES
from verify.engine.watched import Context, Outcome, watched
from verify.ir import instr as i
from verify.ir.function import Unit
from verify.ir.live import live
from verify.mutate.compared import Different, compare
from verify.mutate.mutant import Mutant
from verify.prove.guarantee import check_guarantee
from verify.prove.invariants import Invariants, booted, find_invariants
from verify.prove.target import Target
from verify.prove.trust import axioms
from verify.solve.query import QUICK, RLIMIT, Satisfied, Solver, Unsatisfiable
from verify.terms import build as t
from verify.terms.term import Term

LEVEL = "L0"
"""EL3 may do most there: what is equal there is so at every level."""
MOST_BLOCKS = 200
"""Of a call that is run again: more than any handler's, less than the dispatcher's."""
LIMIT = RLIMIT // 4
"""What is equal is mostly shown at once."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the unit: its invariants, and whether its calls keep what others rely on."""

    invariants: Invariants
    is_closed: bool


def known(target: Target, solver: Solver) -> Known:
    """Of a target that was run to its end; nothing is claimed of mutants of any other."""
    found = find_invariants(target, LEVEL, solver)
    is_whole = not target.init.record.boundaries and not target.step.record.boundaries
    return Known(found, is_whole and not check_guarantee(target, found, LEVEL, solver).problem)


class Alike(Enum):
    """What was shown of two outcomes. What a context leaves, registers and memory, may be looked at by nobody."""

    NO = 0
    IN_WHAT_HAPPENS = 1
    IN_ALL = 2


@dataclass
class Equality:
    """Of one unit, whose target was made with `WATCHED`."""

    target: Target
    known: Known
    solver: Solver = field(default_factory=lambda: Solver(LIMIT))
    _own: dict[int, Outcome] = field(default_factory=dict)

    def holds(self, mutant: Mutant) -> bool:
        """Is it proved that nobody can tell it from the unit? No says nothing."""
        unit = mutant.of(self.target.unit)
        if not self.known.is_closed or mutant.function not in self._run:
            return False
        todo = self._contexts.get((mutant.function, mutant.block), [])
        while todo:
            wider: dict[int, Context] = {}
            for context in todo:
                match self._look(context, unit):
                    case Alike.NO:
                        return False
                    case Alike.IN_WHAT_HAPPENS:
                        around = self._around(context)
                        if around is None:
                            return False
                        wider[id(around)] = around
            todo = list(wider.values())
        return True

    @cached_property
    def _run(self) -> frozenset[str]:
        """Functions of which all calls are known: nothing else runs them, as what says how much memory EL2 gets."""
        unit = self.target.unit
        known = called(unit, unit.entry) | called(unit, self.target.binding.init)
        return known - called(unit, PROXY_PAGES)

    @cached_property
    def _all(self) -> list[Context]:
        return [context for run in (self.target.init, self.target.step) for context in watched(run.record).contexts]

    @cached_property
    def _carried(self) -> frozenset[str]:
        """Variables that stand for what an iteration leaves for the next."""
        return frozenset(name for run in (self.target.init, self.target.step) for one in run.record.carried
                         for name in one.names)

    @cached_property
    def _contexts(self) -> dict[tuple[str, str], list[Context]]:
        found: dict[tuple[str, str], list[Context]] = {}
        for context in self._all:
            if context.label:
                found.setdefault((context.frame.function.name, context.label), []).append(context)
        return found

    @cached_property
    def _calls(self) -> dict[tuple[int, int], Context]:
        """By run and number of the frame."""
        return {(id(context.executor), context.frame.number): context for context in self._all if not context.label}

    def _around(self, context: Context) -> Context | None:
        """The call of the function that this is in, or of its caller; None where that is too much to run again."""
        frames = context.frames if context.label else context.frames[:-1]
        found = self._calls.get((id(context.executor), frames[-1].number)) if frames else None
        return found if found is not None and self._sizes[id(found)] <= MOST_BLOCKS else None

    @cached_property
    def _sizes(self) -> Counter[int]:
        """The number of blocks that were run in each call."""
        found = Counter[int]()
        for context in self._all:
            if context.label:
                found.update(id(self._calls[id(context.executor), frame.number]) for frame in context.frames)
        return found

    def _look(self, context: Context, unit: Unit) -> Alike:
        one, other = self._outcome(context), context.executor.again(context, unit)
        before, after = (live(of.functions[context.frame.function.name]) for of in (self.target.unit, unit))
        try:
            read = {label: before[label] | after[label] for label in before}
            found = compare(context, one, other, read, self._carried)
        except Different:
            return Alike.NO
        if not self._follow(context, one, other, found.seen):
            return Alike.NO
        is_all = found.left is not None and self._follow(context, one, other, found.left)
        return Alike.IN_ALL if is_all else Alike.IN_WHAT_HAPPENS

    def _outcome(self, context: Context) -> Outcome:
        """The unit's own."""
        if id(context) not in self._own:
            self._own[id(context)] = context.executor.again(context, self.target.unit)
        return self._own[id(context)]

    def _follow(self, context: Context, one: Outcome, other: Outcome, claims: Sequence[Term]) -> bool:
        if not claims:
            return True
        claim = t.and_(*claims)
        given, wrong = self._given(context, one, other, claim), t.not_(claim)
        answer = self.solver.refute([*given, wrong], QUICK)
        if isinstance(answer, Satisfied) and (meant := one.record.exact.definitions([*given, wrong])):
            answer = self.solver.refute([*given, *meant, wrong], QUICK)
        return isinstance(answer, Unsatisfiable)

    def _given(self, context: Context, one: Outcome, other: Outcome, claim: Term) -> list[Term]:
        """What is known there of the unit, and of what both do alike since."""
        guard, record = context.state.guard, one.record
        both = set(map(id, other.record.relies))
        facts = [guard, *(fact for fact in record.relevant(guard, [claim]) if id(fact) in both), *axioms(record, LEVEL)]
        if record.prefix == self.target.init.record.prefix:
            return facts
        holds = self.known.invariants.holds
        met = [t.implies(meeting.guard, holds(meeting.after)) for meeting in _met(one, other)
               if not contradict(guard, meeting.guard)]
        return [*facts, holds(self.target.step.start), *met, *booted(self.target, LEVEL)]


def _met(one: Outcome, other: Outcome) -> Iterator[Meeting]:
    """Where other CPUs may have run, as both find it."""
    pairs = zip(one.record.meetings, other.record.meetings, strict=False)
    return (mine for mine, theirs in pairs if mine.guard is theirs.guard and mine.after == theirs.after)


def called(unit: Unit, name: str) -> frozenset[str]:
    """The functions of the unit that a call of this one may run, itself included."""
    found: dict[str, None] = {}
    todo = [name]
    while todo:
        here = todo.pop()
        if here in unit.functions and here not in found:
            found[here] = None
            todo += [one.callee for block in unit.functions[here].blocks for one in block.instructions
                     if isinstance(one, i.Call)]
    return frozenset(found)
