"""A machine that knows which values are made of uninitialised ones, and stops where control depends on them.

The plain machine goes on with what unused memory happens to hold, as the processor does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from verify.interpret.machine import Machine
from verify.interpret.memory import Fault, Memory
from verify.interpret.values import Frame
from verify.ir import expr as e
from verify.ir import instr as i

_PARTS = ("left", "right", "operand", "condition", "then", "other", "base", "offset")
"""The operands of expressions."""


class Watching(Machine):
    """`_marks`: registers of each call that hold such values; `_bytes`: addresses of bytes that do."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._marks: list[set[str]] = []
        self._bytes: set[int] = set()
        self._passed: tuple[bool, ...] = ()
        self._returned = False

    def call(self, name: str, arguments: Sequence[int]) -> int | None:
        parameters = self.unit.functions[name].parameters
        self._marks.append({item.name for item, unset in zip(parameters, self._passed, strict=False) if unset})
        self._passed = ()
        try:
            return super().call(name, arguments)
        finally:
            self._marks.pop()

    def _next(self, frame: Frame, terminator: i.Terminator) -> str | None:
        match terminator:
            case i.Branch(condition=decides) | i.Switch(operand=decides) if self._depends(frame, decides):
                raise Fault("a branch on an uninitialised value", "branch-on-uninitialised")
            case i.Return(value=value):
                self._returned = value is not None and self._depends(frame, value)
        return super()._next(frame, terminator)

    def _instruction(self, frame: Frame, instruction: i.Instr) -> None:
        match instruction:
            case i.Assign(target=target, value=value):
                unset = self._depends(frame, value)
                super()._instruction(frame, instruction)
                self._mark(target, unset)
            case i.Load(target=target, pointer=pointer):
                found = self._unset_at(self._value(frame, pointer), _size(target.bits))
                unset = self._depends(frame, pointer) or any(found)
                super()._instruction(frame, instruction)
                self._mark(target, unset)
            case i.Store(pointer=pointer, value=value):
                address, unset = self._value(frame, pointer), self._depends(frame, value)
                super()._instruction(frame, instruction)
                self._written(address, [unset] * _size(value.bits))
            case i.Copy(target=into, source=source, size=size):
                address, length = self._value(frame, into), self._value(frame, size)
                moved = self._unset_at(self._value(frame, source), length)
                super()._instruction(frame, instruction)
                self._written(address, moved)
            case i.Fill(target=into, value=value, size=size):
                address, length = self._value(frame, into), self._value(frame, size)
                super()._instruction(frame, instruction)
                self._written(address, [self._depends(frame, value)] * length)
            case _:
                super()._instruction(frame, instruction)

    def _call(self, frame: Frame, instruction: i.Call) -> None:
        is_inside = instruction.callee in self.unit.functions
        self._passed = tuple(self._depends(frame, one) for one in instruction.arguments) if is_inside else ()
        self._returned = False
        super()._call(frame, instruction)
        if instruction.target is not None:
            self._mark(instruction.target, self._returned)

    def _mark(self, target: e.Register, unset: bool) -> None:
        marks = self._marks[-1]
        (marks.add if unset else marks.discard)(target.name)

    def _written(self, address: int, unset: Sequence[bool]) -> None:
        for at, is_unset in enumerate(unset):
            (self._bytes.add if is_unset else self._bytes.discard)(address + at)

    def _unset_at(self, address: int, size: int) -> list[bool]:
        absent = _absent(self.memory, address, size)
        return [one or address + at in self._bytes for at, one in enumerate(absent)]

    def _depends(self, frame: Frame, x: e.Expr) -> bool:
        if isinstance(x, e.Register):
            return x.name in self._marks[-1] or x.name not in frame.registers
        return any(self._depends(frame, part) for name in _PARTS
                   if not isinstance(part := getattr(x, name, None), int | None))


def _absent(memory: Memory, address: int, size: int) -> list[bool]:
    """Which bytes are uninitialised; none of what is outside of every object."""
    found = memory.home(address)
    if found is None or found[0].is_zeroed or size > found[0].size:
        return [False] * min(size, 1)
    slot, offset = found
    return [offset + at not in slot.content for at in range(size)]


def _size(bits: int) -> int:
    """In bytes."""
    return 8 if bits == e.POINTER else (bits + 7) // 8
