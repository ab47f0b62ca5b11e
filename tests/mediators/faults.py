"""Bugs that a reviewer could miss, one small edit each: what was written, what is written instead, who has to object."""

from __future__ import annotations

from tests.mediators.fault import Edit, Fault, fault
from tests.mediators.faults_registers import PASSED_ON, REGISTER_FAULTS

__all__ = ["FAULTS", "Edit", "Fault", "fault"]

R = "no_mailbox"
SETTLED = ("\tif (has_version_negotiated)\n\t\treturn wanted < hyp_ffa_version ? (u32)FFA_RET_NOT_SUPPORTED : "
           "hyp_ffa_version;\n")
NO_MAILBOX_FAULTS = (
    fault(R, "a version can be lowered once it is agreed", "VER-06", "agree", "version", (SETTLED, "")),
    fault(R, "a late lower request gets the agreed version", "VER-07", "answer", "x0", (
        "wanted < hyp_ffa_version ? (u32)FFA_RET_NOT_SUPPORTED : hyp_ffa_version;", "hyp_ffa_version;")),
    fault(R, "a late equal request is refused", "VER-08", "agree", "x0", (
        "wanted < hyp_ffa_version ?", "wanted <= hyp_ffa_version ?")),
    fault(R, "a higher minor is taken over", "VER-05", "agree", "x0", (
        "if (wanted < hyp_ffa_version) {", "if (wanted != hyp_ffa_version) {")),
    fault(R, "bit 31 is cut off before the major is looked at", "VER-01", "agree", "version", (
        "(version >> 16) == 1", "((version >> 16) & 0x7fff) == 1")),
    fault(R, "the major is not looked at", "VER-03", "agree", "x0", (
        "if (!is_version_one(wanted) ||", "if (wanted > FFA_VERSION_1_2 ||")),
    fault(R, "the version is written before the SPMC agrees", "VER-12", "agree", "version", (
        "\t\tif (!spmc_accepts(wanted))", "\t\thyp_ffa_version = wanted;\n\t\tif (!spmc_accepts(wanted))")),
    fault(R, "a refusal of the SPMC is compared as 64 bits", "VER-11", "agree", "x0", (
        "is_version_one(said.a0) && (u32)said.a0 >= wanted", "said.a0 != (u64)FFA_RET_NOT_SUPPORTED")),
    fault(R, "the version is written without its lock", "SEC-04", "agree", "version write", (
        "\thyp_spin_lock(&version_lock);\n\tresult = ", "\tresult = "), (
        "\thyp_spin_unlock(&version_lock);\n\n\tanswer", "\tanswer")),
    fault(R, "the agreement is published by a plain store", "SEC-04", "agree", "negotiated write", (
        "smp_store_release(&has_version_negotiated, true)", "has_version_negotiated = true")),
    fault(R, "the answer holds a physical address of EL2's", "SEC-02", "refuse", "x3", (
        "FFA_ERROR, 0, (u32)code, 0)", "FFA_ERROR, 0, (u32)code, hyp_virt_to_phys(&host_buffers))")),
    fault(R, "the answer holds a counter of EL2's", "SEC-02", "answer", "x3", (
        "FFA_ERROR, 0, (u32)code, 0)", "FFA_ERROR, 0, (u32)code, refusals++)"), (
        "static bool has_version_negotiated;", "static bool has_version_negotiated;\nstatic u64 refusals;")),
    fault(R, "the SPMC is asked about a version above its own", "VER-05", "agree", "x0", (
        "\tif (wanted < hyp_ffa_version) {", "\tif (wanted > hyp_ffa_version && !spmc_accepts(wanted))\n"
        "\t\treturn (u32)FFA_RET_NOT_SUPPORTED;\n\n\tif (wanted < hyp_ffa_version) {")),
    fault(R, "FFA_FEATURES does not look at the convention", "DSC-02", "describe", "x0", (
        "switch (asked) {\n\tcase FFA_VERSION:", "switch (asked & ~0x40000000) {\n\tcase FFA_VERSION:")),
    fault(R, "x5 is not cleared", "CC-08", "refuse", "x5", ("\tcpu_reg(host, 5) = 0;\n", "")),
    fault(R, "x12 is not cleared", "CC-09", "refuse", "x12", ("\tcpu_reg(host, 12) = 0;\n", ""), profile="SEED"),
    fault(R, "x8 to x17 of a 32-bit call are cleared", "CC-06", "clear_wide", "x8", (
        "!(func_id & ARM_SMCCC_SMC_64) || ", "")),
    fault(R, "a word of a success is left to chance", "SEC-01", "count_partitions", "x3", (
        "\tstruct arm_smccc_1_2_regs said;\n\n\tif (!flags)", "\tstruct arm_smccc_1_2_regs said;\n\tu32 size;\n\n"
        "\tif (!flags)"), ("FFA_SUCCESS, 0, said.a2, 0)", "FFA_SUCCESS, 0, said.a2, size)")),
    fault(R, "the sender is not looked at", "MSG-01", "send_request2", "outcome", (
        "(ids >> 16) == HOST_ENDPOINT && ", "")),
    fault(R, "the receiver is taken for the sender", "MSG-01", "send_request2", "outcome", (
        "(ids >> 16) == HOST_ENDPOINT && (ids & SECURE_ENDPOINT)", "(u16)ids != HOST_ENDPOINT")),
    fault(R, "REQ2 is sent below 1.2", "MSG-08", "send_request2", "outcome", (
        "\tif (version < FFA_VERSION_1_2)\n\t\treturn FFA_RET_NOT_SUPPORTED;\n", "")),
    fault(R, "FFA_FEATURES offers SPM_ID_GET at 1.0", "DSC-07", PASSED_ON, "x0", (
        "\tcase FFA_SPM_ID_GET:\n\t\treturn version >= FFA_VERSION_1_1 ? PASS_ON : FFA_RET_NOT_SUPPORTED;\n"
        "\tcase FFA_MSG_SEND_DIRECT_REQ:\n", "\tcase FFA_SPM_ID_GET:\n\t\treturn PASS_ON;\n"
        "\tcase FFA_MSG_SEND_DIRECT_REQ:\n")),
    fault(R, "64-bit direct responses are passed on", "MSG-06", PASSED_ON, "outcome", (
        "\tcase FFA_ID_GET:\n\tcase FFA_RUN:\n\t\treturn PASS_ON;", "\tcase FFA_ID_GET:\n\tcase FFA_RUN:\n"
        "\tcase FFA_FN64(0x70):\n\t\treturn PASS_ON;")),
    fault(R, "notifications are passed on in their 64-bit form", "POL-02", PASSED_ON, "outcome", (
        "\tcase FFA_ID_GET:\n\tcase FFA_RUN:\n\t\treturn PASS_ON;", "\tcase FFA_ID_GET:\n\tcase FFA_RUN:\n"
        "\tcase FFA_FN64(0x83):\n\t\treturn PASS_ON;")),
    fault(R, "an error path keeps the buffers' lock", "CC-12", "code_of", "lock", (
        "\thyp_spin_unlock(&host_buffers.lock);\n\n\tif ((u32)said.a0 != FFA_SUCCESS)\n\t\treturn code_of(&said);\n",
        "\tif ((u32)said.a0 != FFA_SUCCESS)\n\t\treturn code_of(&said);\n\thyp_spin_unlock(&host_buffers.lock);\n")),
    fault(R, "the last word of a message is left out", "MSG-07", "send_request2", "smc x17", (
        "\t\t.a17 = cpu_reg(host, 17),\n", "")),
    fault(R, "a code of EL3's is believed", "ERR-02", "count_partitions", "x2", (
        " || code < FFA_RET_NO_DATA)", ")"), trust="L0"),
)

