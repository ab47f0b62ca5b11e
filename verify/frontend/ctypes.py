"""C types as AArch64 (LP64) lays them out; `char` is unsigned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from verify.ir.expr import POINTER
from verify.ir.function import Field


@dataclass(frozen=True, slots=True)
class Int:
    bits: int
    signed: bool
    is_bool: bool = False


@dataclass(frozen=True, slots=True)
class Void:
    pass


@dataclass(frozen=True, slots=True)
class Ptr:
    target: CType


@dataclass(frozen=True, slots=True)
class Array:
    """`count` is None for a flexible array member."""

    element: CType
    count: int | None


@dataclass(frozen=True, slots=True)
class Member:
    """`bit_width` is 0 for ordinary members; else `bit_offset` counts from bit 0 of the unit at `offset`."""

    name: str
    type: CType
    offset: int
    bit_offset: int = 0
    bit_width: int = 0


@dataclass(slots=True)
class Record:
    """A struct or union; filled once its body is seen (`members` is None before)."""

    name: str
    is_union: bool
    members: tuple[Member, ...] | None = None
    size: int = 0
    align: int = 1
    scalars: int = 0
    index: dict[str, Member] = field(default_factory=dict)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


@dataclass(frozen=True, slots=True)
class Function:
    result: CType
    parameters: tuple[CType, ...]
    variadic: bool = False


CType: TypeAlias = Int | Void | Ptr | Array | Record | Function

BOOL = Int(8, False, True)
INT = Int(32, True)
UINT = Int(32, False)
LONG = Int(64, True)
ULONG = Int(64, False)
VOID = Void()


class LayoutError(Exception):
    """A type whose layout is not known (incomplete, or beyond the model)."""


def size_of(kind: CType) -> int:
    """In bytes; `void` and functions count 1, as GNU C has it."""
    match kind:
        case Int(bits=bits):
            return bits // 8
        case Ptr():
            return 8
        case Array(element=element, count=count):
            return size_of(element) * (count or 0)
        case Record():
            if kind.members is None:
                raise LayoutError(f"struct {kind.name} is incomplete")
            return kind.size
    return 1


def align_of(kind: CType) -> int:
    match kind:
        case Array(element=element):
            return align_of(element)
        case Record():
            if kind.members is None:
                raise LayoutError(f"struct {kind.name} is incomplete")
            return kind.align
    return size_of(kind)


def complete(record: Record, members: list[tuple[str, CType, int]]) -> None:
    """Lay out (name, type, bit width or 0) in order; anonymous structs and unions lend their members' names."""
    if any(width for _, _, width in members):
        raise LayoutError("bit-field")
    offset, align, placed = 0, 1, []
    for name, kind, _ in members:
        step = align_of(kind)
        at = 0 if record.is_union else (offset + step - 1) // step * step
        placed.append(Member(name, kind, at))
        offset = max(offset, at + size_of(kind))
        align = max(align, step)
    if offset > MAX_SIZE:
        raise LayoutError(f"type of more than {MAX_SIZE} bytes")
    record.members = tuple(placed)
    record.scalars = sum(_scalars(member.type) for member in placed)
    record.align = align
    record.size = (offset + align - 1) // align * align
    for member in placed:
        _index(record.index, member)


def _index(index: dict[str, Member], member: Member) -> None:
    if member.name:
        index[member.name] = member
    elif isinstance(member.type, Record):
        for inner in member.type.index.values():
            index[inner.name] = Member(inner.name, inner.type, member.offset + inner.offset)


def bits_of(kind: CType) -> int:
    """IR width of a scalar."""
    if isinstance(kind, Int):
        return kind.bits
    if isinstance(kind, Ptr):
        return POINTER
    raise LayoutError("not a scalar")


def is_scalar(kind: CType) -> bool:
    return isinstance(kind, (Int, Ptr))


MAX_FIELDS = 64
MAX_SCALARS = 10_000
"""In one object; those of a larger one have no names."""
MAX_SIZE = 1 << 24
"""Bytes of one object."""


def _scalars(kind: CType) -> int:
    match kind:
        case Array(element=element, count=count):
            return (count or 0) * _scalars(element)
        case Record():
            return kind.scalars
    return 1


def fields_of(kind: CType, path: str = "", offset: int = 0) -> list[Field]:
    """The scalar members, flattened; arrays of more than MAX_FIELDS elements are left out."""
    match kind:
        case Int() | Ptr():
            return [Field(path, offset, bits_of(kind))]
        case _ if _scalars(kind) > MAX_SCALARS:
            return []
        case Array(element=element, count=count) if (count or 0) <= MAX_FIELDS:
            step = size_of(element)
            return [f for k in range(count or 0) for f in fields_of(element, f"{path}[{k}]", offset + k * step)]
        case Record(members=members) if members is not None:
            return [
                f for m in members
                for f in fields_of(m.type, f"{path}.{m.name}".strip("."), offset + m.offset)
            ]
    return []
