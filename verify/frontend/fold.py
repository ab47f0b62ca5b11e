"""IR expressions, folded while they are built; what a constant is worth."""

from __future__ import annotations

from verify.ir import expr as e
from verify.ir.expr import BinaryOp, CompareOp, Const, Expr


def const(value: int, bits: int) -> Const:
    return Const(value & ((1 << bits) - 1), bits)


def signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def extend(operand: Expr, signed_: bool, bits: int) -> Expr:
    if operand.bits == bits:
        return operand
    if isinstance(operand, Const):
        return const(signed(operand.value, operand.bits) if signed_ else operand.value, bits)
    return e.Extend(operand, signed_, bits)


def truncate(operand: Expr, bits: int) -> Expr:
    if operand.bits == bits:
        return operand
    if isinstance(operand, Const):
        return const(operand.value, bits)
    if isinstance(operand, e.Extend) and operand.operand.bits == bits:
        return operand.operand
    return e.Truncate(operand, bits)


def not_(operand: Expr) -> Expr:
    if isinstance(operand, Const):
        return const(~operand.value, operand.bits)
    if isinstance(operand, e.Not):
        return operand.operand
    return e.Not(operand, operand.bits)


def binary(op: BinaryOp, left: Expr, right: Expr) -> Expr:
    if isinstance(left, Const) and isinstance(right, Const):
        value = _calculate(op, left.value, right.value, left.bits)
        if value is not None:
            return const(value, left.bits)
    return e.Binary(op, left, right, left.bits)


def _calculate(op: BinaryOp, a: int, b: int, bits: int) -> int | None:
    sa, sb = signed(a, bits), signed(b, bits)
    match op:
        case BinaryOp.ADD:
            return a + b
        case BinaryOp.SUB:
            return a - b
        case BinaryOp.MUL:
            return a * b
        case BinaryOp.AND:
            return a & b
        case BinaryOp.OR:
            return a | b
        case BinaryOp.XOR:
            return a ^ b
        case BinaryOp.UDIV:
            return a // b if b else None
        case BinaryOp.UREM:
            return a % b if b else None
        case BinaryOp.SDIV:
            return None if b == 0 else abs(sa) // abs(sb) * (1 if (sa < 0) == (sb < 0) else -1)
        case BinaryOp.SREM:
            return None if b == 0 else abs(sa) % abs(sb) * (-1 if sa < 0 else 1)
    if b >= bits:
        return None
    if op is BinaryOp.SHL:
        return a << b
    return a >> b if op is BinaryOp.LSHR else sa >> b


def compare(op: CompareOp, left: Expr, right: Expr) -> Expr:
    if isinstance(left, Const) and isinstance(right, Const):
        bits = left.bits
        a, b, sa, sb = left.value, right.value, signed(left.value, bits), signed(right.value, bits)
        results = {
            CompareOp.EQ: a == b, CompareOp.NE: a != b, CompareOp.ULT: a < b, CompareOp.ULE: a <= b,
            CompareOp.SLT: sa < sb, CompareOp.SLE: sa <= sb,
        }
        return Const(int(results[op]), 1)
    return e.Compare(op, left, right)


def select(condition: Expr, then: Expr, other: Expr) -> Expr:
    if isinstance(condition, Const):
        return then if condition.value else other
    return e.Select(condition, then, other, then.bits)


def pointer_add(base: Expr, offset: Expr) -> Expr:
    if isinstance(offset, Const) and offset.value == 0:
        return base
    if isinstance(base, e.PointerAdd) and isinstance(offset, Const) and isinstance(base.offset, Const):
        return pointer_add(base.base, const(base.offset.value + offset.value, 64))
    return e.PointerAdd(base, offset)
