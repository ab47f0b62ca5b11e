"""Where control may go inside one function."""

from __future__ import annotations

from verify.ir import instr as i
from verify.ir.function import Block, Function


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


def topological_order(function: Function) -> tuple[list[Block], set[str]]:
    """Blocks with predecessors first, and the labels of loop heads (targets of back edges)."""
    blocks = {block.label: block for block in function.blocks}
    order: list[Block] = []
    loops: set[str] = set()
    colour: dict[str, int] = {}
    stack: list[tuple[str, bool]] = [(function.blocks[0].label, False)]
    while stack:
        label, done = stack.pop()
        if done:
            colour[label] = 2
            order.append(blocks[label])
            continue
        if label in colour:
            continue
        colour[label] = 1
        stack.append((label, True))
        for successor in reversed(successors(blocks[label])):
            if colour.get(successor) == 1:
                loops.add(successor)
            elif successor not in colour:
                stack.append((successor, False))
    order.reverse()
    return order, loops
