"""A loop that constants count is run out: registers written one after the other, and a table that is searched."""

from __future__ import annotations

import random

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from tests.unit.engine.test_against_interpreter import compare, model, quiet
from verify.interpret.environment import Scripted
from verify.interpret.session import Session
from verify.prove.target import Target, make_target

CLEARED = "".join(f"    cpu_reg(ctxt, {k}) = 0;\n" for k in range(3, 8))
LOOP = "    for (k = 3; k < 8; k++)\n        cpu_reg(ctxt, k) = 0;\n"
LAST = "    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n    return true;\n}\n\nint hyp_ffa_init"
FIRST = "static void refuse(struct kvm_cpu_context *ctxt, int code)\n"
FOUND = """static const u32 known[] = { 5, 7, 11, 13 };

static int where(u32 wanted)
{
    unsigned int k;

    for (k = 0; k < ARRAY_SIZE(known); k++) {
        if (known[k] == wanted)
            return k;
        if (wanted == 9)
            break;
    }
    return -(int)k;
}

"""
ASKED = LAST.replace("FFA_RET_NOT_SUPPORTED", "where(cpu_reg(host_ctxt, 1))")
STATE = {"hyp_ffa_version": 0x10001, "has_version_negotiated": 1}


@pytest.fixture(scope="module")
def target() -> Target:
    made = make_target(mini.unit((CLEARED, LOOP), (FIRST, FOUND + FIRST), (LAST, ASKED)), PKVM)
    assert made.step.record.boundaries == []
    return made


@pytest.mark.parametrize("wanted", [0, 5, 7, 9, 11, 13, 14, 1 << 32 | 11])
def test_engine_and_interpreter_agree(target: Target, wanted: int) -> None:
    rng = random.Random(wanted)
    registers = [0x84000080, wanted, *(rng.getrandbits(64) for _ in range(29))]
    values = model(registers, STATE, [[0] * 18 for _ in target.step.record.smcs])
    session = Session(target.unit, Scripted())
    for path, value in STATE.items():
        session.machine.set_static(path, value)
    compare(target, session.call(registers), quiet(target, values))


@pytest.mark.parametrize(("last", "what"), [
    ("200", "access at a symbolic offset"), ("cpu_reg(ctxt, 9)", "access at a symbolic offset"),
])
def test_any_other_loop_is_not_cut(last: str, what: str) -> None:
    loop = f"    for (k = 3; k < {last}; k++)\n        cpu_reg(ctxt, k & 7) = 0;\n"
    made = make_target(mini.unit((CLEARED, loop)), PKVM, memory=True)
    assert {item.construct for item in made.step.record.boundaries} == {what}


def test_what_follows_a_loop_that_does_not_end_is_not_reached() -> None:
    made = make_target(mini.unit((CLEARED, "    for (k = 3; k < 8; )\n        cpu_reg(ctxt, k) = 0;\n")), PKVM, memory=True)
    ends = [item for item in made.step.record.obligations if item.kind == "endless-loop"]
    assert ends and all(item.function == "answer" for item in ends)
