"""The rules. `load()` imports every chapter; each module registers its rules by identity."""

from __future__ import annotations

import importlib
import pkgutil

from .bindings.pkvm import PKVM

BINDINGS = (PKVM,)
"""Tried in this order."""


def load() -> None:
    """Import every module of rules: a new file is a new chapter."""
    found = pkgutil.walk_packages(__path__, f"{__name__}.")
    for name in sorted(module.name for module in found if not module.ispkg):
        importlib.import_module(name)
