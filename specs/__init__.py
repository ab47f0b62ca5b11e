"""The rules. `load()` imports every chapter; each module registers its rules by identity."""

from __future__ import annotations

import importlib

from .bindings.pkvm import PKVM

BINDINGS = (PKVM,)
"""Tried in this order."""

CHAPTERS = (
    "smccc.ownership", "smccc.identifiers", "smccc.registers", "smccc.returns",
    "ffa.version", "ffa.version_state", "ffa.version_agreement", "ffa.features", "ffa.messages",
    "ffa.message_parties", "ffa.message_refusals", "ffa.policy", "ffa.decisions", "ffa.notifications",
    "ffa.completions", "ffa.failures",
    "security.secrecy", "security.version_lock",
)


def load() -> None:
    """Import every module of rules."""
    for chapter in CHAPTERS:
        importlib.import_module(f"{__name__}.{chapter}")
