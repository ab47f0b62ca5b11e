"""All mutants of a unit, side by side, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum

from verify.ir.function import Unit
from verify.mutate.holds import Holds
from verify.mutate.jury import Broken, Jury
from verify.mutate.mutant import Mutant
from verify.mutate.operators import mutants
from verify.mutate.situations import Node, Tree, grow
from verify.mutate.trial import Shown, Trial, Verdict
from verify.prove.target import make_target
from verify.rules.binding import Binding
from verify.rules.rule import Rule
from verify.verdict.pool import side_by_side


class Fate(Enum):
    """What became of a mutant, by calls alone: that two units do the same in all calls is not claimed of any."""

    KILLED = "killed"
    SURVIVED = "survived"
    UNBOOTED = "does not boot"
    ALIKE = "not told apart"
    UNREACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Tried:
    """`killers`: (trust level, conjunct) of what a call breaks; `shown`: the first calls that do, or that differ."""

    mutant: Mutant
    fate: Fate
    killers: tuple[tuple[str, Broken], ...] = ()
    shown: Shown | None = None

    @property
    def rules(self) -> frozenset[str]:
        return frozenset(broken[0] for _, broken in self.killers)


def campaign(
    unit: Unit, binding: Binding, rules: Sequence[Rule], profile: str, holds: Sequence[Holds], every: int, jobs: int,
    tell: Callable[[int, int], None],
) -> Iterator[Tried]:
    """Each `every`-th mutant, in order. Raises InternalError where a call of the unit breaks what is proved of it."""
    target = make_target(unit, binding, memory=True)
    trees = grow(target)
    trial = Trial(target, trees, Jury(target, rules, profile), {one.level: one for one in holds})
    chosen, reached = mutants(unit)[::every], _reached(trees)

    def one(number: int) -> Tried:
        mutant = chosen[number]
        if (mutant.function, mutant.block) not in reached:
            return Tried(mutant, Fate.UNREACHED)
        verdict = trial.of(mutant)
        return Tried(mutant, fate(verdict), verdict.killers, verdict.shown)

    with closing(side_by_side(one, range(len(chosen)), jobs, lambda _, done: tell(done, len(chosen)))) as results:
        yield from results


def fate(verdict: Verdict) -> Fate:
    """What became of the mutant that this is said of."""
    if verdict.killers:
        return Fate.KILLED
    if verdict.shown is not None:
        return Fate.SURVIVED
    return Fate.ALIKE if verdict.boots else Fate.UNBOOTED


def _reached(trees: Sequence[Tree]) -> set[tuple[str, str]]:
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
