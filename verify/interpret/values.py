"""What expressions of the IR come to. Each is taken apart once, into Python functions, and then only computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, assert_never

from verify.interpret import arithmetic
from verify.ir import expr as e
from verify.ir.function import Function

ONES = (1 << 64) - 1


@dataclass(slots=True)
class Frame:
    """A call of a function: its registers, and where its objects lie."""

    function: Function
    registers: dict[str, int]
    objects: dict[str, int]


class Around(Protocol):
    """What expressions need to know of the machine."""

    page_shift: int

    def wrapped(self) -> None:
        """A sum or product did not fit its type."""

    def static_at(self, name: str) -> int:
        """Where a static lies."""

    def object_at(self, frame: Frame, name: str) -> int:
        """Where a local object lies, which is there from now on."""

    def unset(self, frame: Frame, name: str, bits: int) -> int:
        """What a register happens to hold that nobody wrote."""


Value: TypeAlias = Callable[[Around, Frame], int]
_KNOWN: dict[int, tuple[e.Expr, Value]] = {}
"""By the identity of an expression, which is kept, so that no other one can have it."""


def value_of(x: e.Expr) -> Value:
    known = _KNOWN.get(id(x))
    if known is None:
        known = _KNOWN[id(x)] = (x, _made(x))
    return known[1]


def _made(x: e.Expr) -> Value:
    match x:
        case e.Const(value=value):
            return lambda around, frame: value
        case e.Register(name=name, bits=bits):
            return _register(name, bits)
        case e.Binary():
            return _binary(x)
        case e.Compare(op=op, left=left, right=right):
            return _compare(op, value_of(left), value_of(right), width(left.bits))
        case e.Not(operand=operand, bits=bits):
            return _not(value_of(operand), mask(bits))
        case e.Extend(operand=operand, signed=is_signed, bits=bits):
            return _signed(value_of(operand), operand.bits, mask(bits)) if is_signed else value_of(operand)
        case e.Truncate(operand=operand, bits=bits):
            return _cut(value_of(operand), mask(bits))
        case e.Select(condition=condition, then=then, other=other):
            return _select(value_of(condition), value_of(then), value_of(other))
        case e.PageShift():
            return lambda around, frame: around.page_shift
        case e.NullPointer():
            return lambda around, frame: 0
        case e.AddressOf(name=name, is_static=is_static):
            if is_static:
                return lambda around, frame: around.static_at(name)
            return lambda around, frame: around.object_at(frame, name)
        case e.PointerAdd(base=base, offset=offset):
            return _sum(value_of(base), value_of(offset))
        case e.PointerDiff(left=left, right=right):
            return _distance(value_of(left), value_of(right))
        case e.PointerToInt(operand=operand) | e.IntToPointer(operand=operand):
            return value_of(operand)
    assert_never(x)


def _register(name: str, bits: int) -> Value:
    def read(around: Around, frame: Frame) -> int:
        found = frame.registers.get(name)
        return around.unset(frame, name, bits) if found is None else found
    return read


def _binary(x: e.Binary) -> Value:
    op, left, right, bits = x.op, value_of(x.left), value_of(x.right), x.bits
    compute, is_constant = arithmetic.OPERATIONS[op], isinstance(x.right, e.Const)
    if op not in arithmetic.MAY_WRAP:
        return lambda around, frame: compute(left(around, frame), right(around, frame), bits)

    def computed(around: Around, frame: Frame) -> int:
        a, b = left(around, frame), right(around, frame)
        if frame.function.in_tree and arithmetic.wraps(op, a, b, bits, is_constant):
            around.wrapped()
        return compute(a, b, bits)
    return computed


def _compare(op: e.CompareOp, left: Value, right: Value, bits: int) -> Value:
    holds = arithmetic.COMPARISONS[op]
    return lambda around, frame: 1 if holds(left(around, frame), right(around, frame), bits) else 0


def _not(operand: Value, ones: int) -> Value:
    return lambda around, frame: ~operand(around, frame) & ones


def _signed(operand: Value, bits: int, ones: int) -> Value:
    return lambda around, frame: arithmetic.signed(operand(around, frame), bits) & ones


def _cut(operand: Value, ones: int) -> Value:
    return lambda around, frame: operand(around, frame) & ones


def _select(condition: Value, then: Value, other: Value) -> Value:
    return lambda around, frame: (then if condition(around, frame) else other)(around, frame)


def _sum(base: Value, offset: Value) -> Value:
    return lambda around, frame: (base(around, frame) + offset(around, frame)) & ONES


def _distance(left: Value, right: Value) -> Value:
    return lambda around, frame: (left(around, frame) - right(around, frame)) & ONES


def width(bits: int) -> int:
    return 64 if bits == e.POINTER else bits


def mask(bits: int) -> int:
    return (1 << width(bits)) - 1


def size(bits: int) -> int:
    """In bytes."""
    return (width(bits) + 7) // 8
