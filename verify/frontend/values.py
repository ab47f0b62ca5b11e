"""Typed values while lowering: conversions and arithmetic, as C has them on AArch64."""

from __future__ import annotations

from dataclasses import dataclass

from verify.frontend import ctypes as ct
from verify.frontend import fold
from verify.frontend.builder import Builder
from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.expr import BinaryOp, CompareOp, Const, Expr, Register


@dataclass(frozen=True, slots=True)
class Typed:
    """An rvalue; a struct is given by the pointer to its bytes."""

    expr: Expr
    type: ct.CType


@dataclass(frozen=True, slots=True)
class RegisterPlace:
    register: Register
    type: ct.CType


@dataclass(frozen=True, slots=True)
class MemoryPlace:
    pointer: Expr
    type: ct.CType


Place = RegisterPlace | MemoryPlace

BINARY = {"+": BinaryOp.ADD, "-": BinaryOp.SUB, "*": BinaryOp.MUL, "&": BinaryOp.AND, "|": BinaryOp.OR,
          "^": BinaryOp.XOR}


class ConversionError(Exception):
    """Types that do not go together in this model."""


def promoted(kind: ct.CType) -> ct.Int:
    if not isinstance(kind, ct.Int):
        raise ConversionError("arithmetic on something that is no integer")
    return ct.INT if kind.bits < 32 else ct.Int(kind.bits, kind.signed)


def common(a: ct.Int, b: ct.Int) -> ct.Int:
    """The usual arithmetic conversions, on promoted types."""
    if a.bits != b.bits:
        return a if a.bits > b.bits else b
    return ct.Int(a.bits, a.signed and b.signed)


def truth(value: Typed) -> Expr:
    """Width 1: is the value non-zero?"""
    if isinstance(value.type, ct.Ptr):
        return fold.compare(CompareOp.NE, value.expr, e.NullPointer())
    inner = value.expr
    if isinstance(inner, e.Extend) and inner.operand.bits == 1 and not inner.signed:
        return inner.operand
    return fold.compare(CompareOp.NE, inner, Const(0, inner.bits))


def from_truth(condition: Expr, kind: ct.Int = ct.INT) -> Typed:
    return Typed(fold.extend(condition, False, kind.bits), kind)


def decayed(value: Typed) -> Typed:
    """An array is the address of its first element."""
    return Typed(value.expr, ct.Ptr(value.type.element)) if isinstance(value.type, ct.Array) else value


def convert(value: Typed, target: ct.CType) -> Typed:
    """As if by assignment or cast; raises ConversionError."""
    value = decayed(value)
    source = value.type
    if isinstance(target, ct.Void) or target == source:
        return Typed(value.expr, target)
    match source, target:
        case _, ct.Int(is_bool=True):
            return from_truth(truth(value), ct.BOOL)
        case ct.Int(), ct.Int():
            wider = target.bits > source.bits
            resized = fold.extend(value.expr, source.signed, target.bits) if wider else fold.truncate(
                value.expr, target.bits)
            return Typed(resized, target)
        case (ct.Ptr(), ct.Ptr()) | (ct.Function(), ct.Ptr()):
            return Typed(value.expr, target)
        case ct.Int(), ct.Ptr():
            wide = fold.extend(value.expr, source.signed, 64)
            if isinstance(wide, Const) and wide.value == 0:
                return Typed(e.NullPointer(), target)
            return Typed(e.IntToPointer(wide), target)
        case ct.Ptr(), ct.Int():
            return Typed(fold.truncate(e.PointerToInt(value.expr), target.bits), target)
    raise ConversionError("conversion between these types")


def arithmetic(builder: Builder, op: str, left: Typed, right: Typed) -> Typed:
    """+ - * / % & | ^ << >> on integers, with the obligations that C attaches to them."""
    a, b = promoted(left.type), promoted(right.type)
    if op in ("<<", ">>"):
        return _shift(builder, op, convert(left, a), convert(right, b))
    kind = common(a, b)
    x, y = convert(left, kind).expr, convert(right, kind).expr
    if op in ("/", "%"):
        return Typed(_divide(builder, op, x, y, kind), kind)
    return Typed(fold.binary(BINARY[op], x, y), kind)


def _divide(builder: Builder, op: str, x: Expr, y: Expr, kind: ct.Int) -> Expr:
    if not (isinstance(y, Const) and y.value):
        nonzero = fold.compare(CompareOp.NE, y, Const(0, kind.bits))
        builder.emit(i.Assert(i.AssertKind.DIVISION_BY_ZERO, nonzero, builder.span))
    if kind.signed:
        return fold.binary(BinaryOp.SDIV if op == "/" else BinaryOp.SREM, x, y)
    return fold.binary(BinaryOp.UDIV if op == "/" else BinaryOp.UREM, x, y)


def _shift(builder: Builder, op: str, left: Typed, right: Typed) -> Typed:
    kind = left.type
    assert isinstance(kind, ct.Int) and isinstance(right.type, ct.Int)
    if not (isinstance(right.expr, Const) and right.expr.value < kind.bits) and not _is_page_shift(right.expr):
        limit = Const(kind.bits, right.expr.bits)
        in_range = fold.compare(CompareOp.ULT, right.expr, limit)
        builder.emit(i.Assert(i.AssertKind.SHIFT_RANGE, in_range, builder.span))
    amount = fold.extend(right.expr, False, kind.bits) if right.expr.bits < kind.bits else fold.truncate(
        right.expr, kind.bits)
    if op == "<<":
        return Typed(fold.binary(BinaryOp.SHL, left.expr, amount), kind)
    return Typed(fold.binary(BinaryOp.ASHR if kind.signed else BinaryOp.LSHR, left.expr, amount), kind)


def _is_page_shift(amount: Expr) -> bool:
    return isinstance(amount, e.PageShift)


_ORDER = {"<": ("lt", False), "<=": ("le", False), ">": ("lt", True), ">=": ("le", True)}


def comparison(op: str, left: Typed, right: Typed) -> Expr:
    """Width 1, for == != < <= > >= on integers or pointers."""
    if isinstance(left.type, (ct.Ptr, ct.Array)) or isinstance(right.type, (ct.Ptr, ct.Array)):
        pointer = ct.Ptr(ct.VOID)
        return _compare(op, convert(left, pointer).expr, convert(right, pointer).expr, False)
    kind = common(promoted(left.type), promoted(right.type))
    return _compare(op, convert(left, kind).expr, convert(right, kind).expr, kind.signed)


def _compare(op: str, x: Expr, y: Expr, is_signed: bool) -> Expr:
    if op in ("==", "!="):
        return fold.compare(CompareOp.EQ if op == "==" else CompareOp.NE, x, y)
    relation, swapped = _ORDER[op]
    if swapped:
        x, y = y, x
    return fold.compare(CompareOp(("s" if is_signed else "u") + relation), x, y)
