"""Where control may go inside one function."""

from __future__ import annotations

from collections.abc import Callable

from verify.ir import instr as i
from verify.ir.function import Block, Function


def targets(terminator: i.Terminator) -> tuple[str, ...]:
    """Labels that control may go to next."""
    match terminator:
        case i.Jump(target=target):
            return (target,)
        case i.Branch(then=then, other=other):
            return (then, other)
        case i.Switch(cases=cases, default=default):
            return (*(label for _, label in cases), default)
    return ()


Ways = Callable[[i.Terminator], tuple[str, ...]]
"""The labels that control may go to next."""


def reachable(function: Function, start: str, ways: Ways = targets) -> tuple[Block, ...]:
    blocks = {block.label: block for block in function.blocks}
    todo, seen = [start], {start}
    while todo:
        for label in ways(blocks[todo.pop()].terminator):
            if label not in seen:
                seen.add(label)
                todo.append(label)
    return tuple(block for block in function.blocks if block.label in seen)


def remaining(function: Function, label: str, index: int, ways: Ways = targets) -> tuple[Block, ...]:
    """What may still run once instruction `index` of block `label` is reached (it included)."""
    here = next(block for block in function.blocks if block.label == label)
    rest = Block(label, here.instructions[index:], here.terminator)
    following = {block.label: block for after in ways(here.terminator)
                 for block in reachable(function, after, ways)}
    return (rest, *following.values())


def topological_order(function: Function) -> tuple[list[Block], dict[str, frozenset[str]]]:
    """Blocks with predecessors first, and for each loop's head the labels of the blocks of its loop."""
    blocks = {block.label: block for block in function.blocks}
    order: list[Block] = []
    back: list[tuple[str, str]] = []
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
        for successor in reversed(targets(blocks[label].terminator)):
            if colour.get(successor) == 1:
                back.append((label, successor))
            elif successor not in colour:
                stack.append((successor, False))
    order.reverse()
    return order, _natural_loops(order, back)


def _natural_loops(order: list[Block], back: list[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """The blocks from which a back edge is reached without passing the head again."""
    before: dict[str, list[str]] = {block.label: [] for block in order}
    for block in order:
        for successor in targets(block.terminator):
            before[successor].append(block.label)
    loops: dict[str, set[str]] = {}
    for tail, head in back:
        found = loops.setdefault(head, {head})
        todo = [tail]
        while todo:
            label = todo.pop()
            if label not in found:
                found.add(label)
                todo += before[label]
    return {head: frozenset(found) for head, found in loops.items()}
