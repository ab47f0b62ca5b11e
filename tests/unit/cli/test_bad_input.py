"""Wrong input: one clear line on stderr, status 2, nothing on stdout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import mini
from tests.unit.cli.conftest import Command
from verify.frontend.preprocess import FFA_C


def test_a_function_that_no_rule_has(verify: Command, tmp_path: Path) -> None:
    done = verify("run", "--tree", mini.write(tmp_path / "tree"), "--function", "FFA_NONE")
    assert done.status == 2 and "no part for function FFA_NONE" in done.err


@pytest.mark.parametrize(("words", "said"), [
    (["run", "--tree", "nowhere"], "nowhere: no such directory"),
    (["run", "--tree", "."], "no kernel tree"),
    (["run", "--rule", "FFA-XXX-99"], "no rule matches FFA-XXX-99"),
    (["run", "--profile", "NONE"], "no profile NONE"),
    (["run", "--trust", "L7"], "no trust level L7"),
    (["run", "--page-size", "5K"], "no page size 5K"),
    (["run", "--target", "7.99"], "no snapshot 7.99"),
    (["run", "--extracted", "nowhere"], "nowhere: no such directory"),
    (["run", "--git", "HEAD"], "--git and --patch need --tree"),
    (["run", "--baseline", "nowhere"], "nowhere"),
    (["run", "--config", "nowhere"], "nowhere"),
    (["run", "--format", "text", "--format", "json"], "only one report can go to the terminal"),
    (["run", "--output", "a", "--output", "b"], "more --output than --format"),
    (["rules", "NONE-01"], "no rule matches NONE-01"),
    (["extract", "--tree", "nowhere"], "nowhere: no such directory"),
    (["call", "none"], "none: neither a number nor a function"),
])
def test_one_line_and_status_2(
    verify: Command, words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = verify(*words)
    assert done.status == 2
    assert done.err.startswith("verify: ")
    assert said in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(("content", "said"), [
    (mini.SOURCE[:1500].encode(), f"{FFA_C}:"),
    (b"this is no C at all\n", f"{FFA_C}:1:9: not C"),
    (b"", f"{FFA_C}:1: no C in this file"),
    (b"\xff\xfe\x00", "not UTF-8"),
])
def test_a_source_that_is_cut_off_or_no_c(verify: Command, tmp_path: Path, content: bytes, said: str) -> None:
    tree = mini.write(tmp_path)
    (tree / FFA_C).write_bytes(content)
    done = verify("run", "--tree", tree)
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert said in done.err


def test_a_patch_that_does_not_apply_names_its_hunk(verify: Command, tmp_path: Path) -> None:
    patch = tmp_path / "wrong.patch"
    patch.write_text(f"--- a/{FFA_C}\n+++ b/{FFA_C}\n@@ -1,2 +1,2 @@\n not there\n-nor this\n+but this\n")
    done = verify("run", "--tree", mini.write(tmp_path / "tree"), "--patch", patch)
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "wrong.patch:3: hunk #1" in done.err


@pytest.mark.parametrize("place", ["/dev/full", "missing/report.txt"])
def test_a_report_that_cannot_be_written(verify: Command, tmp_path: Path, place: str) -> None:
    done = verify("run", "--tree", mini.write(tmp_path), "--rule", "CC-02", "--output", tmp_path / place)
    assert done.status == 2
    assert f"{place}: cannot be written" in done.err


@pytest.mark.parametrize("command", [
    ["run", "--tree", "nowhere"], ["series", "nowhere.mbox", "--tree", "nowhere"], ["diff", "nowhere", "nowhere"],
])
@pytest.mark.parametrize(("places", "said"), [
    (["missing/a"], "missing/a: cannot be written: missing is no folder"),
    (["file/a"], "file/a: cannot be written: file is no folder"),
    (["folder"], "folder: cannot be written: it is a folder"),
    (["closed/a"], "closed/a: cannot be written: no permission"),
    (["closed/kept"], "closed/kept: cannot be written: no permission"),
    (["a", "folder/../a"], "folder/../a: given twice as --output"),
])
def test_where_reports_go_is_seen_to_before_anything_is_read(
    verify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], places: list[str], said: str
) -> None:
    """Whoever runs this may be allowed to write everywhere: what the system would say is made up."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    for name in ("folder", "closed"):
        (tmp_path / name).mkdir()
    (tmp_path / "closed" / "kept").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: mode == os.R_OK or "closed" not in str(path))
    words = [word for place, form in zip(places, ("text", "json"), strict=False)
             for word in ("--format", form, "--output", place)]
    done = verify(*command, *words)
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_snapshot_that_was_changed_by_hand(verify: Command, tmp_path: Path) -> None:
    assert verify("extract", "--tree", mini.write(tmp_path / "tree"), "--out", tmp_path, "--name", "mini").status == 0
    unit = tmp_path / "mini" / "unit.json"
    unit.write_text(unit.read_text() + "\n")
    done = verify("run", "--extracted", tmp_path, "--rule", "CC-02")
    assert done.status == 2
    assert "SHA-256" in done.err
