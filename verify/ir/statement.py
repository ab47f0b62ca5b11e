"""What a statement does, whatever its variables are called and wherever it stands: for who has to know it again.

All instructions of one span are a statement. Registers and labels are told by the order in which they come up in it,
local objects by their layout; names of functions, statics and constants stand for themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.function import Function, Object, Unit
from verify.ir.span import Span

_Key = TypeVar("_Key")
_LABELS: dict[type, tuple[str, ...]] = {i.Jump: ("target",), i.Branch: ("then", "other"), i.Switch: ("default",)}
"""Where control goes says where other statements stand."""
JUMP = i.Jump.__name__


@dataclass(slots=True)
class Statements:
    """Of one unit; a function is read once."""

    unit: Unit
    _known: dict[str, _Function] = field(default_factory=dict)

    def shape(self, function: str, span: Span) -> str:
        """Tells the statement from others of its function; one of several that do the same by its number among them."""
        return self._of(function).shapes.get(span, "")

    def variable(self, function: str, name: str) -> str:
        """Tells a local variable: an object by its layout and its number among those, another one by the statement that
        names it first."""
        found = self._of(function)
        return found.objects.get(name) or found.registers.get(name, name)

    def _of(self, name: str) -> _Function:
        if name not in self._known:
            function = self.unit.functions.get(name)
            self._known[name] = _Function() if function is None else _read(function)
        return self._known[name]


@dataclass(slots=True)
class _Function:
    shapes: dict[Span, str] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    registers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Reader:
    """Of one statement. `layouts`: of the function's local objects."""

    layouts: dict[str, str]
    seen: dict[str, int] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    def read(self, item: Any) -> None:
        match item:
            case e.Register(name=name, bits=bits):
                self.words.append(f"%{self.seen.setdefault(name, len(self.seen))}:{bits}")
            case e.AddressOf(name=name, is_static=False) | i.ScopeBegin(name=name):
                layout = self.layouts.get(name, "")
                self.words.append(f"{type(item).__name__} &{self.seen.setdefault(name, len(self.seen))} {layout}")
            case Enum():
                self.words.append(str(item.value))
            case tuple():
                self.words.append(str(len(item)))
                for one in item:
                    self.read(one)
            case _ if is_dataclass(item):
                self._members(item)
            case _:
                self.words.append(repr(item))

    def _members(self, item: Any) -> None:
        self.words.append(type(item).__name__)
        if isinstance(item, i.Switch):
            self.read(tuple(value for value, _ in item.cases))
        left_out = {"span", "cases", *_LABELS.get(type(item), ())}
        for one in fields(item):
            if one.name not in left_out:
                self.read(getattr(item, one.name))


def _read(function: Function) -> _Function:
    layouts = {item.name: _layout(item) for item in function.locals}
    readers: dict[Span, _Reader] = {}
    for block in function.blocks:
        for item in (*block.instructions, block.terminator):
            readers.setdefault(item.span, _Reader(layouts)).read(item)
    found = _Function()
    found.shapes = _numbered(dict(_told_by_what_is_before(readers)))
    found.objects = _numbered({name: _digest(layout) for name, layout in layouts.items()})
    for span, one in readers.items():
        for name, number in one.seen.items():
            found.registers.setdefault(name, f"{found.shapes[span]} {number}")
    return found


def _told_by_what_is_before(readers: dict[Span, _Reader]) -> Iterator[tuple[Span, str]]:
    """A `goto` or `break` does the same everywhere: the statement before it, perhaps a condition, tells it."""
    before = ""
    for span, one in readers.items():
        text = " ".join(one.words)
        yield span, _digest(f"{before} {text}" if text == JUMP else text)
        before = text


def _layout(item: Object) -> str:
    return f"{item.size} " + " ".join(f"{one.path}@{one.offset}:{one.bits}" for one in item.fields)


def _numbered(digests: dict[_Key, str]) -> dict[_Key, str]:
    """Equal ones in their order."""
    count: dict[str, int] = {}
    result = {}
    for key, digest in digests.items():
        count[digest] = count.get(digest, -1) + 1
        result[key] = f"{digest} {count[digest]}"
    return result


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
