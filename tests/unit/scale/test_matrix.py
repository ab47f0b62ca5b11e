"""`verify matrix`: a row for each target in each reading, and none hides another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests import mini
from tests.support import has_schema
from tests.unit.cli.conftest import Command
from tests.unit.cli.conftest import verify as verify  # a fixture
from verify.errors import InternalError
from verify.scale.executor import Answer, Local, Question, Watching

FAULT = ("if (wanted >= hyp_ffa_version)\n            result", "result")
ASK = ("matrix", "--rule", "VER-07", "--rule", "VER-01", "--trust", "L2", "--jobs", 2)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return mini.write(tmp_path / "good")


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return mini.write(tmp_path / "bad", FAULT)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Question]:
    """What was judged."""
    known: list[Question] = []
    judge = Local.judge

    def noted(self: Local, questions: Sequence[Question], watching: Watching) -> Iterator[Answer]:
        known.extend(questions)
        return judge(self, questions, watching)

    monkeypatch.setattr(Local, "judge", noted)
    return known


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()[2:]]


def test_each_target_has_a_row_and_one_that_cannot_be_read_says_why(
    verify: Command, good: Path, bad: Path, tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    out = tmp_path / "m.json"
    ask = (*ASK, "--tree", tmp_path / "none", "--tree", good, "--tree", bad, "--target", "no-such",
           "--format", "text", "--format", "json", "--output")
    done = verify(*ask, tmp_path / "m.txt", "--output", out)
    assert done.status == 2
    none, first, second, unknown = rows((tmp_path / "m.txt").read_text())
    assert none[:4] == ["none", "-", "-", "2:"] and "ffa.c" in " ".join(none)
    assert first == ["good", "SEED", "all", "2", "0", "0", "0", "0", "0", "0"]
    assert second == ["bad", "SEED", "all", "1", "0", "1", "0", "0", "0", "1"]
    assert unknown[:4] == ["no-such", "-", "-", "2:"] and "there are" in " ".join(unknown)
    report = json.loads(out.read_text())
    has_schema(report, "matrix-1")
    assert [row["exit_status"] for row in report["rows"]] == [2, 0, 1, 2] and report["exit_status"] == 2
    level = report["rows"][2]["levels"]["L2"]
    assert level["rules"] == {"FFA-VER-01": "proved", "FFA-VER-07": "violated"} and len(level["findings"]) == 1
    assert verify(*ASK, "--tree", good, "--tree", bad).status == 1


def test_the_same_question_is_asked_once_and_not_again(
    verify: Command, good: Path, tmp_path: Path, asked: list[Question]
) -> None:
    twin = mini.write(tmp_path / "other" / "good")
    ask = (*ASK, "--tree", good, "--tree", twin)
    done = verify(*ask)
    assert done.status == 0 and len(asked) == 1
    assert [line[:9] for line in done.out.splitlines()[2:]] == ["good     ", "good (2) "]
    again = verify(*ask)
    assert again.out == done.out and "4 of 4 results as an earlier run found them" in again.err


def test_an_internal_error_is_a_row_and_the_worst(
    verify: Command, good: Path, bad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(self: Local, questions: Sequence[Question], watching: Watching) -> Iterator[Answer]:
        return iter([InternalError("it broke") for _ in questions])

    monkeypatch.setattr(Local, "judge", judge)
    done = verify(*ASK, "--tree", good, "--tree", "nowhere", "--tree", bad, "--page-size", "all", "--profile", "STRICT",
                  "--profile", "SEED")
    assert done.status == 4
    assert [" ".join(row) for row in rows(done.out)] == [
        *(f"good {profile} {size} 4: it broke" for profile in ("STRICT", "SEED") for size in ("4K", "16K", "64K")),
        " ".join(rows(done.out)[6]),
        *(f"bad {profile} {size} 4: it broke" for profile in ("STRICT", "SEED") for size in ("4K", "16K", "64K"))]
    assert rows(done.out)[6][:4] == ["nowhere", "-", "-", "2:"]


@pytest.mark.parametrize("words", [(), ("--tree", "x", "--profile", "NONE"), ("--tree", "x", "--page-size", "8K")])
def test_what_cannot_be_asked_is_wrong_input(verify: Command, words: tuple[str, ...]) -> None:
    done = verify(*ASK, *words)
    assert done.status == 2 and done.err.startswith("verify: ") and not done.out
