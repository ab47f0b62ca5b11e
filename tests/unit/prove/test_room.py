"""How much memory initialisation gets is asked of the tree, also where its ffa.c does not ask."""

from __future__ import annotations

from dataclasses import replace

import pytest

from specs.bindings.pkvm import PKVM
from verify.frontend.unit import PROXY_PAGES, lower_tree
from verify.ir.function import Unit
from verify.literate.bases import base_files
from verify.prove.target import make_target
from verify.prove.trust import axioms


@pytest.fixture(scope="module")
def unit() -> Unit:
    """Its initialisation takes two pages of what it gets."""
    return lower_tree(base_files("partition"))


def test_a_buffer_at_the_end_has_a_size(unit: Unit) -> None:
    assert PROXY_PAGES in unit.functions
    size = make_target(unit, PKVM, memory=True).step.record.rx_size
    assert size is not None
    assert not size.is_const


def test_a_size_that_nobody_says_is_not_taken_for_nothing(unit: Unit) -> None:
    """An SPMC that may fill no byte of it would list no partition, and whatever is proved of lists is proved of none."""
    functions = {name: function for name, function in unit.functions.items() if name != PROXY_PAGES}
    record = make_target(replace(unit, functions=functions), PKVM, memory=True).step.record
    assert record.rx_size is None
    assert len(axioms(record, "L2")) > 0
