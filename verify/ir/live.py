"""Which registers of a function may still be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from verify.ir import instr as i
from verify.ir.expr import Register
from verify.ir.flow import targets
from verify.ir.function import Block, Function


def live(function: Function) -> dict[str, frozenset[str]]:
    """By block: the registers that are read, there or later, before they are set."""
    result: dict[str, frozenset[str]] = {block.label: frozenset() for block in function.blocks}
    changed = True
    while changed:
        changed = False
        for block in reversed(function.blocks):
            found = _before(block, result)
            changed |= found != result[block.label]
            result[block.label] = found
    return result


def _before(block: Block, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    here = {name for label in targets(block.terminator) for name in known[label]} | set(_read(block.terminator))
    for instruction in reversed(block.instructions):
        here -= set_by(instruction)
        here |= set(_read(instruction))
    return frozenset(here)


def set_by(instruction: i.Instr) -> set[str]:
    """The registers that it sets."""
    match instruction:
        case i.Assign(target=target) | i.Load(target=target):
            return {target.name}
        case i.Call(target=target):
            return {target.name} if target is not None else set()
        case i.Smc(results=results):
            return {register.name for register in results}
    return set()


def _read(statement: i.Instr | i.Terminator) -> Iterator[str]:
    """All registers in it but those that it sets."""
    is_result = ("target",) if isinstance(statement, i.Assign | i.Load | i.Call) else ("results",)
    for one in fields(statement):
        if one.name not in is_result:
            yield from registers_in(getattr(statement, one.name))


def registers_in(value: Any) -> Iterator[str]:
    """All that are named anywhere in an expression or an instruction."""
    if isinstance(value, Register):
        yield value.name
    elif isinstance(value, tuple):
        for one in value:
            yield from registers_in(one)
    elif is_dataclass(value):
        for part in fields(value):
            yield from registers_in(getattr(value, part.name))
