"""File-scope names: statics and function prototypes of the unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from verify.frontend import ctypes as ct


@dataclass(slots=True)
class Names:
    """`functions` holds prototypes and definitions; `called` collects outside functions that are used.

    `blocks` are the statements of each `({ … })`, by the name that is called in its place.
    """

    statics: dict[str, ct.CType] = field(default_factory=dict)
    functions: dict[str, ct.Function] = field(default_factory=dict)
    defined: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    blocks: dict[str, Any] = field(default_factory=dict)

    def static(self, name: str) -> ct.CType | None:
        return self.statics.get(name)

    def prototypes(self) -> Mapping[str, ct.Function]:
        return self.functions
