"""Meaning without a solver: values of terms, and substitution."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from verify.terms.build import FALSE, TRUE, rebuild
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
    return [known[root] for root in roots]


def evaluate_all(roots: list[Term], values: Mapping[str, int], lookup: Lookup | None = None) -> dict[Term, int]:
    """The values of all terms below the roots, by identity."""
    known: dict[Term, int] = {}
    for node in topological(roots):
        if node.op == "const":
            known[node] = node.value
        elif node.op == "var":
            mask = (1 << node.bits) - 1 if node.bits else 1
            known[node] = values.get(str(node.data), 0) & mask
        elif node.op == "read":
            offset = known[node.args[0]]
            byte = values.get(cell(node, offset), 0) if lookup is None else lookup(node, offset)
            known[node] = byte & 0xFF
        else:
            arguments = tuple(known[argument] for argument in node.args)
            widths = tuple(argument.bits for argument in node.args)
            known[node] = apply(node.op, node.bits, arguments, widths, node.data)
    return known


def holds(term: Term, values: Mapping[str, int]) -> bool:
    return evaluate([term], values)[0] == 1


Memory = Callable[[Term], Term]
"""offset → byte"""


def substitute(
    roots: list[Term], replacement: Mapping[str, Term], known: dict[Term, Term] | None = None,
    memories: Mapping[str, Memory] | None = None,
) -> list[Term]:
    """The roots with variables and memories replaced by name, simplified again.

    `known` keeps results for the same replacement.
    """
    if not replacement and not memories and not known:
        return roots
    if known is None:
        known = {}
    todo: list[Term | None] = list(reversed(roots))
    pop, push = todo.pop, todo.append
    while todo:
        node = pop()
        if node is None:  # the operands of the node below are known
            node = pop()
            assert node is not None
            args = tuple([known[argument] for argument in node.args])
            if memories and node.op == "read" and str(node.data) in memories:
                known[node] = memories[str(node.data)](args[0])
            else:
                known[node] = node if args == node.args else rebuild(node, args)
        elif node not in known:
            if node.args:
                push(node)
                push(None)
                todo.extend(node.args[::-1])
            else:
                known[node] = replacement.get(str(node.data), node) if node.op == "var" else node
    return [known[root] for root in roots]


def outright(conjuncts: Iterable[Term]) -> dict[Term, Term]:
    """What they say: each of them holds, and what it denies does not."""
    said: dict[Term, Term] = {}
    for part in conjuncts:
        said[part] = TRUE
        if part.op == "bnot":
            said[part.args[0]] = FALSE
    return said


def assume(roots: list[Term], said: Mapping[Term, Term]) -> list[Term]:
    """The roots with other terms in the place of some, simplified again."""
    return substitute(roots, {}, dict(said))
