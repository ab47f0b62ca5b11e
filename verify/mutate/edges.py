"""Calls at the edges of what a mediator checks: lengths, offsets, page counts and function numbers one off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from verify.interpret.descriptors import COMPOSITE, RANGE, Descriptor, header_size
from verify.prove.histories import DATA, FRAG_TX, HANDLE, LEND, PARTITION_INFO_GET, RECLAIM, RXTX_UNMAP, Call, Writer

SMALLEST_ENTRY = 16
VERSIONS = (0, 0xFFFF, 0x18000, 0x18001, 0x1FFFF, 0x10003, 0x30001, 0x40010001, 0x7FFF0001)
WORDS = (1, 0x10000, 1 << 32)
NUMBERS = (0x5F, 0x60, 0xFF, 0x100, 0x7F, 0x8063, 0x4063)
OWNERS = (0x04000000, 0x83000000, 0x85000000, 0xA4000000, 0xC3000000, 0x94000000, 0xC4000000, 0x84000000)


def edges(w: Writer, room: int) -> Iterator[tuple[Call, ...]]:
    """`room`: the size of EL2's descriptor buffer, in bytes; 0: there is none."""
    yield from ((*w.start(), *calls) for calls in (*_lengths(w, room), *_ranges(w), *_others(w), *_filled(w)))
    yield from ((*w.start()[:1], _with(w.map(), k, word)) for k in range(4, 8) for word in WORDS)


def by_handle(w: Writer, handle: int) -> Iterator[tuple[Call, ...]]:
    """Of an SPMC whose first handle is this one."""
    low, high = handle & 0xFFFFFFFF, handle >> 32
    one, reclaim = w.send(w.descriptor(1)), w.call(RECLAIM, low, high)
    fragments = w.in_fragments(w.descriptor(3), 1, 2)
    yield (*w.start(), one, reclaim, one)
    yield (*w.start(), fragments[0], _with(_with(fragments[1], 1, low), 2, high), reclaim)


def function_numbers() -> Iterator[int]:
    """Just inside and just outside of FF-A's range, of other owners and of other kinds of calls."""
    yield from (owner | number for owner in OWNERS for number in NUMBERS)


def _with(call: Call, k: int, word: int) -> Call:
    registers, host = call
    return (*registers[:k], *[0] * (k - len(registers)), word, *registers[k + 1:]), host


def _filled(w: Writer) -> Iterator[tuple[Call, ...]]:
    """Calls that are right but for one register that is to be zero."""
    one, two = w.send(w.descriptor(1)), w.in_fragments(w.descriptor(2), 1, 1)
    for word in WORDS:
        for k in range(3, 8):
            yield (_with(one, k, word),)
            yield (_with(w.send(w.descriptor(1), function=LEND), k, word),)
            yield (one, _with(w.call(RECLAIM, HANDLE), k, word))
        for k in range(4, 8):
            yield (two[0], _with(two[1], k, word))
        for k in range(2, 8):
            yield (_with(w.call(RXTX_UNMAP), k, word),)
        yield from ((_with(w.call(PARTITION_INFO_GET), k, word),) for k in (6, 7))


def _lengths(w: Writer, room: int) -> Iterator[tuple[Call, ...]]:
    one = w.descriptor(1)
    least, all_ = header_size(w.version) + SMALLEST_ENTRY, len(bytes(one))
    for first in (least - 16, least - 1, least, least + 1, one.composite + COMPOSITE, all_ - 1, all_ - 8):
        yield (w.send(one, first),)
    for total in (room - 16, room, room + 1, room + 16) if room else ():
        yield (_announced(w.send(one), total),)
        yield (_announced(w.send(one, function=LEND), total),)
    for length in (w.mailbox - 16, w.mailbox, w.mailbox + 1, w.mailbox + 16):
        yield (_announced(w.send(one), length, length),)
        yield (w.in_fragments(w.descriptor(2), 1, 1)[0], w.call(FRAG_TX, HANDLE, 0, length))
    for wide in (0x10000 + all_, 0x10000 + w.mailbox):
        yield (_announced(w.send(one), wide),)
        yield (_announced(w.send(one), wide, wide),)
        yield (w.in_fragments(w.descriptor(2), 1, 1)[0], w.call(FRAG_TX, HANDLE, 0, 0x10000 + RANGE))
    for length in (8, 17, 24):
        yield (w.in_fragments(w.descriptor(2), 1, 1)[0], w.call(FRAG_TX, HANDLE, 0, length))


def longest(w: Writer) -> tuple[Call, ...]:
    """A region whose description fills a mailbox and goes on; such calls take a second each."""
    count = (w.mailbox - w.descriptor(1).composite - COMPOSITE) // RANGE
    region = Descriptor(w.version, w.ranges(count + 1))
    return (*w.start(), *w.in_fragments(region, count, 1), w.call(RECLAIM, HANDLE))


def _announced(call: Call, total: int, first: int | None = None) -> Call:
    (function, _, length), host = call
    return (function, total, length if first is None else first), host


def _ranges(w: Writer) -> Iterator[tuple[Call, ...]]:
    """Ranges of some pages, of parts of a page, and good ones before bad ones; and what is there afterwards."""
    per_page, reclaim, again = w.page_size // 4096, w.call(RECLAIM, HANDLE), w.send(w.descriptor(1))
    for ranges in (
        ((DATA, 2 * per_page),), ((DATA, 2 * per_page), (DATA + 4 * w.page_size, 3 * per_page)), ((DATA, 1),),
        ((DATA, per_page), (DATA + 2 * w.page_size, 1)), ((DATA, per_page + 1),), ((DATA + 4096, per_page),),
        ((DATA, 2 * per_page), (DATA + w.page_size, per_page)),
    ):
        descriptor = Descriptor(w.version, ranges)
        yield (w.send(descriptor), reclaim)
        yield (w.send(descriptor, function=LEND), again)
        yield (w.send(replace(descriptor, flags=1)), again)
    three = w.descriptor(3)
    for offset in (-16, -8, 8, 15, 16, 17):
        yield (w.send(replace(three, composite_offset=three.composite + offset)),)
    one = w.descriptor(1)
    for offset in (17, 32, 0x1000, 1 << 30, 1 << 31):
        yield (w.send(replace(one, composite_offset=one.composite + offset)), again)
    for sent in (0, 1, 2, 4):
        yield (w.send(replace(three, emad_count=sent)), again)
    yield (*w.in_fragments(three, 1, 1), w.fragment(bytes(three)[-RANGE:]), reclaim, again)


def _others(w: Writer) -> Iterator[tuple[Call, ...]]:
    for identity in (1, 0x10000, 0x8000, 1 << 32):
        yield (w.call(RXTX_UNMAP, identity),)
    for uuid in ((1, 2, 3, 4), (5, 6, 7, 8)):
        for flags in (0, 1, 2, 1 << 31):
            yield (w.call(PARTITION_INFO_GET, *uuid, flags),)
    for handle in (0x80001001, 0x1001 << 32, 0x8000_0000_0000_1001):
        yield (w.send(w.descriptor(1)), w.call(RECLAIM, handle & 0xFFFFFFFF, handle >> 32))
        yield (w.send(w.descriptor(1)), w.call(RECLAIM, HANDLE, 0, 1), w.send(w.descriptor(1)))
