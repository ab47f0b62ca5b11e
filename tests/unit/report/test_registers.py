"""Registers before and after a call, with what each means."""

from __future__ import annotations

import pytest

from verify.report.decode import Names
from verify.report.registers import Row, rows

NAMES = Names(
    {0x84000060: "FFA_ERROR", 0x84000061: "FFA_SUCCESS", 0x84000063: "FFA_VERSION", 0x84000064: "FFA_FEATURES",
     0x84000068: "FFA_PARTITION_INFO_GET", 0x8400006F: "FFA_MSG_SEND_DIRECT_REQ", 0x84000073: "FFA_MEM_SHARE",
     0x84000077: "FFA_MEM_RECLAIM", 0xC4000066: "FFA_FN64_RXTX_MAP"},
    {0xFFFFFFFF: "NOT_SUPPORTED", 0xFFFFFFFE: "INVALID_PARAMETERS"})


def told(before: dict[str, str], after: dict[str, str], filler: int = 0xAA) -> dict[str, Row]:
    return {row.name: row for row in rows({"before": before, "after": after}, NAMES, filler)}


@pytest.mark.parametrize(("before", "asked"), [
    ({"x0": "0x84000063", "x1": "0x10001"}, {"x0": "FFA_VERSION", "x1": "version 1.1"}),
    ({"x0": "0x84000064", "x1": "0x84000073"}, {"x1": "FFA_MEM_SHARE"}),
    ({"x0": "0x84000064", "x1": "0x2"}, {"x1": "feature 0x2"}),
    ({"x0": "0x8400006f", "x1": "0x18001"}, {"x1": "sender 0x1, receiver 0x8001"}),
    ({"x0": "0x84000073", "x1": "0x60", "x2": "0x60"}, {"x1": "bytes in all", "x2": "bytes of them now"}),
    ({"x0": "0x84000077", "x1": "0x1", "x3": "0x2"}, {"x1": "handle, low half", "x3": "flags"}),
    ({"x0": "0xc4000066", "x1": "0x80000000"}, {"x0": "FFA_FN64_RXTX_MAP", "x1": "TX"}),
    ({"x0": "0x12345678", "x1": "0x1"}, {"x0": "0x12345678", "x1": ""}),
])
def test_arguments(before: dict[str, str], asked: dict[str, str]) -> None:
    found = told(before, {"x0": "0x0"})
    assert {name: found[name].asked for name in asked} == asked


@pytest.mark.parametrize(("asked", "after", "answered"), [
    ("0x84000063", {"x0": "0x10001"}, {"x0": "version 1.1"}),
    ("0x84000063", {"x0": "0xffffffffffffffff"}, {"x0": "NOT_SUPPORTED"}),
    ("0x84000077", {"x0": "0x84000060", "x2": "0xfffffffe"}, {"x0": "FFA_ERROR", "x2": "INVALID_PARAMETERS"}),
    ("0x84000077", {"x0": "0x84000060", "x2": "0x7"}, {"x2": "status code"}),
    ("0x84000073", {"x0": "0x84000061", "x2": "0x1"}, {"x0": "FFA_SUCCESS", "x2": "handle, low half"}),
    ("0x84000068", {"x0": "0x84000061", "x2": "0x1", "x3": "0x18"}, {"x2": "how many", "x3": "bytes of each"}),
    ("0x84000063", {"x0": "0x10000", "x1": "0xaaaaaaaaaaaaaaaa", "x2": "0xaaaaaaaa", "x3": "0xaaaa"},
     {"x1": "memory that nobody wrote", "x2": "memory that nobody wrote", "x3": ""}),
])
def test_results(asked: str, after: dict[str, str], answered: dict[str, str]) -> None:
    found = told({"x0": asked}, after)
    assert {name: found[name].answered for name in answered} == answered


def test_all_registers_of_either_side_in_order() -> None:
    found = told({"x0": "0x84000063", "x10": "0x1"}, {"x0": "0x10000", "x2": "0x5"})
    assert list(found) == ["x0", "x2", "x10"]
    assert (found["x10"].after, found["x2"].before) == ("0x0", "0x0")
    assert found["x2"].is_changed and not told({"x0": "0x1"}, {"x0": "0x1"})["x0"].is_changed


def test_a_filler_of_zero_is_no_memory_of_anybody() -> None:
    assert told({"x0": "0x84000063"}, {"x0": "0x0", "x1": "0x0"}, 0)["x1"].answered == ""
