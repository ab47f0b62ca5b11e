"""What EL2 asks EL3 before it looks at a call's parameters is its own business; engine and interpreter agree on when."""

from __future__ import annotations

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from verify.engine import told
from verify.interpret.environment import Scripted
from verify.interpret.session import Session
from verify.ir.function import Unit
from verify.prove.target import make_target
from verify.terms import build as t

HEAD = "    switch (func_id) {\n    case FFA_ID_GET:\n        return false;\n"
ASK = "        arm_smccc_1_1_smc(FFA_FEATURES, %s, 0, 0, 0, 0, 0, 0, &res);\n"
TOLD = "    if (!is_told) {\n        struct arm_smccc_res res;\n\n%s        is_told = true;\n    }\n"
FIRST = "bool kvm_host_ffa_handler"


def unit(said: str, before: str = "") -> Unit:
    return mini.unit((HEAD, before + TOLD % said + HEAD), (FIRST, "static bool is_told;\n\n" + FIRST))


@pytest.mark.parametrize(("said", "before", "own"), [
    (ASK % "func_id", "", True),
    (ASK % "host_ctxt->regs.regs[0]", "", True),
    (ASK % "host_ctxt->regs.regs[1]", "", False),
    (ASK % "0", "    u64 parameter = cpu_reg(host_ctxt, 3);\n\n    if (parameter == 5)\n        return true;\n", False),
    (ASK % "0", "    u64 all[3];\n\n    memcpy(all, host_ctxt, sizeof(all));\n", False),
    (ASK % "0", "    u64 all[1];\n\n    memcpy(all, host_ctxt, sizeof(all));\n", True),
])
def test_until_a_parameter_is_read(said: str, before: str, own: bool) -> None:
    made = unit(said, before)
    target = make_target(made, PKVM)
    (asked,) = [event for event in target.step.record.smcs if event.arguments[0].term is t.const(0x84000064, 64)]
    assert told.is_own(dict(asked.ghost)) is t.truth(own)
    (one,) = [smc for smc in target.scene("SEED").smcs if smc.made.term is asked.guard]
    assert one.own.term is t.truth(own)
    session = Session(made, Scripted(answers=[[0x10001, *[0] * 17]]))
    session.initialise()
    session.machine.set_static("has_version_negotiated", 1)
    (done,) = session.call([0x84000070, 7]).log.smcs
    assert done.is_own is own


def test_what_is_forwarded_is_the_hosts() -> None:
    made = unit(ASK % "0")
    assert all(smc.own.is_impossible for smc in make_target(made, PKVM).scene("SEED").forwards)


def test_a_call_that_makes_nothing_else_is_silent() -> None:
    scene = make_target(unit(ASK % "0"), PKVM).scene("SEED")
    assert not scene.emitted.term.is_const
    loud = make_target(unit(ASK % "cpu_reg(host_ctxt, 1)"), PKVM).scene("SEED")
    assert [smc.made.term for smc in scene.smcs] == [smc.made.term for smc in loud.smcs]
    assert scene.silent.term is not loud.silent.term
