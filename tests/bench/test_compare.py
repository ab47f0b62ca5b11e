"""The comparison with CBMC: its cheapest property, where CBMC is there; what is made of its words everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import which

import pytest

from tests.bench import cbmc, ours
from tests.bench.cbmc_unit import unit
from tests.bench.limited import Limits, limited
from tests.bench.properties import PROPERTIES
from tests.mediators.trees import REFERENCE, files
from verify.source.tree import read_tree

CBMC = os.environ.get("VERIFY_CBMC", "cbmc")
needs_cbmc = pytest.mark.skipif(which(CBMC) is None, reason="need cbmc: install it, or set VERIFY_CBMC")
LIMITS = Limits(120, 4)
CHEAPEST = PROPERTIES[0]


@pytest.mark.kernel
@needs_cbmc
def test_both_prove_the_cheapest_property(tree: Path, tmp_path: Path) -> None:
    source = tmp_path / "unit.c"
    source.write_text(unit(read_tree(tree).files), encoding="utf-8")
    (ran,) = cbmc.climb(CBMC, source, CHEAPEST, "SAT", LIMITS)
    assert (ran.finished, ran.verdict) == (True, "proved")
    assert ours.judge(tree, CHEAPEST, "L0", tmp_path, LIMITS).verdict == "proved"


@pytest.mark.kernel
@needs_cbmc
def test_the_check_can_fail(tree: Path, tmp_path: Path) -> None:
    """A proof of a check that cannot fail says nothing."""
    source = tmp_path / "unit.c"
    right = unit(read_tree(tree).files)
    wrong = right.replace("!= 1 )", "== 1 )")
    assert wrong != right, "the tree no longer compares the major version so"
    source.write_text(wrong, encoding="utf-8")
    (ran,) = cbmc.climb(CBMC, source, CHEAPEST, "SAT", LIMITS)
    assert ran.verdict == "violated"


def test_functions_that_no_call_comes_to_are_left_out() -> None:
    text = unit(files(REFERENCE))
    assert "handle_host_smc" in text
    assert "ffa_dev_set_drvdata" not in text
    assert '#line 1 "after.h"' in text


def _said(*results: tuple[str, str]) -> str:
    lines = (f"[{name}] line 3 d: {status}" for name, status in results)
    failed = any(status == "FAILURE" for _, status in results)
    return "\n".join(("f.c function a", *lines, "", f"VERIFICATION {'FAILED' if failed else 'SUCCESSFUL'}"))


@pytest.mark.parametrize(("results", "verdict", "wrong"), [
    ([("a.assertion.1", "SUCCESS")], "proved", ()),
    ([("a.assertion.1", "SUCCESS"), ("a.unwind.0", "FAILURE")], "no violation up to bound 2", ()),
    ([("a.assertion.1", "FAILURE"), ("a.unwind.0", "FAILURE")], "violated", ("f.c:3: d",)),
])
def test_a_loop_that_goes_on_is_no_proof(
    results: Sequence[tuple[str, str]], verdict: str, wrong: tuple[str, ...], tmp_path: Path
) -> None:
    program = tmp_path / "cbmc"
    program.write_text(f"#!/bin/sh\ncat <<'E'\n{_said(*results)}\nE\n", encoding="utf-8")
    program.chmod(0o755)
    ran = cbmc.run(str(program), tmp_path, CHEAPEST, "SAT", 2, LIMITS)
    assert (ran.finished, ran.verdict, ran.wrong) == (True, verdict, wrong)


@pytest.mark.parametrize(("script", "verdict"), [
    ("sleep 60", "did not finish in 1 s"),
    ("echo 'SAT checker ran out of memory'; exit 6", "ran out of 4 GiB"),
    ("echo 'VERIFICATION SUCCESSFUL'", "failed with status 0: no result"),
    ("echo 'CONVERSION ERROR' >&2; exit 6", "failed with status 6: CONVERSION ERROR"),
])
def test_a_run_without_a_result_is_no_verdict(script: str, verdict: str, tmp_path: Path) -> None:
    program = tmp_path / "cbmc"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    ran = cbmc.run(str(program), tmp_path, CHEAPEST, "SAT", 2, Limits(1, 4))
    assert (ran.finished, ran.verdict) == (False, verdict)


def test_time_and_memory_are_those_of_the_command() -> None:
    """By a process of its own: Linux counts what a command's parent had before it began."""
    program = ("from tests.bench.limited import Limits, limited\n"
               "ended = limited(('sh', '-c', 'echo out; echo err >&2; exit 3'), Limits(60, 4))\n"
               "print(ended.status, ended.timed_out, ended.out.strip(), ended.err.strip(), 0 < ended.peak < 100,"
               " ended.seconds < 30)\n")
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout == "3 False out err True True\n", done.stderr


def test_a_command_that_is_stopped_is_measured_with_its_children() -> None:
    ended = limited(("sh", "-c", "(while :; do :; done) & wait"), Limits(2, 4))
    assert ended.timed_out
    assert 0.05 < ended.cpu < 3
    assert ended.peak > 0
