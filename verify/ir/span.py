"""Source locations: where the author wrote what an instruction does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """File (path relative to the tree; `<env>/…` for environment headers), 1-based line and column."""

    file: str
    line: int
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f":{self.column}" if self.column else "")


NOWHERE = Span("<none>", 0)
