"""Proxies of one version, which keep no agreement: what they settle at boot, said as the statics that others have.

Such a proxy asks EL3 for its version once, at boot, and has nowhere to note another: no call of the host writes a
number to a static. Two statics are added that its initialisation sets where it sets up EL2's mailboxes. Where any of
this is not seen to be so, nothing is added, and the target has no version that rules could speak of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from verify.ir import instr as i
from verify.ir.expr import POINTER, AddressOf, Const, Expr, place_in_static
from verify.ir.function import Block, Field, Function, Object, Unit
from verify.ir.span import Span

INIT = "hyp_ffa_init"
MAILBOXES = "hyp_buffers"
VERSION, NEGOTIATED, LOCK = "hyp_ffa_version", "has_version_negotiated", "version_lock"
FFA_VERSION = 0x84000063
ENVIRONMENT = Span("<env>/agreed", 1)
"""Where no line of the tree is."""


def with_agreement(unit: Unit) -> Unit:
    """The unit as it is, or with the statics of a version agreed at boot."""
    init = unit.functions.get(INIT)
    if init is None or not {VERSION, NEGOTIATED, LOCK}.isdisjoint(unit.statics):
        return unit
    version, reached = _asked(init), _called(unit)
    settled = replace(init, blocks=tuple(_settled(block, version or 0) for block in init.blocks))
    if version is None or settled == init or INIT in reached or _notes_numbers(unit, reached):
        return unit
    return replace(
        unit, functions={**unit.functions, INIT: settled},
        statics=dict(sorted({**unit.statics, **{name: _static(name, bits) for name, bits in (
            (VERSION, 32), (NEGOTIATED, 8), (LOCK, 32))}}.items())),
        assumptions=(*unit.assumptions, f"version {version >> 16}.{version & 0xFFFF}, which {INIT} asks for, is agreed "
                     "at boot (the tree keeps no version)"))


def _static(name: str, bits: int) -> Object:
    return Object(name, bits // 8, bits // 8, (Field("", 0, bits),), ENVIRONMENT)


def _asked(init: Function) -> int | None:
    """The only version that it asks EL3 for."""
    found = [item.arguments[1] for block in init.blocks for item in block.instructions
             if isinstance(item, i.Call) and len(item.arguments) > 1 and item.arguments[0] == Const(FFA_VERSION, 64)]
    return found[0].value if len(found) == 1 and isinstance(found[0], Const) else None


def _settled(block: Block, version: int) -> Block:
    """Behind what sets up the mailboxes, the agreement is noted."""
    at = [k for k, item in enumerate(block.instructions) if MAILBOXES in _changed(item)]
    if not at:
        return block
    span = block.instructions[at[-1]].span
    notes = (i.Store(AddressOf(VERSION, True), Const(version, 32), 4, i.Order.PLAIN, span),
             i.Store(AddressOf(NEGOTIATED, True), Const(1, 8), 1, i.Order.PLAIN, span))
    return replace(block, instructions=(*block.instructions[: at[-1] + 1], *notes, *block.instructions[at[-1] + 1 :]))


def _changed(item: i.Instr) -> set[str]:
    match item:
        case i.Store(pointer=target) | i.Copy(target=target) | i.Fill(target=target):
            return _statics(target)
    return set()


def _called(unit: Unit) -> dict[str, Function]:
    """The functions that a call of the host may come by."""
    found: dict[str, Function] = {}
    todo = [unit.entry]
    while todo:
        name = todo.pop()
        if name in unit.functions and name not in found:
            found[name] = unit.functions[name]
            todo += [item.callee for block in found[name].blocks for item in block.instructions
                     if isinstance(item, i.Call)]
    return found


def _notes_numbers(unit: Unit, reached: Mapping[str, Function]) -> bool:
    """May a call write a number to a static? Reads, locks and pointers are seen not to; what is not C is not seen."""
    return any(_is_note(unit, item) for function in reached.values() for block in function.blocks
               for item in (*block.instructions, block.terminator))


def _is_note(unit: Unit, item: i.Instr | i.Terminator) -> bool:
    match item:
        case i.Unsupported():
            return True
        case i.Load() | i.Lock() | i.Unlock():
            return False
        case i.Store(pointer=pointer, value=value):
            return bool(_statics(value)) or (bool(_statics(pointer)) and not _is_pointer(unit, pointer))
    return bool(_statics(item))


def _is_pointer(unit: Unit, place: Expr) -> bool:
    """Is this the place of a pointer in a static?"""
    found = place_in_static(place)
    return found is not None and any(
        member.offset == found[1] and member.bits == POINTER for member in unit.statics[found[0]].fields)


def _statics(node: Any) -> set[str]:
    return set(_named(node))


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, AddressOf):
        if node.is_static:
            yield node.name
    elif isinstance(node, tuple):
        for item in node:
            yield from _named(item)
    elif hasattr(node, "__dataclass_fields__") and not isinstance(node, Span):
        for item in fields(node):
            yield from _named(getattr(node, item.name))
