"""`verify bench`: its tables have what they promise; figures themselves are not tested."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import mini
from tests.unit.cli.conftest import Command
from verify.cli.measure import metered
from verify.solve.query import Solver
from verify.terms import build as t


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    return mini.write(tmp_path / "one"), mini.write(tmp_path / "two")


def test_stages_rules_and_comparison(verify: Command, trees: tuple[Path, Path]) -> None:
    done = verify("bench", "--tree", trees[0], "--tree", trees[1], "--rule", "VER-0[12]", "--detail", "--jobs", "1")
    assert done.status == 0
    for stage in ("  preprocess", "read target", "judge, 1 processes", "  solvers", "  FFA-VER-01", "  FFA-VER-02"):
        assert done.out.count(f"\n{stage}") == 2, stage
    last = done.out.strip().splitlines()[-2:]
    assert [line.split()[0].rsplit("/")[-1] for line in last] == ["one", "two"]
    assert [line.split()[1] for line in last] == ["1.00", "1.00"]


def test_records(verify: Command, trees: tuple[Path, Path], tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    done = verify("bench", "--tree", trees[0], "--rule", "VER-0[12]", "--records", file, "--jobs", "1")
    assert done.status == 0
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert {(one["rule"], one["trust"]) for one in records} == {
        (rule, trust) for rule in ("FFA-VER-01", "FFA-VER-02") for trust in ("L0", "L2")}
    assert {one["target"] for one in records} == {str(trees[0])}
    for one in records:
        assert one["peak"] > 0
        assert one["cpu"] >= 0
    assert any(one["queries"] for one in records)


def test_records_are_about_rules(verify: Command, tmp_path: Path) -> None:
    done = verify("bench", "--memory", "--records", tmp_path / "records.jsonl")
    assert done.status == 2
    assert "--memory" in done.err


def test_no_such_rule(verify: Command, trees: tuple[Path, Path]) -> None:
    done = verify("bench", "--tree", trees[0], "--rule", "NONE-1")
    assert (done.status, done.out) == (2, "")
    assert "NONE-1" in done.err


def test_questions_are_counted_where_they_are_asked() -> None:
    goal = t.eq(t.binary("mul", t.var("a", 16), t.var("b", 16)), t.const(0x1235, 16))
    with metered() as outer:
        Solver().refute([goal])
        with metered() as inner:
            Solver().refute([goal])
    assert inner.queries == 1
    assert outer.queries == 2
    assert outer.units > inner.units > 0
    assert outer.seconds >= outer.solving > 0
