"""docs/tutorial.md does what it says: its files are written and its commands run, in order, in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.guide import ROOT, blocks, follow

TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
NEEDS = {"compiler", "kernel", "shared"}


def test_the_tutorial_can_be_followed(tmp_path: Path) -> None:
    done = follow(TUTORIAL, tmp_path, {"VERIFY": str(ROOT)})
    assert done.commands > 10
    assert '"FFA-SEC-01"' in (tmp_path / "verify.sarif").read_text(encoding="utf-8")
    assert not (tmp_path / "verify.toml").exists()


@pytest.mark.compiler
def test_its_finding_is_confirmed(tmp_path: Path) -> None:
    follow(TUTORIAL, tmp_path, {"VERIFY": str(ROOT)}, needs="compiler")


@pytest.mark.kernel
def test_what_it_says_of_linux(tmp_path: Path, tree: Path) -> None:
    follow(TUTORIAL, tmp_path, {"VERIFY": str(ROOT), "LINUX": str(tree)}, needs="kernel")


@pytest.mark.kernel
@pytest.mark.shared
def test_what_it_says_of_the_series(tmp_path: Path, tree: Path, patches: tuple[Path, ...]) -> None:
    follow(TUTORIAL, tmp_path, {"VERIFY": str(ROOT), "LINUX": str(tree), "SERIES": str(patches[0].parent)}, "shared")


def test_no_command_is_left_out() -> None:
    said = [word.split("=") for block in blocks(TUTORIAL) if block.language == "sh" for word in block.given.split()]
    assert {value for name, value in said if name == "needs"} == NEEDS
