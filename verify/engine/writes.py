"""Which statics a function may write, by reading its code: the footprint of what is not executed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

from verify.ir import instr as i
from verify.ir.expr import AddressOf, Const, Expr, Extend, PointerAdd, Register
from verify.ir.function import Block, Unit
from verify.ir.span import Span


def _static_of(pointer: Expr) -> str | None:
    while isinstance(pointer, PointerAdd):
        pointer = pointer.base
    return pointer.name if isinstance(pointer, AddressOf) and pointer.is_static else None


def _of_block(block: Block) -> tuple[set[str], set[str]]:
    """(statics that may be written, functions called) in one block.

    A static whose address is used for anything but a load, a copy from it or a lock may be written through it. That
    stores stay inside what their pointer was made for is the named assumption memory-safe(handler).
    """
    statics: set[str] = set()
    callees: set[str] = set()
    for instruction in block.instructions:
        match instruction:
            case i.Load(pointer=pointer) | i.Lock(pointer=pointer) | i.Unlock(pointer=pointer):
                statics |= set() if _static_of(pointer) else mentioned(pointer)
            case i.Copy(target=target, source=source, size=size):
                statics |= mentioned(target) | mentioned(size) | (set() if _static_of(source) else mentioned(source))
            case i.Unsupported():
                statics |= instruction.statics
                callees |= instruction.functions
            case i.Call(callee=callee):
                callees.add(callee)
                statics |= mentioned(instruction)
            case _:
                statics |= mentioned(instruction)
    return statics | mentioned(block.terminator), callees


def escaped(unit: Unit) -> set[str]:
    """Statics that some pointer may lead to: their address is used for more than a direct access, anywhere."""
    statics: set[str] = set()
    for block in (block for function in unit.functions.values() for block in function.blocks):
        direct = [x for x in block.instructions if isinstance(x, i.Store) and _static_of(x.pointer) is not None]
        open_ = [x for x in block.instructions if isinstance(x, i.Unsupported)]
        others = tuple(x for x in block.instructions if x not in direct and x not in open_)
        statics |= _of_block(Block(block.label, others, block.terminator))[0]
        statics |= {name for store in direct for name in mentioned(store.value)}
        statics.update(*(x.exposed for x in open_))
    return statics


def holds_truth(unit: Unit, name: str) -> bool:
    """Is every value that goes into this static 0 or 1, as C's bool has it?"""
    stores = [
        x.value for function in unit.functions.values() for block in function.blocks for x in block.instructions
        if isinstance(x, i.Store) and _static_of(x.pointer) == name]
    is_open = any(name in x.statics for function in unit.functions.values() for block in function.blocks
                  for x in block.instructions if isinstance(x, i.Unsupported))
    return not is_open and name not in escaped(unit) and all(map(_is_truth, stores))


def _is_truth(value: Expr) -> bool:
    match value:
        case Const():
            return value.value in (0, 1)
        case Extend(operand=operand, signed=False):
            return operand.bits == 1
    return value.bits == 1


def mentioned(node: Any) -> set[str]:
    """Statics whose address occurs anywhere in an expression, instruction or terminator."""
    if isinstance(node, AddressOf):
        return {node.name} if node.is_static else set()
    if isinstance(node, tuple):
        return {name for item in node for name in mentioned(item)}
    if not is_dataclass(node) or isinstance(node, (Span, Register, Const)):
        return set()
    return {name for item in fields(node) for name in mentioned(getattr(node, item.name))}


def written(unit: Unit, blocks: Iterable[Block]) -> set[str]:
    """Statics that these blocks and everything they call may write."""
    statics: set[str] = set()
    done: set[str] = set()
    todo = list(blocks)
    while todo:
        mine, callees = _of_block(todo.pop())
        statics |= mine
        for callee in callees - done:
            done.add(callee)
            if callee in unit.functions:
                todo.extend(unit.functions[callee].blocks)
    return statics
