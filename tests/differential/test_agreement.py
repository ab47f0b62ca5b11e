"""The interpreter against the tree's ffa.c as gcc compiles it: the same inputs, the same record word for word."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.differential.campaign import FLAVOURS, NAMED, NAMED_IN_SERIES, PAGE_SHIFTS, USUAL, Campaign, inputs_for
from tests.differential.situations import FROM_RESET, NEEDED, missing

pytestmark = [pytest.mark.kernel, pytest.mark.compiler]

FEWEST_SITUATIONS, ENOUGH = 4, 10_000
MOST_FAULTS = 0.1
"""The share of a function's inputs that may end in a fault: only that both sides fault can be compared there."""


def test_every_function_got_its_inputs(
    campaign: Campaign, record_property: Callable[[str, object], None]
) -> None:
    record_property("summary", campaign.summary())
    for edge, why in campaign.impossible.items():
        record_property("summary", f"  never taken: {edge[0]}, {why}")
    assert campaign.wanted > 0
    assert set(campaign.usual) == set(campaign.functions)
    assert set(campaign.usual) >= (NAMED | NAMED_IN_SERIES if campaign.tree.patches == 3 else NAMED)
    for name, outcome in campaign.usual.items():
        assert outcome.inputs >= inputs_for(name, campaign.wanted, campaign.unchanged), name
    assert not campaign.unchanged or campaign.tree.patches


def test_every_input_was_compared_on_every_build(campaign: Campaign) -> None:
    for outcome in campaign.outcomes:
        assert list(outcome.compared.values()) == [outcome.inputs] * len(FLAVOURS), outcome.function


def test_what_depends_on_the_page_size_ran_at_every_one(campaign: Campaign) -> None:
    sizes = {outcome.page_shift for outcome in campaign.outcomes if outcome.function == "do_ffa_rxtx_map"}
    assert sizes == set(PAGE_SHIFTS)


def test_no_mismatch(campaign: Campaign) -> None:
    shown = [text for outcome in campaign.outcomes for text in outcome.shown]
    assert not shown, f"{sum(outcome.mismatches for outcome in campaign.outcomes)} mismatches\n" + "\n".join(shown[:10])


def test_every_block_is_reached(campaign: Campaign) -> None:
    assert not campaign.missed_blocks


def test_every_side_of_every_branch_is_taken(campaign: Campaign) -> None:
    assert campaign.missed_edges == set(campaign.impossible)


def test_every_line_with_code_ran_natively(campaign: Campaign) -> None:
    assert len(campaign.lines) > 200
    assert [line for line, count in campaign.lines.items() if not count] == []


@pytest.mark.parametrize("name", NEEDED)
def test_every_step_of_a_memory_handler_fails_and_is_undone(campaign: Campaign, name: str) -> None:
    """With the usual number of inputs some of these are not met: they are asked for where CI runs its 10,000."""
    found = campaign.situations(name)
    assert len(found) >= FEWEST_SITUATIONS
    if campaign.wanted >= ENOUGH and name not in campaign.unchanged:
        assert missing(found, NEEDED[name]) == []


def test_calls_from_reset(campaign: Campaign) -> None:
    assert set(campaign.from_reset) == set(PAGE_SHIFTS)
    usual = campaign.from_reset[USUAL]
    assert all(outcome.inputs and not outcome.mismatches for outcome in campaign.from_reset.values())
    if campaign.wanted >= ENOUGH and usual.function not in campaign.unchanged:
        assert missing(usual.situations, FROM_RESET) == []


def test_few_inputs_end_in_a_fault(campaign: Campaign) -> None:
    for name in campaign.functions:
        outcomes = [outcome for outcome in campaign.outcomes if outcome.function == name]
        faults = sum(outcome.faults.total() for outcome in outcomes)
        assert faults <= MOST_FAULTS * sum(outcome.inputs for outcome in outcomes), name


def test_calls_of_the_outside_are_compared(campaign: Campaign) -> None:
    assert campaign.usual["do_ffa_version"].smcs
    assert campaign.usual["kvm_host_ffa_handler"].smcs
    assert sum(outcome.warnings for outcome in campaign.outcomes)
