"""The interpreter against the tree's ffa.c as gcc compiles it: the same inputs, the same record word for word."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.differential.campaign import FLAVOURS, NAMED, NAMED_IN_SERIES, PAGE_SHIFTS, Campaign, inputs_for

pytestmark = [pytest.mark.kernel, pytest.mark.compiler]

MOST_FAULTS = 0.05
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
        assert outcome.inputs >= inputs_for(campaign.tree, name, campaign.wanted), name


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


def test_few_inputs_end_in_a_fault(campaign: Campaign) -> None:
    for name in campaign.functions:
        outcomes = [outcome for outcome in campaign.outcomes if outcome.function == name]
        faults = sum(outcome.faults.total() for outcome in outcomes)
        assert faults <= MOST_FAULTS * sum(outcome.inputs for outcome in outcomes), name


def test_calls_of_the_outside_are_compared(campaign: Campaign) -> None:
    assert campaign.usual["do_ffa_version"].smcs
    assert campaign.usual["kvm_host_ffa_handler"].smcs
    assert sum(outcome.warnings for outcome in campaign.outcomes)
