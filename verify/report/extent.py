"""Where the parts of a message lie, in it or beyond it: what a drawing needs, and a reader of the JSON report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from verify.report.content import MOST, ROW, Reader, entries, header_size

Part = tuple[str, int, int]
"""Name, first byte and size."""


def transaction(
    content: Mapping[int, int], length: int, version: int, total: int, room: int | None
) -> dict[str, Any]:
    """Of a descriptor whose first `length` bytes are there; `room`: of the buffer that holds it, if it is known."""
    reader = Reader(content, length, max(total, length))
    return _told(list(_parts(reader, version)), length, room)


def fragment(length: int, room: int | None) -> dict[str, Any]:
    """Of a later fragment, which has ranges alone."""
    return _told([("ranges", 0, length // ROW * ROW)], length, room)


def _told(parts: list[Part], length: int, room: int | None) -> dict[str, Any]:
    buffer = {} if room is None else {"buffer": f"{room:#x}"}
    return {"message": f"{length:#x}", **buffer,
            "parts": [{"name": name, "at": f"{at:#x}", "size": f"{size:#x}"} for name, at, size in parts]}


def _parts(reader: Reader, version: int) -> Iterator[Part]:
    """As far as one part says where the next one is; none is read where it is not inside the message."""
    size = header_size(version)
    yield "header", 0, size
    if not reader.has(0, size):
        return
    count, start, step = entries(reader, version)
    for number in range(min(count, MOST)):
        yield f"EMAD {number}", start + number * step, ROW
        if not reader.has(start + number * step, ROW):
            return
    if count:
        yield from _composite(reader, reader.field(start + 4, 4))


def _composite(reader: Reader, at: int) -> Iterator[Part]:
    yield "composite", at, ROW
    if reader.has(at, ROW) and (count := reader.field(at + 4, 4)):
        yield "ranges", at + ROW, count * ROW
