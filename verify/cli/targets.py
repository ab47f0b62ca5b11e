"""What to judge: a tree, a revision, patches on top, or the snapshots that come with the program."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from verify.errors import InputError
from verify.frontend.unit import HANDLER, lower_tree
from verify.ir.function import Unit
from verify.snapshot import store
from verify.source.patch import apply_patches
from verify.source.tree import SourceFiles, read_revision, read_tree

EXTRACTED = "verify_extracted"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A target ready to be judged."""

    name: str
    revision: str
    unit: Unit
    notes: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    """The texts that were read, by path; none for a snapshot. For the reader of a report, who has them anyway."""


def read_source(tree: Path, revision: str | None, patches: Iterable[Path]) -> tuple[SourceFiles, tuple[str, ...]]:
    """The files, patched in memory, and what is to be said about the patches. Raises InputError."""
    files = read_revision(tree, revision) if revision else read_tree(tree)
    return apply_patches(files, tuple(patches))


def from_source(tree: Path, revision: str | None, patches: Iterable[Path], handler: str = HANDLER) -> Chosen:
    files, notes = read_source(tree, revision, patches)
    return Chosen(files.label, files.revision, lower_tree(files.files, handler), notes, dict(files.files))


def snapshot_folder() -> Path:
    """Where extracted/ lies, whether the program is installed or run from a checkout."""
    return Path(str(importlib.resources.files(EXTRACTED)))


def snapshot_names(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such directory; give a folder of snapshots")
    names = sorted(path.parent.name for path in folder.glob("*/manifest.toml"))
    if not names:
        raise InputError(f"{folder}: no snapshot there; `verify extract --tree DIR --out DIR` writes one")
    return names


def from_snapshots(folder: Path, wanted: Iterable[str] = ()) -> list[Chosen]:
    """The snapshots of a folder, by name; all of them if none is named."""
    known = snapshot_names(folder)
    chosen = []
    for name in wanted or known:
        if name not in known:
            raise InputError(f"no snapshot {name} in {folder}; there are {', '.join(known)}")
        unit, manifest = store.read(folder / name)
        chosen.append(Chosen(name, manifest.revision, unit))
    return chosen
