"""What an answer depends on besides the question: this program's own text, and the solvers."""

from __future__ import annotations

import hashlib
import importlib.resources
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from importlib.resources.abc import Traversable

PACKAGES = ("verify", "verify_specs")
SOLVERS = ("z3-solver", "bitwuzla")
_SUFFIXES = (".py", ".h")


@cache
def program_digest(own: str = "") -> str:
    """Another text of verifier or rules, another solver or Python: another digest.

    `own`: what stands for the texts of rules that a user brought. They are Python and may reach into everything.
    """
    digest = hashlib.sha256(own.encode())
    for name in SOLVERS:
        digest.update(f"{name} {version(name)}\n".encode())
    digest.update(f"python {sys.version_info.major}.{sys.version_info.minor}\n".encode())
    for package in PACKAGES:
        for path, content in sorted(_texts(importlib.resources.files(package), package)):
            digest.update(f"{path} {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


def _texts(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _texts(item, f"{path}/{item.name}")
        elif item.name.endswith(_SUFFIXES):
            yield f"{path}/{item.name}", item.read_bytes()
