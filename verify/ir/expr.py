"""Pure expressions: no side effects, no C conversion rules left to know.

An expression is an integer of explicit width (1 to 128 bits, unsigned representation) or a pointer.
Comparisons yield width 1. `bits == 0` never occurs; a pointer's `bits` is POINTER.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

POINTER = -1
"""The width that marks a pointer-valued expression or register."""


class BinaryOp(Enum):
    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    UDIV = "udiv"
    SDIV = "sdiv"
    UREM = "urem"
    SREM = "srem"
    AND = "and"
    OR = "or"
    XOR = "xor"
    SHL = "shl"
    LSHR = "lshr"
    ASHR = "ashr"


class CompareOp(Enum):
    EQ = "eq"
    NE = "ne"
    ULT = "ult"
    ULE = "ule"
    SLT = "slt"
    SLE = "sle"


@dataclass(frozen=True, slots=True)
class Const:
    """An integer; 0 <= value < 2**bits."""

    value: int
    bits: int


@dataclass(frozen=True, slots=True)
class PageShift:
    """log2 of the page size (12, 14 or 16), as an integer of `bits` bits; chosen when the target is run."""

    bits: int


@dataclass(frozen=True, slots=True)
class Register:
    """A scalar local or a temporary of the function; reading it before a write is an uninitialised read."""

    name: str
    bits: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Both operands have `bits` bits, except SHL, LSHR and ASHR where they too are brought to one width."""

    op: BinaryOp
    left: Expr
    right: Expr
    bits: int


@dataclass(frozen=True, slots=True)
class Not:
    """Bitwise complement (logical negation at width 1)."""

    operand: Expr
    bits: int


@dataclass(frozen=True, slots=True)
class Compare:
    """Integers of one width, or two pointers (EQ, NE; ULT, ULE only within one object); yields width 1."""

    op: CompareOp
    left: Expr
    right: Expr
    bits: int = 1


@dataclass(frozen=True, slots=True)
class Extend:
    """Widen to `bits`, with the sign or with zeros."""

    operand: Expr
    signed: bool
    bits: int


@dataclass(frozen=True, slots=True)
class Truncate:
    """Keep the low `bits` bits."""

    operand: Expr
    bits: int


@dataclass(frozen=True, slots=True)
class Select:
    """`then` if the width-1 condition is 1, else `other`; both are pure, so both may be evaluated."""

    condition: Expr
    then: Expr
    other: Expr
    bits: int


@dataclass(frozen=True, slots=True)
class NullPointer:
    bits: int = POINTER


@dataclass(frozen=True, slots=True)
class AddressOf:
    """The first byte of a static of the unit, or of a local object of the function."""

    name: str
    is_static: bool
    bits: int = POINTER


@dataclass(frozen=True, slots=True)
class PointerAdd:
    """`offset` is a 64-bit byte count, two's complement."""

    base: Expr
    offset: Expr
    bits: int = POINTER


@dataclass(frozen=True, slots=True)
class PointerDiff:
    """Byte distance left - right as a 64-bit integer; both in one object."""

    left: Expr
    right: Expr
    bits: int = 64


@dataclass(frozen=True, slots=True)
class PointerToInt:
    """The 64-bit virtual address."""

    operand: Expr
    bits: int = 64


@dataclass(frozen=True, slots=True)
class IntToPointer:
    operand: Expr
    bits: int = POINTER


Expr: TypeAlias = (
    Const | PageShift | Register | Binary | Not | Compare | Extend | Truncate | Select
    | NullPointer | AddressOf | PointerAdd | PointerDiff | PointerToInt | IntToPointer
)


def place_in_static(pointer: Expr) -> tuple[str, int] | None:
    """(name, offset) where the pointer leads to a static at a constant offset."""
    offset = 0
    while isinstance(pointer, PointerAdd):
        step = pointer.offset
        if not isinstance(step, Const):
            return None
        pointer, offset = pointer.base, offset + step.value
    return (pointer.name, offset) if isinstance(pointer, AddressOf) and pointer.is_static else None
