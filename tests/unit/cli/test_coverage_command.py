"""`verify coverage`, and the lines in exported files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import mini
from tests.unit.cli.conftest import Command
from verify.cli import selection
from verify.frontend.preprocess import FFA_C
from verify.rules.book import Book, load_rules
from verify.solve.second import Opinion, by_z3

ONE = ("--rule", "VER-07", "--trust", "L2")
DEAD = ("    u64 result = (u32)FFA_RET_NOT_SUPPORTED;\n",
        "    u64 result = (u32)FFA_RET_NOT_SUPPORTED;\n    u32 dead = wanted + 17;\n")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a book of one rule."""
    kept = tuple(r for r in load_rules() if r.identity == "FFA-VER-07")
    monkeypatch.setattr(selection, "load_book", lambda own, config: Book(kept))
    return mini.write(tmp_path / "tree", DEAD)


def number(text: str) -> int:
    return mini.files(DEAD)[FFA_C][:mini.files(DEAD)[FFA_C].index(text)].count("\n") + 1


def test_what_is_needed_is_told_from_what_is_not(verify: Command, tree: Path) -> None:
    done = verify("coverage", "--tree", tree, *ONE, "--format", "source")
    assert done.status == 0
    (dead,) = [line for line in done.out.splitlines() if "u32 dead = wanted + 17;" in line]
    (check,) = [line for line in done.out.splitlines() if "if ((wanted >> 16) != 1)" in line]
    assert dead.split()[:2] == ["-", str(number("u32 dead"))]
    assert check.split()[:2] == ["1", str(number("if ((wanted"))]


def test_the_proofs_of_a_line(verify: Command, tree: Path) -> None:
    done = verify("coverage", "--tree", tree, *ONE, "--line", number("if ((wanted"))
    assert done.status == 0 and "FFA-VER-07: answer (L2)\n" in done.out


@pytest.mark.parametrize(("options", "said"), [
    (("--line", "2"), "--line 2: nothing is computed there"), (("--line", "x"), "--line x: a number, or file:number"),
    (("--target", "6.12", "--format", "source"), "--format source shows the text of a tree: give --tree"),
])
def test_what_cannot_be_told_is_refused(verify: Command, tree: Path, options: tuple[str, ...], said: str) -> None:
    done = verify("coverage", *(() if "--target" in options else ("--tree", tree)), *ONE, *options)
    assert (done.status, done.err) == (2, f"verify: {said}\n")


def test_exported_files_name_the_lines_in_the_order_of_the_program(
    verify: Command, tree: Path, tmp_path: Path
) -> None:
    texts = []
    for out in (tmp_path / "one", tmp_path / "two"):
        assert verify("export", "--tree", tree, *ONE, "--out", out).status == 0
        texts.append({path.relative_to(out): path.read_text() for path in sorted(out.glob("**/*.smt2"))})
    assert texts[0] == texts[1]
    text = max((text for name, text in texts[0].items() if "answer" in str(name)), key=len)
    lines = text.splitlines()
    named = [k for k, line in enumerate(lines) if line.startswith(f"; {FFA_C}:")]
    assert named and all(lines[k + 1].startswith("(assert (! ") for k in named)
    assert any(f"{FFA_C}:{number('if ((wanted')}" in lines[k] for k in named)
    invariant = next(k for k, line in enumerate(lines) if ":named |invariant: " in line)
    dispatch = next(k for k in named if f"{FFA_C}:{number('if ((wanted')}" in lines[k])
    assert invariant < dispatch and by_z3(text) is Opinion.AGREES
