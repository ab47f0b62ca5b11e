"""What the proxy's surroundings call elsewhere: taken by name, told as an assumption, and nothing besides."""

from __future__ import annotations

import pytest

from tests.support import FFA, SMCCC, evaluate, unit_of, unsupported
from verify.frontend.preprocess import FFA_C, FFA_H, HYP_MAIN_C, NVHE_FFA_H, NVHE_PKVM_H, PKVM_C, SMCCC_H
from verify.frontend.unit import lower_tree
from verify.interpret.environment import Scripted
from verify.interpret.machine import Machine
from verify.ir import instr as i
from verify.ir.function import Unit

PROXY = "bool kvm_host_ffa_handler(struct kvm_cpu_context *c, u32 id) { return id == 7; }\n"
CALLER = """
static void handle_host_smc(struct kvm_cpu_context *host_ctxt)
{
	DECLARE_REG(u64, func_id, host_ctxt, 0);
	bool handled = kvm_host_psci_handler(host_ctxt);

	if (!handled)
		handled = kvm_host_ffa_handler(host_ctxt, func_id);
	if (!handled)
		handled = %s;
	if (!handled) {
		__hyp_exit();
		__kvm_hyp_host_forward_smc(host_ctxt);
		__hyp_enter();
	}
	trace_host_smc(func_id, !handled);
}
"""


def tree(asked: str, before: str = "") -> Unit:
    return lower_tree({FFA_C: PROXY, FFA_H: FFA, SMCCC_H: SMCCC, HYP_MAIN_C: before + CALLER % asked})


@pytest.mark.parametrize(("asked", "said"), [
    ("kvm_host_scmi_handler(host_ctxt)", "the SCMI handler takes no FF-A function ID"),
    ("module_handle_host_smc(&host_ctxt->regs)", "no module takes an FF-A function ID"),
])
def test_other_handlers_of_the_hosts_smc(asked: str, said: str) -> None:
    unit = tree(asked)
    assert unsupported(unit, "handle_host_smc") == []
    assert {said, "trace_host_smc records its arguments and does nothing else"} < set(unit.assumptions)
    assert any(isinstance(item, i.Forward) for block in unit.functions["handle_host_smc"].blocks
               for item in block.instructions)


def test_an_assumption_is_told_only_where_it_is_used() -> None:
    assert not any("SCMI" in said or "module" in said for said in tree("false").assumptions)


def test_a_handler_with_another_name_is_no_contract() -> None:
    found = unsupported(tree("vendor_host_smc(host_ctxt)"), "handle_host_smc")
    assert [construct for construct, _ in found] == ["call of vendor_host_smc, which is not declared"]


def test_a_modules_function_is_not_there_unless_one_is_put() -> None:
    unit = tree("default_host_smc_handler && default_host_smc_handler(host_ctxt)",
                "static bool (*default_host_smc_handler)(struct kvm_cpu_context *host_ctxt);\n")
    assert "no module takes the host's SMCs (default_host_smc_handler stays NULL)" in unit.assumptions
    assert [construct for construct, _ in unsupported(unit, "handle_host_smc")] == ["call through a pointer"]


def test_a_trace_evaluates_its_arguments() -> None:
    assert evaluate("u32 f(u32 a) { trace_call(a++, UNKNOWN_REASON); return a; }", "f", 4) == 5


def test_a_trace_that_the_tree_defines_is_what_it_says() -> None:
    unit = unit_of("static u32 seen;\nstatic void trace_call(u32 a)\n{\n  seen = a;\n}\n"
                   "u32 f(u32 a) { trace_call(a); return seen; }")
    assert Machine(unit, Scripted()).call("f", (9,)) == 9
    assert not any("trace" in said for said in unit.assumptions)


KEYED = """
DECLARE_STATIC_KEY_FALSE(kvm_ffa_off);
DECLARE_STATIC_KEY_TRUE(kvm_ffa_on);
u32 f(void) { return static_branch_unlikely(&kvm_ffa_off) * 2 + static_branch_likely(&kvm_ffa_on); }
"""


