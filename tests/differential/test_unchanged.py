"""What counts as the same function in two trees: only what compiles from the same text and has the same IR."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.differential.build import FFA_C, prepare
from tests.differential.shape import Shape
from tests.differential.trees import Tree
from tests.differential.unchanged import digests
from tests.mediators.trees import REFERENCE, files
from verify.frontend.preprocess import FFA_H

pytestmark = pytest.mark.compiler


def _digests(folder: Path, path: str = FFA_C, *edits: tuple[str, str]) -> Mapping[str, str]:
    tree = folder / "tree"
    for name, text in files(REFERENCE).items():
        for old, new in edits if name == path else ():
            assert old in text
            text = text.replace(old, new)
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    found = Tree("reference", tree)
    shape = Shape(found.unit, 12, 4)
    built = folder / "built"
    built.mkdir()
    prepare(found, shape, built)
    return digests(found, shape, built)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return _digests(tmp_path_factory.mktemp("original"))


def _changed(original: Mapping[str, str], other: Mapping[str, str]) -> set[str]:
    return {name for name, digest in other.items() if original.get(name) != digest}


def test_comments_and_places_do_not_count(original: Mapping[str, str], tmp_path: Path) -> None:
    edit = ("static bool belongs_to_ffa(", "/* moved */\n\n\nstatic bool belongs_to_ffa(")
    assert _changed(original, _digests(tmp_path, FFA_C, edit)) == set()


def test_what_calls_a_changed_function_is_changed(original: Mapping[str, str], tmp_path: Path) -> None:
    edit = ("number <= LAST_NUMBER", "number < LAST_NUMBER")
    changed = _changed(original, _digests(tmp_path, FFA_C, edit))
    assert {"belongs_to_ffa", "kvm_host_ffa_handler"} <= changed
    assert changed < set(original)


def test_a_struct_counts_for_all(original: Mapping[str, str], tmp_path: Path) -> None:
    edit = ("struct ffa_range {", "struct ffa_range {\n\tu32 more;")
    assert _changed(original, _digests(tmp_path, FFA_H, edit)) == set(original)
