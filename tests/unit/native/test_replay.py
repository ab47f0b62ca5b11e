"""Counterexamples of a small mediator, played to it compiled: shown, not shown, contradicted."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from tests.unit.cli.conftest import Command
from tests.unit.native.faulty import Case, judged
from tests.unit.report.test_finding import SCHEMA
from verify.frontend.preprocess import FFA_C, FFA_H
from verify.native.confirm import (
    CONFIRMED,
    CONTRADICTED,
    MOST_OUTPUT,
    NOT_CONFIRMED,
    SECONDS,
    WRITTEN,
    Run,
    execute,
    verdict,
)
from verify.native.findings import all_told, asked, contradictions, with_marks
from verify.report import smc_script
from verify.verdict.options import Options

LATE = ("if (wanted >= hyp_ffa_version)\n            result", "result")
UNSET = ("    int k;\n\n    cpu_reg(ctxt, 0) = a0;", "    u64 k;\n\n    cpu_reg(ctxt, 0) = a0;")
LEAKED = ("    cpu_reg(ctxt, 5) = 0;", "    cpu_reg(ctxt, 5) = k;")
UNLOCKED = ("    hyp_spin_lock(&version_lock);\n", ""), ("    hyp_spin_unlock(&version_lock);\n", "")
EDITS = (LATE, UNSET, LEAKED, *UNLOCKED)
LOCKS = "FFA-SEC-04"
OPTIONS = Options(("VER-07", "SEC-01", "SEC-04"), ("FFA_VERSION", "writes"), trusts=("L2",))
LONG = 20
"""A line of C that is longer than this stands nowhere by chance."""
pytestmark = pytest.mark.compiler


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return judged(tmp_path_factory.mktemp("faulty"), OPTIONS, *EDITS)


def test_each_finding_is_confirmed_or_says_why_not(case: Case) -> None:
    marked = with_marks(case.run, lambda told: asked(case.run, case.unit, PKVM, case.tree, told))
    said = {told.result.rule: told.finding.native for told in all_told(marked)}
    assert said["FFA-VER-07"] == said["FFA-SEC-01"] == CONFIRMED
    assert said[LOCKS].startswith(NOT_CONFIRMED) and "other CPUs" in said[LOCKS]
    assert contradictions(marked) == []


def test_a_program_tells_registers_and_the_statement_and_ends_with_1(case: Case) -> None:
    done = execute(case.program("FFA-VER-07"), case.tree)
    finding = case.told("FFA-VER-07").finding
    assert done.status == 1 and done.differences == []
    assert "before: x0=0x84000063" in done.output and "after: x0=0x1000" in done.output
    assert f"violated: {finding.clause} (x0)" in done.output


def test_a_leak_is_shown_by_two_stacks(case: Case) -> None:
    done = execute(case.program("FFA-SEC-01"), case.tree)
    assert done.status == 1
    assert "x5=0xaaaaaaaaaaaaaaaa" in done.output and "x5=0x5555555555555555" in done.output


def test_a_mended_tree_does_not_show_it(case: Case, tmp_path: Path) -> None:
    mended = mini.write(tmp_path, UNSET, LEAKED, *UNLOCKED)
    done = execute(case.program("FFA-VER-07"), mended)
    assert done.status == 0 and "not shown here" in done.output
    assert verdict(done).startswith(CONTRADICTED) and "x0 is" in verdict(done)


def test_a_tree_that_does_something_else_contradicts(case: Case, tmp_path: Path) -> None:
    """The same violation by another way is not what the interpreter said."""
    other = mini.write(tmp_path, *EDITS, ("cpu_reg(ctxt, 7) = 0;", "cpu_reg(ctxt, 7) = 9;"))
    done = execute(case.program("FFA-VER-07"), other)
    assert done.status == 1 and verdict(done).startswith(f"{CONTRADICTED}x7 is 0x9, not 0")
    marked = with_marks(case.run, lambda told: asked(case.run, case.unit, PKVM, other, told))
    assert any("FFA-VER-07" in line and "x7 is 0x9" in line for line in contradictions(marked))


def test_what_does_not_compile_or_end_is_no_verdict(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = mini.write(tmp_path / "broken", ("u64 result = ", "u64 result = nothing + "),)
    said = verdict(execute(case.program("FFA-VER-07"), broken))
    assert said.startswith(f"{NOT_CONFIRMED}the program did not run")
    assert "replay.c: " in said and "/tmp" not in said and str(tmp_path) not in said
    assert verdict(execute(case.program("FFA-VER-07"), broken)) == said
    monkeypatch.setenv("CC", "no-such-compiler")
    assert "does not compile" in verdict(execute(case.program("FFA-VER-07"), case.tree))


def alone(case: Case, tree: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program as a reader runs it."""
    file = folder / "replay.c"
    file.write_text(case.program("FFA-VER-07"))
    return subprocess.run(["sh", file, tree], env={**os.environ, **environment}, capture_output=True, text=True,
                          check=False)


