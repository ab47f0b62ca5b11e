"""A loop without end is noticed where an iteration leaves everything as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Mark:
    visits: int = 0
    changes: int = -1
    registers: Mapping[str, int] = field(default_factory=dict)


class Progress:
    """Of one run of a function. States are kept at the 2nd, 4th, 8th … visit of a block (R. P. Brent, BIT 20, 1980)."""

    def __init__(self) -> None:
        self._marks: dict[str, _Mark] = {}

    def stands_still(self, label: str, changes: int, registers: Mapping[str, int]) -> bool:
        """Is all as it was at an earlier visit? `changes` counts what happened outside of the registers."""
        mark = self._marks.setdefault(label, _Mark())
        if mark.changes == changes and mark.registers == registers:
            return True
        mark.visits += 1
        if mark.visits > 1 and mark.visits & (mark.visits - 1) == 0:
            mark.changes, mark.registers = changes, dict(registers)
        return False
