"""Where compiled code takes the files from that were judged."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from verify.cli.targets import read_source
from verify.errors import InputError


@contextmanager
def sources(
    tree: Path, revision: str | None, patches: Sequence[Path], folder: Path | None = None
) -> Iterator[Path]:
    """A folder with them: the tree, or where a revision or patches made them, `folder` or a temporary one."""
    if not revision and not patches:
        yield tree
        return
    files = read_source(tree, revision, patches)[0].files
    if folder is not None:
        _write(folder, files)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="verify-sources-") as name:
        _write(Path(name), files)
        yield Path(name)


def asker(
    confirm: bool, tree: Path | None, revision: str | None, patches: Sequence[Path], scheduler: str | None
) -> AbstractContextManager[Path] | None:
    """For --confirm: where the C is. Raises InputError where there is none, or where others judge."""
    if not confirm:
        return None
    if scheduler:
        raise InputError("--confirm needs what the interpreter saw, which --scheduler does not bring: give one of them")
    if tree is None:
        raise InputError("--confirm compiles the tree's own C: it needs --tree")
    return sources(tree, revision, patches)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """As a sparse tree. Raises InputError where that cannot be."""
    try:
        for path, text in files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise InputError(f"{problem.filename}: cannot be written: {problem.strerror}") from None
