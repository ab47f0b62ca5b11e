"""Memory transaction descriptors byte by byte, as the specification lays them out: no mediator's code was asked.

v1.0 sections 5.11–5.12, v1.1 section 10, v1.2 section 11; checked against public SPMCs. Little endian. Offsets have
64 bits here, so that no sum of fields wraps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from verify.rules import Content, Scene, Truth, Word, number

SENDER, ATTRIBUTES, FLAGS, HANDLE, TAG, ENTRY_SIZE, ENTRY_COUNT, ENTRIES = 0, 2, 4, 8, 16, 24, 28, 32
"""In the header. Version 1.0 has the first entry, an endpoint memory access descriptor, where later ones say where."""
RECEIVER, PERMISSIONS, ENTRY_FLAGS, COMPOSITE, SMALL_ENTRY = 0, 2, 3, 4, 16
"""In an entry, of 16 bytes at least."""
TOTAL_PAGES, RANGE_COUNT, COMPOSITE_HEADER = 0, 4, 16
"""In a composite memory region; its ranges follow its header."""
ADDRESS, PAGES, RESERVED, RANGE_SIZE = 0, 8, 12, 16
"""In a range. Pages have 4096 bytes, whatever the granule."""
FFA_PAGE = 4096
MEMORY_END = 1 << 52
PAGE_SIZES = (4096, 16384, 65536)
"""Granules of EL2's page tables."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a version's header looks like. `entry_sizes`: those that the version knows."""

    name: str
    minor: int
    header: int
    entry_sizes: tuple[int, ...]
    says_where: bool

    def is_(self, version: Word) -> Truth:
        if self is LAYOUTS[-1]:
            return (version.bits_(31, 16) == 1) & (version.bits_(15, 0) >= self.minor)
        return version == 0x10000 | self.minor

    def agreed(self, scene: Scene) -> Truth:
        """The negotiated version has this layout."""
        return scene.pre.negotiated & self.is_(scene.pre.version)

    def agreed_for(self, scene: Scene, functions: Iterable[int]) -> Truth:
        """One of these functions is called while the negotiated version has this layout."""
        return scene.call.is_(*functions) & self.agreed(scene)


V1_0 = Layout("1.0", 0, 32, (16,), says_where=False)
V1_1 = Layout("1.1", 1, 48, (16,), says_where=True)
V1_2 = Layout("1.2", 2, 48, (16, 32), says_where=True)
LATER = Layout("later than 1.2", 3, 48, (16, 32), says_where=True)
LAYOUTS = (V1_0, V1_1, V1_2, LATER)
"""One for each version, though some look alike: a proof about one version is cheap."""


@dataclass(frozen=True, slots=True)
class Range:
    """One range of 4096-byte pages, at the offset `at` of what it was read from."""

    content: Content
    at: Word

    @property
    def address(self) -> Word:
        return self.content.u64(self.at + ADDRESS)

    @property
    def pages(self) -> Word:
        return self.content.u32(self.at + PAGES)

    @property
    def reserved(self) -> Word:
        return self.content.u32(self.at + RESERVED)

    @property
    def end(self) -> Word:
        """The first address behind it, modulo 2^64."""
        return self.address + self.pages.widened(64) * FFA_PAGE

    @property
    def is_sound(self) -> Truth:
        """Whole pages of 4096 bytes of memory, at least one: a conforming SPMC takes no other."""
        is_aligned = self.address % FFA_PAGE == 0
        return is_aligned & ~(self.pages == 0) & (self.end > self.address) & (self.end <= MEMORY_END)

    def is_whole(self, granule: int) -> Truth:
        return (self.address % granule == 0) & (self.end % granule == 0)

    def touches(self, frame: Word, granule: int) -> Truth:
        """Some byte of it lies in this page of EL2's page tables."""
        return (self.address // granule <= frame) & (frame <= (self.end - 1) // granule)


@dataclass(frozen=True, slots=True)
class Message:
    """What a reader finds in the first `length` bytes (32 bits) that were sent under a version."""

    content: Content
    length: Word
    layout: Layout

    @property
    def sender(self) -> Word:
        return self.content.u16(SENDER)

    @property
    def flags(self) -> Word:
        return self.content.u32(FLAGS)

    @property
    def handle(self) -> Word:
        return self.content.u64(HANDLE)

    @property
    def entry_size(self) -> Word:
        return self.content.u32(ENTRY_SIZE) if self.layout.says_where else number(SMALL_ENTRY, 32)

    @property
    def entry_count(self) -> Word:
        return self.content.u32(ENTRY_COUNT)

    @property
    def entries(self) -> Word:
        """Offset of the first entry."""
        return self.content.u32(ENTRIES).widened(64) if self.layout.says_where else number(ENTRIES, 64)

    @property
    def entries_end(self) -> Word:
        return self.entries + self.entry_size.widened(64) * self.entry_count.widened(64)

    @property
    def composite(self) -> Word:
        """Offset of the composite memory region that the first entry names; a conforming message has one."""
        return self.content.u32(self.entries + COMPOSITE).widened(64)

    @property
    def total_pages(self) -> Word:
        return self.content.u32(self.composite + TOTAL_PAGES)

    @property
    def range_count(self) -> Word:
        return self.content.u32(self.composite + RANGE_COUNT)

    def range(self, index: Word) -> Range:
        return Range(self.content, self.composite + COMPOSITE_HEADER + index.widened(64) * RANGE_SIZE)

    def has(self, offset: Word, size: int) -> Truth:
        """So many bytes from there on were sent."""
        return offset + size <= self.length.widened(64)

    @property
    def is_placed(self) -> Truth:
        """The entries lie where the version allows: a conforming reader refuses other places."""
        return (self.entries % 16 == 0) & (self.entries >= self.layout.header)

    @property
    def has_entry(self) -> Truth:
        """There is an entry in what was sent, at a place that the version allows."""
        return self.is_placed & self.has(self.entries, SMALL_ENTRY)

    def lists(self, index: Word) -> Truth:
        """A reader that stays inside what was sent takes the range with this index from it."""
        return (self.has_entry & self.has(self.composite, COMPOSITE_HEADER)
                & (index < self.range_count) & self.has(self.range(index).at, RANGE_SIZE))


def fragment_range(content: Content, index: Word) -> Range:
    """A later fragment holds nothing but ranges."""
    return Range(content, index.widened(64) * RANGE_SIZE)
