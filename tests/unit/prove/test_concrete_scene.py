"""Concrete calls as scenes: histories of memory functions on Linux 6.12, for one page and one index at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from specs.bindings.pkvm import PKVM
from verify.interpret.session import CallDone, Session
from verify.interpret.spmc import Spmc
from verify.ir.function import Unit
from verify.prove.choices import interesting_indices, interesting_pages
from verify.prove.concrete_scene import concrete_scene
from verify.prove.histories import DATA, RX, TX, History, histories
from verify.rules.memory import DESCRIPTOR, EL2_RX, EL2_TX, HOST, OWN, SHARED_FFA, SHARED_HYP
from verify.rules.scene import Scene
from verify.rules.words import Truth, Word
from verify.snapshot import store

EXTRACTED = Path(__file__).parents[3] / "extracted"
V1_1 = 0x10001
PAGE = DATA >> 12


@pytest.fixture(scope="module")
def unit() -> Unit:
    return store.read(EXTRACTED / "6.12")[0]


def run(unit: Unit, history: History, shift: int = 12, largest: int = 1 << 20) -> list[CallDone]:
    session = Session(unit, Spmc(version=V1_1, largest=largest), shift, trace=False)
    session.machine.set_static("kvm_host_psci_config.smccc_version", 0x10002)
    assert session.initialise() == 0
    return [session.call(registers, host) for registers, host in history.calls]


def named(name: str, version: int = V1_1, page_size: int = 4096) -> History:
    (found,) = (item for item in histories(version, page_size, page_size) if item.name == name)
    return found


def scene(unit: Unit, done: CallDone, page: int = PAGE, index: int = 0) -> Scene:
    return concrete_scene(done, PKVM, "SEED", unit.constants, V1_1, page, index)


def value(word: Word | Truth) -> int:
    assert word.term.is_const
    return int(word.term.value)


def test_names_of_histories_are_unique() -> None:
    for version in (0x10000, 0x10001, 0x10002):
        names = [item.name for item in histories(version)]
        assert len(set(names)) == len(names) > 50


@pytest.mark.parametrize("shift", [12, 14, 16])
def test_map(unit: Unit, shift: int) -> None:
    done = run(unit, named("map", page_size=1 << shift), shift)[-1]
    found = scene(unit, done, TX >> shift)
    assert (value(found.pre.has_tx), value(found.post.has_tx), value(found.post.has_rx)) == (0, 1, 1)
    assert (value(found.pre.tx_at), value(found.post.tx_at), value(found.post.rx_at)) == (0, TX, RX)
    (step,) = found.lock_steps
    assert step.lock == "buffers" and not any(value(held) for held in step.inside.values())
    assert (value(found.page.before), value(found.page.after)) == (OWN, SHARED_HYP)
    assert (value(found.page.pinned_before), value(found.page.pinned_after)) == (0, 1)
    assert [(item.action, value(item.succeeded), value(item.covers), value(item.found)) for item in found.transfers] == [
        ("share-hyp", 1, 1, OWN), ("share-hyp", 1, 0, SHARED_HYP), ("pin", 1, 1, SHARED_HYP), ("pin", 1, 0, SHARED_HYP)]
    assert value(found.page_size) == value(found.mailbox_size) == 1 << shift
    assert {RX >> shift, (RX >> shift) - 1} <= set(interesting_pages([done]))


def test_share(unit: Unit) -> None:
    done = run(unit, named("share three ranges"))[-1]
    for page, before, after in ((PAGE, OWN, SHARED_FFA), (PAGE + 1, OWN, OWN), (PAGE + 4, OWN, SHARED_FFA)):
        found = scene(unit, done, page, 2)
        (smc,) = found.smcs
        assert (value(found.page.before), value(found.page.after)) == (before, after)
        assert (value(smc.page_found), value(smc.page_state), value(smc.by_us)) == (before, after, int(before != after))
        assert value(smc.locked) == 1
        assert value(smc.tx.u64(found.index.widened(64) * 16 + 80)) == DATA + 4 * 4096
    accesses = scene(unit, done).buffer_accesses
    assert [(item.buffer, item.is_write, value(item.length))
            for item in accesses[:2]] == [(HOST, False, 128), (EL2_TX, True, 128)]
    assert all(value(item.locked) for item in accesses)
    assert {PAGE - 1, PAGE, PAGE + 1, PAGE + 4, PAGE + 5} <= set(interesting_pages([done]))
    assert {0, 1, 2, 3} <= set(interesting_indices(done))


@pytest.mark.parametrize("largest", [1, 1 << 20])
def test_reclaim(unit: Unit, largest: int) -> None:
    done = run(unit, named("share three ranges, reclaim"), largest=largest)[-1]
    found = scene(unit, done, PAGE + 2)
    assert (value(found.page.before), value(found.page.after)) == (SHARED_FFA, OWN)
    assert value(found.smcs[-1].page_state) == SHARED_FFA and not value(found.smcs[-1].by_us)
    assert value(found.smcs[0].rx.u64(8)) == 0x1001
    assert {item.buffer for item in found.buffer_accesses} == {EL2_TX, EL2_RX, DESCRIPTOR}
    assert value(found.result.w(0)) == 0x84000061
    assert len(found.smcs) == (3 if largest > 1 else 3 + 2 * 3)


def test_rollback(unit: Unit) -> None:
    """What a page was when the call first changed it, and that it is that again."""
    done = run(unit, named("share what the SPMC refuses"))[-1]
    found = scene(unit, done)
    (smc,) = found.smcs
    assert (value(smc.page_found), value(smc.page_state), value(found.page.after)) == (OWN, SHARED_FFA, OWN)
    assert not found.hazards


def test_pages_that_are_listed_and_that_nobody_asked_about(unit: Unit) -> None:
    done = run(unit, named("share: a composite at the end"))[-1]
    assert not done.log.transfers and len(done.log.smcs) == 1
    assert PAGE in interesting_pages([done])


def test_a_fault_is_a_hazard(unit: Unit) -> None:
    done = run(unit, named("share: an EMAD across the end"))[-1]
    found = scene(unit, done)
    assert [(item.kind, value(item.happens)) for item in found.hazards] == [("invalid-pointer", 1)]
    assert value(found.locks_held) == 1
    last = found.buffer_accesses[-1]
    assert (last.buffer, value(last.offset), value(last.length)) == (EL2_TX, 4094, 4)
