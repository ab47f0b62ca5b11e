"""Proxies of one version: what they settle at boot has the names that rules speak of, and only where that is so."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.support import FFA, SMCCC
from verify.frontend.preprocess import FFA_C, FFA_H, SMCCC_H
from verify.frontend.unit import lower_tree
from verify.interpret.environment import Scripted
from verify.interpret.machine import Machine
from verify.ir.function import Unit
from verify.native.program import Subject

SOURCE = """
#define FFA_VERSION 0x84000063
struct buffers { hyp_spinlock_t lock; void *tx; void *rx; };
static struct buffers hyp_buffers, host_buffers;
STATICS

bool kvm_host_ffa_handler(struct kvm_cpu_context *ctxt, u32 id)
{
	hyp_spin_lock(&host_buffers.lock);
	host_buffers.tx = hyp_buffers.rx;
	hyp_spin_unlock(&host_buffers.lock);
	HANDLER
	return false;
}

int hyp_ffa_init(void *pages)
{
	struct arm_smccc_res res;

	if (kvm_host_psci_config.smccc_version < 0x10001)
		return 0;
	arm_smccc_1_1_smc(FFA_VERSION, ASKED, 0, 0, 0, 0, 0, 0, &res);
	if (res.a0 != 0x10000)
		return 0;
	hyp_buffers = (struct buffers) { .tx = pages, .rx = pages };
	return 0;
}
"""


def tree(statics: str = "", handler: str = "", asked: str = "0x10000") -> Unit:
    text = SOURCE.replace("STATICS", statics).replace("HANDLER", handler).replace("ASKED", asked)
    return lower_tree({FFA_C: text, FFA_H: FFA, SMCCC_H: SMCCC})


def test_what_is_asked_for_at_boot_is_agreed_there() -> None:
    unit = tree()
    assert {"hyp_ffa_version", "has_version_negotiated", "version_lock"} <= set(unit.statics)
    assert unit.assumptions[-1].startswith("version 1.0, which hyp_ffa_init asks for, is agreed at boot")


@pytest.mark.parametrize(("smccc", "answer", "expected"), [
    (0x10001, 0x10000, (0x10000, 1)), (0x10001, 0x10001, (0, 0)), (0x10000, 0x10000, (0, 0)),
])
def test_nothing_is_agreed_where_no_mailboxes_are_set_up(smccc: int, answer: int, expected: tuple[int, int]) -> None:
    machine = Machine(tree(), Scripted(answers=[(answer,) + (0,) * 17]))
    machine.set_static("kvm_host_psci_config.smccc_version", smccc)
    machine.call("hyp_ffa_init", (machine.allocate("pages", 4096, b""),))
    assert (machine.static("hyp_ffa_version"), machine.static("has_version_negotiated")) == expected


@pytest.mark.parametrize("changed", [
    tree("static u32 ffa_version;", "ffa_version = id;"),
    tree("static u32 ffa_version; static void note(u32 *at) { *at = 1; }", "note(&ffa_version);"),
    tree("static u32 ffa_version;", "memset(&ffa_version, 0, 4);"),
    tree("static u32 ffa_version;", "not_declared(&ffa_version);"),
    tree(asked="(u32)(unsigned long)pages"),
], ids=["writes a number", "through a pointer", "memset", "what is not read", "which version is not known"])
def test_what_may_keep_a_version_is_left_as_it_is(changed: Unit) -> None:
    assert "has_version_negotiated" not in changed.statics


def test_a_tree_that_has_one_of_the_names_is_left_as_it_is() -> None:
    assert "has_version_negotiated" not in tree("static u32 hyp_ffa_version;").statics


def test_compiled_code_is_not_asked_for_what_it_has_not() -> None:
    unknown = cast(Any, None)
    paths = [place.path for place in Subject(tree(), unknown, "", unknown, unknown).places]
    assert "host_buffers.tx" in paths and "kvm_host_psci_config.smccc_version" in paths
    assert {"hyp_ffa_version", "has_version_negotiated", "version_lock"}.isdisjoint(paths)
