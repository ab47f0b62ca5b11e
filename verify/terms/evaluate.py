"""Meaning without a solver: values of terms, and substitution."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from verify.terms.build import rebuild
from verify.terms.concrete import apply
from verify.terms.term import Term, topological


def cell(node: Term, offset: int) -> str:
    """The name under which a byte of unknown memory has its value."""
    return f"{node.data}@{offset}"


Lookup = Callable[[Term, int], int]
"""(read, offset) → byte"""


def evaluate(roots: list[Term], values: Mapping[str, int], lookup: Lookup | None = None) -> list[int]:
    """The roots' values where variables have `values`, and bytes of unknown memory under `name@offset` (missing: 0).

    `lookup` says what the bytes are instead.
    """
    known = evaluate_all(roots, values, lookup)
    return [known[id(root)] for root in roots]


def evaluate_all(roots: list[Term], values: Mapping[str, int], lookup: Lookup | None = None) -> dict[int, int]:
    """The values of all terms below the roots, by identity."""
    known: dict[int, int] = {}
    for node in topological(roots):
        if node.op == "const":
            known[id(node)] = node.value
        elif node.op == "var":
            mask = (1 << node.bits) - 1 if node.bits else 1
            known[id(node)] = values.get(str(node.data), 0) & mask
        elif node.op == "read":
            offset = known[id(node.args[0])]
            byte = values.get(cell(node, offset), 0) if lookup is None else lookup(node, offset)
            known[id(node)] = byte & 0xFF
        else:
            arguments = tuple(known[id(argument)] for argument in node.args)
            widths = tuple(argument.bits for argument in node.args)
            known[id(node)] = apply(node.op, node.bits, arguments, widths, node.data)
    return known


def holds(term: Term, values: Mapping[str, int]) -> bool:
    return evaluate([term], values)[0] == 1


Memory = Callable[[Term], Term]
"""offset → byte"""


def substitute(
    roots: list[Term], replacement: Mapping[str, Term], known: dict[int, Term] | None = None,
    memories: Mapping[str, Memory] | None = None,
) -> list[Term]:
    """The roots with variables and memories replaced by name, simplified again.

    `known` keeps results for the same replacement.
    """
    if not replacement and not memories:
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
                known[id(node)] = _again(node, tuple([known[id(argument)] for argument in node.args]), memories)
    return [known[id(root)] for root in roots]


def _again(node: Term, args: tuple[Term, ...], memories: Mapping[str, Memory] | None) -> Term:
    if memories and node.op == "read" and str(node.data) in memories:
        return memories[str(node.data)](args[0])
    return rebuild(node, args)
