"""Ordinary and hostile histories of the memory functions: calls from reset, with what the host writes to its memory.

They are written for a conforming SPMC (`verify.interpret.spmc`), whose first handle is 0x1001.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from verify.interpret.descriptors import COMPOSITE, RANGE, V1_0, Descriptor
from verify.interpret.session import NO_WRITES, HostWrites

VERSION, RX_RELEASE, RXTX_MAP, RXTX_UNMAP, PARTITION_INFO_GET = (
    0x84000063, 0x84000065, 0xC4000066, 0x84000067, 0x84000068)
SHARE, SHARE32, LEND, LEND32 = 0xC4000073, 0x84000073, 0xC4000072, 0x84000072
RECLAIM, FRAG_TX = 0x84000077, 0x8400007B
HANDLE = 0x1001
TX, RX, DATA = 0x8000_0000, 0x8001_0000, 0x9000_0000
"""Physical addresses of the host's mailbox pair and of memory that it shares; multiples of 64K."""
MOST_STEPS = 100_000
"""Of a call that ends: nobody reads a longer one. Whether a call ends at all is asked with the interpreter's limit."""

Call = tuple[tuple[int, ...], HostWrites]
"""x0.., and what the host writes before the call."""


@dataclass(frozen=True, slots=True)
class History:
    """The last call is the one that is looked at."""

    name: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Writer:
    """Makes calls for one version and one size of pages and mailboxes, in bytes."""

    version: int
    page_size: int
    mailbox: int

    def call(self, *registers: int) -> Call:
        return registers, NO_WRITES

    def start(self) -> tuple[Call, ...]:
        return self.call(VERSION, self.version), self.map()

    def map(self) -> Call:
        return self.call(RXTX_MAP, TX, RX, self.mailbox // 4096)

    def ranges(self, count: int, start: int = DATA) -> tuple[tuple[int, int], ...]:
        """Single pages with a page in between."""
        return tuple((start + 2 * k * self.page_size, self.page_size // 4096) for k in range(count))

    def descriptor(self, count: int) -> Descriptor:
        return Descriptor(self.version, self.ranges(count))

    def send(self, descriptor: Descriptor | bytes, first: int | None = None, function: int = SHARE) -> Call:
        """`first`: so many bytes in the first fragment."""
        content = bytes(descriptor)
        length = len(content) if first is None else first
        return (function, len(content), length), HostWrites({TX: content[:length]})

    def fragment(self, content: bytes, handle: int = HANDLE) -> Call:
        return (FRAG_TX, handle, 0, len(content)), HostWrites({TX: content})

    def in_fragments(self, descriptor: Descriptor, *counts: int, function: int = SHARE) -> tuple[Call, ...]:
        """`counts`: ranges in each fragment."""
        content, at = bytes(descriptor), descriptor.composite + COMPOSITE + RANGE * counts[0]
        calls = [self.send(descriptor, at, function)]
        for count in counts[1:]:
            calls.append(self.fragment(content[at:at + RANGE * count]))
            at += RANGE * count
        return tuple(calls)


def histories(version: int, page_size: int = 4096, mailbox_size: int = 4096) -> tuple[History, ...]:
    """For one agreed version. Names are unique."""
    writer = Writer(version, page_size, mailbox_size)
    return (*_mailboxes(writer), *_transactions(writer), *_refused(writer), *_hostile(writer))


def _mailboxes(w: Writer) -> Iterator[History]:
    version = w.start()[:1]
    unmap, release = w.call(RXTX_UNMAP), w.call(RX_RELEASE)
    info, count_only = w.call(PARTITION_INFO_GET), w.call(PARTITION_INFO_GET, 0, 0, 0, 0, 1)
    yield History("map", w.start())
    yield History("map twice", (*w.start(), w.map()))
    yield History("unmap", (*w.start(), unmap))
    yield History("unmap without a mailbox", (*version, unmap))
    yield History("unmap twice", (*w.start(), unmap, unmap))
    yield History("map again", (*w.start(), unmap, w.map()))
    yield History("map the same page twice", (*version, w.call(RXTX_MAP, TX, TX, w.mailbox // 4096)))
    yield History("map of a wrong size", (*version, w.call(RXTX_MAP, TX, RX, w.mailbox // 4096 + 1)))
    yield History("map of unaligned pages", (*version, w.call(RXTX_MAP, TX + 16, RX, w.mailbox // 4096)))
    yield History("partition info", (*w.start(), info))
    yield History("partition info without a mailbox", (*version, info))
    yield History("partition info, count only", (*w.start(), count_only))
    yield History("partition info of nobody", (*w.start(), w.call(PARTITION_INFO_GET, 9, 9, 9, 9)))
    yield History("partition info twice", (*w.start(), info, info))
    yield History("partition info again", (*w.start(), info, release, info))


def _transactions(w: Writer) -> Iterator[History]:
    reclaim = w.call(RECLAIM, HANDLE)
    three = w.descriptor(3)
    for name, function in (("share", SHARE), ("share by SMC32", SHARE32), ("lend", LEND), ("lend by SMC32", LEND32)):
        yield History(name, (*w.start(), w.send(w.descriptor(1), function=function)))
    yield History("share three ranges", (*w.start(), w.send(three)))
    yield History("share, reclaim", (*w.start(), w.send(w.descriptor(1)), reclaim))
    yield History("share three ranges, reclaim", (*w.start(), w.send(three), reclaim))
    yield History("share two regions, reclaim the longer one",
                  (*w.start(), w.send(three), w.send(Descriptor(w.version, w.ranges(4)[3:])), reclaim))
    yield History("share, reclaim, share", (*w.start(), w.send(three), reclaim, w.send(three)))
    yield History("share, reclaim twice", (*w.start(), w.send(three), reclaim, reclaim))
    yield History("share while EL2 owns its RX buffer, reclaim",
                  (*w.start(), w.send(three), w.call(PARTITION_INFO_GET), reclaim))
    for counts in ((1, 2), (0, 3), (1, 1, 1)):
        name = f"share in fragments of {', '.join(map(str, counts))} ranges"
        calls = w.in_fragments(three, *counts)
        yield History(f"{name}: first", (*w.start(), calls[0]))
        yield History(name, (*w.start(), *calls))
        yield History(f"{name}, reclaim", (*w.start(), *calls, reclaim))
    yield History("lend in fragments: first", (*w.start(), w.in_fragments(three, 2, 1, function=LEND)[0]))
    yield History("lend in fragments", (*w.start(), *w.in_fragments(three, 2, 1, function=LEND)))
    yield History("share, reclaim before the last fragment", (*w.start(), w.in_fragments(three, 1, 2)[0], reclaim))


def _refused(w: Writer) -> Iterator[History]:
    one, bad = w.descriptor(1), w.ranges(1)
    mailbox = ((TX, w.page_size // 4096),)
    yield History("share without a mailbox", (*w.start()[:1], w.send(one)))
    yield History("share twice", (*w.start(), w.send(one), w.send(one)))
    yield History("share the mailbox", (*w.start(), w.send(Descriptor(w.version, mailbox))))
    yield History("share a page and the mailbox", (*w.start(), w.send(Descriptor(w.version, (*bad, *mailbox)))))
    yield History("lend a page and the mailbox",
                  (*w.start(), w.send(Descriptor(w.version, (*bad, *mailbox)), function=LEND)))
    yield History("share a page twice", (*w.start(), w.send(Descriptor(w.version, (*bad, *bad)))))
    yield History("share what the SPMC refuses", (*w.start(), w.send(replace(w.descriptor(2), flags=1))))
    yield History("lend what the SPMC refuses",
                  (*w.start(), w.send(replace(w.descriptor(2), flags=1), function=LEND)))
    yield History("a fragment lists the mailbox",
                  (*w.start(), *w.in_fragments(Descriptor(w.version, (*bad, *mailbox)), 1, 1)))
    yield History("a fragment that the SPMC refuses",
                  (*w.start(), *w.in_fragments(replace(w.descriptor(3), total_pages=1), 1, 2)))
    yield History("a fragment of nothing", (*w.start(), w.fragment(bytes(Descriptor(w.version, bad))[-RANGE:], 0x77)))
    yield History("a fragment without a mailbox", (*w.start()[:1], w.fragment(bytes(RANGE))))
    yield History("an empty fragment", (*w.start(), w.in_fragments(w.descriptor(2), 1, 1)[0], w.fragment(b"")))
    yield History("reclaim of nothing", (*w.start(), w.call(RECLAIM, 0x77)))
    yield History("reclaim without a mailbox", (*w.start()[:1], w.call(RECLAIM, HANDLE)))


def _hostile(w: Writer) -> Iterator[History]:
    one = w.descriptor(1)
    page, pages = w.ranges(1)[0]
    edits: Sequence[tuple[str, Descriptor]] = (
        ("no composite", replace(one, composite_offset=0)),
        ("a composite in the header", replace(one, composite_offset=16)),
        ("a composite at the end", replace(one, composite_offset=one.composite + COMPOSITE)),
        ("a composite behind the end", replace(one, composite_offset=0xFFFFFFF0)),
        ("an unaligned composite", replace(one, composite_offset=one.composite + 8)),
        ("another sender", replace(one, sender=5)),
        ("two receivers announced", replace(one, emad_count=2)),
        ("no receiver", replace(one, emad_count=0)),
        ("a wrong range count", replace(one, range_count=7)),
        ("an unaligned address", Descriptor(w.version, ((page + 0xFFF, pages),))),
        ("no pages", Descriptor(w.version, ((page, 0),))),
        ("pages without end", Descriptor(w.version, ((page, 0xFFFFFFFF),))),
        ("an address without end", Descriptor(w.version, ((0xFFFF_FFFF_FFFF_0000, pages),))),
        ("no ranges", Descriptor(w.version, ())),
    )
    for name, descriptor in edits:
        yield History(f"share: {name}", (*w.start(), w.send(descriptor)))
    if w.version > V1_0:
        moved = replace(one, emad_at=64)
        decoy = bytes(replace(one, composite_offset=len(bytes(moved)) - COMPOSITE))[48:64]
        yield History("share: a decoy before the EMAD", (*w.start(), w.send(replace(moved, patches={48: decoy}))))
        yield History("share: an EMAD behind the end", (*w.start(), w.send(replace(one, emad_offset=0xFFFFFFF0))))
        yield History("share: an EMAD across the end",
                      (*w.start(), w.send(replace(one, emad_offset=w.mailbox - 6))))
    long = w.descriptor(1)
    yield History("share: longer than any buffer", (*w.start(), ((SHARE, 1 << 31, len(bytes(long))), NO_WRITES)))
    yield History("share: a fragment longer than the message", (*w.start(), ((SHARE, 96, 112), NO_WRITES)))
    yield History("share: a fragment longer than the mailbox",
                  (*w.start(), ((SHARE, w.mailbox + 16, w.mailbox + 16), NO_WRITES)))
    yield History("share: its own buffer", (*w.start(), ((SHARE, 96, 96, TX, 1), NO_WRITES)))
