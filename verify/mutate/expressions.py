"""Small faults in expressions: a comparison, a constant, a mask, a width, an operator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from verify.ir import expr as e
from verify.ir.expr import BinaryOp, CompareOp, Expr

Variant = tuple[str, Expr]
"""(what was done, the expression with it)"""
_BELOW: dict[type, tuple[str, ...]] = {
    e.Binary: ("left", "right"), e.Not: ("operand",), e.Compare: ("left", "right"), e.Extend: ("operand",),
    e.Truncate: ("operand",), e.Select: ("condition", "then", "other"), e.PointerAdd: ("base", "offset"),
    e.PointerDiff: ("left", "right"), e.PointerToInt: ("operand",), e.IntToPointer: ("operand",),
}
_COMPARED = {
    CompareOp.EQ: CompareOp.NE, CompareOp.NE: CompareOp.EQ, CompareOp.ULT: CompareOp.ULE,
    CompareOp.ULE: CompareOp.ULT, CompareOp.SLT: CompareOp.SLE, CompareOp.SLE: CompareOp.SLT,
}
_OPERATOR = {
    BinaryOp.ADD: BinaryOp.SUB, BinaryOp.SUB: BinaryOp.ADD, BinaryOp.AND: BinaryOp.OR, BinaryOp.OR: BinaryOp.AND,
    BinaryOp.SHL: BinaryOp.LSHR, BinaryOp.LSHR: BinaryOp.SHL, BinaryOp.MUL: BinaryOp.ADD,
}
COMPARISON, OFF_BY_ONE, MASK, WIDTH, OPERATOR, SIGN = (
    "comparison", "off by one", "bit mask", "width", "operator", "sign")


def variants(expression: Expr) -> Iterator[Variant]:
    """The expression with one fault, somewhere in it."""
    yield from _here(expression)
    for name in _BELOW.get(type(expression), ()):
        for kind, below in variants(getattr(expression, name)):
            changed: Any = {name: below}
            yield kind, replace(expression, **changed)


def _here(expression: Expr) -> Iterator[Variant]:
    match expression:
        case e.Compare(op=op, left=left, right=right):
            yield COMPARISON, replace(expression, op=_COMPARED[op])
            yield from ((OFF_BY_ONE, replace(expression, right=one)) for one in _next_to(right))
            yield from ((OFF_BY_ONE, replace(expression, left=one)) for one in _next_to(left))
        case e.Binary(op=op, right=right, bits=bits):
            if op in _OPERATOR and bits > 1:
                yield OPERATOR, replace(expression, op=_OPERATOR[op])
            if op in (BinaryOp.AND, BinaryOp.OR) and isinstance(right, e.Const):
                yield from ((MASK, replace(expression, right=one)) for one in _masks(right))
            elif op in (BinaryOp.ADD, BinaryOp.SUB, BinaryOp.LSHR, BinaryOp.SHL):
                yield from ((OFF_BY_ONE, replace(expression, right=one)) for one in _next_to(right)[:1])
        case e.Extend(operand=operand, signed=signed):
            if operand.bits > 1 and not isinstance(operand, e.PageShift):  # which is no more than 16
                yield SIGN, replace(expression, signed=not signed)
        case e.Truncate(operand=operand, bits=bits):
            if bits % 16 == 0:
                yield WIDTH, e.Extend(e.Truncate(operand, bits // 2), False, bits)
        case _:
            return


def _next_to(expression: Expr) -> list[Expr]:
    if not isinstance(expression, e.Const) or expression.bits == 1:
        return []
    values = dict.fromkeys((expression.value + step) % (1 << expression.bits) for step in (1, -1))
    return [replace(expression, value=value) for value in values]


def _masks(mask: e.Const) -> list[Expr]:
    """Without its highest bit, and with the one above that."""
    if not mask.value:
        return []
    highest = 1 << mask.value.bit_length() - 1
    values = [mask.value & ~highest, (mask.value | highest << 1) % (1 << mask.bits)]
    return [replace(mask, value=value) for value in values if value not in (mask.value, 0)]
