"""All rules that come with the program."""

from __future__ import annotations

import importlib

from verify.rules.rule import Rule, registered

SPECS = "verify_specs"


def load_rules() -> tuple[Rule, ...]:
    """By identity."""
    importlib.import_module(SPECS).load()
    return registered()
