"""All mutants of a unit, side by side, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property, partial

from verify.engine.watched import WATCHED
from verify.errors import InternalError, VerifyError
from verify.ir.function import Unit
from verify.mutate.equal import Equality, known
from verify.mutate.holds import Holds
from verify.mutate.jury import Broken, Jury
from verify.mutate.mutant import Mutant
from verify.mutate.operators import mutants
from verify.mutate.proving import Judged, Proving
from verify.mutate.situations import Node, Tree, grow
from verify.mutate.trial import Shown, Trial, Verdict
from verify.prove.target import make_target
from verify.rules.binding import Binding
from verify.rules.rule import Rule
from verify.rules.words import RuleError
from verify.solve.query import RLIMIT, Solver
from verify.solve.remembered import NOTHING, Remembered
from verify.verdict.pool import side_by_side

CHECKED = 8
"""Of the mutants that calls tell apart, each so many-th is put to the engine, too, which must not find it equal."""
RUN_ON = 32
"""Each so many-th mutant is put to all calls, whatever the engine says of it: that is dear where it is equal."""


class Fate(Enum):
    """What became of a mutant. That two units do the same is claimed of the equivalent ones alone."""

    KILLED = "killed by calls"
    REFUTED = "killed by proof"
    EQUIVALENT = "proved equivalent"
    SURVIVED = "survived"
    UNBOOTED = "does not boot"
    ALIKE = "not told apart"
    UNREACHED = "not reached"
    CONTRADICTED = "contradicted"


KILLED = (Fate.KILLED, Fate.REFUTED)
NOT_COUNTED = (Fate.EQUIVALENT, Fate.UNBOOTED)
"""Nobody could kill those, and nothing could be asked of these."""
LEFT = (Fate.SURVIVED, Fate.ALIKE, Fate.UNREACHED)


@dataclass(frozen=True, slots=True)
class Tried:
    """`killers`: (trust level, conjunct) of what a call breaks; `shown`: the first calls that do, or that differ.

    `near`: what a call breaks where the unit's own does not, though a finding of the unit is about it elsewhere.
    `judged`: what proofs say of it, where they were asked. `problem`: what contradicts what about it, if so.
    """

    mutant: Mutant
    fate: Fate
    killers: tuple[tuple[str, Broken], ...] = ()
    shown: Shown | None = None
    judged: Judged | None = None
    problem: str = ""
    near: tuple[tuple[str, Broken], ...] = ()

    @property
    def rules(self) -> frozenset[str]:
        return frozenset(broken[0] for _, broken in self.killers)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried of a unit that was judged: each `every`-th mutant.

    Of those that are left, and of those that were killed, each `proofs`-th is judged again, and each that is nearly
    killed; 0: none.
    """

    unit: Unit
    binding: Binding
    rules: Sequence[Rule]
    profile: str
    holds: Sequence[Holds]
    every: int = 1
    proofs: int = 0
    answers: Remembered = NOTHING


Tell = Callable[[str, int, int], None]
"""(what is done now, how many are done, of how many)"""


def campaign(plan: Plan, jobs: int, tell: Tell) -> Iterator[Tried]:
    """In order. `CONTRADICTED` is a mutant about which engine, interpreter and rules do not agree."""
    work = Campaign(plan)
    chosen = range(len(work.chosen))
    with closing(side_by_side(work.by_calls, chosen, jobs, lambda _, done: tell("calls", done, len(chosen)))) as found:
        tried = list(found)
    whole = proved_again(tried, plan.proofs)
    near = [number for number, one in enumerate(tried) if one.fate in LEFT and one.near and plan.proofs]
    again = sorted({*whole, *near})

    def one(number: int) -> Tried:
        return work.by_proof(tried[number], number in whole)

    with closing(side_by_side(one, again, jobs, lambda _, done: tell("proofs", done, len(again)))) as found:
        judged = dict(zip(again, found, strict=True))
    yield from (judged.get(number, one) for number, one in enumerate(tried))


