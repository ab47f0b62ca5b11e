"""Definitions → pycparser syntax trees; the only module that runs pycparser's parser.

Tokens go in one a line, so that a node's line number is the index of its token: spans are exact, through macros.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pycparser import c_ast, c_parser

from verify.errors import InputError, UnsupportedC
from verify.frontend.macros import is_type_alone, refuse_unread, unknown_type
from verify.frontend.preprocess import Token
from verify.frontend.split import Definition
from verify.ir.span import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Parsed:
    """Top-level nodes of one definition; `tokens` give the spans of their coordinates."""

    nodes: tuple[Any, ...]
    tokens: Sequence[Token]
    first_line: int

    def span(self, node: Any) -> Span:
        coord = getattr(node, "coord", None)
        if coord is None:
            return NOWHERE
        index = int(coord.line) - self.first_line
        return self.tokens[index].span if 0 <= index < len(self.tokens) else NOWHERE


MOST_DEEP = 100
"""What reads a syntax tree or an expression of the IR calls itself that often."""

MOST_UNREAD = 20
"""Types that one definition names and that nobody has read."""


def _is_deep(nodes: Sequence[Any]) -> bool:
    """Asked without recursion."""
    level, depth = list(nodes), 0
    while level and depth <= MOST_DEEP:
        level, depth = [child for node in level for _, child in node.children()], depth + 1
    return bool(level)


class Parser:
    """Remembers the typedef names seen so far."""

    def __init__(self) -> None:
        self._typedefs: dict[str, None] = {}

    def parse(self, definition: Definition) -> Parsed:
        """Raises InputError where the tokens are not C, UnsupportedC where they are beyond the parser."""
        if definition.refusal is not None:
            raise definition.refusal
        try:
            unit = self._unit(definition.tokens)
        except c_parser.ParseError as problem:
            if definition.tokens[0].span.file == definition.tokens[-1].span.file:
                refuse_unread(definition.tokens, self._typedefs)
            raise InputError(self._message(str(problem), definition.tokens)) from None
        except RecursionError:
            raise UnsupportedC("nesting too deep to parse", str(definition.tokens[0].span)) from None
        nodes = tuple(node for node in unit.ext if node.coord is not None and node.coord.line >= 2)
        if _is_deep(nodes):
            raise UnsupportedC(f"more than {MOST_DEEP} operators or statements within each other",
                               str(definition.tokens[0].span))
        for node in nodes:
            if isinstance(node, c_ast.Typedef):
                self._typedefs[node.name] = None
        return Parsed(nodes, definition.tokens, 2)

    def _unit(self, tokens: Sequence[Token]) -> Any:
        """A type whose text is not read costs what uses it: it is parsed as one, and refused where it stands."""
        words, unread = {token.text for token in tokens}, list[str]()
        while True:
            types = [*(name for name in self._typedefs if name in words), *unread]
            prelude = f"typedef int {', '.join(types)};\n" if types else "\n"
            text = prelude + "\n".join(token.text for token in tokens) + "\n"
            try:
                return c_parser.CParser().parse(text, "unit")
            except c_parser.ParseError:
                found = unknown_type(tokens, types)
                if found is None or len(unread) == MOST_UNREAD or not is_type_alone(tokens, found.text):
                    raise
                unread.append(found.text)

    @staticmethod
    def _message(problem: str, tokens: Sequence[Token]) -> str:
        found = re.match(r"[^:]*:(\d+)(?::\d+)?:\s*(.*)", problem)
        if found is None:
            return f"{tokens[-1].span}: not C: {problem[:80]}"
        index = min(max(int(found[1]) - 2, 0), len(tokens) - 1)
        return f"{tokens[index].span}: not C: {found[2][:80]}"
