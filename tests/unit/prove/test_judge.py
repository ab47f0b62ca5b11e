"""Proofs and refutations on the small mediator: planted faults must be found, with the right cause."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

import specs
from specs.bindings.pkvm import PKVM
from tests import mini
from tests.answers import answers_alone
from verify.frontend.preprocess import HYP_MAIN_C
from verify.frontend.unit import lower_tree
from verify.prove.invariants import find_invariants
from verify.prove.judge import Judge
from verify.prove.outcome import RuleResult, Status
from verify.prove.target import make_target
from verify.rules.rule import registered
from verify.solve.query import Solver
from verify.verdict.options import Options
from verify.verdict.run import judge_target, prepare

specs.load()


def judge(*edits: tuple[str, str], rule: str, trust: str = "L0") -> RuleResult:
    options = Options(rules=(rule,), trusts=(trust,), profile="SEED")
    run = judge_target("mini", "", mini.unit(*edits), PKVM, options.select(registered()), options, reuse=answers_alone())
    (result,) = run.results
    return result


GREEN = ("CC-02", "CC-04", "CC-06", "CC-08", "CC-12", "DSC-03", "ERR-01", "ERR-02", "MSG-06", "MSG-08", "POL-02", "POL-05",
         "SEC-01", "SEC-02", "SEC-04", "VER-01", "VER-02", "VER-03", "VER-04", "VER-05", "VER-06", "VER-07",
         "VER-08", "VER-10", "VER-11", "VER-12")


@cache
def green() -> dict[tuple[str, str], RuleResult]:
    options = Options(rules=GREEN, trusts=("L0", "L2"), profile="SEED")
    run = judge_target("mini", "", mini.unit(), PKVM, options.select(registered()), options, reuse=answers_alone())
    return {(result.rule, result.trust): result for result in run.results}


@pytest.mark.parametrize("rule", GREEN)
@pytest.mark.parametrize("trust", ["L0", "L2"])
def test_the_small_mediator_keeps(rule: str, trust: str) -> None:
    result = green()[f"FFA-{rule}", trust]
    bad = [(part.name, part.status, part.reason, [f.clause for f in part.findings]) for part in result.parts
           if part.status not in (Status.PROVED, Status.NOT_APPLICABLE)]
    assert bad == []
    assert result.status is Status.PROVED


CHECK = "if ((s32)res.a0 < (s32)wanted || ((u32)res.a0 >> 16) != 1)"
FAULTS = [
    ("VER-01", "if ((wanted >> 16) != 1)", "if (((wanted >> 16) & 0x7fff) != 1)", "x0"),
    ("VER-03", "if ((wanted >> 16) != 1)", "if (wanted > 0x1ffff)", "x0"),
    ("VER-06", "        goto out;\n    }\n    if (wanted <", "    }\n    if (wanted <", "version"),
    ("VER-07", "if (wanted >= hyp_ffa_version)\n            result", "result", "x0"),
    ("VER-11", CHECK, "if (res.a0 == (u64)-1)", "x0"),
    ("VER-12", "            goto out;\n        hyp_ffa_version = wanted;",
     "        {\n            hyp_ffa_version = wanted;\n            goto out;\n        }\n        hyp_ffa_version = wanted;",
     "version"),
    ("CC-08", "    cpu_reg(ctxt, 6) = 0;\n", "", "x6"),
    ("SEC-01", "u64 result = (u32)FFA_RET_NOT_SUPPORTED;", "u64 result;", "x0"),
    ("SEC-04", "smp_store_release(&has_version_negotiated, true);", "has_version_negotiated = true;",
     "negotiated write"),
    ("VER-10", "if (!smp_load_acquire(&has_version_negotiated))", "if (0)", "x0"),
    ("MSG-06", "    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n    return true;\n}", "    return false;\n}", "outcome"),
    ("CC-12", "hyp_spin_unlock(&version_lock);", "if (result != 0x10001)\n        hyp_spin_unlock(&version_lock);", "lock"),
    ("ERR-02", "(u32)code", "(u32)code + 5", "x2"),
    ("MSG-01", "if (cpu_reg(host_ctxt, 1) & 0xffff0000)", "if (cpu_reg(host_ctxt, 1) & 0xfffe0000)", "outcome"),
]


@pytest.mark.parametrize(("rule", "old", "new", "output"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_planted_fault_is_found(rule: str, old: str, new: str, output: str) -> None:
    result = judge((old, new), rule=rule, trust="L2")
    assert result.status is Status.VIOLATED
    outputs = {name for part in result.parts for finding in part.findings for name in finding.cause.outputs}
    assert output in outputs
    for part in result.parts:
        for finding in part.findings:
            assert finding.episode.calls
            assert len(finding.fingerprint) == 16


def test_a_fault_that_needs_faulty_firmware_is_no_finding_at_l2() -> None:
    edit = (CHECK, "if ((s32)res.a0 < (s32)wanted)")
    assert judge(edit, rule="VER-11", trust="L0").status is Status.VIOLATED
    assert judge(edit, rule="VER-11", trust="L2").status is Status.PROVED


HANDS_ON = (
    "    case FFA_ID_GET:\n        return false;",
    """    case FFA_ID_GET: {
        struct arm_smccc_1_2_regs res, asked = { .a0 = FFA_ID_GET };

        arm_smccc_1_2_smc(&asked, &res);
        answer(host_ctxt, res.a0, res.a1, res.a2);
        cpu_reg(host_ctxt, 6) = res.a6;
        return true;
    }""")


def test_what_el3_answered_may_be_handed_on_and_nothing_else() -> None:
    """With an answer that EL2 makes itself, x6 would be a leftover."""
    assert judge(HANDS_ON, rule="CC-08").status is Status.PROVED
    made = ("answer(host_ctxt, res.a0, res.a1, res.a2);\n        cpu_reg(host_ctxt, 6)",
            "answer(host_ctxt, FFA_ERROR, 0, (u32)FFA_RET_INVALID_PARAMETERS);\n        cpu_reg(host_ctxt, 6)")
    (finding,) = (f for part in judge(HANDS_ON, made, rule="CC-08").parts for f in part.findings)
    assert finding.cause.outputs == ("x6",)


def test_a_conforming_spmc_refuses_bit_31() -> None:
    """EL2 asks it for 0x80010000, which is a fault by itself; nothing is agreed."""
    edits = (("if ((wanted >> 16) != 1)", "if (((wanted >> 16) & 0x7fff) != 1)"),
             ("if (wanted < hyp_ffa_version) {", "if ((wanted & 0xffff) < (hyp_ffa_version & 0xffff)) {"),
             ("if ((s32)res.a0 < (s32)wanted || ((u32)res.a0 >> 16) != 1)", "if ((s32)res.a0 < 0)"))
    clauses = {trust: {f.clause for part in judge(*edits, rule="VER-12", trust=trust).parts for f in part.findings}
               for trust in ("L0", "L2")}
    assert clauses == {"L0": {"EL2's version stays", "the agreement stays as it was"}, "L2": set()}


def test_fingerprints_survive_edits_elsewhere() -> None:
    fault = ("    cpu_reg(ctxt, 6) = 0;\n", "")
    shifted = ("static u32 hyp_ffa_version;", "\n\n\nstatic u32 hyp_ffa_version;\n\n")
    before, after = judge(fault, rule="CC-08"), judge(fault, shifted, rule="CC-08")
    prints = [[f.fingerprint for part in result.parts for f in part.findings] for result in (before, after)]
    assert prints[0] == prints[1] != []


def test_an_unknown_construct_costs_only_what_depends_on_it() -> None:
    edit = ("    case FFA_ID_GET:\n        return false;", "    case FFA_ID_GET:\n        asm(\"nop\");\n        return false;")
    assert judge(edit, rule="VER-07").status is Status.PROVED
    result = judge(edit, rule="CC-08")
    open_parts = {part.name: part.status for part in result.parts if part.status is not Status.PROVED}
    assert open_parts["other functions"] is Status.UNSUPPORTED
    assert all(status is Status.NOT_APPLICABLE for name, status in open_parts.items() if name != "other functions")


def test_a_premise_that_no_call_meets_is_vacuous() -> None:
    edit = ("    if (func_id == FFA_VERSION) {\n        negotiate(host_ctxt);\n        return true;\n    }\n", "")
    result = judge(edit, rule="VER-07")
    assert {part.status for part in result.parts} == {Status.VACUOUS}


def test_a_premise_may_be_met_by_what_unused_memory_holds() -> None:
    """The call shows the host what its stack held; the run that meets the premise finds FFA_ERROR there."""
    shown = ("    answer(ctxt, FFA_ERROR, 0, (u32)code);", "    u64 first;\n\n    answer(ctxt, first, 0, (u32)code);")
    result = judge(shown, rule="SEC-13", trust="L2")
    statuses = {part.name: part.status for part in result.parts}
    assert statuses["FFA_MSG_SEND_DIRECT_RESP2"] is Status.PROVED, [(p.name, p.status, p.reason) for p in result.parts]


def test_a_write_without_the_lock_blocks_what_relies_on_it() -> None:
    edit = ("    hyp_spin_lock(&version_lock);\n", "")
    unlock = ("    hyp_spin_unlock(&version_lock);\n", "")
    assert judge(edit, unlock, rule="SEC-04").status is Status.VIOLATED
    reasons = {part.reason for part in judge(edit, unlock, rule="VER-06").parts}
    assert any("blocked by what a call may leave behind" in reason or "not inductive" in reason for reason in reasons)


def test_other_cpus_see_what_a_call_has_written_so_far() -> None:
    """An unlocked look at the version after it was agreed is no reason to believe that nothing is ever agreed."""
    look = ("    answer(ctxt, result, 0, 0);\n", "    answer(ctxt, result + (hyp_ffa_version & 0), 0, 0);\n")
    assert judge(look, rule="VER-08").status is Status.PROVED
    fault = ("if (wanted >= hyp_ffa_version)\n            result", "result")
    assert judge(look, fault, rule="VER-07").status is Status.VIOLATED


def test_what_other_cpus_left_on_a_path_says_nothing_of_the_other_paths() -> None:
    """After the join, the refused call's second look meets other CPUs; the agreeing call does not come by there."""
    joined = ("        negotiate(host_ctxt);\n        return true;", "        negotiate(host_ctxt);\n        goto last;")
    look = ("    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n    return true;\n",
            "    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\nlast:\n    if (func_id != FFA_VERSION)\n"
            "        cpu_reg(host_ctxt, 3) = has_version_negotiated & 0;\n    return true;\n")
    found = find_invariants(make_target(mini.unit(joined, look), PKVM), "L2", Solver())
    assert "no version is ever agreed" not in found.names
    fault = ("if (wanted >= hyp_ffa_version)\n            result", "result")
    assert judge(joined, look, fault, rule="VER-07").status is Status.VIOLATED


