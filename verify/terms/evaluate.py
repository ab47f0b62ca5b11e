"""Meaning without a solver: values of terms, and substitution."""

from __future__ import annotations

from collections.abc import Mapping

from verify.terms.build import rebuild
from verify.terms.concrete import apply
from verify.terms.term import Term, topological


def evaluate(roots: list[Term], values: Mapping[str, int]) -> list[int]:
    """The roots' values where variables have `values` (missing ones are 0)."""
    known: dict[int, int] = {}
    for node in topological(roots):
        if node.op == "const":
            known[id(node)] = node.value
        elif node.op == "var":
            mask = (1 << node.bits) - 1 if node.bits else 1
            known[id(node)] = values.get(str(node.data), 0) & mask
        else:
            arguments = tuple(known[id(argument)] for argument in node.args)
            widths = tuple(argument.bits for argument in node.args)
            known[id(node)] = apply(node.op, node.bits, arguments, widths, node.data)
    return [known[id(root)] for root in roots]


def holds(term: Term, values: Mapping[str, int]) -> bool:
    return evaluate([term], values)[0] == 1


def substitute(
    roots: list[Term], replacement: Mapping[str, Term], known: dict[int, Term] | None = None
) -> list[Term]:
    """The roots with variables replaced by name, simplified again; `known` keeps results for the same replacement."""
    if not replacement:
        return roots
    if known is None:
        known = {}
    todo = list(reversed(roots))
    while todo:
        node = todo[-1]
        if id(node) in known:
            todo.pop()
        elif node.op == "var":
            known[id(node)] = replacement.get(str(node.data), node)
        elif not node.args:
            known[id(node)] = node
        else:
            pending = [argument for argument in node.args if id(argument) not in known]
            if pending:
                todo += reversed(pending)
            else:
                known[id(node)] = rebuild(node, tuple([known[id(argument)] for argument in node.args]))
    return [known[id(root)] for root in roots]
