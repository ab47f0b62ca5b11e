"""What a proof has to assume: of code that is not modelled to its end, of accesses that are not proved safe, of EL3."""

from __future__ import annotations

from collections.abc import Sequence

from verify.prove.invariants import RECLAIMED, reclaimed
from verify.prove.safety import blocks
from verify.prove.target import Target

UNMAPPED = "nothing-is-mapped-at-null"
"""An access through a null pointer stops EL2 before it does anything."""


def assumed(target: Target, safe: Sequence[bool], level: str) -> tuple[str, ...]:
    """By name. Each proof leans on the invariants and on memory safety, and these may lean on what EL3 gives back."""
    gives_back = reclaimed(target, level) and target.step.record.retrievals
    stops = any(item.stops and not holds for item, holds in zip(target.step.record.obligations, safe, strict=True))
    return (*_safe(target, safe), *((UNMAPPED,) if stops else ()), *((RECLAIMED,) if gives_back else ()))


def _safe(target: Target, safe: Sequence[bool]) -> tuple[str, ...]:
    """`memory-safe(function)` for each such function. `safe`: of each obligation of one call, whether it is proved."""
    record = target.step.record
    names = {boundary.function for boundary in record.boundaries}
    names |= {item.function for item, holds in zip(record.obligations, safe, strict=True)
              if not holds and blocks(item)}
    return tuple(f"memory-safe({name})" for name in sorted(names))
