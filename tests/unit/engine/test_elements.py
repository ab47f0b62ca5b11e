"""An array in a static, read and written at an index that depends on the input: engine and interpreter agree."""

from __future__ import annotations

import random

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from tests.unit.engine.test_against_interpreter import compare, model, quiet
from verify.engine.elements import stride
from verify.interpret.environment import Scripted
from verify.interpret.session import Session
from verify.prove.target import Target, make_target
from verify.terms import build as t

LAST = "    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n    return true;\n}\n\nint hyp_ffa_init"
LOOKED_UP = "%s    return true;\n}\n\nint hyp_ffa_init"
FIRST = "static void answer(struct kvm_cpu_context *ctxt, u64 a0, u64 a1, u64 a2)\n"
PARTNERS = "struct partner { u16 id; bool wants, has; u32 count; };\nstatic struct partner partners[4];\nstatic u32 known;\n"
BODY = """    u64 k = cpu_reg(host_ctxt, 1), n = cpu_reg(host_ctxt, 2);

    hyp_spin_lock(&version_lock);
    if (k < ARRAY_SIZE(partners)) {
        partners[k].id = cpu_reg(host_ctxt, 3);
        partners[k].wants = cpu_reg(host_ctxt, 4);
        partners[k].count += 2;
    }
    if (n < ARRAY_SIZE(partners))
        answer(host_ctxt, partners[n].id, partners[n].wants + 2 * partners[n].has, partners[n].count);
    hyp_spin_unlock(&version_lock);
"""
STATE = {"hyp_ffa_version": 0x10001, "has_version_negotiated": 1, "partners.[0].id": 5, "partners.[1].id": 6,
         "partners.[1].has": 1, "partners.[2].count": 7, "partners.[3].id": 8, "partners.[3].wants": 1}


@pytest.fixture(scope="module")
def target() -> Target:
    made = make_target(mini.unit((FIRST, PARTNERS + FIRST), (LAST, LOOKED_UP % BODY)), PKVM)
    assert made.step.record.boundaries == []
    return made


@pytest.mark.parametrize("written", [0, 1, 2, 3, 4, 1 << 61, (1 << 64) - 1])
@pytest.mark.parametrize("read", [0, 1, 2, 3, 4])
def test_each_element(target: Target, written: int, read: int) -> None:
    rng = random.Random(8 * written + read)
    registers = [0x84000080, written, read, rng.getrandbits(64), rng.getrandbits(1), *(0 for _ in range(26))]
    values = model(registers, STATE, [[0] * 18 for _ in target.step.record.smcs])
    session = Session(target.unit, Scripted())
    for path, value in STATE.items():
        session.machine.set_static(path, value)
    compare(target, session.call(registers), quiet(target, values))


def test_what_is_read_outside_is_owed() -> None:
    made = make_target(mini.unit((FIRST, PARTNERS + FIRST), (LAST, LOOKED_UP % BODY.replace("(n <", "(n <="))), PKVM)
    assert any(item.kind == "invalid-pointer" and item.holds is not t.TRUE for item in made.step.record.obligations)


@pytest.mark.parametrize(("offset", "wanted"), [
    (lambda x: t.binary("mul", x, t.const(4, 64)), (0, 4)),
    (lambda x: t.binary("add", t.binary("mul", x, t.const(8, 64)), t.const(6, 64)), (6, 8)),
    (lambda x: t.binary("mul", x, t.const(12, 64)), (0, 4)),
    (lambda x: t.binary("shl", x, t.const(3, 64)), (0, 8)),
    (lambda x: x, (0, 1)),
    (lambda x: t.binary("add", t.binary("mul", x, t.const(8, 64)), x), (0, 1)),
    (lambda x: t.const(20, 64), (20, 1 << 64)),
])
def test_strides(offset: object, wanted: tuple[int, int]) -> None:
    assert callable(offset)
    assert stride(offset(t.var("x", 64))) == wanted
