"""Sides of branches: which ones a function has, and which ones a constant in the same block rules out."""

from __future__ import annotations

from collections.abc import Iterator

from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.function import Block, Function
from verify.ir.show import show_expr

Edge = tuple[str, str, str]
"""(function, from block, to block), as in the interpreter's log."""


def edges(function: Function) -> set[Edge]:
    return {(function.name, block.label, target) for block in function.blocks for target in _targets(block)}


def blocks(function: Function) -> set[tuple[str, str]]:
    return {(function.name, block.label) for block in function.blocks}


def impossible(function: Function) -> dict[Edge, str]:
    """Edges that are never taken, with why: the condition compares a register that the block just set to a constant."""
    found = {}
    for block in function.blocks:
        if isinstance(block.terminator, i.Branch) and (fact := _decided(block, block.terminator.condition)):
            truth, why = fact
            taken, other = block.terminator.then, block.terminator.other
            found[function.name, block.label, other if truth else taken] = f"{block.terminator.span}: {why}"
    return found


def _targets(block: Block) -> Iterator[str]:
    match block.terminator:
        case i.Jump(target=target):
            yield target
        case i.Branch(then=then, other=other):
            yield from (then, other)
        case i.Switch(cases=cases, default=default):
            yield from (label for _, label in cases)
            yield default


def _decided(block: Block, condition: e.Expr) -> tuple[bool, str] | None:
    """(truth of the condition, why) where one is `register (in)equal constant` and the register's value is known."""
    match condition:
        case e.Compare(op=e.CompareOp.EQ | e.CompareOp.NE as op, left=e.Register(name=name), right=e.Const(value=value)):
            known = _last_value(block, name)
            if isinstance(known, e.Const):
                truth = (known.value == value) is (op is e.CompareOp.EQ)
                return truth, f"{show_expr(condition)}, where {name} was set to {known.value}"
    return None


def _last_value(block: Block, name: str) -> e.Expr | None:
    """What the block's last write to a register wrote; None if that is no plain assignment."""
    value: e.Expr | None = None
    for instruction in block.instructions:
        match instruction:
            case i.Assign(target=target, value=assigned) if target.name == name:
                value = assigned
            case i.Load(target=target) if target.name == name:
                value = None
            case i.Call(target=e.Register(name=written)) if written == name:
                value = None
            case i.Smc(results=results) if name in [result.name for result in results]:
                value = None
    return value
