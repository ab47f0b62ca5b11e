"""Where the parts of messages lie: as the JSON report says it, and as the page draws it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.report.test_finding import finding
from tests.unit.report.test_sequence import EXTRACTED, WRITER
from verify.ir.function import Unit
from verify.prove.histories import HANDLE, RECLAIM, Call
from verify.report import extent, story
from verify.report.decode import names_of
from verify.report.html import layout
from verify.report.html.diagram import sequence
from verify.snapshot import store


@pytest.fixture(scope="module")
def unit() -> Unit:
    return store.read(EXTRACTED / "6.12")[0]


def told(unit: Unit, *calls: Call) -> dict[str, Any]:
    return dict(story.told(finding(unit, *calls), names_of(unit.constants)))


def layouts(unit: Unit, *calls: Call) -> list[dict[str, Any]]:
    return [event["layout"] for event in told(unit, *calls)["calls"][-1]["events"] if "layout" in event]


def places(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(part["name"], part["at"], part["size"]) for part in found["parts"]]


def test_a_plain_message(unit: Unit) -> None:
    (found,) = layouts(unit, WRITER.send(WRITER.descriptor(2)))
    assert (found["message"], found["buffer"]) == ("0x70", "0x1000")
    assert places(found) == [("header", "0x0", "0x30"), ("EMAD 0", "0x30", "0x10"), ("composite", "0x40", "0x10"),
                             ("ranges", "0x50", "0x20")]
    assert not layout.is_hostile(found)
    assert "outside" not in layout.describe(found) and "over" not in layout.describe(found)


def test_what_el3_leaves(unit: Unit) -> None:
    (found,) = layouts(unit, WRITER.send(WRITER.descriptor(1)), WRITER.call(RECLAIM, HANDLE))
    assert [name for name, _, _ in places(found)] == ["header", "EMAD 0", "composite", "ranges"]


@pytest.mark.parametrize(("offset", "where", "drawn"), [
    (0xFFA, "EMAD 0 at 0xffa..0x100a (outside the buffer)", "out"),
    (0x4000_0000, "EMAD 0 at 0x40000000..0x40000010 (outside the buffer)", "out"),
    (0x58, "EMAD 0 at 0x58..0x68 (outside the message)", "beyond"),
    (20, "EMAD 0 at 0x14..0x24 (over the header)", "beyond"),
])
def test_an_entry_where_none_may_be(unit: Unit, offset: int, where: str, drawn: str) -> None:
    (found,) = layouts(unit, WRITER.send(replace(WRITER.descriptor(1), emad_offset=offset)))
    assert layout.is_hostile(found)
    assert where in layout.describe(found)
    box, label = re.findall(r'<rect class="(\w+)"[^>]*/><text[^>]*>(EMAD 0: 0x10)<', str(layout.drawn(found)))[0]
    assert (box, label) == (drawn, "EMAD 0: 0x10")


def test_the_access_outside_is_drawn_beside_it(unit: Unit) -> None:
    last = told(unit, WRITER.send(replace(WRITER.descriptor(1), emad_offset=0xFFA)))["calls"][-1]
    (touched,) = last["events"][-1]["accesses"]
    assert touched == {"writes": False, "buffer": "EL2's TX buffer", "at": "0xffe", "bytes": "0x4", "size": "0x1000"}
    drawn = str(layout.drawn(last["events"][0]["layout"], [touched]))
    assert re.search(r'<rect class="out"[^>]*/><text[^>]*>EL2 reads: 0x4<', drawn)
    assert ">0xffe</text>" in drawn


def test_a_copy_has_both_its_ends(unit: Unit) -> None:
    last = told(unit, WRITER.send(WRITER.descriptor(1)))["calls"][-1]
    (copy,) = [event["accesses"] for event in last["events"] if "copies" in event["text"]]
    assert [(one["writes"], one["buffer"]) for one in copy] == [(False, "host memory"), (True, "EL2's TX buffer")]


@pytest.mark.parametrize(("length", "parts"), [
    (0, [("header", 0, 48)]), (47, [("header", 0, 48)]), (48, [("header", 0, 48)]),
])
def test_a_message_too_short_to_say_more(length: int, parts: list[tuple[str, int, int]]) -> None:
    found = extent.transaction({}, length, 0x10001, 0, None)
    assert "buffer" not in found
    assert places(found) == [(name, f"{at:#x}", f"{size:#x}") for name, at, size in parts]
    assert "</svg>" in layout.drawn(found)


def test_a_message_longer_than_its_buffer() -> None:
    found = extent.transaction({28: 0}, 0x2000, 0x10001, 0x2000, 0x1000)
    assert layout.is_hostile(found) and "message of 0x2000 bytes in a buffer of 0x1000 (too small for it)" in layout.describe(found)
    assert not layout.is_hostile(extent.transaction({28: 0}, 0x1000, 0x10001, 0x1000, 0x1000))


def test_a_fragment_has_ranges_alone() -> None:
    found = extent.fragment(0x25, 0x1000)
    assert places(found) == [("ranges", "0x0", "0x20")]
    assert "</svg>" in layout.drawn(found)


def test_the_sequence_shows_who_talks_to_whom(unit: Unit) -> None:
    call = WRITER.send(WRITER.descriptor(1))
    one = finding(unit, call)
    drawn = str(sequence(told(unit, call), one.cause))
    labels = re.findall(r'<text class="b"[^>]*>([^<]*)</text>', drawn)
    assert labels == ["host", "host memory", "EL2", "EL3"]
    order = [drawn.index(f">{text}") for text in ("writes 0x60 bytes to its TX", "FFA_FN64_MEM_SHARE(0x60 bytes)<",
                                                  "EL2 copies 0x60 bytes", "share with the secure world")]
    assert order == sorted(order)
    assert drawn.count(">FFA_FN64_MEM_SHARE(0x60 bytes)<") == 2, "the host's call, and what EL2 asks"
    assert ">take " not in drawn, "locks are ordinary"


def test_without_memory_there_is_no_line_for_it(unit: Unit) -> None:
    story_ = told(unit)
    story_["calls"] = story_["calls"][:1]
    drawn = str(sequence(story_, finding(unit).cause))
    assert "host memory" not in drawn and ">FFA_VERSION(1.1)<" in drawn


@pytest.mark.parametrize(("buffer", "ends"), [
    ({}, ["end of the message"]), ({"buffer": "0x1000"}, ["end of both"]),
    ({"buffer": "0x2000"}, ["end of the message", "end of the buffer"])])
def test_no_two_names_lie_over_each_other(buffer: dict[str, str], ends: list[str]) -> None:
    text = str(layout.drawn({"message": "0x1000", "parts": [{"name": "header", "at": "0x0", "size": "0x30"}], **buffer}))
    assert re.findall(r">(end of [a-z ]+)<", text) == ends
