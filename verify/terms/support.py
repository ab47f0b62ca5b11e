"""Which variables a formula's value rests on, where they have certain values."""

from __future__ import annotations

from collections.abc import Mapping

from verify.terms.evaluate import cell, evaluate_all
from verify.terms.term import Term


def support(roots: list[Term], values: Mapping[str, int]) -> set[str]:
    """Names of variables and bytes (name@offset): the roots keep their values whatever the others are.

    Of alternatives one that holds is enough, of a choice the side that is taken.
    """
    known = evaluate_all(roots, values)
    names: set[str] = set()
    seen: set[int] = set()
    todo = list(roots)
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.op == "var":
            names.add(str(node.data))
        elif node.op == "read":
            names.add(cell(node, known[node.args[0]]))
        todo += _needed(node, known)
    return names


def _needed(node: Term, known: Mapping[Term, int]) -> tuple[Term, ...]:
    """The operands that decide about a node."""
    match node.op:
        case "ite":
            return node.args[0], node.args[1] if known[node.args[0]] else node.args[2]
        case "bor" if known[node]:
            return (next(part for part in node.args if known[part]),)
        case "band" if not known[node]:
            return (next(part for part in node.args if not known[part]),)
    return node.args
