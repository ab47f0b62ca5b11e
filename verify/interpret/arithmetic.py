"""IR operators on Python integers."""

from __future__ import annotations

from verify.interpret.memory import Fault
from verify.ir.expr import BinaryOp, CompareOp


def signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value & (1 << (bits - 1)) else value


def binary(op: BinaryOp, a: int, b: int, bits: int) -> int:
    mask = (1 << bits) - 1
    match op:
        case BinaryOp.ADD:
            return (a + b) & mask
        case BinaryOp.SUB:
            return (a - b) & mask
        case BinaryOp.MUL:
            return (a * b) & mask
        case BinaryOp.AND:
            return a & b
        case BinaryOp.OR:
            return a | b
        case BinaryOp.XOR:
            return a ^ b
        case BinaryOp.SHL | BinaryOp.LSHR | BinaryOp.ASHR:
            return _shift(op, a, b, bits)
    if b == 0:
        raise Fault("division by zero", "division-by-zero")
    if op in (BinaryOp.UDIV, BinaryOp.UREM):
        return a // b if op is BinaryOp.UDIV else a % b
    return _signed_division(op, signed(a, bits), signed(b, bits)) & mask


def wraps(op: BinaryOp, a: int, b: int, bits: int, is_constant: bool) -> bool:
    """Is the value not that of the integers? A sum with a constant whose top bit is set is a difference."""
    match op:
        case BinaryOp.ADD:
            return a + b >= 1 << bits and not (is_constant and b >> (bits - 1))
        case BinaryOp.MUL:
            return a * b >= 1 << bits
        case BinaryOp.SHL:
            return is_constant and b < bits and a << b >= 1 << bits
    return False


def _shift(op: BinaryOp, a: int, b: int, bits: int) -> int:
    if b >= bits:
        raise Fault(f"shift by {b} of a {bits}-bit number", "shift-range")
    if op is BinaryOp.SHL:
        return (a << b) & ((1 << bits) - 1)
    return a >> b if op is BinaryOp.LSHR else (signed(a, bits) >> b) & ((1 << bits) - 1)


def _signed_division(op: BinaryOp, a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    if (a < 0) != (b < 0):
        quotient = -quotient
    return quotient if op is BinaryOp.SDIV else a - quotient * b


def compare(op: CompareOp, a: int, b: int, bits: int) -> int:
    match op:
        case CompareOp.EQ:
            return int(a == b)
        case CompareOp.NE:
            return int(a != b)
        case CompareOp.ULT:
            return int(a < b)
        case CompareOp.ULE:
            return int(a <= b)
        case CompareOp.SLT:
            return int(signed(a, bits) < signed(b, bits))
    return int(signed(a, bits) <= signed(b, bits))
