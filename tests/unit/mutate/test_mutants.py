"""Each mutant is another unit, and a sound one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import mini
from verify.ir import expr as e
from verify.ir.validate import validate
from verify.mutate.expressions import variants
from verify.mutate.operators import mutants

UNIT = mini.unit()
MUTANTS = mutants(UNIT)


def test_each_is_another_unit_in_one_function() -> None:
    assert len({one.identity for one in MUTANTS}) == len(MUTANTS) > 100
    for one in MUTANTS:
        made = one.of(UNIT)
        assert [name for name in made.functions if made.functions[name] != UNIT.functions[name]] == [one.function]
        assert one.before != one.after


def test_each_can_be_run_and_executed() -> None:
    broken = {one.identity: found for one in MUTANTS if (found := validate(one.of(UNIT)))}
    assert not broken


def test_they_are_the_same_each_time() -> None:
    assert [one.identity for one in mutants(mini.unit())] == [one.identity for one in MUTANTS]


def test_faults_of_all_kinds_are_made() -> None:
    assert {one.kind for one in MUTANTS} >= {
        "comparison", "off by one", "bit mask", "dropped statement", "dropped check", "lock", "memory order",
        "swapped arguments", "constant", "dropped case", "sign", "operator"}


@pytest.mark.parametrize(("expression", "expected"), [
    (e.Compare(e.CompareOp.ULT, e.Register("a", 32), e.Const(0xFFFFFFFF, 32)), {
        "comparison: ULE 0xffffffff", "off by one: ULT 0x0", "off by one: ULT 0xfffffffe"}),
    (e.Compare(e.CompareOp.NE, e.Register("a", 1), e.Const(0, 1)), {"comparison: EQ 0x0"}),
])
def test_a_comparison_and_its_neighbours(expression: e.Compare, expected: set[str]) -> None:
    found = list(variants(expression))
    assert {f"{kind}: {one.op.name} {one.right.value:#x}" for kind, one in found  # type: ignore[union-attr]
            } == expected
    assert replace(expression) not in [one for _, one in found]


def test_a_mask_loses_its_highest_bit_or_gets_the_next_one() -> None:
    mask = e.Binary(e.BinaryOp.AND, e.Register("a", 8), e.Const(0x60, 8), 8)
    found = [one.right.value for kind, one in variants(mask) if kind == "bit mask"]  # type: ignore[union-attr]
    assert found == [0x20, 0xE0]
