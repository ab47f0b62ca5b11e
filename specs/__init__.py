"""The rules. `load()` imports every chapter; each module registers its rules by identity."""

from __future__ import annotations

import importlib

from .bindings.pkvm import PKVM

BINDINGS = (PKVM,)
"""Tried in this order."""

CHAPTERS = (
    "smccc.ownership", "smccc.registers",
    "ffa.version", "ffa.version_state", "ffa.features", "ffa.messages", "ffa.message_refusals", "ffa.policy",
    "ffa.completions",
    "ffa.memory_send", "ffa.memory_descriptor", "ffa.memory_pages", "ffa.memory_fragments", "ffa.memory_reclaim",
    "security.secrecy", "security.version_lock",
)


def load() -> None:
    """Import every module of rules."""
    for chapter in CHAPTERS:
        importlib.import_module(f"{__name__}.{chapter}")
