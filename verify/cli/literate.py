"""Literate tests, found and judged: for `verify rules test` and for pytest."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from verify.cli.config import Config, read_config
from verify.cli.run import bindings
from verify.errors import InputError
from verify.literate.bases import LAYERS, SMALL, base_files
from verify.literate.document import Example
from verify.literate.judged import Base
from verify.source.tree import read_tree

SUFFIX = ".md"


def base_of(example: Example) -> Base:
    """The mediator that an example names; a folder is seen from where the Markdown file is. Raises InputError."""
    name = example.settings.base or SMALL
    if name in LAYERS:
        return Base(base_files(name), tuple(bindings(Config())))
    try:
        return _read(example.path.parent / name)
    except InputError as problem:
        raise InputError(f"{example.path}:{example.number}: base {name!r}: {problem}; it is a folder, or one of "
                         f"{', '.join(LAYERS)}") from None


@cache
def _read(folder: Path) -> Base:
    config = folder / "verify.toml"
    return Base(read_tree(folder).files, tuple(bindings(read_config(config) if config.is_file() else Config())))


def find(names: Iterable[str], where: Path = Path()) -> list[Path]:
    """Files by name, folder or glob. Raises InputError for a name that finds none."""
    found: dict[Path, None] = {}
    for name in names:
        path = Path(name)
        if path.is_dir():
            files = sorted(path.rglob(f"*{SUFFIX}"))
        elif path.is_file():
            files = [path]
        else:
            try:
                files = sorted(where.glob(name)) if not path.is_absolute() else []
            except ValueError as problem:
                raise InputError(f"{name}: {problem}") from None
        if not files:
            raise InputError(f"{name}: no literate test there (*{SUFFIX})")
        found |= dict.fromkeys(files)
    return list(found)
