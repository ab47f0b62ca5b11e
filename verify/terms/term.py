"""The node type. Nodes are interned: equal structure is the same object, so `is` decides equality.

A term has `bits` > 0 (a bit-vector) or `bits` == 0 (a truth value). Build terms with `verify.terms.build`.
"""

from __future__ import annotations

from typing import Any, Final

BOOL: Final = 0


class Term:
    """An immutable formula: operator, operands, width, and a constant's value or a variable's name."""

    __slots__ = ("args", "bits", "data", "op")

    op: str
    args: tuple[Term, ...]
    bits: int
    data: int | str | tuple[int, int] | None

    def __repr__(self) -> str:
        if self.op == "const":
            return ("true" if self.data else "false") if self.bits == BOOL else f"{self.data:#x}"
        if self.op == "var":
            return str(self.data)
        inner = " ".join(map(repr, self.args))
        suffix = "" if self.data is None else f"[{self.data}]"
        return f"({self.op}{suffix} {inner})"

    def __bool__(self) -> bool:
        raise TypeError("a symbolic term has no truth value in Python; use terms.build.ite, and_, or_")

    @property
    def is_const(self) -> bool:
        return self.op == "const"

    @property
    def value(self) -> int:
        """The integer of a constant (1 or 0 for truth values); only for constants."""
        assert self.op == "const" and isinstance(self.data, int)
        return self.data


# Interning is what makes structural equality an identity test; the table holds no meaning.
_TABLE: dict[tuple[Any, ...], Term] = {}


def make(op: str, args: tuple[Term, ...], bits: int, data: int | str | tuple[int, int] | None = None) -> Term:
    """The interned node with exactly this structure, unsimplified."""
    key = (op, args, bits, data)
    found = _TABLE.get(key)
    if found is None:
        found = Term()
        found.op, found.args, found.bits, found.data = op, args, bits, data
        _TABLE[key] = found
    return found


def topological(roots: list[Term]) -> list[Term]:
    """Every node below the roots, operands first, in an order that only the structure decides."""
    order: list[Term] = []
    met: set[Term] = set()
    stack: list[Term | None] = list(reversed(roots))
    pop, push, append = stack.pop, stack.append, order.append  # this and `substitute` are most of a run's Python
    while stack:
        node = pop()
        if node is None:  # the operands of the node below are in order
            append(pop())  # type: ignore[arg-type]
        elif node not in met:
            met.add(node)
            if node.args:
                push(node)
                push(None)
                stack.extend(node.args[::-1])
            else:
                append(node)
    return order


def variables(roots: list[Term]) -> dict[str, Term]:
    """Name → node of each free variable."""
    return {str(node.data): node for node in topological(roots) if node.op == "var"}


def memories(roots: list[Term]) -> set[str]:
    """Names of the unknown memories that are read."""
    return {str(node.data) for node in topological(roots) if node.op == "read"}
