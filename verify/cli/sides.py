"""The two sides of a comparison: a run's JSON, a snapshot's name, a tree, or REPO@REVISION."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from verify.cli.steps import Judging
from verify.cli.targets import Chosen, from_snapshots, snapshot_folder, snapshot_names
from verify.errors import InputError
from verify.ir.function import Unit
from verify.report.judged import Judged, read_judged
from verify.report.markup import visible
from verify.source.tree import read_revision, read_tree


@dataclass(frozen=True, slots=True)
class Report:
    """What an earlier run wrote."""

    judged: Judged


Side = Report | Chosen


def find_side(text: str, extracted: Path | None, judging: Judging) -> Side:
    """Raises InputError where it is nothing of the kind."""
    path = Path(text)
    if path.is_file():
        return Report(read_judged(path))
    if path.is_dir():
        return judging.read(read_tree(path))
    folder = extracted or snapshot_folder()
    if (extracted is not None or not path.exists()) and text in snapshot_names(folder):
        return from_snapshots(folder, [text])[0]
    repository, at, revision = text.rpartition("@")
    if at and Path(repository).is_dir():
        return judging.read(read_revision(Path(repository), revision))
    raise InputError(f"{visible(text)}: neither a report of verify run --format json, nor a tree, nor REPO@REVISION, "
                     f"nor a snapshot of {folder} ({', '.join(snapshot_names(folder))})")


def unit_of(side: Side) -> Unit | None:
    return side.unit if isinstance(side, Chosen) else None
