"""What each rule adds to the others, by the mutants that it breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from verify.mutate.campaign import Tried

MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """`breaks`, `alone`: how many mutants it breaks, and how many of them no other rule breaks. `shows`: one of these.

    `within`: rules that break each mutant that it breaks, the closest first; only where it breaks none alone.
    """

    rule: str
    breaks: int
    alone: int
    shows: str = ""
    within: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        if not self.breaks:
            return "breaks none"
        if self.shows:
            return f"alone: {self.shows}"
        named = ", ".join(self.within[:MOST_NAMED])
        more = len(self.within) - MOST_NAMED
        if more > 0:
            named += f" and {more} more"
        return f"all of them by {named}" if named else "each by another, all by none"


def standings(rules: Iterable[str], tried: Sequence[Tried]) -> list[Standing]:
    """Of each rule, the strongest first."""
    broken: dict[str, set[str]] = {rule: set() for rule in rules}
    for one in tried:
        for rule in one.rules:
            broken.setdefault(rule, set()).add(one.mutant.identity)
    alone = {next(iter(one.rules)): one.mutant.identity for one in reversed(tried) if len(one.rules) == 1}
    number = {rule: sum(one.rules == {rule} for one in tried) for rule in broken}
    found = (Standing(rule, len(mine), number[rule], alone.get(rule, ""),
                      () if rule in alone else tuple(_around(rule, broken))) for rule, mine in broken.items())
    return sorted(found, key=lambda one: (-one.alone, -one.breaks, one.rule))


def _around(rule: str, broken: dict[str, set[str]]) -> Iterator[str]:
    mine = broken[rule]
    if mine:
        yield from sorted((other for other, theirs in broken.items() if other != rule and mine <= theirs),
                          key=lambda other: (len(broken[other]), other))
