"""The memory handlers of a real file, followed to their end: loops without a bound, symbolic copies, page states."""

from __future__ import annotations

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from tests.answers import answers
from verify.cli.targets import from_snapshots, snapshot_folder
from verify.prove.invariants import RECLAIMED, booted
from verify.prove.target import Target, make_target
from verify.prove.unmodelled import assumed
from verify.solve.query import Solver, Unsatisfiable
from verify.terms import build as t

RANGES = ("__ffa_host_share_ranges", "__ffa_host_unshare_ranges")
SEND = ("do_ffa_mem_frag_tx", "__do_ffa_mem_xfer")


@pytest.fixture(scope="module")
def target() -> Target:
    (chosen,) = from_snapshots(snapshot_folder(), ("6.12",))
    return make_target(chosen.unit, PKVM, memory=True, remembered=answers())


def test_nothing_is_left_out(target: Target) -> None:
    assert target.step.record.boundaries == []


def test_proofs_name_what_they_assume_of_regions_that_are_given_back(target: Target) -> None:
    """Invariants and memory safety lean on it, at the level that assumes it."""
    safe = [True] * len(target.step.record.obligations)
    assert assumed(target, safe, "L2") == (RECLAIMED,)
    assert assumed(target, safe, "L1") == assumed(target, safe, "L0") == ()
    small = make_target(mini.unit(), PKVM, memory=True)
    assert assumed(small, [True] * len(small.step.record.obligations), "L2") == ()


def test_the_buffers_are_those_that_initialisation_hands_out(target: Target) -> None:
    assert sorted(region.name for region in target.init.regions.values()) == [
        "$ffa_desc_buf.buf", "$hyp_buffers.rx", "$hyp_buffers.tx"]
    assert (target.shared.tx, target.shared.rx) == ("$hyp_buffers.tx", "$hyp_buffers.rx")


def test_loops_over_ranges_end(target: Target) -> None:
    """Those of a send are measured; the ones of reclaim and of fragments depend on EL3, and stay to be proved."""
    record = target.step.record
    assert {event.action for event in record.transfers} == {
        "share-hyp", "unshare-hyp", "share-ffa", "unshare-ffa", "pin", "unpin"}
    open_loops = {item.function for item in record.obligations if item.kind == "endless-loop"}
    assert open_loops <= {"do_ffa_mem_reclaim", "__ffa_host_unshare_ranges"}


def test_a_fragment_is_copied_inside_the_mailbox(target: Target) -> None:
    """The copy of FRAG_TX into EL2's TX buffer needs no invariant: the handler checks the length."""
    record = target.step.record
    copies = [event for event in record.buffers
              if event.object == "$hyp_buffers.tx" and event.is_write and event.is_copy]
    assert copies
    size = next(region.size for region in target.init.regions.values() if region.name == "$hyp_buffers.tx")
    for event in copies:
        outside = t.not_(t.ule(event.length, size))
        given = [*record.relevant(event.guard), *booted(target, "L0"), event.guard]
        assert isinstance(Solver().refute([*given, outside]), Unsatisfiable)


def test_every_copy_from_the_host_is_noted_under_the_lock(target: Target) -> None:
    reads = [event for event in target.step.record.buffers if event.object == "$host" and not event.is_write]
    assert reads
    assert all(dict(event.locks)["host_buffers.lock"] is t.TRUE for event in reads)


def test_a_history_asks_the_same_questions(target: Target) -> None:
    """The call before the last is the same transition with other names."""
    before, last = target.history(1).record, target.step.record
    assert [event.action for event in before.transfers] == [event.action for event in last.transfers]
    assert [(item.kind, item.span) for item in before.obligations] == [(x.kind, x.span) for x in last.obligations]
    assert len(before.relies) == len(last.relies)
