"""The comparison notices an interpreter that does something else, and says what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.differential.build import NATIVE_GCC, build
from tests.differential.campaign import PROXY_PAGES, USUAL
from tests.differential.explore import Job, explore
from tests.differential.shape import Shape
from tests.differential.trees import Tree
from verify.ir import instr as i
from verify.ir.expr import Const
from verify.ir.function import Block, Function

pytestmark = [pytest.mark.kernel, pytest.mark.compiler]


def _sides_exchanged(block: Block) -> Block:
    last = block.terminator
    if isinstance(last, i.Branch):
        last = replace(last, then=last.other, other=last.then)
    return replace(block, terminator=last)


def _last_store_lost(block: Block) -> Block:
    stores = [item for item in block.instructions if isinstance(item, i.Store)]
    return replace(block, instructions=tuple(item for item in block.instructions if item not in stores[-1:]))


def _first_argument_changed(block: Block) -> Block:
    return replace(block, instructions=tuple(
        replace(item, arguments=(Const(1, 64), *item.arguments[1:])) if isinstance(item, i.Smc) else item
        for item in block.instructions))


def _locks_lost(block: Block) -> Block:
    return replace(block, instructions=tuple(
        item for item in block.instructions if not isinstance(item, (i.Lock, i.Unlock))))


FAULTS = [
    ("is_ffa_call", _sides_exchanged, "result"),
    ("ffa_set_retval", _last_store_lost, "pointed-to memory"),
    ("do_ffa_version", _last_store_lost, "version"),
    ("__verify_smc_1_1", _first_argument_changed, "event 0, argument 0"),
    ("do_ffa_version", _locks_lost, "locks held"),
]


@pytest.mark.parametrize(("name", "change", "where"), FAULTS, ids=[f"{name}{change.__name__}" for name, change, _ in FAULTS])
def test_a_wrong_function_is_noticed(
    tree: Path, tmp_path: Path, name: str, change: Callable[[Block], Block], where: str
) -> None:
    called = "hyp_ffa_init" if name.startswith("__verify") else name
    right = Tree("tree", tree)
    commands = (tuple(build(right, Shape(right.unit, USUAL, PROXY_PAGES), tmp_path, NATIVE_GCC)),)
    function = right.unit.functions[name]
    wrong: Function = replace(function, blocks=tuple(change(block) for block in function.blocks))
    assert wrong != function
    unit = replace(right.unit, functions={**right.unit.functions, name: wrong})
    outcome = explore(Job(Shape(unit, USUAL, PROXY_PAGES), called, commands, 100))
    assert outcome.mismatches > 0
    text = "\n".join(outcome.shown)
    assert called in text and where in text
    assert "interpreter:" in text and "native:" in text and "input: " in text