def test_a_step_of_the_script_that_fails_shows_nothing(case: Case, tmp_path: Path) -> None:
    """A shell ends with 1 as well, and that is not the violation."""
    odd = mini.write(tmp_path / "odd", *EDITS)
    with (odd / FFA_H).open("a") as header:
        header.write("#if 0\n#include <odd>\n#include <odd/more.h>\n#endif\n")
    done = execute(case.program("FFA-VER-07"), odd)
    assert done.status == 2 and verdict(done).startswith(f"{NOT_CONFIRMED}the program did not run: ")
    assert alone(case, case.tree, tmp_path, TMPDIR="/nonexistent").returncode == 2
    assert alone(case, case.tree, tmp_path, RUN="false").returncode == 2
    assert alone(case, case.tree, tmp_path, RUN="true").returncode == 2
    done_well = alone(case, case.tree, tmp_path)
    assert done_well.returncode == 1 and done_well.stdout.endswith("\nverdict: shown 1 of 1, differs 0\n")


@pytest.mark.parametrize(("status", "output", "said"), [
    (1, "", f"{NOT_CONFIRMED}the program did not run"),
    (1, "unshare: unshare failed: Operation not permitted\n", f"{NOT_CONFIRMED}the program did not run: unshare: "),
    (0, "differs: x0 is 0x1, not 0\n", f"{NOT_CONFIRMED}the program did not run"),
    (1, "verdict: shown 1 of 1, differs 0\nKilled\n", f"{NOT_CONFIRMED}the program did not run"),
    (1, "verdict: shown 0 of 1, differs 0\n", f"{NOT_CONFIRMED}the program did not run"),
    (0, "verdict: shown 1 of 1, differs 0\n", f"{NOT_CONFIRMED}the program did not run"),
    (1, "verdict: shown 0 of 0, differs 0\n", f"{NOT_CONFIRMED}the program did not run"),
    (0, "verdict: shown 0 of 1, differs 0\n", f"{NOT_CONFIRMED}compiled here"),
    (1, "verdict: shown 1 of 1, differs 2\n", f"{CONTRADICTED}2 differences"),
    (1, "verdict: shown 1 of 1, differs 0\n", CONFIRMED),
])
def test_only_the_programs_own_last_line_is_a_verdict(status: int, output: str, said: str) -> None:
    assert verdict(Run(status, output)).startswith(said)


@pytest.mark.parametrize("bytes_before", [MOST_OUTPUT, WRITTEN + 1])
def test_what_is_too_long_to_be_read_is_no_verdict(tmp_path: Path, bytes_before: int) -> None:
    """What differs may stand where nobody looks."""
    done = execute(f"echo differs: x0; yes | head -c {bytes_before}\necho verdict: shown 1 of 1, differs 0; exit 1\n",
                   tmp_path)
    assert verdict(done).startswith(f"{NOT_CONFIRMED}too much output, ")
    assert len(done.output) <= MOST_OUTPUT


def test_what_stays_behind_is_not_waited_for(tmp_path: Path) -> None:
    started = time.monotonic()
    done = execute("sleep 30 &\necho verdict: shown 1 of 1, differs 0; exit 1\n", tmp_path)
    assert verdict(done) == CONFIRMED and time.monotonic() - started < SECONDS


def test_the_limit_of_a_call_is_time_on_a_processor(case: Case, tmp_path: Path) -> None:
    """Who waits has not run on and on; who runs on and on is stopped."""
    program = case.program("FFA-VER-07")
    short = program.replace("ENOUGH = 8", "ENOUGH = 1")
    assert short != program

    def tree(name: str, first: str) -> Path:
        begins = ("static void negotiate(", "int usleep(unsigned microseconds);\nstatic void negotiate(")
        return mini.write(tmp_path / name, *EDITS, begins, ("    if ((wanted >> 16) != 1)", f"    {first}\n    if ((wanted >> 16) != 1)"))

    assert verdict(execute(short, tree("waits", "usleep(1200000);"))) == CONFIRMED
    assert "the call does not end" in verdict(execute(short, tree("endless", "for (;;) ;")))


def test_a_busy_machine_contradicts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.native.confirm.LONGEST", 1)
    done = execute("echo differs: x0; sleep 30\n", tmp_path)
    assert verdict(done) == f"{NOT_CONFIRMED}it took too long, no end after 1 seconds"
    assert not done.is_heard


@pytest.mark.parametrize("line", ['#include "{}"', "  #  include <{}>", '#include "../../../../../../..{}"',
                                  '#include "x/../../../../../../../../../..{}"', '#include_next "{}"'])