N = "no_func_id"
NO_FUNC_ID_FAULTS = (
    fault(N, "there is service before negotiation", "VER-10", "do_features", "x0", ("\tif (!agreed)\n", "\tif (!version)\n")),
    fault(N, "the version's lock is kept where there is no agreement", "CC-12", "kvm_host_ffa_handler", "lock", (
        "\thyp_spin_unlock(&version_lock);\n\tif (!agreed)\n\t\treturn fail(host_ctxt, FFA_RET_INVALID_PARAMETERS);\n",
        "\tif (!agreed)\n\t\treturn fail(host_ctxt, FFA_RET_INVALID_PARAMETERS);\n"
        "\thyp_spin_unlock(&version_lock);\n")),
    fault(N, "the SVE hint makes another function", "VER-02", "fail", "x0", ("\tid &= ~ARM_SMCCC_CALL_HINTS;\n", "")),
    fault(N, "an error carries its code in x1 too", "ERR-01", "do_request", "x1", (
        "cpu_reg(ctxt, 1) = 0;", "cpu_reg(ctxt, 1) = word;")),
    fault(N, "status codes are extended by their sign", "ERR-02", "do_request", "x2", ("FFA_ERROR, (u32)code", "FFA_ERROR, code")),
    fault(N, "the sender is cut to a byte", "MSG-01", PASSED_ON, "outcome", ("u16 sender", "u8 sender")),
    fault(N, "REQ2 falls through below 1.2", "MSG-08", PASSED_ON, "outcome", (
        "\t\tif (version < FFA_VERSION_1_2)\n\t\t\tbreak;\n\t\tfallthrough;\n\tcase FFA_MSG_SEND_DIRECT_REQ:\n"
        "\tcase FFA_FN64_MSG_SEND_DIRECT_REQ:\n\t\treturn do_request",
        "\tcase FFA_MSG_SEND_DIRECT_REQ:\n\tcase FFA_FN64_MSG_SEND_DIRECT_REQ:\n\t\treturn do_request")),
    fault(N, "x7 keeps what the host had there", "VER-02", "do_version", "x7", ("\tcpu_reg(ctxt, 7) = 0;\n", "")),
)

