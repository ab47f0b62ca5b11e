"""What a proof has to assume of code that is not modelled to its end, or whose writes are not proved safe."""

from __future__ import annotations

from collections.abc import Sequence

from verify.prove.safety import blocks
from verify.prove.target import Target


def assumed_safe(target: Target, safe: Sequence[bool]) -> tuple[str, ...]:
    """`memory-safe(function)` for each such function. `safe`: of each obligation of one call, whether it is proved."""
    record = target.step.record
    names = {boundary.function for boundary in record.boundaries}
    names |= {item.function for item, holds in zip(record.obligations, safe, strict=True)
              if not holds and blocks(item)}
    return tuple(f"memory-safe({name})" for name in sorted(names))
