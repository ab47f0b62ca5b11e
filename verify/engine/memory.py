"""Memory as objects of exact size with cells at constant offsets.

A cell is a scalar of 1, 2, 4 or 8 bytes. Bytes without a cell are uninitialised: each read of them is a fresh
unknown. Symbolic offsets are not modelled here: the caller reports them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from verify.engine.value import Integer, NotModelled, Pointer, Value, join
from verify.terms import build as t
from verify.terms.term import Term


@dataclass(frozen=True, slots=True)
class Cell:
    size: int
    value: Value


Cells = Mapping[int, Cell]
Fresh = Callable[[str, int, int], Integer]
"""(object, offset, bits) → an unknown that stands for uninitialised bytes."""


def byte_of(cell: Cell, index: int) -> Integer:
    if isinstance(cell.value, Pointer):
        raise NotModelled("bytes of a pointer taken one by one")
    term = cell.value.term
    return Integer(t.extract(term, index * 8 + 7, index * 8), cell.value.origin)


def _overlapping(cells: Cells, offset: int, size: int) -> list[tuple[int, Cell]]:
    return [(at, cell) for at, cell in cells.items() if at < offset + size and offset < at + cell.size]


def read(cells: Cells, name: str, offset: int, size: int, fresh: Fresh) -> Value:
    """The scalar at a constant offset; bounds are the caller's business."""
    exact = cells.get(offset)
    if exact is not None and exact.size == size:
        return exact.value
    pieces = _overlapping(cells, offset, size)
    if not pieces:
        return fresh(name, offset, size * 8)
    parts: list[Integer] = []
    for position in range(offset, offset + size):
        owner = next(((at, cell) for at, cell in pieces if at <= position < at + cell.size), None)
        parts.append(byte_of(owner[1], position - owner[0]) if owner else fresh(name, position, 8))
    term: Term = parts[0].term
    for part in parts[1:]:
        term = t.concat(part.term, term)
    return Integer(term, parts[0].origin)


def clear(cells: Cells, offset: int, size: int) -> dict[int, Cell]:
    """The cells with [offset, offset + size) uninitialised; partly covered cells keep their other bytes."""
    hit = _overlapping(cells, offset, size)
    result = dict(cells)
    for at, cell in hit:
        del result[at]
        if at < offset or at + cell.size > offset + size:
            for index in range(cell.size):
                if not offset <= at + index < offset + size:
                    result[at + index] = Cell(1, byte_of(cell, index))
    return result


def write(cells: Cells, offset: int, size: int, value: Value) -> dict[int, Cell]:
    result = clear(cells, offset, size)
    result[offset] = Cell(size, value)
    return result


def copy(target: Cells, at: int, source: Cells, start: int, size: int) -> dict[int, Cell]:
    """memcpy of a constant size: cells inside move whole, cells across the edge move by byte."""
    result = clear(target, at, size)
    for offset, cell in _overlapping(source, start, size):
        if start <= offset and offset + cell.size <= start + size:
            result[at + offset - start] = cell
            continue
        for index in range(cell.size):
            if start <= offset + index < start + size:
                result[at + offset + index - start] = Cell(1, byte_of(cell, index))
    return result


def merge(condition: Term, then: Cells, other: Cells, name: str, fresh: Fresh) -> dict[int, Cell]:
    """Cells of the state where the condition holds, else those of `other`."""
    result: dict[int, Cell] = {}
    for offset in sorted(set(then) | set(other)):
        mine, theirs = then.get(offset), other.get(offset)
        if mine is not None and mine is theirs:
            result[offset] = mine
    for offset in sorted(set(then) | set(other)):
        if offset in result:
            continue
        cell = then.get(offset) or other[offset]
        if _overlapping(result, offset, cell.size):
            continue
        size = min(x.size for x in (then.get(offset), other.get(offset)) if x is not None)
        result[offset] = Cell(size, join(condition, read(then, name, offset, size, fresh),
                                         read(other, name, offset, size, fresh)))
        if size < cell.size or (offset in other and size < other[offset].size):
            _rest(result, condition, then, other, (name, offset, size), fresh)
    return dict(sorted(result.items()))


def _rest(
    result: dict[int, Cell], condition: Term, then: Cells, other: Cells, where: tuple[str, int, int], fresh: Fresh
) -> None:
    """Bytes of the larger cell behind the smaller one."""
    name, offset, size = where
    end = max(offset + x.size for x in (then.get(offset), other.get(offset)) if x is not None)
    for position in range(offset + size, end):
        left = read(then, name, position, 1, fresh)
        right = read(other, name, position, 1, fresh)
        result[position] = Cell(1, join(condition, left, right))
