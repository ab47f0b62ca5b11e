"""Bytes of buffers as what they mean: transaction descriptors (FF-A 1.0, 1.1, 1.2), partition information, the rest.

What a plain valid message has is left out: the reader looks for what is odd.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

V1_0, V1_2 = 0x10000, 0x10002
NORMAL_MEMORY = (0x2F, 0)
"""Write-back, inner shareable; in what is retrieved and relinquished it may be zero."""
MOST = 8
"""Rows of one kind; the rest is counted."""
ROW = 16


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes from `at` on."""

    at: int
    content: bytes


def pieces(content: Mapping[int, int]) -> list[Piece]:
    """Runs of bytes that lie side by side, in order."""
    ordered = sorted(content.items())
    runs = groupby(enumerate(ordered), lambda item: item[1][0] - item[0])
    made = [[byte for _, byte in run] for _, run in runs]
    return [Piece(run[0][0], bytes(byte for _, byte in run)) for run in made]


def dump(content: Mapping[int, int]) -> list[str]:
    """`0x40: 01 00 … 00`, sixteen bytes a row; rows of zeros are left out."""
    rows = [
        f"{piece.at + start:#x}: {piece.content[start:start + ROW].hex(' ')}"
        for piece in pieces(content) for start in range(0, len(piece.content), ROW)
        if any(piece.content[start:start + ROW])]
    return _capped(rows, "rows")


def _capped(rows: list[str], what: str) -> list[str]:
    more = len(rows) - MOST
    return rows if more <= 1 else [*rows[:MOST], f"… {more} more {what}"]


class Reader:
    """Little-endian fields; remembers which bytes a layout accounts for, and what is odd about them."""

    def __init__(self, content: Mapping[int, int], length: int, total: int = 0) -> None:
        self._content = content
        self.length = length
        self.total = total
        self.end = max(content, default=-1) + 1
        """Behind the last byte that is known; the others are 0."""
        self._seen: set[int] = set()

    def has(self, at: int, size: int) -> bool:
        return at + size <= self.length

    def field(self, at: int, size: int) -> int:
        self._seen.update(range(at, at + size))
        return sum(self._content.get(at + k, 0) << (8 * k) for k in range(size))

    def rest(self) -> list[str]:
        """Bytes that belong to no field, where there are any that are not zero."""
        left = {at: byte for at, byte in self._content.items() if at not in self._seen}
        return dump(left)


def transaction(content: Mapping[int, int], length: int, version: int, total: int = 0) -> list[str]:
    """The descriptor in the first `length` bytes, by the layout of `version`; what lies beyond it as bytes.

    `total`: of all its fragments, if there are more.
    """
    reader = Reader(content, length, max(total, length))
    return [*_transaction(reader, version), *reader.rest()]


def header_size(version: int) -> int:
    return 32 if version <= V1_0 else 48


def entries(reader: Reader, version: int) -> tuple[int, int, int]:
    """How many EMADs a header speaks of, where the first one is, and how far it is from one to the next."""
    count = reader.field(28, 4)
    return (count, 32, ROW) if version <= V1_0 else (count, reader.field(32, 4), reader.field(24, 4))


def _transaction(reader: Reader, version: int) -> Iterator[str]:
    size = header_size(version)
    layout = f"descriptor of FF-A {version >> 16}.{version & 0xFFFF}"
    if not reader.has(0, size):
        yield f"{layout}: its header of {size:#x} bytes does not fit into {reader.length:#x}"
        return
    read, usual = reader.field, 32 if version >= V1_2 else 16
    said, (count, start, step) = read(24, 4), entries(reader, version)
    facts = [
        _odd("sender", read(0, 2)), _odd("attributes", read(2, 2), *NORMAL_MEMORY), _odd("flags", read(4, 4)),
        _odd("handle", read(8, 8)), _odd("tag", read(16, 8)),
        many(count, "EMAD") + (f" of {step:#x} bytes at {start:#x}" if version > V1_0 else ""),
        _odd("reserved word at 0x18", said) if version <= V1_0 else "",
        *(_odd(f"reserved word at {at:#x}", read(at, 4)) for at in range(36, size, 4))]
    yield f"{layout}: {_joined(facts)}"
    first: int | None = None
    for number in range(min(count, MOST)):
        at = start + number * step
        if not reader.has(at, 16):
            yield f"EMAD {number} at {at:#x}: not inside the message of {reader.length:#x} bytes"
            break
        yield f"EMAD {number}: " + _joined(_access(reader, at, usual))
        first = reader.field(at + 4, 4) if first is None else first
    if count > MOST:
        yield f"… {many(count - MOST, 'more EMAD')}"
    if first is not None:
        yield from _composite(reader, first)


