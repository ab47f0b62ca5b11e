"""Memory region descriptors: valid ones with a few ranges, and ones with a field broken."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from tests.differential.shape import CONTENT_WORDS, Shape

PAGE_4K = 4096
V1_0 = 0x10000
MOST_RANGES = 24
BROKEN = 0.5
"""The share of descriptors that get a wrong field or range."""
Range = tuple[int, int]
"""(address, pages of 4K)"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the parts of a descriptor are; `length` is that of the whole."""

    listed: int
    composite: int
    ranges: int
    length: int


class Descriptors:
    """Of one tree, whose structs say where the fields are."""

    def __init__(self, shape: Shape, rng: Random) -> None:
        self._rng = rng
        self._page = shape.page
        self._fields = {
            name: {field.path: (field.offset, field.bits // 8) for field in shape.unit.layouts[f"struct {name}"].fields}
            for name in ("ffa_mem_region", "ffa_mem_region_attributes", "ffa_composite_mem_region",
                         "ffa_mem_region_addr_range")}

    def one(self, version: int) -> tuple[list[int], Place]:
        """(words, where its parts are)."""
        rng = self._rng
        data = bytearray(8 * CONTENT_WORDS)
        listed = 48 if version > V1_0 and "ep_mem_offset" in self._fields["ffa_mem_region"] else 32
        at = listed + rng.choice((16, 32, 32, 48))
        ranges = self._ranges()
        place = Place(listed, at, at + 16, at + 16 + 16 * len(ranges))
        self._region(data, listed, "ep_count", 1)
        self._region(data, listed, "ep_mem_offset", listed)
        self._put(data, listed, "ffa_mem_region_attributes", "composite_off", at)
        self._put(data, at, "ffa_composite_mem_region", "addr_range_cnt", len(ranges))
        self._put(data, at, "ffa_composite_mem_region", "total_pg_cnt", sum(count for _, count in ranges) & 0xFFFFFFFF)
        self._list(data, place, ranges)
        if rng.random() < BROKEN:
            rng.choice(self._breaks())(data, place)
        return list(struct.unpack(f"<{CONTENT_WORDS}Q", data)), place

    def fragment(self) -> tuple[list[int], int]:
        """(words, length) of ranges without a header."""
        data, ranges = bytearray(8 * CONTENT_WORDS), self._ranges()
        self._list(data, Place(0, 0, 0, 16 * len(ranges)), ranges)
        return list(struct.unpack(f"<{CONTENT_WORDS}Q", data)), 16 * len(ranges)

    # -- ranges ----------------------------------------------------------------------------------------------

    def _ranges(self) -> list[Range]:
        rng, page = self._rng, self._page
        count = rng.choice((rng.randrange(7), rng.randrange(7), rng.randrange(MOST_RANGES)))
        found = [(rng.randrange(1 << 20) * page, page // PAGE_4K * rng.choice((1, 1, 2, 16))) for _ in range(count)]
        if count and rng.random() < 0.4:
            k = rng.randrange(count)
            found[k] = self._odd(found[k], found[k - 1])
        return found

    def _odd(self, own: Range, other: Range) -> Range:
        """Twice the same, overlapping, adjacent, empty, not aligned, past the end of the address space."""
        rng, page = self._rng, self._page
        address, count = own
        return rng.choice((
            other, (other[0] + page, other[1]), (other[0] + other[1] * PAGE_4K, 1), (other[0], count + 16), (address, 0),
            (address + rng.choice((1, 8, PAGE_4K, page - 1)), count), (address, rng.choice((1, 3, 15, 17))),
            ((1 << 64) - page, count), ((1 << 48) - page, 2 * count), (rng.getrandbits(64), rng.getrandbits(32)),
            (address, 0xFFFFFFFF), (address, 0xFFFFFFF0), (0, count)))

    def _list(self, data: bytearray, place: Place, ranges: Sequence[Range]) -> None:
        for k, (address, count) in enumerate(ranges):
            at = place.ranges + 16 * k
            self._put(data, at, "ffa_mem_region_addr_range", "address", address)
            self._put(data, at, "ffa_mem_region_addr_range", "pg_cnt", count)

    # -- fields ----------------------------------------------------------------------------------------------

    def _put(self, data: bytearray, at: int, name: str, path: str, value: int) -> None:
        """Nothing, where the tree has no such field or it lies past the end."""
        offset, size = self._fields[name].get(path, (len(data), 4))
        if at + offset + size <= len(data):
            data[at + offset:at + offset + size] = value.to_bytes(size, "little")

    def _region(self, data: bytearray, listed: int, path: str, value: int) -> None:
        """A header of version 1.0 ends where the list begins."""
        offset, size = self._fields["ffa_mem_region"].get(path, (listed, 4))
        if offset + size <= listed:
            self._put(data, 0, "ffa_mem_region", path, value)

    def _breaks(self) -> Sequence[Callable[[bytearray, Place], None]]:
        return (self._break_header, self._break_list_offset, self._break_composite_offset, self._break_count)

    def _break_header(self, data: bytearray, place: Place) -> None:
        path, value = self._rng.choice((
            ("ep_count", 0), ("ep_count", 2), ("ep_count", 0xFFFFFFFF), ("sender_id", 1), ("sender_id", 0xFFFF),
            ("ep_mem_size", 1), ("handle", 1 << 63), ("flags", 0xFFFFFFFF), ("attributes", 0xFFFF)))
        self._put(data, 0, "ffa_mem_region", path, value)

    def _break_list_offset(self, data: bytearray, place: Place) -> None:
        """Where the receivers are listed: inside the header, at edges of the message, the page and 32 bits."""
        near = self._rng.choice((0, place.listed, place.composite, place.length, self._page, 1 << 32))
        value = near + self._rng.choice((-48, -32, -17, -16, -15, -8, -1, 0, 1, 8, 16))
        self._put(data, 0, "ffa_mem_region", "ep_mem_offset", value & 0xFFFFFFFF)

    def _break_composite_offset(self, data: bytearray, place: Place) -> None:
        near = self._rng.choice((0, place.listed, place.composite, place.length, place.length, self._page, 1 << 32))
        value = near + self._rng.choice((-32, -17, -16, -16, -15, -8, -1, 0, 1, 8, 16))
        self._put(data, place.listed, "ffa_mem_region_attributes", "composite_off", value & 0xFFFFFFFF)

    def _break_count(self, data: bytearray, place: Place) -> None:
        count = (place.length - place.ranges) // 16
        path = self._rng.choice(("addr_range_cnt", "addr_range_cnt", "total_pg_cnt"))
        value = self._rng.choice((0, 1, count - 1, count + 1, 300, 2 * count, 0xFFFFFFFF))
        self._put(data, place.composite, "ffa_composite_mem_region", path, value & 0xFFFFFFFF)
