"""Pages: what the page-table functions do, and which worlds a script allows."""

from __future__ import annotations

import random
from collections import deque

import pytest

from verify.interpret.intervals import Intervals
from verify.interpret.memory import HOST_BASE, Fault
from verify.interpret.world import (
    FOREIGN,
    LAST_PAGE,
    OWN,
    PIN,
    SHARE_FFA,
    SHARE_HYP,
    SHARED_FFA,
    SHARED_HYP,
    UNPIN,
    UNSHARE_FFA,
    UNSHARE_HYP,
    Impossible,
    Request,
    World,
    request,
)

HUGE = 1 << 39


def world(*wanted: int, **states: int) -> World:
    """`states`: p5=FOREIGN."""
    result = World(deque(wanted))
    result.begin({int(name[1:]): state for name, state in states.items()})
    return result


def state(found: World, page: int) -> int:
    return found.now().state(page)


def test_intervals_agree_with_a_table() -> None:
    rng = random.Random(2)
    for _ in range(200):
        intervals, table = Intervals(0), [0] * 40
        for _ in range(12):
            first, end, value = rng.randrange(30), rng.randrange(40), rng.randrange(4)
            intervals.put(first, end, value)
            table[first:max(first, end)] = [value] * max(0, end - first)
            assert [intervals.at(k) for k in range(40)] == table
            pieces = list(intervals.pieces(3, 35))
            assert [value for start, stop, value in pieces for _ in range(start, stop)] == table[3:35]


def test_share_is_all_or_nothing() -> None:
    found = world(p7=FOREIGN)
    assert found.transfer(Request(SHARE_FFA, 5, 4)) < 0
    assert [state(found, page) for page in (5, 6, 7, 8)] == [OWN, OWN, FOREIGN, OWN]
    assert found.transfer(Request(SHARE_FFA, 5, 2)) == 0
    assert found.transfer(Request(SHARE_FFA, 6, 1)) < 0
    assert found.transfer(Request(UNSHARE_FFA, 5, 3)) < 0
    assert [state(found, page) for page in (5, 6, 7)] == [SHARED_FFA, SHARED_FFA, FOREIGN]
    assert found.transfer(Request(UNSHARE_FFA, 5, 2)) == 0
    assert state(found, 5) == OWN


def test_what_lies_beyond_memory_is_not_the_hosts_own() -> None:
    """Sharing one page fails only where that page is not the host's own: both sides have to say so."""
    found = world()
    assert found.transfer(Request(SHARE_HYP, LAST_PAGE + 1, 1)) < 0
    assert state(found, LAST_PAGE + 1) == FOREIGN
    assert found.transfer(Request(SHARE_HYP, LAST_PAGE, 1)) == 0
    assert state(found, LAST_PAGE - 1) == OWN


def test_ranges_of_any_size_cost_nothing() -> None:
    found = world()
    assert found.transfer(Request(SHARE_FFA, 1, HUGE)) == 0
    assert (state(found, 0), state(found, 1), state(found, HUGE), state(found, HUGE + 1)) == (
        OWN, SHARED_FFA, SHARED_FFA, OWN)
    assert found.transfer(Request(SHARE_FFA, HUGE, 1 << 33)) < 0
    assert found.transfer(Request(SHARE_FFA, LAST_PAGE, 1)) == 0
    assert found.transfer(Request(SHARE_FFA, LAST_PAGE + 1, 1)) < 0
    assert found.transfer(Request(SHARE_FFA, LAST_PAGE + 1, 0)) == 0


def test_a_mailbox_page_stays_while_it_is_pinned() -> None:
    found = world()
    assert found.transfer(Request(PIN, 3, 1)) < 0
    assert found.transfer(Request(SHARE_HYP, 3, 1)) == 0
    assert not found.is_held(3, 4)
    assert found.transfer(Request(PIN, 3, 1)) == 0
    assert found.is_held(3, 4)
    assert found.transfer(Request(UNSHARE_HYP, 3, 1)) < 0
    assert found.transfer(Request(SHARE_FFA, 3, 1)) < 0
    assert found.transfer(Request(UNPIN, 3, 1)) == 0
    assert found.transfer(Request(UNSHARE_HYP, 3, 1)) == 0
    assert state(found, 3) == OWN


def test_unpin_of_a_free_page_is_a_fault() -> None:
    with pytest.raises(Fault) as problem:
        world(p3=SHARED_HYP).transfer(Request(UNPIN, 3, 1))
    assert problem.value.kind == "unpin-of-a-page-that-is-not-pinned"


def test_a_wanted_success_decides_pages() -> None:
    found = world(0, 0, 0)
    assert found.transfer(Request(UNSHARE_FFA, 5, 2)) == 0
    assert found.transfer(Request(PIN, 9, 1)) == 0
    assert found.is_held(9, 10)
    before = found.now()
    assert found.transfer(Request(SHARE_FFA, 5, 2)) == 0
    assert before.state(6) == OWN


def test_a_wanted_failure_names_a_page_that_explains_it() -> None:
    found = world(-1, 0)
    before = found.now()
    assert found.transfer(Request(SHARE_FFA, 5, 2)) == -1
    assert [state(found, page) for page in (5, 6)] == [FOREIGN, OWN]
    assert before.state(5) == FOREIGN
    assert found.transfer(Request(SHARE_FFA, 6, 1)) == 0


def test_a_decided_page_may_explain_a_failure() -> None:
    found = world(-1 & 0xFFFFFFFF, p6=SHARED_FFA)
    assert found.transfer(Request(SHARE_FFA, 5, 2)) == -1
    assert state(found, 5) == OWN


@pytest.mark.parametrize(("wanted", "states", "asked"), [
    (0, {"p5": FOREIGN}, Request(SHARE_FFA, 4, 2)),
    (0, {"p5": OWN}, Request(UNSHARE_FFA, 4, 2)),
    (0, {}, Request(SHARE_HYP, LAST_PAGE + 1, 1)),
    (-1, {"p5": OWN}, Request(SHARE_FFA, 5, 1)),
    (-1, {"p5": SHARED_HYP}, Request(PIN, 5, 1)),
    (-1, {}, Request(SHARE_FFA, 5, 0)),
])
def test_impossible_worlds(wanted: int, states: dict[str, int], asked: Request) -> None:
    with pytest.raises(Impossible, match="does not allow"):
        world(wanted, **states).transfer(asked)


def test_two_first_states_of_a_page_are_impossible() -> None:
    found = world(p5=OWN)
    with pytest.raises(Impossible):
        found.begin({5: FOREIGN})


def test_requests() -> None:
    assert request("__pkvm_host_share_hyp", [7], 12) == Request(SHARE_HYP, 7, 1)
    assert request("__pkvm_host_unshare_ffa", [7, 9], 12) == Request(UNSHARE_FFA, 7, 9)
    at = HOST_BASE + 0x12345
    assert request("hyp_pin_shared_mem", [at, at + 1], 12) == Request(PIN, 0x12, 1)
    assert request("hyp_unpin_shared_mem", [at, at + 0x1000], 12) == Request(UNPIN, 0x12, 2)
    assert request("hyp_pin_shared_mem", [HOST_BASE + 0x1000, HOST_BASE + 0x1000], 12).count == 0
    with pytest.raises(Fault) as problem:
        request("hyp_pin_shared_mem", [1 << 32, at], 12)
    assert problem.value.kind == "invalid-pointer"