U = "u64_func_id"
U64_FAULTS = (
    fault(U, "bits 63:32 of x0 name another function", "CC-02", "set_error", "outcome", (
        "\tif (!is_ours(id))\n", "\tif (func_id >> 32)\n\t\tid = FFA_FEATURES;\n\tif (!is_ours(id))\n")),
    fault(U, "a result is never filled in", "SEC-01", "kvm_host_ffa_handler", "x0", (
        "\tset_error(&res, FFA_RET_INVALID_PARAMETERS);\n", "")),
    fault(U, "the low half is taken for the sender", "MSG-01", "send_wide", "outcome", (
        "FIELD_GET(GENMASK(31, 16), cpu_reg(host_ctxt, 1))", "FIELD_GET(GENMASK(15, 0), cpu_reg(host_ctxt, 1))")),
    fault(U, "the SPMC's minor is not looked at", "VER-11", "settle", "x0", (
        "FFA_MAJOR(res.a0) != 1 || FFA_MINOR(res.a0) < FFA_MINOR(version)", "FFA_MAJOR(res.a0) != 1"), trust="L0"),
    fault(U, "the version is read before the agreement", "SEC-04", "kvm_host_ffa_handler", "version read", (
        "\tset_error(&res, FFA_RET_INVALID_PARAMETERS);\n",
        "\thas_req2 = FFA_MINOR(hyp_ffa_version) >= 2;\n\tset_error(&res, FFA_RET_INVALID_PARAMETERS);\n")),
    fault(U, "an error keeps x1 as it was", "SEC-01", "kvm_host_ffa_handler", "x1", (
        "\t*res = (struct arm_smccc_res) {\n\t\t.a0 = FFA_ERROR,\n\t\t.a2 = lower_32_bits(code),\n\t};\n",
        "\tres->a0 = FFA_ERROR;\n\tres->a2 = lower_32_bits(code);\n")),
    fault(U, "x3 of a UUID is that of x2", "MSG-07", "send_wide", "smc x3", (
        "cpu_reg(ctxt, 2), cpu_reg(ctxt, 3),\n", "cpu_reg(ctxt, 2), cpu_reg(ctxt, 2),\n")),
)