def _access(reader: Reader, at: int, size: int) -> list[str]:
    read = reader.field
    more = range(8, size, 4) if reader.has(at, size) else ()
    return [
        f"receiver {read(at, 2):#x}", f"permissions {read(at + 2, 1):#x}", _odd("flags", read(at + 3, 1)),
        f"composite at {read(at + 4, 4):#x}", *(_odd(f"word at {k:#x}", read(at + k, 4)) for k in more)]


def _composite(reader: Reader, at: int) -> Iterator[str]:
    if not reader.has(at, 16):
        yield f"composite at {at:#x}: not inside the message of {reader.length:#x} bytes"
        return
    total, count = reader.field(at, 4), reader.field(at + 4, 4)
    rows, found = _ranges(reader, at + 16, count)
    left = max(0, count - max(0, reader.length - at - 16) // ROW)
    comes_later = left > 0 and at + 16 + ROW * count <= reader.total
    odd = f" ({count_of(found)} in the ranges that are here)" if found != total and not comes_later else ""
    reserved = _odd("reserved", reader.field(at + 8, 8))
    yield f"composite: {_joined([many(total, 'page') + odd, many(count, 'range'), reserved])}"
    yield from rows
    if comes_later:
        yield f"{many(left, 'range')} in later fragments"
    elif left:
        yield f"{many(left, 'range')} not inside the message of {reader.length:#x} bytes"


def _ranges(reader: Reader, at: int, count: int) -> tuple[list[str], int]:
    """A row for each inside the message, and the sum of their pages; those of zeros are counted."""
    rows: list[str] = []
    inside = min(count, max(0, reader.length - at) // ROW)
    written = min(inside, max(0, reader.end - at + ROW - 1) // ROW)
    total, zeros = 0, inside - written
    for number in range(written):
        here = at + ROW * number
        address, pages, reserved = (reader.field(here + k, size) for k, size in ((0, 8), (8, 4), (12, 4)))
        total += pages
        if address or pages or reserved:
            rows.append(f"range {number}: " + _joined([f"{address:#x} + {count_of(pages)} × 4K",
                                                      _odd("reserved", reserved)]))
        else:
            zeros += 1
    return [*_capped(rows, "ranges"), *([f"{many(zeros, 'range')} of zeros"] if zeros else [])], total


def fragment(content: Mapping[int, int], length: int) -> list[str]:
    """The ranges of a later fragment."""
    reader = Reader(content, length)
    rows, total = _ranges(reader, 0, length // ROW)
    return [f"fragment: {many(length // ROW, 'range')}, {many(total, 'page')}", *rows, *reader.rest()]


def partitions(content: Mapping[int, int], count: int, size: int) -> list[str]:
    """What FFA_PARTITION_INFO_GET leaves."""
    reader = Reader(content, count * size)
    rows = []
    for number in range(count):
        at = number * size
        if size < 8 or not content or at > max(content):
            break
        identity, contexts, properties = (reader.field(at + k, n) for k, n in ((0, 2), (2, 2), (4, 4)))
        if size >= 24:
            reader.field(at + 8, 16)
        rows.append(f"partition {identity:#x}: {many(contexts, 'execution context')}, properties {properties:#x}")
    return [*_capped(rows, "partitions"), *reader.rest()]


def count_of(number: int) -> str:
    """Small ones as people write them; others as hostile ones are easiest to read."""
    return str(number) if number < 10 else f"{number:#x}"


def _odd(name: str, value: int, *usual: int) -> str:
    return "" if value in (usual or (0,)) else f"{name} {value:#x}"


def many(count: int, what: str) -> str:
    return f"{count_of(count)} {what}" + ("s" if count != 1 else "")


def _joined(facts: Iterable[str]) -> str:
    return ", ".join(fact for fact in facts if fact)
