"""Memory transaction descriptors as bytes: valid ones, and hostile ones, each field of which says what one wants.

Layouts are those of FF-A 1.0, of 1.1, and of 1.2 and later (catalogue, section F).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from struct import pack

V1_0, V1_1, V1_2 = 0x10000, 0x10001, 0x10002
COMPOSITE, RANGE = 16, 16
"""Sizes of the composite's header and of one range, in bytes."""
NORMAL_MEMORY = 0x2F
"""Attributes: normal, write-back, inner shareable."""
READ_WRITE = 2
SHARE_TYPE, LEND_TYPE = 1 << 3, 2 << 3
"""In the flags of what is retrieved."""


def header_size(version: int) -> int:
    return 32 if version <= V1_0 else 48


def emad_size(version: int) -> int:
    """Of an endpoint's memory access descriptor."""
    return 32 if version >= V1_2 else 16


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One memory transaction; `None` stands for what a conforming sender writes.

    `ranges` are (address, number of 4K pages). The EMAD really lies at `emad_at`, the composite at `composite_at`;
    what the fields say of that are `emad_offset` and `composite_offset`. `patches` are bytes written over the result.
    """

    version: int
    ranges: Sequence[tuple[int, int]]
    sender: int = 0
    receiver: int = 0x8001
    attributes: int = NORMAL_MEMORY
    flags: int = 0
    handle: int = 0
    tag: int = 0
    emad_size: int | None = None
    emad_count: int = 1
    emad_offset: int | None = None
    emad_at: int | None = None
    permissions: int = READ_WRITE
    emad_flags: int = 0
    composite_offset: int | None = None
    composite_at: int | None = None
    total_pages: int | None = None
    range_count: int | None = None
    patches: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def composite(self) -> int:
        """Where the composite lies."""
        if self.composite_at is not None:
            return self.composite_at
        return self._emad + self._emad_length

    @property
    def _emad_length(self) -> int:
        return self.emad_size if self.emad_size in (16, 32) else emad_size(self.version)

    @property
    def _emad(self) -> int:
        return header_size(self.version) if self.emad_at is None else self.emad_at

    def __bytes__(self) -> bytes:
        pieces = {
            0: self._header(), self._emad: self._access(),
            self.composite: pack("<IIQ", _or(self.total_pages, sum(pages for _, pages in self.ranges) & 0xFFFFFFFF),
                                 _or(self.range_count, len(self.ranges)), 0),
        }
        for number, (address, pages) in enumerate(self.ranges):
            pieces[self.composite + COMPOSITE + RANGE * number] = pack("<QII", address, pages, 0)
        result = bytearray()
        for at, piece in [*sorted(pieces.items()), *self.patches.items()]:
            result.extend(bytes(max(0, at + len(piece) - len(result))))
            result[at:at + len(piece)] = piece
        return bytes(result)

    def _header(self) -> bytes:
        said = _or(self.emad_size, 0 if self.version <= V1_0 else emad_size(self.version))
        start = pack("<HHIQQII", self.sender, self.attributes, self.flags, self.handle, self.tag, said, self.emad_count)
        if self.version <= V1_0:
            return start
        return start + pack("<I12x", _or(self.emad_offset, self._emad))

    def _access(self) -> bytes:
        start = pack("<HBBI", self.receiver, self.permissions, self.emad_flags,
                     _or(self.composite_offset, self.composite))
        return start.ljust(self._emad_length, b"\0")


def _or(value: int | None, usual: int) -> int:
    return usual if value is None else value
