"""The machine's tables are whole, and no call goes on for ever."""

from __future__ import annotations

import pytest

from tests import mini
from verify.interpret import arithmetic, machine
from verify.interpret.environment import Surroundings
from verify.interpret.machine import Machine
from verify.interpret.memory import Fault
from verify.ir.expr import BinaryOp, CompareOp


def test_each_operator_has_a_meaning() -> None:
    assert {*arithmetic.OPERATIONS} == {*BinaryOp} and {*arithmetic.COMPARISONS} == {*CompareOp}


CALLING = """
static u64 next(u64 k)
{
    return k + 1;
}

static u64 count(u64 to)
{
    u64 k;

    for (k = 0; k < to; )
        k = next(k);
    return k;
}
"""


def test_a_loop_that_calls_a_function_in_each_round_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are counted anew in each function; the host's call as a whole has a limit, too."""
    unit = mini.unit(("static void answer(", CALLING + "static void answer("))
    assert Machine(unit, Surroundings(), most_steps=100).call("count", [5000]) == 5000
    monkeypatch.setattr(machine, "MOST_IN_ALL", 10_000)
    with pytest.raises(Fault, match="no end after 10,000 steps") as found:
        Machine(unit, Surroundings(), most_steps=100).call("count", [5000])
    assert found.value.kind == "endless-loop"
