"""Ranges of git: the commits that matter, in a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import mini
from tests.unit.source.test_tree import git
from verify.errors import InputError
from verify.source.history import merge_base, read_history
from verify.source.paths import FFA_C


def commit(tree: Path, subject: str, name: str, text: str) -> str:
    (tree / name).write_text(text)
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", subject)
    return git(tree, "rev-parse", "HEAD")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """first – code – notes – merge (of `side`: side code), with a tag on the first one."""
    tree = mini.write(tmp_path / "tree")
    git(tree, "init", "-q", "-b", "main")
    commit(tree, "first", "notes", "0")
    git(tree, "tag", "v1")
    commit(tree, "code", FFA_C, mini.SOURCE + "\n")
    commit(tree, "notes", "notes", "1")
    git(tree, "checkout", "-qb", "side", "v1")
    commit(tree, "side code", "include/linux/arm_ffa.h", mini.HEADER + "\n")
    git(tree, "checkout", "-q", "main")
    git(tree, "merge", "-q", "--no-edit", "-m", "merge", "side")
    return tree


def test_only_commits_that_change_what_is_read(tree: Path) -> None:
    found = read_history(tree, "v1..")
    assert found.start.subject == "first"
    assert [one.subject for one in found.commits] == ["code", "merge"]
    assert [one.is_merge for one in found.commits] == [False, True]
    assert found.count == 3
    assert merge_base(tree, *found.commits[-1].parents) == found.start.id


@pytest.mark.parametrize(("text", "said"), [
    ("v1", "not a git range"), ("v1...main", "not a git range"), ("v1..nonsense", "no commit 'nonsense'"),
    ("main..v1", "no commit in"), ("side..main", "not on the way by first parents"),
])
def test_what_is_no_range(tree: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_history(tree, text)
