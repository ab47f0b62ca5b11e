"""Functions that call themselves, or each other too deep: what follows calls inline would not end."""

from __future__ import annotations

from collections.abc import Mapping

from verify.ir import instr as i
from verify.ir.function import Function

MOST_CALLS = 40
"""Calls within calls; a kernel's proxy has 8."""


def callees(function: Function) -> frozenset[str]:
    return frozenset(
        item.callee for block in function.blocks for item in block.instructions if isinstance(item, i.Call))


def recursive(functions: Mapping[str, Function]) -> frozenset[str]:
    """Those on a cycle of calls, or between two of them."""
    inner = {name: {callee for callee in callees(function) if callee in functions}
             for name, function in functions.items()}
    outer: dict[str, set[str]] = {name: set() for name in functions}
    for name, called in inner.items():
        for callee in called:
            outer[callee].add(name)
    left = _peeled(_peeled(set(functions), inner, outer), outer, inner)
    return frozenset(left)


def _peeled(names: set[str], ahead: Mapping[str, set[str]], back: Mapping[str, set[str]]) -> set[str]:
    """Without those from which every way ahead ends."""
    left = set(names)
    count = {name: len(ahead[name] & left) for name in left}
    todo = [name for name in left if not count[name]]
    while todo:
        name = todo.pop()
        left.discard(name)
        for other in back[name] & left:
            count[other] -= 1
            if not count[other]:
                todo.append(other)
    return left


def too_deep(functions: Mapping[str, Function]) -> frozenset[str]:
    """Those that call more than MOST_CALLS deep, none of them recursive."""
    heights: dict[str, int] = {}
    for root in functions:
        todo = [root]
        while todo:
            name = todo[-1]
            called = [callee for callee in callees(functions[name]) if callee in functions]
            missing = [callee for callee in called if callee not in heights]
            if missing:
                todo += missing
                continue
            heights[name] = 1 + max((heights[callee] for callee in called), default=0)
            todo.pop()
    return frozenset(name for name, height in heights.items() if height > MOST_CALLS)
