"""What of the unit a text names that is not lowered: statics that it may write, functions that it may run.

As `static`, as `&static` where its address is taken, or may be, and as `function()`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pycparser import c_ast

from verify.frontend import ctypes as ct
from verify.frontend.scope import Names

_WORD = re.compile(r"[A-Za-z_]\w*")


def in_texts(texts: Iterable[str], names: Names) -> tuple[str, ...]:
    """Of tokens, when nobody knows what is done with them."""
    words = {word for text in texts for word in _WORD.findall(text)}
    return tuple(sorted({f"&{word}" if word in names.statics else f"{word}()" for word in words
                         if word in names.statics or _is_function(word, names)}))


def in_node(node: Any, names: Names) -> tuple[str, ...]:
    """Of a statement or an expression, `({ … })` included."""
    finder = _Finder(names)
    finder.visit(node)
    return tuple(sorted(finder.found))


def jumps_in(node: Any, names: Names) -> tuple[set[str], bool]:
    """(labels that it goes to, does it leave or go on with a loop around it?)"""
    labels, is_leaving, todo, done = set(), False, [node], set[str]()
    while todo:
        one = todo.pop()
        if isinstance(one, c_ast.Goto):
            labels.add(one.name)
        is_leaving |= isinstance(one, c_ast.Break | c_ast.Continue)
        if isinstance(one, c_ast.ID) and one.name in names.blocks and one.name not in done:
            done.add(one.name)
            todo.append(names.blocks[one.name])
        todo += [child for _, child in one.children()] if isinstance(one, c_ast.Node) else []
    return labels, is_leaving


def _is_function(word: str, names: Names) -> bool:
    return word in names.functions or word in names.defined


class _Finder(c_ast.NodeVisitor):  # type: ignore[misc]
    def __init__(self, names: Names) -> None:
        self.names = names
        self.found: set[str] = set()
        self._blocks: set[str] = set()

    def visit_ID(self, node: Any) -> None:
        if node.name in self.names.blocks and node.name not in self._blocks:
            self._blocks.add(node.name)
            self.visit(self.names.blocks[node.name])
        elif node.name in self.names.statics:
            decays = isinstance(self.names.statics[node.name], ct.Array)
            self.found.add(f"&{node.name}" if decays else node.name)
        elif _is_function(node.name, self.names):
            self.found.add(f"{node.name}()")

    def visit_Constant(self, node: Any) -> None:
        """What stands for a text that was not read has its words in a string."""
        if node.type == "string":
            self.found |= set(in_texts([node.value], self.names))

    def visit_StructRef(self, node: Any) -> None:
        self._part(node.name)

    def visit_ArrayRef(self, node: Any) -> None:
        self._part(node.name)
        self.visit(node.subscript)

    def visit_UnaryOp(self, node: Any) -> None:
        base = node.expr
        while node.op == "&" and isinstance(base, c_ast.ArrayRef | c_ast.StructRef | c_ast.Cast):
            base = base.expr if isinstance(base, c_ast.Cast) else base.name
        if node.op == "&" and isinstance(base, c_ast.ID) and base.name in self.names.statics:
            self.found.add(f"&{base.name}")
        self.visit(node.expr)

    def _part(self, whole: Any) -> None:
        """A part of an array is looked at; the array's address goes nowhere."""
        if isinstance(whole, c_ast.ID) and whole.name in self.names.statics:
            self.found.add(whole.name)
        else:
            self.visit(whole)
