"""Structs and constants of the tree's FF-A and SMCCC headers: our layout and values against the cross compiler's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.differential.layout import constants, layouts, object_macros
from tests.differential.trees import Tree
from verify.frontend.preprocess import FFA_H, SMCCC_H
from verify.ir.expr import POINTER
from verify.ir.function import Field, Object

pytestmark = [pytest.mark.kernel, pytest.mark.compiler]

STRUCT = re.compile(r"^struct (\w+) \{", re.MULTILINE)
OF_DRIVERS = {"ffa_device", "ffa_driver"}
"""They hold a struct of the driver core, which nothing at EL2 uses and no environment header declares."""
CONSTANT = re.compile(r"(FFA|SMCCC|ARM_SMCCC)_")


def _texts(tree: Tree) -> list[str]:
    texts = [tree.text(FFA_H), tree.text(SMCCC_H)]
    assert all(texts)
    return [text for text in texts if text]


def _structs(tree: Tree) -> dict[str, Object]:
    """Those that the two headers define."""
    names = {f"struct {name}" for text in _texts(tree) for name in STRUCT.findall(text)}
    return {name: item for name, item in tree.unit.layouts.items() if name in names}


def _size(field: Field) -> int:
    return 8 if field.bits == POINTER else field.bits // 8


def test_structs(revision: Tree, tmp_path: Path) -> None:
    ours = _structs(revision)
    theirs = layouts(revision, ours, tmp_path)
    assert {"struct ffa_mem_region", "struct ffa_composite_mem_region", "struct arm_smccc_1_2_regs"} <= set(ours)
    for name, item in ours.items():
        members = tuple((field.path, field.offset, _size(field)) for field in item.fields)
        assert (item.size, item.align, members) == theirs[name], name


def test_no_struct_is_missing(revision: Tree) -> None:
    named = {name for text in _texts(revision) for name in STRUCT.findall(text)}
    assert {name.removeprefix("struct ") for name in _structs(revision)} == named - OF_DRIVERS


def test_constants(revision: Tree, tmp_path: Path) -> None:
    """The same macros are constants on both sides, with the same values."""
    names = [name for name in object_macros(_texts(revision)) if CONSTANT.match(name)]
    theirs = constants(revision, names, tmp_path)
    ours = {name: value for name, value in revision.unit.constants.items() if name in names}
    assert len(theirs) > 150
    assert set(ours) == set(theirs)
    assert ours == {name: value & (1 << 8 * size) - 1 for name, (value, size) in theirs.items()}
