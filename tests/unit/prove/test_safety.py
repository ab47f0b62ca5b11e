"""The memory handlers of a real file: what is proved, what is open, and that nothing is proved of contradictions."""

from __future__ import annotations

import pytest

from specs.bindings.pkvm import PKVM
from tests.answers import answers
from verify.cli.targets import from_snapshots, snapshot_folder
from verify.engine.access import FIRST_PAGE, is_null
from verify.engine.regions import set_at_boot
from verify.engine.relevance import in_loop
from verify.engine.value import Target as Pointee
from verify.prove.invariants import Invariants, booted, find_invariants, surroundings
from verify.prove.safety import blocks, proved
from verify.prove.target import Target, make_target
from verify.prove.unmodelled import UNMAPPED, assumed
from verify.solve.query import Satisfied, Solver, Unsatisfiable
from verify.terms import build as t
from verify.terms.term import Term

OPEN = {
    "L2": {"__do_ffa_mem_xfer"},
    "L0": {"__do_ffa_mem_xfer", "__ffa_host_share_ranges", "__ffa_host_unshare_ranges", "do_ffa_mem_frag_tx",
           "do_ffa_mem_reclaim", "do_ffa_part_get"},
}
"""Functions with an access that is not proved. A send parses its descriptor where the host says; EL3 may at L0 deny the
buffers at boot and take part later, give back pages that are mailboxes, and lie about every length."""


@pytest.fixture(scope="module")
def target() -> Target:
    (chosen,) = from_snapshots(snapshot_folder(), ("6.12",))
    return make_target(chosen.unit, PKVM, memory=True, remembered=answers())


@pytest.fixture(scope="module")
def invariants(target: Target) -> dict[str, Invariants]:
    return {level: find_invariants(target, level, Solver(remembered=answers())) for level in OPEN}


def test_mailboxes_stay_pinned(invariants: dict[str, Invariants]) -> None:
    """At L0 EL3 may name a mailbox among the pages to give back; twice the same page, if another CPU helps."""
    pinned, shared = "a page is pinned once for each mailbox that it is", "a pinned page is shared with EL2"
    assert {pinned, shared} <= set(invariants["L2"].names)
    assert pinned in invariants["L0"].names
    assert shared not in invariants["L0"].names
    assert "the host's mailboxes are different pages" not in invariants["L2"].names


@pytest.mark.parametrize("level", OPEN)
def test_what_is_open(target: Target, invariants: dict[str, Invariants], level: str) -> None:
    safe = proved(target, invariants[level], level, Solver(remembered=answers()))
    items = zip(target.step.record.obligations, safe, strict=True)
    assert {item.function for item, holds in items if not holds and item.kind == "invalid-pointer"} == OPEN[level]


@pytest.mark.parametrize("level", OPEN)
def test_there_are_buffers_only_with_a_version(invariants: dict[str, Invariants], level: str) -> None:
    assert "EL2 has buffers of its own only with a version" in invariants[level].names


def test_a_null_pointer_stops_el2(target: Target, invariants: dict[str, Invariants]) -> None:
    """An EL3 that denies the buffers at boot and takes part later makes EL2 copy a fragment to null: a finding, after
    which there is nothing; so that what a call does to the end rests on the address alone being unmapped."""
    record = target.step.record
    safe = proved(target, invariants["L0"], "L0", Solver(remembered=answers()))
    stops = [item for item, holds in zip(record.obligations, safe, strict=True) if item.stops and not holds]
    assert {"do_ffa_mem_frag_tx", "do_ffa_mem_reclaim", "do_ffa_part_get"} <= {item.function for item in stops}
    assert not any(map(blocks, stops))
    assert UNMAPPED in assumed(target, safe, "L0")
    assert UNMAPPED not in assumed(target, proved(target, invariants["L2"], "L2", Solver(remembered=answers())), "L2")
    nowhere = t.not_(set_at_boot("hyp_buffers.tx"))
    sent = [event.guard for event in record.transfers if event.action == "share-ffa"]
    for guard in sent:
        assert isinstance(Solver(remembered=answers()).refute([*booted(target, "L0"), *record.relies, guard, nowhere]), Unsatisfiable)


def test_what_is_far_from_null_does_not_stop_it() -> None:
    near, far = (Pointee(t.TRUE, None, t.const(at, 64)) for at in (FIRST_PAGE - 1, FIRST_PAGE))
    assert is_null(near) and not is_null(far)
    assert not is_null(Pointee(t.TRUE, None, t.var("x", 64))) and not is_null(Pointee(t.TRUE, "a", t.const(0, 64)))


def test_writes_of_a_send_are_safe(target: Target, invariants: dict[str, Invariants]) -> None:
    safe = proved(target, invariants["L2"], "L2", Solver(remembered=answers()))
    assert all(holds for item, holds in zip(target.step.record.obligations, safe, strict=True) if blocks(item))


def _places(target: Target) -> dict[int, Term]:
    """Where locks are given back, and each page-table call in an arbitrary iteration."""
    record = target.step.record
    guards = [guard for guard, _ in record.releases]
    guards += [event.guard for event in record.transfers if in_loop(event.guard)]
    return {id(guard): guard for guard in guards}


def test_no_premise_is_contradictory(target: Target, invariants: dict[str, Invariants]) -> None:
    """Even if what is read is spelt out, and the SPMC conforms."""
    places = _places(target)
    assert len(places) > 10
    for guard in places.values():
        given = [*surroundings(target, invariants["L2"], "L2", guard), guard]
        meanings = target.step.record.exact.definitions([guard])
        assert isinstance(Solver(remembered=answers()).refute([*given, *meanings]), Satisfied)