def test_headers_outside_of_the_tree_are_not_told(case: Case, tmp_path: Path, line: str) -> None:
    """What a compiler says about such a file has lines of it."""
    secret = tmp_path / "secret"
    secret.write_text("the password\n")
    tree = mini.write(tmp_path / "tree", *EDITS)
    with (tree / FFA_H).open("a") as header:
        header.write(line.format(secret) + "\n")
    done = execute(case.program("FFA-VER-07"), tree)
    assert verdict(done).startswith(f"{NOT_CONFIRMED}the program did not run: ") and "leads out of its tree" in done.output
    assert "password" not in done.output


def test_a_program_has_nothing_of_the_tree(case: Case) -> None:
    lines = [line.strip() for line in (case.tree / FFA_C).read_text().splitlines()]
    program = case.program("FFA-VER-07")
    assert not [line for line in lines if len(line) > LONG and line in program]
    assert str(case.tree) not in program
    assert program == case.program("FFA-VER-07")


def test_without_a_tree_a_program_says_how_it_is_used(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "replay.c"
    file.write_text(case.program("FFA-VER-07"))
    for words in ([], [tmp_path], [case.tree, case.tree]):
        done = subprocess.run(["sh", file, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and done.stderr.startswith("usage: ")


def test_a_script_has_calls_and_answers(case: Case) -> None:
    told = case.told("FFA-VER-07")
    lines = [line for line in smc_script.render(told.finding, told.title, case.unit.constants).splitlines()
             if not line.startswith("#")]
    assert lines[:4] == ["page-size 4K", "boot", "smc x0=0x84000063 x1=0x10001", "answer x0=0x10001"]
    assert lines[-2].startswith("call x0=0x84000063 x1=0x1000") and lines[-1].startswith("return x0=0x1000")
    two = smc_script.render(case.told("FFA-SEC-01").finding, "", case.unit.constants).splitlines()
    assert two.count("boot") == 2 and "x5=0xaaaaaaaaaaaaaaaa" in "".join(two)


# -- the commands --------------------------------------------------------------------------------------------


def findings(report: Path) -> list[Mapping[str, Any]]:
    told = json.loads(report.read_text())
    jsonschema.validate(told, json.loads(SCHEMA.read_text()))
    return [finding for result in told["runs"][0]["results"] for part in result["parts"]
            for finding in part["findings"]]


def test_run_and_replay(verify: Command, case: Case, tmp_path: Path) -> None:
    report, words = tmp_path / "run.json", ("--tree", case.tree, "--rule", "VER-07", "--function", "FFA_VERSION", "--trust", "L2", "--jobs", 1)
    told = verify("run", *words, "--confirm", "--format", "json", "--format", "text", "--output", report)
    assert told.status == 1 and f"  {CONFIRMED}\n" in told.out
    assert {finding["native"] for finding in findings(report)} == {CONFIRMED}
    assert verify("run", *words, "--format", "json", "--output", report).status == 1
    fingerprint = findings(report)[0]["fingerprint"]
    assert '"cached": true' in report.read_text(), "what is judged to be confirmed is kept for later commands"
    assert "native" not in findings(report)[0]
    shown = verify("replay", fingerprint, "--tree", case.tree, "--function", "FFA_VERSION", "--trust", "L2")
    assert shown.status == 1 and "violated: " in shown.out and CONFIRMED in shown.err
    written_to = tmp_path / "it's a program.c"
    out = verify("replay", fingerprint, "--tree", case.tree, "--function", "FFA_VERSION", "--trust", "L2", "--out", written_to)
    assert out.status == 0 and shlex.split(out.err.splitlines()[-1])[1:] == ["sh", str(written_to), str(case.tree)]
    absent = verify("replay", "0" * 16, *words)
    assert absent.status == 2 and fingerprint in absent.err and "no finding" in absent.err


@pytest.mark.parametrize(("words", "said"), [
    (("replay", "0", "--target", "6.12"), "give --tree"),
    (("replay", "0", "--tree", ".", "--git", "HEAD", "--out", "x.c"), "--sources"),
    (("replay", "0", "--tree", ".", "--sources", "x"), "--sources is for"),
    (("run", "--confirm"), "needs --tree"),
])
def test_wrong_words_are_one_line(verify: Command, words: tuple[str, ...], said: str) -> None:
    outcome = verify(*words)
    assert outcome.status == 2 and said in outcome.err and outcome.err.count("\n") == 1


def test_a_contradiction_ends_the_run_after_its_report(
    verify: Command, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verify.cli.run.asked", lambda *given: f"{CONTRADICTED}x0 is 0x1, not 0")
    report = tmp_path / "run.json"
    told = verify("run", "--tree", case.tree, "--rule", "VER-07", "--function", "FFA_VERSION", "--trust", "L2",
                  "--jobs", 1, "--confirm", "--format", "json", "--output", report)
    assert told.status == 4 and "internal error: FFA-VER-07" in told.err and "x0 is 0x1" in told.err
    assert all(finding["native"].startswith(CONTRADICTED) for finding in findings(report))
