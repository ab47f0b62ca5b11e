"""Writes that do not name one scalar: fills of one of several objects, and writes to a lock."""

from __future__ import annotations

import random

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from tests.unit.engine.test_against_interpreter import compare, model, quiet
from verify.interpret.environment import Scripted
from verify.interpret.session import Session
from verify.prove.target import Target, make_target

LAST = "    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n    return true;\n}\n\nint hyp_ffa_init"
CHOSEN = """    struct arm_smccc_res one = { 1, 2, 3, 4 }, other = { 5, 6, 7, 8 };

    memset(cpu_reg(host_ctxt, 1) & 1 ? (void *)&one.a1 : (void *)&other, cpu_reg(host_ctxt, 2), 12);
    answer(host_ctxt, one.a1, one.a2, other.a0 ^ (other.a1 << 1) ^ (one.a0 << 2));
    return true;
}

int hyp_ffa_init"""
STATE = {"hyp_ffa_version": 0x10001, "has_version_negotiated": 1}
TAKEN = "    hyp_spin_lock(&version_lock);\n"


@pytest.fixture(scope="module")
def target() -> Target:
    made = make_target(mini.unit((LAST, CHOSEN)), PKVM)
    assert made.step.record.boundaries == []
    return made


@pytest.mark.parametrize("chosen", [0, 1])
def test_a_fill_changes_the_object_that_it_is_of(target: Target, chosen: int) -> None:
    registers = [0x84000080, chosen, 0xAB, *(random.Random(chosen).getrandbits(64) for _ in range(28))]
    values = model(registers, STATE, [[0] * 18 for _ in target.step.record.smcs])
    session = Session(target.unit, Scripted())
    for path, value in STATE.items():
        session.machine.set_static(path, value)
    compare(target, session.call(registers), quiet(target, values))


@pytest.mark.parametrize("write", [
    "hyp_spin_lock_init(&version_lock);",
    "version_lock = __HYP_SPIN_LOCK_UNLOCKED;",
    "memset(&version_lock, 0, sizeof(version_lock));",
    "hyp_spinlock_t made = __HYP_SPIN_LOCK_UNLOCKED; memcpy(&version_lock, &made, sizeof(made));",
])
@pytest.mark.parametrize("before", [True, False])
def test_a_lock_that_is_written_ends_what_is_known(write: str, before: bool) -> None:
    made = make_target(mini.unit((TAKEN, write + TAKEN if before else TAKEN + write)), PKVM)
    assert [item.construct for item in made.step.record.boundaries] == ["write to the lock version_lock"]


def test_a_lock_may_be_made_at_boot() -> None:
    first = "    struct arm_smccc_res res;\n\n    arm_smccc_1_1_smc(FFA_VERSION, FFA_VERSION_1_1"
    made = make_target(mini.unit((first, "    hyp_spin_lock_init(&version_lock);\n" + first)), PKVM)
    assert made.init.record.boundaries == made.step.record.boundaries == []