CALLER = """
static void default_host_smc_handler(struct kvm_cpu_context *host_ctxt)
{
    __kvm_hyp_host_forward_smc(host_ctxt);
}

static void handle_host_smc(struct kvm_cpu_context *host_ctxt)
{
    DECLARE_REG(u64, func_id, host_ctxt, 0);

    if (func_id >> 32) {
        cpu_reg(host_ctxt, 0) = (u64)-1;
        return;
    }
    if (!kvm_host_ffa_handler(host_ctxt, func_id))
        default_host_smc_handler(host_ctxt);
}
"""


def test_a_call_that_the_caller_does_not_dispatch_is_not_served() -> None:
    """REQ64 is always refused, but for numbers with upper bits, which no rule about FF-A calls is about."""
    unit = lower_tree({**mini.files(), HYP_MAIN_C: CALLER})
    options = Options(rules=("MSG-01",), trusts=("L0",), profile="SEED")
    (result,) = judge_target("mini", "", unit, PKVM, options.select(registered()), options, reuse=answers_alone()).results
    status = {part.name: part.status for part in result.parts}
    assert status["REQ64"] is Status.NOT_APPLICABLE
    assert status["REQ"] is not Status.NOT_APPLICABLE


UNSET = {
    "a register": "u64 r;\n    if (cpu_reg(host_ctxt, 9))\n        goto out;\n    r = 0;\nout:\n",
    "a register, its declaration jumped over":
        "if (cpu_reg(host_ctxt, 9))\n        goto out;\n    u64 r = 0;\nout:\n",
    "a member": "struct arm_smccc_res s;\n    u64 r;\n    if (cpu_reg(host_ctxt, 9))\n        s.a1 = 0;\n    r = s.a1;\n",
    "a member, its declaration jumped over":
        "u64 r;\n    if (cpu_reg(host_ctxt, 9))\n        goto out;\n    struct arm_smccc_res s;\n    s.a1 = 0;\nout:\n    r = s.a1;\n",
    "a copy": "struct arm_smccc_res s;\n    u64 r;\n    {\n        struct arm_smccc_res q;\n        if (cpu_reg(host_ctxt, 9))\n"
              "            q.a1 = 3;\n        s = q;\n    }\n    r = s.a1;\n",
}


