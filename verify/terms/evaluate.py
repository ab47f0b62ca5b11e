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


def substitute(roots: list[Term], replacement: Mapping[str, Term]) -> list[Term]:
    """The roots with variables replaced by name, simplified again."""
    if not replacement:
        return roots
    known: dict[int, Term] = {}
    for node in topological(roots):
        if node.op == "var":
            known[id(node)] = replacement.get(str(node.data), node)
        elif node.args:
            known[id(node)] = rebuild(node, tuple(known[id(argument)] for argument in node.args))
        else:
            known[id(node)] = node
    return [known[id(root)] for root in roots]