def proved_again(tried: Sequence[Tried], proofs: int) -> list[int]:
    """The numbers of those that are judged again by all that is proved of the unit."""
    left = [number for number, one in enumerate(tried) if one.fate in LEFT]
    killed = [number for number, one in enumerate(tried) if one.fate is Fate.KILLED]
    return sorted(left[::proofs] + killed[::proofs]) if proofs else []


class Campaign:
    """What all mutants have in common; processes inherit it."""

    def __init__(self, plan: Plan) -> None:
        target = make_target(plan.unit, plan.binding, memory=True, kind=WATCHED, remembered=plan.answers)
        trees, holds = grow(target), {one.level: one for one in plan.holds}
        self.chosen = mutants(plan.unit)[::plan.every]
        self._trial = Trial(target, trees, Jury(target, plan.rules, plan.profile), holds)
        self._trees = trees
        self._equality = Equality(target, known(target, Solver(RLIMIT, remembered=plan.answers)))
        self._proving = Proving(target, plan.rules, plan.profile, holds, plan.answers)

    def by_calls(self, number: int) -> Tried:
        """And, where no call tells it apart, by a comparison of all calls at once."""
        mutant = self.chosen[number]
        try:
            return self._by_calls(number, mutant)
        except (InternalError, RuleError) as problem:
            return contradicted(Tried(mutant, Fate.CONTRADICTED), problem)

    def _by_calls(self, number: int, mutant: Mutant) -> Tried:
        is_reached, is_equal = (mutant.function, mutant.block) in self._reached, partial(self._equality.holds, mutant)
        ask = is_equal if number % RUN_ON else None
        verdict = self._trial.of(mutant, ask) if is_reached else Verdict((), 0)
        found = fate(verdict) if is_reached else Fate.UNREACHED
        if verdict.killers or verdict.tells:
            if number % CHECKED == 0 and is_equal():
                raise InternalError(f"mutant {mutant.identity} is proved equivalent, and a call tells it apart")
        elif found is not Fate.UNBOOTED and (is_equal() if verdict.is_equal is None else verdict.is_equal):
            found = Fate.EQUIVALENT
        return Tried(mutant, found, verdict.killers, verdict.shown, near=verdict.near)

    def by_proof(self, one: Tried, is_whole: bool) -> Tried:
        """`is_whole`: by all parts that are proved of the unit, not only by those that calls nearly break."""
        try:
            return self._by_proof(one, is_whole)
        except InternalError as problem:
            return contradicted(one, problem)

    def _by_proof(self, one: Tried, is_whole: bool) -> Tried:
        if one.fate is Fate.KILLED:
            return replace(one, judged=self._proving.check(one.mutant, one.killers))
        found = self._proving.near(one.mutant, one.near) if one.near else Judged()
        if not found.killers and is_whole:
            found = self._proving.of(one.mutant)
        if not found.killers:
            return replace(one, judged=found)
        return replace(one, fate=Fate.REFUTED, killers=found.killers, judged=found)

    @cached_property
    def _reached(self) -> set[tuple[str, str]]:
        return reached(self._trees)


def contradicted(one: Tried, problem: VerifyError) -> Tried:
    """It is no longer said that anything kills it; the campaign goes on with the others."""
    return replace(one, fate=Fate.CONTRADICTED, killers=(), problem=str(problem))


def fate(verdict: Verdict) -> Fate:
    """What became of the mutant that this is said of."""
    if verdict.killers:
        return Fate.KILLED
    if verdict.shown is not None:
        return Fate.SURVIVED
    return Fate.ALIKE if verdict.boots else Fate.UNBOOTED


def reached(trees: Sequence[Tree]) -> set[tuple[str, str]]:
    """Blocks that some call runs, or initialisation."""
    found: set[tuple[str, str]] = set()
    for tree in trees:
        found |= tree.session.machine.log.blocks
        todo: list[Node] = list(tree.children.values())
        while todo:
            node = todo.pop()
            found |= node.done.log.blocks
            todo += node.children.values()
    return found