def test_a_static_key_is_what_it_is_declared_as() -> None:
    assert evaluate(KEYED, "f") == 1
    assert {"the static key kvm_ffa_off is false", "the static key kvm_ffa_on is true"} < set(unit_of(KEYED).assumptions)


def test_a_key_that_is_not_declared_is_no_constant() -> None:
    unit = unit_of("u32 f(void) { return static_branch_unlikely(&some_key); }")
    assert [construct for construct, _ in unsupported(unit, "f")] == ["unknown name some_key"]


def test_the_buffers_and_ffa_functions_of_pkvm_are_read_with_the_proxy() -> None:
    files = {
        FFA_C: PROXY + "static struct kvm_ffa_buffers host_buffers;\n"
               "u32 f(void) { host_buffers.tx_ipa = 5; return host_buffers.tx_ipa + to_ffa_handle(NULL) + other(); }\n",
        FFA_H: FFA, SMCCC_H: SMCCC,
        NVHE_PKVM_H: "struct kvm_ffa_buffers {\n\tvoid *tx;\n\tu64 tx_ipa;\n\tstruct list_head xfers;\n};\n"
                     "struct missing { kvm_t a; };\nu32 to_ffa_handle(void *vcpu);\nkvm_t ffa_odd(kvm_t *a);\n",
        PKVM_C: "u32 other(void)\n{\n\treturn 1;\n}\n\nu32 to_ffa_handle(void *vcpu)\n{\n\tif (!vcpu)\n\t\treturn 7;\n"
                "\treturn 0;\n}\n",
    }
    with_other = lower_tree(files)
    assert [construct for construct, _ in unsupported(with_other, "f")] == ["call of other, which is not declared"]
    files[FFA_C] = files[FFA_C].replace(" + other()", "")
    assert Machine(lower_tree(files), Scripted()).call("f", ()) == 12


def test_headers_may_use_what_the_kernel_says_before_them() -> None:
    header = FFA + ("static const int codes[] = { 0, -EINTR, -ECANCELED };\n"
                    "static inline int code(int k) { return k < ARRAY_SIZE(codes) ? codes[k] : -EINVAL; }\n")
    unit = unit_of("int f(int k) { return code(k); }", header)
    assert [Machine(unit, Scripted()).call("f", (k,)) for k in (1, 2, 3)] == [
        (1 << 32) - 4, (1 << 32) - 125, (1 << 32) - 22]


GUESTS = {
    FFA_C: PROXY + "u64 f(void *p)\n{\n\tstruct ffa_mem_transfer *found = __pkvm_get_vm_ffa_transfer(3);\n\n"
           "\tif (found) {\n\t\tlist_del(&found->node);\n\t\thyp_free(found);\n\t}\n\treturn found ? 1 : 2;\n}\n",
    FFA_H: FFA, SMCCC_H: SMCCC,
    NVHE_PKVM_H: "struct kvm_ffa_buffers {\n\tstruct list_head xfers;\n};\n"
                 "struct ffa_mem_transfer *__pkvm_get_vm_ffa_transfer(u16 handle);\n"
                 " * struct ffa_odd *ffa_in_a_comment(u16 handle);\n",
    NVHE_FFA_H: "struct ffa_mem_transfer { struct list_head node; u64 handle; };\n",
    PKVM_C: "struct ffa_mem_transfer *__pkvm_get_vm_ffa_transfer(u16 handle)\n{\n\treturn anything(handle);\n}\n",
}


def test_what_finds_something_of_a_guests_is_an_outside_function() -> None:
    unit = lower_tree(GUESTS)
    assert unsupported(unit, "f") == []
    assert {"__pkvm_get_vm_ffa_transfer", "list_del", "hyp_free"} <= set(unit.externs)
    assert "what guests have shared is kept outside of the proxy's own statics and buffers" in unit.assumptions
    assert Machine(unit, Scripted()).call("f", (0,)) == 2
