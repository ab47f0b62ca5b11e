"""Where compiled code takes the files from: a tree, or what patches made of it."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import pytest

from tests import mini
from verify.cli.natively import sources
from verify.errors import InputError
from verify.frontend.preprocess import FFA_C


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return mini.write(tmp_path / "tree")


@pytest.fixture
def patch(tree: Path, tmp_path: Path) -> Path:
    old = (tree / FFA_C).read_text().splitlines(keepends=True)
    new = [line.replace("int k;", "int other;") for line in old]
    file = tmp_path / "one.patch"
    file.write_text("".join(unified_diff(old, new, f"a/{FFA_C}", f"b/{FFA_C}")))
    return file


def test_a_tree_is_taken_as_it_is(tree: Path) -> None:
    with sources(tree, None, ()) as place:
        assert place == tree


def test_patched_files_lie_elsewhere(tree: Path, patch: Path, tmp_path: Path) -> None:
    with sources(tree, None, (patch,)) as place:
        assert "int other;" in (place / FFA_C).read_text()
    assert not place.exists()
    with sources(tree, None, (patch,), tmp_path / "kept") as place:
        pass
    assert "int other;" in (tmp_path / "kept" / FFA_C).read_text()
    assert "int other;" not in (tree / FFA_C).read_text()


def test_a_folder_that_is_none_is_wrong_input(tree: Path, patch: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"), sources(tree, None, (patch,), patch / "below"):
        pass
