"""The trees that the differential tests run on: the one that the environment names, and with the seed's patches."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from verify.frontend.unit import lower_tree
from verify.ir.function import Unit
from verify.source.patch import apply_patches
from verify.source.tree import read_tree


@dataclass(frozen=True, slots=True)
class Tree:
    """A kernel tree; `name` is for people, `patches` is the number of the seed's patches in it."""

    name: str
    root: Path
    patches: int = 0

    @property
    def unit(self) -> Unit:
        return _unit(self.root)

    def text(self, path: str) -> str | None:
        file = self.root / path
        return file.read_text(encoding="utf-8", errors="surrogateescape") if file.is_file() else None


@functools.cache
def _unit(root: Path) -> Unit:
    return lower_tree(read_tree(root).files)


def write_patched(tree: Path, patches: Sequence[Path], folder: Path) -> Path:
    """The files of `tree` that the front end reads, with patches, as a sparse tree in `folder`."""
    files, _ = apply_patches(read_tree(tree), patches)
    for path, text in files.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
