"""verify.toml: accepted findings, folders of rules, and names of a target that no shipped binding knows."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from verify.errors import InputError
from verify.frontend.unit import HANDLER
from verify.prove.trust import LEVELS
from verify.rules import book
from verify.rules.binding import Binding, from_table
from verify.rules.book import Book
from verify.source.tree import read_text
from verify.verdict.baseline import Accepted, Tolerated

DEFAULT = Path("verify.toml")


@dataclass(frozen=True, slots=True)
class Config:
    tolerated: Tolerated = field(default_factory=Tolerated)
    binding_table: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[Path, ...] = ()
    """Folders with rules of the user's own."""

    @property
    def handler(self) -> str:
        """The function that decides one call, for the front end."""
        return str(self.binding_table.get("handler", HANDLER))

    def binding(self, base: Binding) -> Binding:
        return from_table(dict(self.binding_table), base)


def read_from(path: Path | None) -> Path | None:
    """The file that is read: the default one, if nothing else is named and it is there."""
    return path if path is not None or not DEFAULT.is_file() else DEFAULT


def read_config(path: Path | None) -> Config:
    """The default file may be missing; a named one may not. Raises InputError."""
    path = read_from(path)
    if path is None:
        return Config()
    try:
        table = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{path}: not TOML: {str(problem)[:80]}") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path}: not TOML of this kind: a number that is too long, or nested too deeply") from None
    unknown = set(table) - {"accepted", "binding", "rules"}
    if unknown:
        raise InputError(f"{path}: unknown table {sorted(unknown)[0]}; there are [[accepted]], [binding] and rules")
    entries = table.get("accepted", [])
    binding = table.get("binding", {})
    if not isinstance(entries, list) or not isinstance(binding, dict):
        raise InputError(f"{path}: accepted is a list of tables ([[accepted]]), binding is a table")
    return Config(Tolerated(tuple(_accepted(path, entry) for entry in entries)), binding, _rules(path, table))


def named(path: Path | None, own: Sequence[Path]) -> tuple[str, ...]:
    """The options that name this file and these rules. Without folders, which are the machine's own."""
    path = read_from(path)
    words = ("--config", path.name) if path is not None else ()
    return (*words, *(word for folder in own for word in ("--rules", folder.resolve().name)))


def _rules(path: Path, table: Mapping[str, Any]) -> tuple[Path, ...]:
    """From where the file is; either spelling."""
    given = table.get("rules", [])
    if isinstance(given, dict) and set(given) == {"dirs"}:
        given = given["dirs"]
    if not isinstance(given, list) or not all(isinstance(name, str) and name for name in given):
        raise InputError(f'{path}: rules is a list of folders: rules = ["my-rules"]')
    return tuple(path.parent / name for name in given)


def _accepted(path: Path, entry: Any) -> Accepted:
    if not isinstance(entry, dict) or set(entry) - {"fingerprint", "reason", "expires", "trust"}:
        raise InputError(f"{path}: [[accepted]] has fingerprint, reason and perhaps expires and trust")
    fingerprint, reason, expires = entry.get("fingerprint"), entry.get("reason"), entry.get("expires")
    trust = entry.get("trust", LEVELS[-1])
    if not isinstance(fingerprint, str) or not isinstance(reason, str) or not reason.strip():
        raise InputError(f"{path}: [[accepted]] needs a fingerprint and a reason")
    if expires is not None and not isinstance(expires, date):
        raise InputError(f"{path}: [[accepted]] {fingerprint}: expires is a date (2027-01-31)")
    if trust not in LEVELS:
        raise InputError(f"{path}: [[accepted]] {fingerprint}: trust is one of {', '.join(LEVELS)}")
    return Accepted(fingerprint, reason, expires, trust)


def load_book(own: Sequence[Path] = (), config: Config | None = None) -> Book:
    """The program's rules, those of verify.toml and those of --rules. Raises InputError."""
    return book.load_book((*(config.rules if config else ()), *own))
