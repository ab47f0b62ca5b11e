"""Uninitialised memory that reaches the host through a buffer, a loop or a read that goes too far is never called safe."""

from __future__ import annotations

import pytest

from tests.mediators.fault import Edit
from tests.mediators.memory_faults import serving
from tests.mediators.trees import REFERENCE, judge, table
from verify.prove.outcome import Status

LEAKS = {
    "through EL2's TX buffer": (
        "\tstruct ffa_region region;\n\tu32 seen;\n", "\tmemcpy(hyp_buffers.tx, &region, sizeof(region));\n"
        "\tseen = ((struct ffa_region *)hyp_buffers.tx)->sender;\n"),
    "carried by a loop": (
        "\tu32 seen = 0, secret, i;\n",
        "\tfor (i = 0; i < (u32)cpu_reg(host, 1); i++)\n\t\tseen = secret;\n"),
    "what lies behind a buffer decides": (
        "\tu32 seen = 0;\n", "\tif (((u8 *)hyp_buffers.tx)[(u32)cpu_reg(host, 1)])\n\t\tseen = 1;\n"),
    "where the question whether a read may be done is answered with no": (
        "\tu32 at = (u32)cpu_reg(host, 1), seen, secret;\n", "\tif (at <= KVM_FFA_MBOX_NR_PAGES * PAGE_SIZE - 1)\n"
        "\t\tseen = ((u8 *)hyp_buffers.tx)[at] & 0;\n\telse\n\t\tseen = secret;\n"),
}
"""What is declared, and what is done with EL2's buffers locked; the host gets `seen`."""
HARMLESS = {
    "through EL2's TX buffer": ("struct ffa_region region;", "struct ffa_region region = {};"),
    "carried by a loop": ("secret, i;", "secret = 7, i;"),
    "what lies behind a buffer decides": ("[(u32)cpu_reg(host, 1)]", "[0]"),
    "where the question whether a read may be done is answered with no": ("secret;", "secret = 7;"),
}
"""The same with what is no secret."""


def showing(what: str, *edits: Edit) -> tuple[Edit, ...]:
    """A mediator that answers FFA_RX_RELEASE so."""
    declared, done = LEAKS[what]
    for old, new in edits:
        declared, done = declared.replace(old, new), done.replace(old, new)
    function = (f"static int show(struct kvm_cpu_context *host)\n{{\n{declared}\n\thyp_spin_lock(&host_buffers.lock);\n{done}"
                "\thyp_spin_unlock(&host_buffers.lock);\n\tanswer(host, FFA_SUCCESS, 0, seen, 0);\n"
                "\treturn ANSWERED;\n}\n\n/* What is not named here is not supported")
    served = "\tcase FFA_ID_GET:\n\t\treturn PASS_ON;\n\tcase FFA_RUN:"
    return (*serving(), ("/* What is not named here is not supported", function),
            (served, f"\tcase FFA_RX_RELEASE:\n\t\treturn show(host);\n{served}"))


def status(*edits: Edit) -> Status:
    return table(judge(REFERENCE, *edits, rules=("FFA-SEC-01",), trusts=("L2",)))["FFA-SEC-01", "L2"]


@pytest.mark.parametrize("what", LEAKS)
def test_a_leak_is_not_proved_away(what: str) -> None:
    assert status(*showing(what)) in (Status.VIOLATED, Status.UNKNOWN)


def test_a_read_that_leaves_its_object_is_to_blame_for_what_it_shows() -> None:
    run = judge(REFERENCE, *showing("what lies behind a buffer decides"), rules=("FFA-SEC-01",), trusts=("L2",))
    findings = [finding for result in run.results for part in result.parts for finding in part.findings]
    assert [(x.cause.kind, x.cause.function, x.cause.outputs) for x in findings] == [("outside", "show", ("x2",))]


@pytest.mark.parametrize("what", [
    pytest.param(what, marks=pytest.mark.slow if what == "carried by a loop" else ()) for what in LEAKS])
def test_what_is_no_secret_may_be_shown(what: str) -> None:
    assert status(*showing(what, HARMLESS[what])) is Status.PROVED
