"""IR operators on Python integers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from verify.interpret.memory import Fault
from verify.ir.expr import BinaryOp, CompareOp

MAY_WRAP = (BinaryOp.ADD, BinaryOp.MUL, BinaryOp.SHL)


def signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value & (1 << (bits - 1)) else value


def wraps(op: BinaryOp, a: int, b: int, bits: int, is_constant: bool) -> bool:
    """Is the value not that of the integers? A sum with a constant whose top bit is set is a difference."""
    if op is BinaryOp.ADD:
        return a + b >= 1 << bits and not (is_constant and b >> (bits - 1))
    if op is BinaryOp.MUL:
        return a * b >= 1 << bits
    return op is BinaryOp.SHL and is_constant and b < bits and a << b >= 1 << bits


def _shift(op: BinaryOp, a: int, b: int, bits: int) -> int:
    if b >= bits:
        raise Fault(f"shift by {b} of a {bits}-bit number", "shift-range")
    if op is BinaryOp.SHL:
        return (a << b) & ((1 << bits) - 1)
    return a >> b if op is BinaryOp.LSHR else (signed(a, bits) >> b) & ((1 << bits) - 1)


def _divided(op: BinaryOp, a: int, b: int, bits: int) -> int:
    if b == 0:
        raise Fault("division by zero", "division-by-zero")
    if op in (BinaryOp.UDIV, BinaryOp.UREM):
        return a // b if op is BinaryOp.UDIV else a % b
    return _signed_division(op, signed(a, bits), signed(b, bits)) & ((1 << bits) - 1)


def _signed_division(op: BinaryOp, a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    if (a < 0) != (b < 0):
        quotient = -quotient
    return quotient if op is BinaryOp.SDIV else a - quotient * b


OPERATIONS: Mapping[BinaryOp, Callable[[int, int, int], int]] = {
    BinaryOp.ADD: lambda a, b, bits: (a + b) & ((1 << bits) - 1),
    BinaryOp.SUB: lambda a, b, bits: (a - b) & ((1 << bits) - 1),
    BinaryOp.MUL: lambda a, b, bits: (a * b) & ((1 << bits) - 1),
    BinaryOp.AND: lambda a, b, bits: a & b,
    BinaryOp.OR: lambda a, b, bits: a | b,
    BinaryOp.XOR: lambda a, b, bits: a ^ b,
    **{op: partial(_shift, op) for op in (BinaryOp.SHL, BinaryOp.LSHR, BinaryOp.ASHR)},
    **{op: partial(_divided, op) for op in (BinaryOp.UDIV, BinaryOp.SDIV, BinaryOp.UREM, BinaryOp.SREM)},
}
"""(left, right, width in bits) → result."""

COMPARISONS: Mapping[CompareOp, Callable[[int, int, int], bool]] = {
    CompareOp.EQ: lambda a, b, bits: a == b,
    CompareOp.NE: lambda a, b, bits: a != b,
    CompareOp.ULT: lambda a, b, bits: a < b,
    CompareOp.ULE: lambda a, b, bits: a <= b,
    CompareOp.SLT: lambda a, b, bits: signed(a, bits) < signed(b, bits),
    CompareOp.SLE: lambda a, b, bits: signed(a, bits) <= signed(b, bits),
}
"""(left, right, width in bits) → does it hold?"""