B = "one_result_block"
ONE_BLOCK_FAULTS = (
    fault(B, "the block is not cleared", "VER-02", "kvm_host_ffa_handler", "x3", ("regs out = {};", "regs out;")),
    fault(B, "x8 to x17 are written whatever was called", "CC-06", "kvm_host_ffa_handler", "x8", (
        "\tif (!(req->id & ARM_SMCCC_SMC_64) || req->version < FFA_VERSION_1_2)\n\t\treturn;\n", "")),
    fault(B, "x17 of a response is lost", "MSG-04", "message", "x17", ("\tregs->regs[17] = out->a17;\n", "")),
    fault(B, "x6 and x7 of a message change places", "MSG-04", "read_in", "smc x6", (
        "in->a6 = x[6];\n\tin->a7 = x[7];", "in->a6 = x[7];\n\tin->a7 = x[6];")),
    fault(B, "a success names the version in x1", "ERR-04", "kvm_host_ffa_handler", "x1", (
        "\t\tout->a0 = FFA_SUCCESS;\n", "\t\tout->a0 = FFA_SUCCESS;\n\t\tout->a1 = req->version;\n")),
    fault(B, "FFA_FEATURES answers with a code of its own", "DSC-03", "features", "x2", (
        "\terror(out, FFA_RET_NOT_SUPPORTED);\n\treturn true;\n}\n\nstatic bool message",
        "\terror(out, FFA_RET_INVALID_PARAMETERS);\n\treturn true;\n}\n\nstatic bool message")),
    fault(B, "the lock is kept when the SPMC refuses", "CC-12", "version", "lock", (
        "\t\tif (has_version_negotiated || !ask_for(wanted))\n\t\t\tgoto unlock;\n",
        "\t\tif (has_version_negotiated || !ask_for(wanted))\n\t\t\treturn;\n")),
)

C = "compound_literal"
COMPOUND_FAULTS = (
    fault(C, "the SPMC's version is not compared", "VER-11", "host_version", "x0", (
        "spmc_version(wanted) >= wanted)", "spmc_version(wanted))"), trust="L0"),
    fault(C, "the literal is one word short", "MSG-04", "send_on", "smc x9", ("\t\t.a9 = x[9],\n", "")),
    fault(C, "an agreed version is lowered", "VER-06", "host_version", "version", (
        "if (first && wanted < hyp_ffa_version && spmc_version", "if (wanted < hyp_ffa_version && spmc_version")),
    fault(C, "the console is passed on in its 64-bit form", "POL-05", PASSED_ON, "outcome", (
        "\tcase FFA_ID_GET:\n\tcase FFA_RUN:\n\t\treturn false;\n\tcase FFA_MSG_SEND_DIRECT_REQ2:",
        "\tcase FFA_ID_GET:\n\tcase FFA_RUN:\n\tcase 0xc400008a:\n\t\treturn false;\n"
        "\tcase FFA_MSG_SEND_DIRECT_REQ2:")),
    fault(C, "function 0x60 is somebody else's", "VER-10", PASSED_ON, "x0", (
        "- 0x84000060 > 0x9f", "- 0x84000061 > 0x9e")),
    fault(C, "a pointer goes one register too far", "CC-06", "finish_wide", "x18", (
        "\t*x = r->a17;\n", "\t*x++ = r->a17;\n\t*x = 0;\n")),
)

