"""All rules that there are: those that come with the program, and a user's own."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from verify.rules.own import load_own
from verify.rules.rule import Rule, registered

SPECS = "verify_specs"


@dataclass(frozen=True, slots=True)
class Book:
    """Rules by identity; `own` is a digest of the texts that a user brought."""

    rules: tuple[Rule, ...]
    own: str = ""


def load_book(own: Sequence[Path] = ()) -> Book:
    """With those of these folders. Raises InputError."""
    importlib.import_module(SPECS).load()
    digest = load_own(own)
    return Book(registered(), digest)


def load_rules() -> tuple[Rule, ...]:
    """Those that come with the program."""
    return load_book().rules