@pytest.mark.parametrize("body", UNSET.values(), ids=UNSET.keys())
def test_what_is_set_on_one_path_only_is_unset_on_the_other(body: str) -> None:
    last = ("    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n    return true;\n",
            "    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n    " + body + "    cpu_reg(host_ctxt, 3) = r;\n    return true;\n")
    result = judge(last, rule="SEC-01")
    assert result.status is Status.VIOLATED
    causes = {(f.cause.outputs, f.cause.kind) for part in result.parts for f in part.findings}
    assert causes == {(("x3",), "uninitialised")}


@pytest.mark.parametrize("is_same", [True, False])
def test_a_claim_about_secrets_holds_at_the_level_that_it_was_made_for(is_same: bool) -> None:
    """What is read elsewhere is no secret in it where that is proved impossible, as it may be at one level alone."""
    _, (strict, weak) = prepare(mini.unit(), PKVM, Options(trusts=("L0", "L2")))
    weak = weak if is_same else replace(weak, safe=(*weak.safe, False))
    (rule,) = Options(rules=("SEC-01",)).select(registered())
    judge = Judge(strict, rule, Solver(), weakest=weak)
    assert judge.judge().status is Status.PROVED
    assert bool(judge.certain) is is_same


@pytest.mark.parametrize(("weaker", "named"), [((), ()), (("memory-safe(f)",), ("what L2 assumes",))])
def test_a_proof_of_the_weakest_level_names_what_is_left_of_its_assumptions(
    weaker: tuple[str, ...], named: tuple[str, ...]
) -> None:
    """What was assumed there may be proved at the stricter level, under what that assumes."""
    _, (strict, weak) = prepare(mini.unit(), PKVM, Options(trusts=("L0", "L2")))
    (rule,) = Options(rules=("CC-02",)).select(registered())
    judge = Judge(replace(strict, assumed=("what L2 assumes",)), rule, Solver(), weakest=replace(weak, assumed=weaker))
    proved = [part for part in judge.judge().parts if part.status is Status.PROVED and part.name in judge.certain]
    assert proved and {part.assumptions for part in proved} == {named}
