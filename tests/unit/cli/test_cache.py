"""What one run found, the next one tells again; nothing else is taken for the same question."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests import mini
from tests.unit.cli.conftest import Command, Outcome
from verify.errors import InternalError
from verify.verdict import run as verdict

FAULT = ("if (wanted >= hyp_ffa_version)\n            result", "result")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return mini.write(tmp_path / "tree", FAULT)


@pytest.fixture
def judge(verify: Command, tree: Path, tmp_path: Path) -> Command:
    def run(*words: object) -> Outcome:
        cache = () if "--cache" in words else ("--cache", tmp_path / "kept")
        return verify("run", "--tree", tree, "--rule", "VER-0[17]", *cache, *words)

    return run


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def is_cached(done: Outcome) -> bool:
    found = {result["cost"]["cached"] for run in json.loads(done.out)["runs"] for result in run["results"]}
    assert len(found) == 1
    return bool(found.pop())


def plain(done: Outcome) -> str:
    """Without what says that it is told again."""
    return done.out.replace('"cached": true', '"cached": false')


def test_a_warm_run_says_the_same(judge: Command) -> None:
    first, second = judge("--format", "json"), judge("--format", "json")
    assert not is_cached(first) and is_cached(second)
    assert plain(first) == plain(second)
    assert first.status == second.status == 1
    assert "rules told as an earlier run found them: 2, judged now: 0" in second.err
    assert first.err == ""


def test_the_text_says_what_is_told_again(judge: Command) -> None:
    first, second = judge("--trust", "L2"), judge("--trust", "L2")
    assert "(cached)" not in first.out
    assert "violated (cached)" in second.out and "proved (cached)" in second.out
    assert first.out.split("FFA-VER-07 L2 ")[1] == second.out.split("FFA-VER-07 L2 ")[1]


def test_a_warm_run_executes_nothing(judge: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    judge()

    def never(*_: object, **__: object) -> None:
        raise InternalError("executed")

    monkeypatch.setattr(verdict, "make_target", never)
    assert judge().status == 1
    assert judge("--fresh").status == 4


def test_a_run_after_an_edit_says_what_it_asked_again(judge: Command, tree: Path) -> None:
    judge("--trust", "L2")
    mini.write(tree, FAULT, ("refuse(host_ctxt, FFA_RET_NOT_SUPPORTED)", "refuse(host_ctxt, FFA_RET_INVALID_PARAMETERS)"))
    said = judge("--trust", "L2").err
    found = re.search(r"found them: 0, judged now: 2; of (\d+) questions about them (\d+) were answered before", said)
    assert found is not None, said
    asked, known = int(found[1]), int(found[2])
    assert 0 < known <= asked


def test_a_fresh_run_judges_again(judge: Command) -> None:
    first, fresh = judge("--format", "json"), judge("--format", "json", "--fresh")
    assert first.out == fresh.out


@pytest.mark.parametrize("words", [
    ("--profile", "STRICT"), ("--trust", "L0"), ("--page-size", "4K"), ("--rlimit", 5_000_000),
    ("--function", "FFA_VERSION"),
])
def test_another_question_is_not_the_same(judge: Command, words: tuple[object, ...]) -> None:
    judge()
    assert not is_cached(judge("--format", "json", *words))
    assert is_cached(judge("--format", "json", *words))


def test_the_number_of_processes_does_not_matter(judge: Command) -> None:
    judge("--jobs", 1)
    assert is_cached(judge("--format", "json", "--jobs", 2))


def test_a_rule_that_was_not_judged_is(verify: Command, judge: Command, tree: Path, tmp_path: Path) -> None:
    judge()
    more = verify("run", "--tree", tree, "--rule", "VER-0[127]", "--cache", tmp_path / "kept", "--format", "json")
    found = {result["rule"]: result["cost"]["cached"] for result in json.loads(more.out)["runs"][0]["results"]}
    assert found == {"FFA-VER-01": True, "FFA-VER-02": False, "FFA-VER-07": True}


def test_an_edit_is_judged(judge: Command, tree: Path) -> None:
    judge()
    mini.write(tree)
    done = judge("--format", "json")
    assert done.status == 0
    assert not is_cached(done)


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00" * 100])
def test_damaged_entries_are_judged_again(judge: Command, tmp_path: Path, content: bytes) -> None:
    first = judge("--format", "json")
    for path in files(tmp_path / "kept"):
        path.write_bytes(content)
    again = judge("--format", "json")
    assert again.out == first.out
    assert is_cached(judge("--format", "json"))


def test_read_only_adds_nothing(judge: Command, tmp_path: Path) -> None:
    judge("--read-only")
    assert not (tmp_path / "kept").exists()
    judge()
    before = files(tmp_path / "kept")
    assert is_cached(judge("--read-only", "--format", "json"))
    judge("--read-only", "--profile", "STRICT")
    assert files(tmp_path / "kept") == before


def test_a_cache_that_cannot_be_written_is_said_and_does_no_harm(judge: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = judge("--cache", tmp_path / "file" / "kept")
    assert done.status == 1
    assert "nothing can be kept there" in done.err
    assert judge("--cache", tmp_path / "file").status == 2


def test_fresh_and_read_only_are_not_given_together(judge: Command) -> None:
    done = judge("--fresh", "--read-only")
    assert done.status == 2
    assert "give one of them" in done.err
