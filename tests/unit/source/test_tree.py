"""Trees on disk and revisions of git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import mini
from verify.errors import InputError
from verify.source.paths import ARM_FFA_H, ARM_SMCCC_H, FFA_C, HEADER_FOLDER
from verify.source.tree import read_revision, read_tree


def git(directory: Path, *words: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", "-C", str(directory), *identity, *words], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    tree = mini.write(tmp_path / "repository")
    (tree / HEADER_FOLDER).mkdir(parents=True)
    (tree / HEADER_FOLDER / "ffa.h").write_text("/* prototypes */\n")
    (tree / HEADER_FOLDER / "notes.txt").write_text("not a header\n")
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "first")
    (tree / FFA_C).write_text("changed, not committed\n")
    return tree


def test_a_sparse_tree_is_enough(tmp_path: Path) -> None:
    found = read_tree(mini.write(tmp_path / "sparse"))
    assert list(found.files) == sorted((FFA_C, ARM_FFA_H, ARM_SMCCC_H))
    assert found.label == "sparse"


def test_a_revision_is_read_and_not_the_work_tree(repository: Path) -> None:
    found = read_revision(repository, "HEAD")
    assert found.files[FFA_C] == mini.SOURCE
    assert f"{HEADER_FOLDER}/ffa.h" in found.files
    assert f"{HEADER_FOLDER}/notes.txt" not in found.files
    assert found.revision == git(repository, "rev-parse", "HEAD")
    assert (repository / FFA_C).read_text() == "changed, not committed\n"


@pytest.mark.parametrize(("name", "said"), [("nonsense", "no commit 'nonsense'"), ("--all", "not a git revision"),
                                            ("", "not a git revision")])
def test_a_revision_that_is_none(repository: Path, name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_revision(repository, name)


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="git rev-parse"):
        read_revision(mini.write(tmp_path / "tree"), "HEAD")


@pytest.mark.parametrize("name", [ARM_FFA_H, ARM_SMCCC_H])
def test_a_needed_file_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    tree = mini.write(tmp_path)
    (tree / name).unlink()
    with pytest.raises(InputError, match=f"{name} is missing"):
        read_tree(tree)
