"""Baselines: what an earlier run found and this one has again, and what has grown since."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.report.judged import OPTIONS, finding, judge, violated, with_part
from verify.errors import InputError
from verify.report import fingerprints, json_report
from verify.report.story import ranges
from verify.verdict.baseline import Tolerated
from verify.verdict.earlier import Baseline, members, read_baseline
from verify.verdict.run import TargetRun

NOTHING = Tolerated()


@pytest.fixture(scope="module")
def run() -> TargetRun:
    return judge()


def at(run: TargetRun, *outputs: str, trust: str = "L2", reason: str = "") -> TargetRun:
    """The run's finding alone, with these outputs wrong."""
    one = finding(run)
    wrong = replace(one, cause=replace(one.cause, outputs=outputs))
    return with_part(run, replace(violated(run), findings=(wrong,), reason=reason), trust)


def baseline(folder: Path, run: TargetRun) -> Baseline:
    path = folder / "run.json"
    path.write_text(json_report.render([run], OPTIONS, NOTHING), encoding="utf-8")
    return read_baseline(path)


def test_a_finding_that_was_there_does_not_fail(run: TargetRun, tmp_path: Path) -> None:
    before = baseline(tmp_path, at(run, "x1", "x2"))
    for now in (at(run, "x1", "x2"), at(run, "x2")):
        assert before.again([now], "L2") == {finding(run).fingerprint}
        assert before.notes([now], "L2") == []


def test_one_with_more_wrong_than_all_that_was_fails(run: TargetRun, tmp_path: Path) -> None:
    now = at(run, "x1", "x3", "smc")
    before = baseline(tmp_path, at(run, "x1", "x2"))
    assert before.again([now], "L2") == set()
    (note,) = before.notes([now], "L2")
    assert note.endswith("in the baseline and fails all the same: x3, smc are wrong, too")


def test_where_not_all_was_known_more_may_be_wrong(run: TargetRun, tmp_path: Path) -> None:
    before = baseline(tmp_path, at(run, "x1", reason="too many findings"))
    assert before.again([at(run, "x2")], "L2") == {finding(run).fingerprint}


def test_one_that_needed_faulty_firmware_fails_where_the_host_alone_can_do_it(run: TargetRun, tmp_path: Path) -> None:
    before = baseline(tmp_path, at(run, "x1", trust="L0"))
    assert before.again([at(run, "x1", trust="L0")], "L0") == {finding(run).fingerprint}
    assert before.again([at(run, "x1")], "L2") == set()
    assert before.notes([at(run, "x1")], "L2")[0].endswith("it is there at L2 now, and was at L0")
    stricter = baseline(tmp_path, at(run, "x1"))
    assert stricter.again([at(run, "x1", trust="L0")], "L0") == {finding(run).fingerprint}


def test_a_baseline_of_something_else_is_said(run: TargetRun) -> None:
    assert Baseline(frozenset({"0" * 16})).notes([at(run, "x1")], "L2") == [
        "verify: the baseline has none of these findings: is it of another version, or of other rules?"]
    assert Baseline().notes([at(run, "x1")], "L2") == []


@pytest.mark.parametrize("version", [None, 1, 3, "2"])
def test_fingerprints_of_another_version_are_refused(version: object, run: TargetRun, tmp_path: Path) -> None:
    told = json_report.report([at(run, "x1")], OPTIONS, NOTHING)
    del told["fingerprints"]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(told if version is None else told | {"fingerprints": version}), encoding="utf-8")
    with pytest.raises(InputError, match="of another version of verify"):
        read_baseline(path)


def test_a_list_says_of_which_version_it_is(run: TargetRun, tmp_path: Path) -> None:
    text = fingerprints.render([at(run, "x1")], OPTIONS, NOTHING)
    path = tmp_path / "list"
    path.write_text(text, encoding="utf-8")
    assert read_baseline(path).listed == {finding(run).fingerprint}
    path.write_text(text.replace("version 2", "version 1"), encoding="utf-8")
    with pytest.raises(InputError, match="of another version of verify"):
        read_baseline(path)


@pytest.mark.parametrize("outputs", [(), ("x1",), ("x1", "x2", "x3"), ("x1", "x3", "version", "smc"), ("x9", "x10", "xy")])
def test_outputs_are_read_as_they_are_written(outputs: tuple[str, ...]) -> None:
    assert members(ranges(outputs)) == set(outputs)
