"""Uninitialised memory that the host finds in its own memory, or that EL2 keeps for a later call."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from specs.bindings.pkvm import PKVM
from tests.mediators.fault import Edit
from tests.mediators.memory_faults import serving
from tests.mediators.trees import REFERENCE, files, judge
from verify.frontend.unit import lower_tree
from verify.native.confirm import CONFIRMED
from verify.native.findings import all_told, asked
from verify.prove.outcome import PartResult, Status
from verify.verdict.run import TargetRun

LEFT = {
    "in the host's RX buffer": (
        "struct ffa_region region;",
        "\thyp_spin_lock(&host_buffers.lock);\n\tif (host_buffers.rx)\n"
        "\t\tmemcpy(host_buffers.rx, &region, sizeof(region));\n\thyp_spin_unlock(&host_buffers.lock);\n"),
    "in a word of the host's": (
        "u64 secret;",
        "\thyp_spin_lock(&host_buffers.lock);\n\tif (host_buffers.rx)\n\t\t*(u64 *)host_buffers.rx = secret;\n"
        "\thyp_spin_unlock(&host_buffers.lock);\n"),
}
"""What is declared, and what is done with it; the host is told nothing."""


EACH = [pytest.param(what, marks=pytest.mark.slow if what == "in a word of the host's" else ()) for what in LEFT]


def leaving(what: str, unset: str, known: str) -> tuple[Edit, ...]:
    """A mediator that answers FFA_RX_RELEASE so."""
    declared, done = LEFT[what]
    function = (f"static int leave(struct kvm_cpu_context *host)\n{{\n\t{declared.replace(unset, known)}\n\n{done}"
                "\tanswer(host, FFA_SUCCESS, 0, 0, 0);\n\treturn ANSWERED;\n}\n\n"
                "/* What is not named here is not supported")
    served = "\tcase FFA_ID_GET:\n\t\treturn PASS_ON;\n\tcase FFA_RUN:"
    return (*serving("map"), ("/* What is not named here is not supported", function),
            (served, f"\tcase FFA_RX_RELEASE:\n\t\treturn leave(host);\n{served}"))


@cache
def run_of(what: str, unset: str = "", known: str = "") -> TargetRun:
    return judge(REFERENCE, *leaving(what, unset, known), rules=("FFA-SEC-01",), trusts=("L2",))


def judged(what: str, unset: str = "", known: str = "") -> PartResult:
    run = run_of(what, unset, known)
    (part,) = (x for result in run.results for x in result.parts if x.name == "host memory")
    return part


@pytest.mark.parametrize("what", EACH)
def test_what_is_left_is_found_and_made_again(what: str) -> None:
    part = judged(what)
    assert part.status is Status.VIOLATED
    assert {finding.cause.function for finding in part.findings} == {"leave"}
    assert all(finding.episode.second is not None for finding in part.findings)


@pytest.mark.parametrize(("secret", "status"), [("secret", Status.VIOLATED), ("secret = 0", Status.PROVED)])
def test_the_version_that_is_kept(secret: str, status: Status) -> None:
    edit = ("\thyp_ffa_version = version;\n", f"\tu32 {secret};\n\n\thyp_ffa_version = version - (secret & 1);\n")
    run = judge(REFERENCE, *serving(), edit, rules=("FFA-SEC-01",), trusts=("L2",))
    (part,) = (x for result in run.results for x in result.parts if x.name == "what EL2 keeps")
    assert part.status is status


@pytest.mark.parametrize("what", EACH)
def test_what_is_no_secret_may_be_left(what: str) -> None:
    unset = LEFT[what][0]
    assert judged(what, unset, unset.replace(";", " = {};")).status is Status.PROVED


@pytest.mark.compiler
def test_a_compiled_run_leaves_it_there_too(tmp_path: Path) -> None:
    what = "in the host's RX buffer"
    tree = files(REFERENCE, *leaving(what, "", ""))
    for name, text in tree.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    run = run_of(what)
    (told,) = all_told(run)
    assert asked(run, lower_tree(tree), PKVM, tmp_path, told) == CONFIRMED
