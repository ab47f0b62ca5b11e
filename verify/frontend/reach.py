"""Drops blocks that no path reaches, and closes those that fall off the end."""

from __future__ import annotations

from verify.ir import instr as i
from verify.ir.span import NOWHERE

Draft = dict[str, tuple[list[i.Instr], list[i.Terminator]]]


def _targets(terminator: i.Terminator) -> tuple[str, ...]:
    match terminator:
        case i.Jump(target=target):
            return (target,)
        case i.Branch(then=then, other=other):
            return (then, other)
        case i.Switch(cases=cases, default=default):
            return (*(label for _, label in cases), default)
    return ()


def reached(blocks: Draft) -> Draft:
    """Blocks in source order, reachable from the first; an open end (a missing return) is not modelled."""
    first = next(iter(blocks))
    seen, todo = {first}, [first]
    while todo:
        instructions, ends = blocks.setdefault(todo.pop(), ([], []))
        if not ends:
            span = instructions[-1].span if instructions else NOWHERE
            instructions.append(i.Unsupported("control reaches the end of a function that returns a value", span))
            ends.append(i.Stop(span))
        for label in _targets(ends[0]):
            if label not in seen:
                seen.add(label)
                todo.append(label)
    return {label: draft for label, draft in blocks.items() if label in seen}
