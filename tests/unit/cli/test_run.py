"""`verify run` from end to end on a small tree: statuses, reports, baselines, the same bytes each time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests import mini
from tests.unit.cli.conftest import Command
from verify.errors import ReplayMismatch
from verify.prove import replay

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "schema" / "run-2.json"
FAULT = ("if (wanted >= hyp_ffa_version)\n            result", "result")
UNKNOWN = ("    answer(ctxt, result, 0, 0);\n", '    asm("nop");\n    answer(ctxt, result, 0, 0);\n')


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return mini.write(tmp_path / "good")


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return mini.write(tmp_path / "bad", FAULT)


def report_of(verify: Command, *words: object) -> dict[str, Any]:
    done = verify("run", *words, "--format", "json")
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_proved_is_0(verify: Command, good: Path) -> None:
    done = verify("run", "--tree", good, "--rule", "VER-07")
    assert done.status == 0
    assert "FFA-VER-07  proved" in done.out


def test_violated_is_1_and_the_calls_are_told(verify: Command, bad: Path) -> None:
    done = verify("run", "--tree", bad, "--rule", "VER-07", "--trust", "L2")
    assert done.status == 1
    assert "the host alone can do this" in done.out
    assert "2. FFA_VERSION(1.0) → " in done.out


def test_undecided_is_3_and_says_where(verify: Command, tmp_path: Path) -> None:
    done = verify("run", "--tree", mini.write(tmp_path, UNKNOWN), "--rule", "VER-01")
    assert done.status == 3
    assert "unsupported" in done.out
    assert "ffa.c:" in done.out


def test_a_counterexample_that_is_not_reproduced_is_4(
    verify: Command, bad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def differ(*_: object) -> None:
        raise ReplayMismatch("the interpreter says otherwise")

    monkeypatch.setattr(replay.Replay, "confirm", differ)
    done = verify("run", "--tree", bad, "--rule", "VER-07", "--jobs", 1)
    assert done.status == 4
    assert "the interpreter says otherwise" in done.err


def test_the_json_report_keeps_its_schema(verify: Command, bad: Path) -> None:
    found = report_of(verify, "--tree", bad, "--rule", "VER-0*")
    jsonschema.validate(found, json.loads(SCHEMA.read_text(encoding="utf-8")))
    violated = [part for result in found["runs"][0]["results"] for part in result["parts"] if part["findings"]]
    assert violated
    assert all(part["findings"][0]["calls"][-1]["lines"] for part in violated)


def test_equal_runs_give_equal_bytes(verify: Command, bad: Path) -> None:
    words = ("run", "--tree", bad, "--rule", "VER-*", "--rule", "SEC-*", "--format", "json")
    first = verify(*words, "--jobs", 1)
    assert first.out == verify(*words, "--jobs", 2, "--fresh").out
    assert first.out == verify(*words, "--jobs", 2, "--fresh").out


def test_a_snapshot_gives_what_its_tree_gives(verify: Command, bad: Path, tmp_path: Path) -> None:
    assert verify("extract", "--tree", bad, "--out", tmp_path / "snapshots", "--name", "bad").status == 0
    words = ("--rule", "VER-*", "--rule", "CC-*")
    from_tree = report_of(verify, "--tree", bad, *words)["runs"][0]
    from_snapshot = report_of(verify, "--extracted", tmp_path / "snapshots", *words, "--fresh")["runs"][0]
    assert from_tree.pop("revision") != from_snapshot.pop("revision")
    assert from_tree == from_snapshot


def test_a_baseline_lets_only_new_findings_fail(verify: Command, bad: Path, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.json"
    words = ("run", "--tree", bad, "--rule", "VER-07")
    assert verify(*words, "--format", "json", "--output", earlier).status == 1
    assert verify(*words, "--baseline", earlier).status == 0
    assert verify("run", "--tree", mini.write(tmp_path / "other", ("& 0xffff0000", "& 0")), "--rule", "MSG-01",
                  "--baseline", earlier).status == 1


def accepted(fingerprint: str, more: str = "") -> str:
    return f'[[accepted]]\nfingerprint = "{fingerprint}"\nreason = "known, see the list"\n{more}'


@pytest.mark.parametrize(("more", "status"), [("", 0), ("expires = 2999-01-01\n", 0), ("expires = 2020-01-01\n", 1)])
def test_accepted_findings_are_shown_and_do_not_fail(
    verify: Command, bad: Path, tmp_path: Path, more: str, status: int
) -> None:
    found = report_of(verify, "--tree", bad, "--rule", "VER-07")["runs"][0]["results"][0]["parts"]
    fingerprints = {finding["fingerprint"] for part in found for finding in part["findings"]}
    config = tmp_path / "verify.toml"
    config.write_text("\n".join(accepted(name, more) for name in sorted(fingerprints)))
    done = verify("run", "--tree", bad, "--rule", "VER-07", "--config", config)
    assert done.status == status
    assert "known, see the list" in done.out


def test_an_accepted_finding_that_is_gone_is_reported(verify: Command, good: Path, tmp_path: Path) -> None:
    config = tmp_path / "verify.toml"
    config.write_text(accepted("0123456789abcdef"))
    done = verify("run", "--tree", good, "--rule", "VER-07", "--config", config)
    assert done.status == 0
    assert "0123456789abcdef" in done.err


@pytest.mark.parametrize("trust", ["L3", 2])
def test_an_accepted_finding_at_a_level_that_there_is_not(
    verify: Command, good: Path, tmp_path: Path, trust: object
) -> None:
    config = tmp_path / "verify.toml"
    config.write_text(accepted("0123456789abcdef", f"trust = {json.dumps(trust)}\n"))
    done = verify("run", "--tree", good, "--rule", "VER-07", "--config", config)
    assert done.status == 2 and "trust is one of L0, L1, L2" in done.err


def test_several_reports_at_once(verify: Command, good: Path, tmp_path: Path) -> None:
    text, data = tmp_path / "a.txt", tmp_path / "a.json"
    done = verify("run", "--tree", good, "--rule", "CC-02", "--format", "text", "--output", text,
                  "--format", "json", "--output", data)
    assert (done.status, done.out) == (0, "")
    assert "FFA-CC-02" in text.read_text()
    assert json.loads(data.read_text())["schema"] == 2


def test_only_the_named_function_is_judged(verify: Command, good: Path) -> None:
    found = report_of(verify, "--tree", good, "--function", "FFA_VERSION")
    functions = {part["function"] for result in found["runs"][0]["results"] for part in result["parts"]}
    assert functions == {"FFA_VERSION"}


@pytest.mark.parametrize("seconds", [2, 3, 5, 8])
def test_ctrl_c_ends_all_workers_within_two_seconds(seconds: int) -> None:
    """Whatever the run is at then: start, Z3, pool."""
    command = [sys.executable, "-c", "from verify.cli.main import main; main()", "run", "--jobs", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
        time.sleep(seconds)
        start = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=10)
        assert time.monotonic() - start < 2
    assert process.returncode == 130
    assert b"interrupted" in said
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_ctrl_c_twice_leaves_no_worker(good: Path) -> None:
    """As impatient people press it; while the workers are at work."""
    command = [sys.executable, "-c", "from verify.cli.main import main; main()", "run", "--jobs", "2", "--tree", good]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while len(children.read_text().split()) < 2:
            assert process.poll() is None
            time.sleep(0.05)
        workers = [Path("/proc", number) for number in children.read_text().split()]
        for _ in range(20):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.005)
        process.communicate(timeout=10)
    assert process.returncode == 130
    assert not any(worker.exists() for worker in workers)
