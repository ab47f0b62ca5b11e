"""Bugs in what is forwarded, refused and passed on, one small edit of a mediator each."""

from __future__ import annotations

from tests.mediators.fault import Edit, Fault, fault

R = "no_mailbox"
PASSED_ON = "handle_host_smc"
"""The caller makes the SMC of a call that the mediator leaves to EL3."""

SERVE = "\tverdict = serve(host_ctxt, func_id, version);\n"


def _passed_on(*functions: str) -> Edit:
    """These functions go to EL3 like FFA_ID_GET."""
    cases = "".join(f"\tcase {function}:\n" for function in functions)
    return ("\tcase FFA_ID_GET:\n\tcase FFA_RUN:\n\t\treturn PASS_ON;",
            f"\tcase FFA_ID_GET:\n\tcase FFA_RUN:\n{cases}\t\treturn PASS_ON;")


REGISTER_FAULTS: tuple[Fault, ...] = (
    fault(R, "reserved bits of an identifier are not looked at", "CC-03", PASSED_ON, "outcome", (
        "\tverdict = serve(host_ctxt, func_id, version);\n",
        "\tif (func_id & 0x00fe0000)\n\t\treturn false;\n\tverdict = serve(host_ctxt, func_id, version);\n")),
    fault(R, "FFA_RUN is answered with four registers", "CC-10", "show_some", "x4", (
        "\tcase FFA_ID_GET:\n\tcase FFA_RUN:\n\t\treturn PASS_ON;",
        "\tcase FFA_RUN:\n\t\treturn show_some(host);\n\tcase FFA_ID_GET:\n\t\treturn PASS_ON;"), (
        "/* What is not named here is not supported",
        "static int show_some(struct kvm_cpu_context *host)\n{\n"
        "\tstruct arm_smccc_1_2_regs args = { .a0 = FFA_RUN, .a1 = cpu_reg(host, 1) };\n"
        "\tstruct arm_smccc_1_2_regs said;\n\n\tarm_smccc_1_2_smc(&args, &said);\n"
        "\tcpu_reg(host, 0) = said.a0;\n\tcpu_reg(host, 1) = said.a1;\n\tcpu_reg(host, 2) = said.a2;\n"
        "\tcpu_reg(host, 3) = said.a3;\n\tcpu_reg(host, 4) = 0;\n\treturn PASS_ON + 1;\n}\n\n"
        "/* What is not named here is not supported")),
    fault(R, "an unknown function goes to EL3", "CC-13", PASSED_ON, "outcome", _passed_on("0x840000f0")),
    fault(R, "a version is agreed where there is none", "VER-15", "answer", "x0", (
        "\tif (!is_version_one(wanted) || !hyp_ffa_version)\n", "\tif (!is_version_one(wanted))\n")),
    fault(R, "a minor above EL2's is agreed on", "VER-14", "agree", "version", (
        "if (wanted < hyp_ffa_version) {", "if (wanted != hyp_ffa_version) {")),
    fault(R, "the receiver is not looked at", "MSG-02", PASSED_ON, "x0", (
        "(ids >> 16) == HOST_ENDPOINT && (ids & SECURE_ENDPOINT)", "(ids >> 16) == HOST_ENDPOINT"), trust="L0"),
    fault(R, "framework messages are passed on", "MSG-03", PASSED_ON, "outcome", (
        "\tif (!is_addressed_well(ids) || flags)\n", "\tif (!is_addressed_well(ids) || (s32)flags > 0)\n")),
    fault(R, "the last word of a response is left out", "MSG-09", "show_all", "x17", (
        "\tcpu_reg(host, 17) = said->a17;\n", "\tcpu_reg(host, 17) = 0;\n")),
    fault(R, "FFA_YIELD is passed on", "MSG-12", PASSED_ON, "outcome", _passed_on("0x8400006c")),
    fault(R, "FFA_MEM_RELINQUISH is passed on", "POL-01", PASSED_ON, "outcome", _passed_on("0x84000076")),
    fault(R, "bindings in another's name are passed on", "POL-03", PASSED_ON, "outcome", (
        "\tcase FFA_ID_GET:\n\tcase FFA_RUN:\n\t\treturn PASS_ON;",
        "\tcase 0x8400007f:\n\t\tif (cpu_reg(host, 1) >> 16 & 0xffff)\n"
        "\t\t\treturn FFA_RET_INVALID_PARAMETERS;\n\t\treturn PASS_ON;\n"
        "\tcase FFA_ID_GET:\n\tcase FFA_RUN:\n\t\treturn PASS_ON;")),
    fault(R, "reserved flags of a binding are passed on", "POL-04", PASSED_ON, "outcome", (
        "\tcase FFA_ID_GET:\n\tcase FFA_RUN:\n\t\treturn PASS_ON;",
        "\tcase 0x8400007f:\n\t\tif (cpu_reg(host, 1) & 0xffff)\n"
        "\t\t\treturn FFA_RET_INVALID_PARAMETERS;\n\t\treturn PASS_ON;\n"
        "\tcase FFA_ID_GET:\n\tcase FFA_RUN:\n\t\treturn PASS_ON;")),
    fault(R, "FFA_MEM_PERM_GET is passed on", "POL-06", PASSED_ON, "outcome", _passed_on("FFA_FN64(0x88)")),
    fault(R, "FFA_MSG_SEND2 is passed on", "POL-07", PASSED_ON, "outcome", _passed_on("0x84000086")),
    fault(R, "FFA_RX_ACQUIRE is passed on", "POL-08", PASSED_ON, "outcome", _passed_on("0x84000084")),
    fault(R, "FFA_SUCCESS is passed on", "POL-09", PASSED_ON, "outcome", _passed_on("FFA_SUCCESS")),
    fault(R, "an errno is taken for a code", "ERR-03", "check_request", "x2", (
        "\t\treturn FFA_RET_INVALID_PARAMETERS;\n\treturn PASS_ON;\n", "\t\treturn -22;\n\treturn PASS_ON;\n")),
    fault(R, "the SVE hint makes a direct request another function", "CC-01", PASSED_ON, "outcome", (
        SERVE, "\tif (cpu_reg(host_ctxt, 0) & 0x10000 && func_id == FFA_MSG_SEND_DIRECT_REQ)\n"
        f"\t\treturn false;\n{SERVE}")),
    fault(R, "all of x2 is looked at in a 32-bit request", "CC-05", PASSED_ON, "outcome", (
        "\tif (!is_addressed_well(ids) || flags)\n", "\tif (!is_addressed_well(ids) || cpu_reg(host, 2))\n")),
    fault(R, "x18 of a call that is passed on is cleared", "CC-07", "kvm_host_ffa_handler", "x18", (
        SERVE, f"{SERVE}\tif (verdict == PASS_ON)\n\t\tcpu_reg(host_ctxt, 18) = 0;\n")),
    fault(R, "the window stays open for 1.0", "VER-09", "agree", "negotiated", (
        "\tsmp_store_release(&has_version_negotiated, true);\n",
        "\tif (wanted != FFA_VERSION_1_0)\n\t\tsmp_store_release(&has_version_negotiated, true);\n"), profile="SEED"),
    fault(R, "a bad parameter is not supported", "ERR-05", "kvm_host_ffa_handler", "x2", (
        SERVE, "\tif (func_id == 0x84000067) {\n\t\trefuse(host_ctxt, func_id, version, cpu_reg(host_ctxt, 1) ? "
        f"FFA_RET_NOT_SUPPORTED : FFA_RET_BUSY);\n\t\treturn true;\n\t}}\n{SERVE}")),
    fault(R, "a code is taken from what is no error", "ERR-06", "count_partitions", "x2", (
        "(u32)said->a0 != FFA_ERROR || ", ""), trust="L0"),
    fault(R, "EL2's pair is said to be unmapped without the SPMC", "ERR-07", "kvm_host_ffa_handler", "x0", (
        SERVE, "\tif (func_id == 0x84000067) {\n\t\tanswer(host_ctxt, FFA_SUCCESS, 0, 0, 0);\n\t\treturn true;\n"
        f"\t}}\n{SERVE}")),
)
