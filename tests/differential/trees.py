"""Kernel trees and compilers that the differential tests find in the environment."""

from __future__ import annotations

import functools
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from verify.frontend.unit import lower_tree, read_tree
from verify.ir.function import Unit

VARIABLE = "VERIFY_KERNEL_TREE"
"""A kernel tree; further ones in VERIFY_KERNEL_TREE_2, VERIFY_KERNEL_TREE_3, …"""


@dataclass(frozen=True, slots=True)
class Tree:
    variable: str
    root: Path

    @property
    def unit(self) -> Unit:
        return _unit(self.root)

    def text(self, path: str) -> str | None:
        file = self.root / path
        return file.read_text(encoding="utf-8", errors="surrogateescape") if file.is_file() else None


@functools.cache
def _unit(root: Path) -> Unit:
    return lower_tree(read_tree(root))


def trees() -> list[Tree]:
    names = sorted(name for name in os.environ if name == VARIABLE or name.startswith(VARIABLE + "_"))
    return [Tree(name, Path(os.environ[name])) for name in names if os.environ[name]]


def tree_parameters() -> list[object]:
    """For pytest.mark.parametrize: the trees, or one skipped case that says what is missing."""
    found = [pytest.param(tree, id=tree.variable) for tree in trees()]
    return found or [pytest.param(None, marks=pytest.mark.skip(reason=f"{VARIABLE} names no kernel tree"), id="none")]


def need(*programs: str) -> None:
    """Skip the test where a program is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)}: not installed")


def inputs_wanted(default: int = 1000) -> int:
    """Inputs for each function: VERIFY_DIFFERENTIAL_INPUTS, or a quick run's number."""
    return int(os.environ.get("VERIFY_DIFFERENTIAL_INPUTS", default))