S = "renamed_statics"
RENAMED_FAULTS = (
    fault(S, "the agreement is published outside the lock", "SEC-04", "on_version", "negotiated write", (
        "\t\tsmp_store_release(&pact.made, true);\n\t}\n\thyp_spin_unlock(&pact.guard);\n",
        "\t}\n\thyp_spin_unlock(&pact.guard);\n\tif (result != (u32)FFA_RET_NOT_SUPPORTED)\n"
        "\t\tsmp_store_release(&pact.made, true);\n")),
    fault(S, "the agreement is looked at without acquire", "SEC-04", "on_call", "version read", (
        "smp_load_acquire(&pact.made)", "READ_ONCE(pact.made)")),
    fault(S, "a request of 1.0 is always served", "VER-06", "on_version", "version", (
        "pact.made || consult(wanted) < wanted", "consult(wanted) < wanted"), (
        "if (!pact.made && result !=", "if (result !=")),
    fault(S, "FFA_FEATURES offers REQ2 below 1.2", "MSG-08", PASSED_ON, "outcome", (
        "return is_passed_on(asked, has_req2)", "return is_passed_on(asked, true)")),
    fault(S, "feature IDs go to the SPMC", "POL-02", PASSED_ON, "outcome", (
        "\treturn is_passed_on(asked, has_req2)", "\tif (asked <= 3)\n\t\treturn LEAVE_TO_EL3;\n"
        "\treturn is_passed_on(asked, has_req2)")),
    fault(S, "every feature is there", "DSC-02", "conclude", "x0", (
        "is_passed_on(asked, has_req2) ? LEAVE_TO_EL3 : SAY_UNSUPPORTED",
        "is_passed_on(asked, has_req2) ? LEAVE_TO_EL3 : SAY_DONE")),
)

L = "if_chain"
IF_CHAIN_FAULTS = (
    fault(L, "the end of the chain goes the wrong way", "MSG-06", PASSED_ON, "outcome", (
        "\nunsupported:\n", "\tgoto not_ours;\n\nunsupported:\n")),
    fault(L, "an owner's last bit is not looked at", "CC-02", "kvm_host_ffa_handler", "outcome", (
        "(func_id & ARM_SMCCC_OWNER_MASK) != ARM_SMCCC_OWNER_STANDARD",
        "(func_id & 0x3e000000) != ARM_SMCCC_OWNER_STANDARD")),
    fault(L, "a 64-bit form of a 32-bit function is passed on", "CC-04", PASSED_ON, "outcome", (
        "} else if (func_id == FFA_ID_GET || func_id == FFA_RUN) {",
        "} else if ((func_id & ~ARM_SMCCC_SMC_64) == FFA_ID_GET || func_id == FFA_RUN) {")),
    fault(L, "a refused REQ2 shows the receiver", "MSG-10", "kvm_host_ffa_handler", "x3", (
        "\t\telse if (ids.major)\n\t\t\tgoto invalid;\n\t\trelay",
        "\t\tcpu_reg(host_ctxt, 3) = ids.minor;\n\t\tif (ids.major) {\n\t\t\tcpu_reg(host_ctxt, 0) = FFA_ERROR;\n"
        "\t\t\tcpu_reg(host_ctxt, 2) = (u32)FFA_RET_INVALID_PARAMETERS;\n\t\t\treturn true;\n\t\t}\n\t\trelay")),
    fault(L, "a minor that is too small is agreed on", "VER-04", "negotiate", "x0", (
        "\t\tresult = hyp_ffa_version = wanted.word;\n", "\t\tresult = hyp_ffa_version = FFA_VERSION_1_0;\n")),
    fault(L, "EL3's answer to REQ2 is cut to 32 bits", "MSG-04", "relay", "x2", (
        "static void set_low(struct kvm_cpu_context *ctxt, u64 x0, u64 x2)",
        "static void set_low(struct kvm_cpu_context *ctxt, u64 x0, u32 x2)")),
)

FAULTS = (*NO_MAILBOX_FAULTS, *NO_FUNC_ID_FAULTS, *U64_FAULTS, *ONE_BLOCK_FAULTS, *COMPOUND_FAULTS, *RENAMED_FAULTS,
          *IF_CHAIN_FAULTS, *REGISTER_FAULTS)
