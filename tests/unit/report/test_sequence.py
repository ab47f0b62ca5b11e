"""Calls that the interpreter ran on Linux 6.12, told in order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from specs.bindings.pkvm import PKVM
from verify.interpret.events import WarnDone
from verify.interpret.session import CallDone, HostWrites, Session
from verify.interpret.spmc import Spmc
from verify.ir.function import Unit
from verify.ir.span import Span
from verify.prove.histories import DATA, HANDLE, RECLAIM, SHARE, TX, Call, Writer
from verify.report import story
from verify.report.decode import Names, names_of
from verify.report.lines import lines_text
from verify.report.sequence import Teller
from verify.report.text import call_lines
from verify.snapshot import store

EXTRACTED = Path(__file__).parents[3] / "extracted"
V1_1 = 0x10001
WRITER = Writer(V1_1, 4096, 4096)


@pytest.fixture(scope="module")
def unit() -> Unit:
    return store.read(EXTRACTED / "6.12")[0]


def run(unit: Unit, *calls: Call, environment: Spmc | None = None) -> list[CallDone]:
    session = Session(unit, environment or Spmc(version=V1_1), 12)
    session.machine.set_static("kvm_host_psci_config.smccc_version", 0x10002)
    assert session.initialise() == 0
    return [session.call(registers, host) for registers, host in (*WRITER.start(), *calls)]


def told(unit: Unit, done: list[CallDone], page: int | None = None) -> list[dict[str, Any]]:
    teller = Teller(names_of(unit.constants), PKVM, page)
    return [story.call(item, teller) for item in done]


def texts(call: dict[str, Any]) -> list[str]:
    return [event["text"] for event in call["events"] if event["kind"] != "lock"]


def test_a_share_is_told_in_order(unit: Unit) -> None:
    last = told(unit, run(unit, WRITER.send(WRITER.descriptor(2))), DATA >> 12)[-1]
    assert last["call"] == "FFA_FN64_MEM_SHARE(0x70 bytes)"
    assert last["answer"] == f"FFA_SUCCESS(handle {HANDLE:#x})"
    assert texts(last) == [
        "the host writes 0x70 bytes to its TX buffer",
        "EL2 copies 0x70 bytes from the host's TX buffer to EL2's TX buffer",
        "share with the secure world: page 0x90000 → 0; page 0x90000 was the host's own",
        "share with the secure world: page 0x90002 → 0",
        f"EL2 asks: FFA_FN64_MEM_SHARE(0x70 bytes) → FFA_SUCCESS(handle {HANDLE:#x})"]
    assert last["events"][0]["details"][-1] == "range 1: 0x90002000 + 1 × 4K"
    assert bytes.fromhex(last["events"][0]["writes"][0]["bytes"]) == bytes(WRITER.descriptor(2))


def test_what_the_host_writes_while_el2_looks_comes_just_before_that(unit: Unit) -> None:
    call = (SHARE, 0x70, 0x70), HostWrites({}, (dict(enumerate(bytes(WRITER.descriptor(2)))),))
    last = told(unit, run(unit, call))[-1]
    assert texts(last)[:2] == [
        "just before EL2 looks, the host writes 0x70 bytes to its TX buffer",
        "EL2 copies 0x70 bytes from the host's TX buffer to EL2's TX buffer"]
    (written,) = (event for event in last["events"] if event["kind"] == "host-writes")
    assert "composite: 2 pages, 2 ranges" in written["details"]


def test_a_refused_share_is_undone(unit: Unit) -> None:
    twice = replace(WRITER.descriptor(2), ranges=((DATA, 1), (DATA, 1)))
    last = told(unit, run(unit, WRITER.send(twice)))[-1]
    assert [f"{item['action']} {item['result']}" for item in last["transfers"]] == [
        "share-ffa 0", "share-ffa -1", "unshare-ffa 0"]
    assert "share with the secure world: page 0x90000 → -EPERM" in texts(last)


def test_what_el3_leaves_in_the_rx_buffer(unit: Unit) -> None:
    last = told(unit, run(unit, WRITER.send(WRITER.descriptor(1)), WRITER.call(RECLAIM, HANDLE)))[-1]
    asked = next(event for event in last["events"] if "RETRIEVE_REQ" in event["text"])
    assert asked["details"][:2] == [
        "EL3 leaves in EL2's RX buffer",
        f"  descriptor of FF-A 1.1: flags 0x8, handle {HANDLE:#x}, 1 EMAD of 0x10 bytes at 0x30"]
    assert asked["writes"][0]["at"] == "0x2", "the sender, 0, was there before"
    release = next(event for event in last["events"] if "RX_RELEASE" in event["text"])
    assert (release["details"], release["writes"]) == ([], [])


def test_an_access_outside_a_buffer_ends_the_call(unit: Unit) -> None:
    last = told(unit, run(unit, WRITER.send(replace(WRITER.descriptor(1), emad_offset=0xFFA))))[-1]
    assert last["answer"] == "no answer"
    assert last["ended"]["kind"] == "invalid-pointer"
    assert last["ended"]["text"] == (
        "EL2 reads 0x4 bytes at offset 0xffe of EL2's TX buffer, which has 0x1000 [invalid-pointer]")
    assert texts(last)[-1] == f"the call ends: {last['ended']['text']}"
    assert "at offset 0xffe" not in "".join(texts(last)[:-1])
    lines = list(call_lines(3, last, last=True))
    assert lines[0] == "  3. FFA_FN64_MEM_SHARE(0x60 bytes) → no answer"
    assert any(" take host_buffers.lock" in line for line in lines), "a lock that is still held matters"


def test_the_place_of_a_finding_is_told_and_what_lies_outside_a_buffer(unit: Unit) -> None:
    done = run(unit, WRITER.send(WRITER.descriptor(1)))[-1]
    (reads, *_) = (item for item in done.log.buffers if not item.is_copy)
    teller = Teller(names_of(unit.constants), PKVM, decisive=(reads.span.file, reads.span.line))
    shown = [event["text"] for event in teller.tell(done)]
    assert any(text.startswith("EL2 reads 0x4 bytes of EL2's TX buffer + 0x") for text in shown)
    outside = replace(reads, offset=0x1000)
    done.log.add(outside)
    assert texts(told(unit, [done])[0])[-1] == (
        f"EL2 reads {reads.length:#x} bytes at offset 0x1000 of EL2's TX buffer, which has 0x1000")


def test_a_warning_is_told_in_its_place(unit: Unit) -> None:
    done = run(unit, WRITER.send(WRITER.descriptor(1)))[-1]
    done.log.add(WarnDone(Span("a.c", 7, 1), "f"))
    (warned,) = (event for event in told(unit, [done])[0]["events"] if event["kind"] == "warn")
    assert (warned["text"], warned["file"], warned["line"]) == ("WARN_ON: its condition is true", "a.c", 7)
    assert done.log.warns == [Span("a.c", 7, 1)]


def test_a_reader_sees_numbers_and_details(unit: Unit) -> None:
    call = told(unit, run(unit, WRITER.send(WRITER.descriptor(1))))[-1]
    lines = list(call_lines(3, call, last=True))
    assert lines[0] == f"  3. FFA_FN64_MEM_SHARE(0x60 bytes) → FFA_SUCCESS(handle {HANDLE:#x}), handled"
    assert "     3.1 the host writes 0x60 bytes to its TX buffer:" in lines
    assert "           range 0: 0x90000000 + 1 × 4K" in lines
    assert any(line.startswith("     3.2 EL2 copies 0x60 bytes from the host's TX buffer to") for line in lines)
    assert not any(line.startswith("     3.2 take") for line in lines)
    earlier = list(call_lines(3, call, last=False))
    assert not any("copies" in line or "before:" in line for line in earlier)


def entry(line: int, function: str = "f") -> dict[str, Any]:
    return {"file": "a.c", "line": line, "function": function, "values": {}}


def test_repeated_lines_are_counted() -> None:
    assert lines_text([entry(k) for k in (1, 2, 3, 2, 3, 2, 3, 2, 4)]) == "f: 1 [2 3]×3 2 4"
    assert lines_text([entry(1), entry(2, "g"), entry(1), entry(2, "g"), entry(5)]) == "f: [1; g: 2]×2; f: 5"
    assert lines_text([]) == ""


@pytest.mark.parametrize(("registers", "text"), [
    ((0x8400007B, 0x10, 0x1, 0x20), "FFA_MEM_FRAG_TX(handle 0x100000010, 0x20 bytes)"),
    ((0x84000077, 0x10, 0, 3), "FFA_MEM_RECLAIM(handle 0x10, flags 0x3)"),
    ((0xC4000073, 0x80, 0x60, 0), "FFA_FN64_MEM_SHARE(0x80 bytes, 0x60 of them now)"),
    ((0x84000068, 0, 0, 0, 0, 1), "FFA_PARTITION_INFO_GET(count only)"),
])
def test_arguments_are_decoded(unit: Unit, registers: tuple[int, ...], text: str) -> None:
    names: Names = names_of(unit.constants)
    assert names.call((*registers, *[0] * 18)) == text


def test_the_teller_needs_no_binding(unit: Unit) -> None:
    done = run(unit, (((SHARE, 0x60, 0x60)), HostWrites({TX: bytes(WRITER.descriptor(1))})))
    teller = Teller(names_of(unit.constants))
    assert any(event["text"] == f"the host writes 0x60 bytes to its memory at {TX:#x}"
               for item in done for event in teller.tell(item))
