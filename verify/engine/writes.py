"""Which statics a function may write, by reading its code: the footprint of what is not executed."""

from __future__ import annotations

from collections.abc import Iterable

from verify.ir import instr as i
from verify.ir.expr import AddressOf, Expr, PointerAdd
from verify.ir.function import Block, Function, Unit


def _static_of(pointer: Expr) -> str | None:
    while isinstance(pointer, PointerAdd):
        pointer = pointer.base
    return pointer.name if isinstance(pointer, AddressOf) and pointer.is_static else None


def _of_block(block: Block) -> tuple[set[str], set[str]]:
    """(statics written, functions called) in one block. Stores through other pointers are assumed to stay
    inside what the pointer was made for: the named assumption memory-safe(handler)."""
    statics: set[str] = set()
    callees: set[str] = set()
    for instruction in block.instructions:
        match instruction:
            case i.Store(pointer=pointer) | i.Copy(target=pointer) | i.Fill(target=pointer):
                name = _static_of(pointer)
                if name is not None:
                    statics.add(name)
            case i.Call(callee=callee, arguments=arguments):
                callees.add(callee)
                statics.update(name for name in map(_static_of, arguments) if name is not None)
    return statics, callees


def successors(block: Block) -> tuple[str, ...]:
    match block.terminator:
        case i.Jump(target=target):
            return (target,)
        case i.Branch(then=then, other=other):
            return (then, other)
        case i.Switch(cases=cases, default=default):
            return (*(label for _, label in cases), default)
    return ()


def reachable(function: Function, start: str) -> tuple[Block, ...]:
    blocks = {block.label: block for block in function.blocks}
    todo, seen = [start], {start}
    while todo:
        for label in successors(blocks[todo.pop()]):
            if label not in seen:
                seen.add(label)
                todo.append(label)
    return tuple(block for block in function.blocks if block.label in seen)


def remaining(function: Function, label: str, index: int) -> tuple[Block, ...]:
    """What may still run once instruction `index` of block `label` is reached (it included)."""
    here = next(block for block in function.blocks if block.label == label)
    rest = Block(label, here.instructions[index:], here.terminator)
    following = {block.label: block for after in successors(here) for block in reachable(function, after)}
    return (rest, *following.values())


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
