"""Descriptors have the layout of their version, and any field can lie."""

from __future__ import annotations

import pytest

from verify.interpret.descriptors import V1_0, V1_1, V1_2, Descriptor

PAGES = ((0x90000000, 1), (0x90004000, 3))


def field(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(content[at:at + size], "little")


@pytest.mark.parametrize(("version", "emad", "composite"), [(V1_0, 32, 48), (V1_1, 48, 64), (V1_2, 48, 80)])
def test_layouts(version: int, emad: int, composite: int) -> None:
    content = bytes(Descriptor(version, PAGES, receiver=0x8002))
    assert len(content) == composite + 16 + 32
    assert field(content, 28, 4) == 1
    if version > V1_0:
        assert (field(content, 24, 4), field(content, 32, 4)) == (composite - emad, emad)
    assert (field(content, emad, 2), field(content, emad + 4, 4)) == (0x8002, composite)
    assert (field(content, composite, 4), field(content, composite + 4, 4)) == (4, 2)
    ranges = [(field(content, at, 8), field(content, at + 8, 4)) for at in (composite + 16, composite + 32)]
    assert tuple(ranges) == PAGES


def test_fields_lie_and_nothing_moves() -> None:
    honest = bytes(Descriptor(V1_1, PAGES))
    lying = bytes(Descriptor(
        V1_1, PAGES, sender=7, emad_count=3, emad_offset=0xFFFFFFF0, composite_offset=16, total_pages=9, range_count=8))
    changed = {at for at in range(len(honest)) if honest[at] != lying[at]}
    assert changed == {0, 28, 32, 33, 34, 35, 52, 64, 68}


def test_a_decoy_before_the_real_access_descriptor() -> None:
    content = bytes(Descriptor(V1_1, PAGES, emad_at=64, patches={48: b"decoy"}))
    assert content[48:53] == b"decoy"
    assert field(content, 32, 4) == 64
    assert field(content, 64 + 4, 4) == 80
    assert field(content, 80 + 4, 4) == 2
