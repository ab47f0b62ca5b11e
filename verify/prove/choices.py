"""Which pages and indices are worth trying on a concrete call: a rule about every page is broken at one of these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verify.interpret.events import SmcDone
from verify.interpret.memory import HOST, Snapshot
from verify.interpret.session import CallDone

RANGE = 16
GRANULE = 4096
FRAGMENTS = {0x84000072: 2, 0xC4000072: 2, 0x84000073: 2, 0xC4000073: 2, 0x8400007B: 3}
"""Functions that send a fragment of a descriptor, and which register has its length."""
FETCHED = {0x84000075: 2, 0x8400007B: 3}
"""Answers that bring one."""
LAST_PAGE = (1 << 52) - 1


def interesting_pages(calls: Sequence[CallDone]) -> list[int]:
    """First, last and neighbours of every stretch of pages that a sequence asked about, decided or listed."""
    ends: set[int] = set()
    for done in calls:
        for first, count in _ranges(done):
            ends |= {first - 1, first, first + count - 1, first + count}
    for pages in calls[-1].pages if calls else ():
        for edge in pages.edges():
            ends |= {edge - 1, edge}
    return sorted(page for page in ends if 0 <= page <= LAST_PAGE)


def interesting_indices(done: CallDone) -> list[int]:
    """0 up to the number of ranges that the call passes on, fetches or asks about, and one more."""
    lists = [len(content) for _, content in _listed(done)]
    return list(range(max([len(done.log.transfers), *lists], default=0) + 1))


def _ranges(done: CallDone) -> Iterator[tuple[int, int]]:
    """(first page, number of pages)"""
    for transfer in done.log.transfers:
        yield transfer.first, transfer.count
    for access in done.log.buffers:
        if access.buffer == HOST:
            yield access.offset >> done.page_shift, 1
            yield (access.offset + max(access.length, 1) - 1) >> done.page_shift, 1
    for _, content in _listed(done):
        for address, pages in content:
            yield address >> done.page_shift, max(pages * GRANULE >> done.page_shift, 1)


def _listed(done: CallDone) -> Iterator[tuple[SmcDone, list[tuple[int, int]]]]:
    """What could be ranges in the fragments that an SMC sent or brought: any 16 bytes that look like one."""
    for smc in done.log.smcs:
        sent = FRAGMENTS.get(smc.arguments[0] & 0xFFFEFFFF)
        if sent is not None and smc.tx is not None:
            yield smc, _candidates(smc.tx, smc.arguments[sent] & 0xFFFFFFFF)
        fetched = FETCHED.get(smc.results[0] & 0xFFFFFFFF)
        if fetched is not None and smc.rx is not None:
            yield smc, _candidates(smc.rx, smc.results[fetched] & 0xFFFFFFFF)


def _candidates(content: Snapshot, length: int) -> list[tuple[int, int]]:
    found = []
    for at in range(0, min(length, content.size), RANGE):
        address, pages = content.read(at, 8), content.read(at + 8, 4)
        if address < 1 << 52 and pages:
            found.append((address, pages))
    return found
