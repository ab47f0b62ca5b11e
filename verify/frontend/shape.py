"""What the tree of a statement shows before it is lowered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pycparser import c_ast


class _NestedCases(c_ast.NodeVisitor):  # type: ignore[misc]
    def __init__(self) -> None:
        self.found = False

    def visit_Case(self, node: Any) -> None:
        self.found = True

    visit_Default = visit_Case

    def visit_Switch(self, node: Any) -> None:
        """Its cases are its own."""


def may_skip(body: Any) -> bool:
    """Is there a jump inside that may pass a declaration? A switch does, and any label may be jumped to."""
    todo = [body]
    while todo:
        node = todo.pop()
        if isinstance(node, c_ast.Switch | c_ast.Label):
            return True
        todo += [child for _, child in node.children()] if isinstance(node, c_ast.Node) else []
    return False


def has_nested_case(items: list[Any]) -> bool:
    """Is there a case label inside another statement of a switch?"""
    visitor = _NestedCases()
    for item in items:
        for inner in (item.stmts or []) if isinstance(item, (c_ast.Case, c_ast.Default)) else [item]:
            visitor.visit(inner)
    return visitor.found


class _AddressTaken(c_ast.NodeVisitor):  # type: ignore[misc]
    def __init__(self, blocks: Mapping[str, Any]) -> None:
        self.names: set[str] = set()
        self.blocks = blocks

    def visit_FuncCall(self, node: Any) -> None:
        if isinstance(node.name, c_ast.ID) and node.name.name in self.blocks:
            self.visit(self.blocks[node.name.name])
        self.generic_visit(node)

    def visit_UnaryOp(self, node: Any) -> None:
        if node.op == "&" and isinstance(node.expr, c_ast.ID):
            self.names.add(node.expr.name)
        self.generic_visit(node)


def address_taken(body: Any, blocks: Mapping[str, Any]) -> frozenset[str]:
    """Names whose address is taken anywhere in the function, `({ … })` included: these live in memory."""
    visitor = _AddressTaken(blocks)
    visitor.visit(body)
    return frozenset(visitor.names)
