"""Two judged targets side by side: what B has that A has not, what it costs, and which functions explain it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from verify.report.compare import Comparison
from verify.report.judged import Judged, JudgedRule
from verify.snapshot.drift import Change

MOVED = 0.25
LEAST_UNITS = 50_000
"""A rule's cost has moved where it differs by more than a quarter, and by no fewer units than this."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a rule costs, over all levels compared: queries and the solvers' units."""

    rule: str
    queries: tuple[int, int]
    units: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """`levels`: the strictest first, which decides. `changes`: of the IR; None where a side is a report alone."""

    old: Judged
    new: Judged
    levels: tuple[Comparison, ...]
    changes: tuple[Change, ...] | None
    notes: tuple[str, ...]
    tolerated: frozenset[str]

    def exit_status(self) -> int:
        return self.levels[0].exit_status(self.tolerated)


def costs(old: Judged, new: Judged, trusts: Collection[str]) -> tuple[list[Moved], Moved]:
    """The rules of both sides whose cost moved, the largest move first; and all of both together."""
    def of(rules: dict[tuple[str, str], JudgedRule], name: str) -> tuple[int, int]:
        mine = [rule for (identity, trust), rule in rules.items() if identity == name and trust in trusts]
        return sum(rule.queries for rule in mine), sum(rule.units for rule in mine)

    names = sorted({rule for rule, trust in old.rules if trust in trusts and (rule, trust) in new.rules})
    pairs = [(name, of(dict(old.rules), name), of(dict(new.rules), name)) for name in names]
    moved = [Moved(name, (before[0], after[0]), (before[1], after[1])) for name, before, after in pairs]
    total = Moved("all", (sum(one.queries[0] for one in moved), sum(one.queries[1] for one in moved)),
                  (sum(one.units[0] for one in moved), sum(one.units[1] for one in moved)))
    return sorted(filter(_has_moved, moved), key=lambda one: (-abs(one.units[1] - one.units[0]), one.rule)), total


def _has_moved(one: Moved) -> bool:
    difference = abs(one.units[1] - one.units[0])
    return difference >= LEAST_UNITS and difference > MOVED * min(one.units)


def summary(item: Difference) -> str:
    """One sentence, at the level that decides."""
    level = item.levels[0]
    counts = [(len(level.new), "newly violated"), (len(level.mended), "newly mended"),
              (len(level.opened), "newly undecided"), (len(level.lost), "lost sight of"),
              (len(level.recast), "violated in another form"), (len(level.closed), "decided now")]
    said = ", ".join(f"{count} {text}" for count, text in counts if count) or "nothing changes"
    return f"{level.trust}, which decides: {said}"


def grouped(changes: Sequence[Change]) -> list[tuple[str, str, list[str]]]:
    """(kind, added, removed or changed, names), in the order of the changes."""
    groups: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        groups.setdefault((change.kind, change.what.value), []).append(change.name)
    return [(kind, what, names) for (kind, what), names in groups.items()]
