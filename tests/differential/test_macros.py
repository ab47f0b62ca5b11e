"""Every macro of our environment headers against the kernel's own definition, compiled for arm64 and run."""

from __future__ import annotations

import os
import re
from importlib import resources
from pathlib import Path
from random import Random

import pytest

from tests.differential.build import BuildError
from tests.differential.kernel_headers import compile_kernel, generate, is_complete
from tests.differential.macro_cases import NOT_COMPARED, Case, cases
from tests.differential.macros import build, compiled, inputs, interpreted
from tests.support import unit_of
from verify.ir import instr as i
from verify.ir.expr import Const

HEADERS = ("before.h", "after.h", "lists.h", "entry.h")
INPUTS = 40
SEED = 6


def _environment() -> str:
    folder = resources.files("verify.frontend").joinpath("env")
    return "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in HEADERS)


def _declared() -> set[str]:
    """Macros, typedefs and structs of the environment headers."""
    text = _environment()
    return {
        *re.findall(r"^#\s*define\s+(\w+)", text, re.MULTILINE),
        *(f"typedef {name}" for name in re.findall(r"^typedef .*\b(\w+);$", text, re.MULTILINE)),
        *(f"struct {name}" for name in re.findall(r"^struct (\w+) \{", text, re.MULTILINE)),
    }


def test_every_macro_is_compared_or_listed() -> None:
    compared = {name for case in cases() for name in case.macros}
    assert len(_declared()) > 100
    assert compared | set(NOT_COMPARED) == _declared()
    assert not compared & set(NOT_COMPARED)


@pytest.fixture(scope="module")
def full_tree(tree: Path) -> Path:
    if not is_complete(tree):
        missing = "the kernel tree is a sparse one: it has not the headers that the macros come from"
        (pytest.fail if "kernel" in os.environ.get("VERIFY_TEST_ALL", "").split() else pytest.skip)(missing)
    return tree


@pytest.mark.kernel
@pytest.mark.compiler
@pytest.mark.parametrize("page_shift", [12, 14, 16])
def test_macros_mean_what_the_kernel_means(full_tree: Path, tmp_path: Path, page_shift: int) -> None:
    """Value, width and signedness of results, traps, memory, and the registers of SMCs."""
    tried = cases()
    given = inputs(tried, INPUTS, Random(SEED + page_shift))
    theirs = compiled(tried, given, build(full_tree, tried, tmp_path, page_shift))
    ours = interpreted(tried, given, page_shift)
    wrong = {
        tried[item.case].body: f"{item.arguments}: ours {our}, the kernel's {their}"
        for item, our, their in zip(given, ours, theirs, strict=True) if our != their}
    assert {item.case for item in given} == set(range(len(tried)))
    assert not wrong, "\n".join(f"{body}\n    {text}" for body, text in list(wrong.items())[:10])


@pytest.mark.kernel
@pytest.mark.compiler
@pytest.mark.parametrize("holds", [True, False])
def test_build_bug_on_a_false_condition_only(full_tree: Path, tmp_path: Path, holds: bool) -> None:
    """Where the kernel does not compile, the IR has an assertion that fails."""
    text = Case(("BUILD_BUG_ON",), (), f"BUILD_BUG_ON(sizeof(u32) {'!=' if holds else '=='} 4); return 1;").text("f")
    source = tmp_path / "f.c"
    source.write_text(f"#include <linux/types.h>\n#include <linux/build_bug.h>\n{text}")
    generate(full_tree, tmp_path / "generated", 12)
    try:
        compile_kernel(full_tree, tmp_path / "generated", source, tmp_path / "f.o", ["-c"])
        compiles = True
    except BuildError as problem:
        assert "BUILD_BUG_ON failed" in str(problem)
        compiles = False
    asserted = [item.condition for block in unit_of(text).functions["f"].blocks for item in block.instructions
                if isinstance(item, i.Assert)]
    assert compiles is holds
    assert asserted == ([] if holds else [Const(0, 1)])
