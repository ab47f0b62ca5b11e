"""An index that depends on the input reads a table of constants exactly; a static that calls write is no such table."""

from __future__ import annotations

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from tests.unit.engine.test_against_interpreter import compare, model, quiet
from verify.interpret.environment import Scripted
from verify.interpret.session import Session
from verify.prove.target import Target, make_target
from verify.terms.evaluate import evaluate

LAST = "    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n    return true;\n}\n\nint hyp_ffa_init"
LOOKED_UP = "    answer(host_ctxt, FFA_ERROR, %s, 0);\n    return true;\n}\n\nint hyp_ffa_init"
FIRST = "static void answer(struct kvm_cpu_context *ctxt, u64 a0, u64 a1, u64 a2)\n"
TABLE = "static const int codes[] = { 0, -95, -22, -12 };\n"
STATE = {"hyp_ffa_version": 0x10001, "has_version_negotiated": 1}


def target(table: str, answered: str) -> Target:
    return make_target(mini.unit((FIRST, table + FIRST), (LAST, LOOKED_UP % answered)), PKVM)


@pytest.fixture(scope="module")
def checked() -> Target:
    return target(TABLE, "cpu_reg(host_ctxt, 1) < ARRAY_SIZE(codes) ? codes[cpu_reg(host_ctxt, 1)] : -1")


@pytest.mark.parametrize("index", [0, 1, 2, 3, 4, 1 << 62, (1 << 64) - 1])
def test_each_entry(checked: Target, index: int) -> None:
    registers = [0x84000080, index, *(0 for _ in range(29))]
    answers = [[0] * 18 for _ in checked.step.record.smcs]
    values = model(registers, STATE, answers)
    session = Session(checked.unit, Scripted())
    for path, value in STATE.items():
        session.machine.set_static(path, value)
    assert not checked.step.record.boundaries
    compare(checked, session.call(registers), quiet(checked, values))


def test_what_is_outside_is_still_owed() -> None:
    found = target(TABLE, "codes[cpu_reg(host_ctxt, 1)]")
    values = quiet(found, model([0x84000080, 4, *(0 for _ in range(29))], STATE,
                                [[0] * 18 for _ in found.step.record.smcs]))
    owed = [item for item in found.step.record.obligations if item.kind == "invalid-pointer"]
    assert [evaluate([item.guard, item.holds], values) for item in owed] == [[1, 0]]


@pytest.mark.parametrize(("table", "answered"), [
    ("static u64 codes[4];\n", "(codes[1] = 3, *(u16 *)((u8 *)codes + 2 * (cpu_reg(host_ctxt, 1) & 7)))"),
    ("static const u64 codes[4] = { 1, 2, 3, 4 };\n", "*(u32 *)((u8 *)codes + (cpu_reg(host_ctxt, 1) & 15))"),
], ids=["a call writes it", "parts of its entries"])
def test_what_is_no_table_of_constants_is_not_modelled(table: str, answered: str) -> None:
    assert [item.construct for item in target(table, answered).step.record.boundaries] == [
        "access at a symbolic offset"]
