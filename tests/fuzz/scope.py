"""The names that are visible while a function is generated."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.fuzz.syntax import Array, Pointer, Record, Scalar, Type


@dataclass(frozen=True, slots=True)
class Variable:
    """`is_fixed`: loops count on it. `is_plain`: its address is never taken, so that nothing else names it."""

    name: str
    type: Type
    is_fixed: bool = False
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class Helper:
    """A function that may be called; `is_pure`: it changes nothing that its caller sees."""

    name: str
    parameters: tuple[Type, ...]
    result: Type | None
    is_pure: bool


@dataclass(slots=True)
class Scope:
    """Blocks of names, the innermost last."""

    rng: random.Random
    records: tuple[Record, ...]
    helpers: list[Helper] = field(default_factory=list)
    blocks: list[dict[str, Variable]] = field(default_factory=lambda: [{}])
    count: int = 0
    symbolic: bool = False
    """Subscripts may depend on the input."""

    def fresh(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def declare(self, variable: Variable) -> Variable:
        self.blocks[-1][variable.name] = variable
        return variable

    def visible(self) -> list[Variable]:
        """A name stands for its innermost variable."""
        merged: dict[str, Variable] = {}
        for block in self.blocks:
            merged.update(block)
        return list(merged.values())

    def lasting(self, name: str) -> list[Variable]:
        """The visible variables that live as long as the one of this name; all of them if there is none."""
        level = max((at for at, block in enumerate(self.blocks) if name in block), default=len(self.blocks) - 1)
        outer = [variable for block in self.blocks[: level + 1] for variable in block.values()]
        return [variable for variable in self.visible() if any(variable is other for other in outer)]

    def pick(self, wanted: Callable[[Variable], bool]) -> Variable | None:
        found = [variable for variable in self.visible() if wanted(variable)]
        return self.rng.choice(found) if found else None


def scalars(kind: Type) -> Iterator[Scalar]:
    """The types of the numbers inside."""
    match kind:
        case Scalar():
            yield kind
        case Array(element=element):
            yield from scalars(element)
        case Record(members=members):
            for _, member in members:
                yield from scalars(member)
        case Pointer():
            return
