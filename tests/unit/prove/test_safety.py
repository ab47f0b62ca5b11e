"""The memory handlers of a real file: what is proved, what is open, and that nothing is proved of contradictions."""

from __future__ import annotations

import pytest

from specs.bindings.pkvm import PKVM
from verify.cli.targets import from_snapshots, snapshot_folder
from verify.engine.relevance import in_loop
from verify.prove.invariants import Invariants, find_invariants, surroundings
from verify.prove.safety import blocks, proved
from verify.prove.target import Target, make_target
from verify.solve.query import Satisfied, Solver
from verify.terms.term import Term

OPEN = {
    "L2": {"__do_ffa_mem_xfer"},
    "L0": {"__do_ffa_mem_xfer", "__ffa_host_share_ranges", "__ffa_host_unshare_ranges", "do_ffa_mem_frag_tx",
           "do_ffa_mem_reclaim", "do_ffa_part_get", "ffa_mem_desc_offset"},
}
"""Functions with an access that is not proved. A send parses its descriptor where the host says; EL3 may at L0 deny the
buffers at boot and take part later, give back pages that are mailboxes, and lie about every length."""


@pytest.fixture(scope="module")
def target() -> Target:
    (chosen,) = from_snapshots(snapshot_folder(), ("6.12",))
    return make_target(chosen.unit, PKVM, memory=True)


@pytest.fixture(scope="module")
def invariants(target: Target) -> dict[str, Invariants]:
    return {level: find_invariants(target, level, Solver()) for level in OPEN}


def test_mailboxes_stay_pinned(invariants: dict[str, Invariants]) -> None:
    """At L0 EL3 may name a mailbox among the pages to give back; twice the same page, if another CPU helps."""
    pinned, shared = "a page is pinned once for each mailbox that it is", "a pinned page is shared with EL2"
    assert {pinned, shared} <= set(invariants["L2"].names)
    assert pinned in invariants["L0"].names
    assert shared not in invariants["L0"].names
    assert "the host's mailboxes are different pages" not in invariants["L2"].names


@pytest.mark.parametrize("level", OPEN)
def test_what_is_open(target: Target, invariants: dict[str, Invariants], level: str) -> None:
    safe = proved(target, invariants[level], level, Solver())
    items = zip(target.step.record.obligations, safe, strict=True)
    assert {item.function for item, holds in items if not holds and item.kind == "invalid-pointer"} == OPEN[level]


def test_writes_of_a_send_are_safe(target: Target, invariants: dict[str, Invariants]) -> None:
    safe = proved(target, invariants["L2"], "L2", Solver())
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
        assert isinstance(Solver().refute([*given, *meanings]), Satisfied)
