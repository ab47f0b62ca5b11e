"""What an SPMC keeps of memory that was shared with it, and how it reads a descriptor.

It reads by the layout of the agreed version, as TF-A's and Hafnium's do; nothing is taken from a mediator's code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from verify.interpret.descriptors import (
    COMPOSITE,
    LEND_TYPE,
    RANGE,
    SHARE_TYPE,
    V1_0,
    V1_1,
    Descriptor,
    header_size,
)

INVALID, NO_MEMORY, BUSY, DENIED = (code & 0xFFFFFFFF for code in (-2, -3, -4, -6))
GRANULE = 4096
SECURE = 0x8000


class Refused(Exception):
    """FFA_ERROR with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code:#x}")
        self.code = code


def need(holds: bool, code: int = INVALID) -> None:
    if not holds:
        raise Refused(code)


@dataclass(slots=True)
class Transaction:
    """`data`: the descriptor so far. `answer`: what a retrieval gets, once all is there; `given` of it was fetched."""

    handle: int
    version: int
    total: int
    is_lend: bool
    data: bytearray
    ranges: tuple[tuple[int, int], ...] = ()
    answer: bytes = b""
    answer_start: int = 0
    """The least that the first fragment of the answer holds: up to the composite's header."""
    given: int | None = None

    @property
    def is_complete(self) -> bool:
        return bool(self.answer)

    def _field(self, at: int, size: int) -> int:
        return int.from_bytes(self.data[at:at + size], "little")

    def check_start(self, partitions: frozenset[int]) -> None:
        """Of the first fragment, which holds everything up to the composite's header."""
        need(len(self.data) >= header_size(self.version))
        need(self._field(0, 2) == 0 and self._field(8, 8) == 0)
        need(self._field(4, 4) & ~(2 if not self.is_lend else 3) == 0)
        if self.version > V1_0:
            need(self._field(2, 2) & 0xFFC0 == 0 and not any(self.data[36:48]))
        offsets = [self._field(at + 4, 4) for at in self._emads()]
        need(len(set(offsets)) == 1)
        receivers = [self._field(at, 2) for at in self._emads()]
        need(len(set(receivers)) == len(receivers) and set(receivers) <= partitions)
        end = self._emad_start() + self._emad_size() * len(receivers)
        need(offsets[0] % 16 == 0 and end <= offsets[0] and offsets[0] + COMPOSITE <= len(self.data))
        need(self._field(offsets[0] + 8, 8) == 0)
        count = self._field(offsets[0] + 4, 4)
        need(count >= 1 and offsets[0] + COMPOSITE + RANGE * count == self.total)

    def _emad_start(self) -> int:
        return header_size(V1_0) if self.version <= V1_0 else self._field(32, 4)

    def _emad_size(self) -> int:
        return 16 if self.version <= V1_0 else self._field(24, 4)

    def _emads(self) -> Iterator[int]:
        start, size, count = self._emad_start(), self._emad_size(), self._field(28, 4)
        need(size == 16 or (size == 32 and self.version > V1_1))
        need(start % 16 == 0 and start >= header_size(self.version))
        need(count >= 1 and start + size * count <= len(self.data))
        return iter(range(start, start + size * count, size))

    def finish(self) -> None:
        """All fragments are here: reads the ranges and makes the answer to retrievals."""
        composite = self._field(self._emad_start() + 4, 4)
        found = []
        for at in range(composite + COMPOSITE, self.total, RANGE):
            address, pages = self._field(at, 8), self._field(at + 8, 4)
            need(address % GRANULE == 0 and pages >= 1 and self._field(at + 12, 4) == 0)
            need(address + pages * GRANULE <= 1 << 52)
            found.append((address, pages))
        need(sum(pages for _, pages in found) == self._field(composite, 4))
        need(not any(overlap(a, b) for k, a in enumerate(found) for b in found[:k]))
        emad = self._emad_start()
        retrieved = Descriptor(
            self.version, found, receiver=self._field(emad, 2), handle=self.handle, tag=self._field(16, 8),
            flags=LEND_TYPE if self.is_lend else SHARE_TYPE, permissions=self._field(emad + 2, 1),
            emad_size=None if self.version <= V1_0 else self._emad_size())
        self.ranges, self.answer = tuple(found), bytes(retrieved)
        self.answer_start = retrieved.composite + COMPOSITE


def overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] < b[0] + b[1] * GRANULE and b[0] < a[0] + a[1] * GRANULE


@dataclass(slots=True)
class Ledger:
    """All transactions by handle."""

    partitions: frozenset[int]
    open: dict[int, Transaction] = field(default_factory=dict)
    following: int = 0x1001

    def begin(self, version: int, total: int, is_lend: bool, fragment: bytes) -> Transaction:
        found = Transaction(self.following, version, total, is_lend, bytearray(fragment))
        found.check_start(self.partitions)
        self.open[found.handle] = found
        self._finish(found)
        self.following += 1
        return found

    def believe(self, region: Descriptor) -> Transaction:
        """As though it had been shared."""
        content = bytes(region)
        return self.begin(region.version, len(content), False, content)

    def go_on(self, handle: int, fragment: bytes) -> Transaction:
        """What is wrong ends the transaction."""
        need(handle in self.open and not self.open[handle].is_complete)
        found = self.open[handle]
        if not fragment or len(fragment) % 16 or len(found.data) + len(fragment) > found.total:
            del self.open[handle]
            raise Refused(INVALID)
        found.data += fragment
        self._finish(found)
        return found

    def _finish(self, found: Transaction) -> None:
        if len(found.data) < found.total:
            return
        try:
            found.finish()
            others = [item for handle, item in self.open.items() if handle != found.handle]
            need(not any(overlap(a, b) for a in found.ranges for item in others for b in item.ranges), DENIED)
        except Refused:
            del self.open[found.handle]
            raise

    def reclaim(self, handle: int) -> None:
        """Also of one that was announced and not completed: that ends it."""
        need(handle in self.open)
        del self.open[handle]

    def complete(self, handle: int) -> Transaction:
        need(handle in self.open and self.open[handle].is_complete)
        return self.open[handle]
