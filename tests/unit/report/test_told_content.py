"""Bytes as what they mean: what is odd about a message is told, what every plain one has is not."""

from __future__ import annotations

import pytest

from verify.interpret.descriptors import V1_0, V1_1, V1_2, Descriptor
from verify.report.content import MOST, dump, fragment, partitions, pieces, transaction

RANGES = ((0x9000_0000, 1), (0x9000_2000, 0x20))


def told(descriptor: Descriptor, length: int | None = None) -> list[str]:
    content = bytes(descriptor)
    return transaction(dict(enumerate(content)), len(content) if length is None else length, descriptor.version)


@pytest.mark.parametrize(("version", "head", "composite"), [
    (V1_0, "descriptor of FF-A 1.0: 1 EMAD", 0x30),
    (V1_1, "descriptor of FF-A 1.1: 1 EMAD of 0x10 bytes at 0x30", 0x40),
    (V1_2, "descriptor of FF-A 1.2: 1 EMAD of 0x20 bytes at 0x30", 0x50),
])
def test_a_plain_message_has_four_kinds_of_lines(version: int, head: str, composite: int) -> None:
    assert told(Descriptor(version, RANGES)) == [
        head, f"EMAD 0: receiver 0x8001, permissions 0x2, composite at {composite:#x}",
        "composite: 0x21 pages, 2 ranges", "range 0: 0x90000000 + 1 × 4K", "range 1: 0x90002000 + 0x20 × 4K"]


def test_each_odd_field_is_named() -> None:
    lines = told(Descriptor(V1_1, RANGES, sender=5, attributes=0x3F, flags=2, handle=3, tag=4, emad_flags=1))
    assert lines[0].startswith(
        "descriptor of FF-A 1.1: sender 0x5, attributes 0x3f, flags 0x2, handle 0x3, tag 0x4, 1 EMAD")
    assert "permissions 0x2, flags 0x1, composite" in lines[1]


def test_pages_that_do_not_add_up() -> None:
    assert "composite: 0x22 pages (0x21 in the ranges that are here), 2 ranges" in told(
        Descriptor(V1_1, RANGES, total_pages=0x22))


def test_ranges_and_parts_outside_of_the_message() -> None:
    assert "0xfffffffd ranges not inside the message of 0x70 bytes" in told(
        Descriptor(V1_1, RANGES, range_count=0xFFFFFFFF))
    assert told(Descriptor(V1_1, RANGES, composite_offset=0xFFFFFFF0))[2] == (
        "composite at 0xfffffff0: not inside the message of 0x70 bytes")
    assert told(Descriptor(V1_1, RANGES, emad_offset=0x68))[1] == "EMAD 0 at 0x68: not inside the message of 0x70 bytes"
    assert told(Descriptor(V1_1, RANGES), 0x10)[0] == (
        "descriptor of FF-A 1.1: its header of 0x30 bytes does not fit into 0x10")


def test_bytes_that_no_field_has_are_shown_as_such() -> None:
    assert told(Descriptor(V1_1, RANGES, patches={0x80: b"\x12\x34"}), 0x70)[-1] == "0x80: 12 34"
    assert told(Descriptor(V1_1, RANGES, patches={0x24: b"\x07"}))[0].endswith("reserved word at 0x24 0x7")


def test_many_ranges_are_counted() -> None:
    lines = told(Descriptor(V1_1, tuple((k << 12, 1) for k in range(100))))
    assert lines[-1] == f"… {100 - MOST} more ranges"
    assert len(lines) == 3 + MOST + 1


def test_a_later_fragment() -> None:
    content = dict(enumerate(bytes(Descriptor(V1_1, RANGES))[0x50:]))
    assert fragment(content, 0x20) == [
        "fragment: 2 ranges, 0x21 pages", "range 0: 0x90000000 + 1 × 4K", "range 1: 0x90002000 + 0x20 × 4K"]


def test_ranges_of_zeros_are_counted() -> None:
    assert fragment({}, 0x40) == ["fragment: 4 ranges, 0 pages", "4 ranges of zeros"]
    assert fragment({0x19: 1}, 0xFFFFFFF0) == [
        "fragment: 0xfffffff ranges, 0x100 pages", "range 1: 0x0 + 0x100 × 4K", "0xffffffe ranges of zeros"]


def test_ranges_that_come_in_later_fragments() -> None:
    content = dict(enumerate(bytes(Descriptor(V1_1, RANGES))[:0x60]))
    assert transaction(content, 0x60, V1_1, 0x70)[-3:] == [
        "composite: 0x21 pages, 2 ranges", "range 0: 0x90000000 + 1 × 4K", "1 range in later fragments"]
    assert transaction(content, 0x60, V1_1, 0x6F)[-1] == "1 range not inside the message of 0x60 bytes"


def test_partitions_by_the_size_that_is_said() -> None:
    content = dict(enumerate(bytes.fromhex("0180 0100 03000000") + bytes(16) + bytes.fromhex("0280 0200 00000000")))
    assert partitions(content, 2, 24) == [
        "partition 0x8001: 1 execution context, properties 0x3", "partition 0x8002: 2 execution contexts, properties 0x0"]
    assert partitions({}, 1 << 32, 0) == []


def test_bytes_side_by_side() -> None:
    assert [(piece.at, piece.content) for piece in pieces({9: 1, 4: 2, 5: 3})] == [(4, b"\2\3"), (9, b"\1")]
    assert dump(dict.fromkeys(range(64), 0) | {0x20: 1}) == ["0x20: 01" + " 00" * 15]
