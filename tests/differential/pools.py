"""Values worth trying in a unit: function IDs, versions, constants of the code, descriptors."""

from __future__ import annotations

import functools
from dataclasses import fields
from typing import Any

from tests.differential.shape import Shape
from verify.ir import instr as i
from verify.ir.expr import Const
from verify.ir.function import Function, Unit
from verify.ir.span import Span

ONES = (1 << 64) - 1
MEMORY_CALLS = {"__pkvm_host_share_ffa", "__pkvm_host_unshare_ffa"}


class Pools:
    def __init__(self, shape: Shape) -> None:
        self._unit: Unit = shape.unit
        constants = shape.unit.constants
        self.identifiers = sorted(
            {value for name, value in constants.items()
             if name.startswith("FFA_") and value >> 32 == 0 and value & 0xBF00FF00 == 0x84000000}
            | {0x84000060, 0xC40000FF, 0x8400005F, 0xC4000100, 0x04000063, 0x85000063, 0xC4000063})
        self.success = constants["FFA_SUCCESS"]
        self.answers = [
            constants[name] for name in (
                "FFA_SUCCESS", "FFA_ERROR", "FFA_MEM_RETRIEVE_RESP", "FFA_MEM_FRAG_RX", "FFA_MEM_FRAG_TX")
        ] + [ONES, 0xFFFFFFFF, constants["FFA_SUCCESS"] | 1 << 32]
        self.versions = [0x10000, 0x10001, 0x10002, 0x10000, 0x10001, 0x10002, 0x10003, 0x20000, 0x1FFFF, 0x80010001,
                         0, 0x7FFF0001, 0xFFFFFFFF]
        page = shape.page
        self.common = [0, 0, 0, 1, 2, 8, 16, 17, 32, 48, 64, 80, 96, page, page - 1, page + 1, 7 * page, page // 4096,
                       ONES, ONES - 1, 0xFFFFFFFF, 0xFFFFFFFE, 1 << 31, 1 << 32, *self.versions, *self.answers]

    @functools.cache  # noqa: B019 - one object for each tree and page size
    def literals(self, name: str) -> list[int]:
        """Constants in the function and in what it calls, and their neighbours."""
        found: set[int] = {0}
        for called in self.reached(name):
            _constants(self._unit.functions[called].blocks, found)
        return sorted(value + near & ONES for near in (-1, 0, 0, 0, 0, 1) for value in found)

    @functools.cache  # noqa: B019
    def reached(self, name: str) -> frozenset[str]:
        return reached(self._unit, name)

    @functools.cache  # noqa: B019
    def reads_memory(self, name: str) -> bool:
        """Does it, at any depth, copy or share what a buffer holds?"""
        functions = [self._unit.functions[called] for called in self.reached(name)]
        return any(MEMORY_CALLS & set(callees(function)) or _copies(function) for function in functions)


def reached(unit: Unit, name: str) -> frozenset[str]:
    """The function and those that it calls, at any depth."""
    done, todo = set[str](), [name]
    while todo:
        at = todo.pop()
        if at in done or at not in unit.functions:
            continue
        done.add(at)
        todo += callees(unit.functions[at])
    return frozenset(done)


def callees(function: Function) -> list[str]:
    return [item.callee for block in function.blocks for item in block.instructions if isinstance(item, i.Call)]


def _copies(function: Function) -> bool:
    return any(isinstance(item, i.Copy) and not isinstance(item.size, Const)
               for block in function.blocks for item in block.instructions)


def _constants(node: Any, found: set[int]) -> None:
    if isinstance(node, Const):
        found.add(node.value)
    elif isinstance(node, int) and not isinstance(node, bool):
        found.add(node)
    elif isinstance(node, tuple):
        for item in node:
            _constants(item, found)
    elif hasattr(node, "__dataclass_fields__") and not isinstance(node, Span):
        for item in fields(node):
            if item.name not in ("bits", "align"):
                _constants(getattr(node, item.name), found)
