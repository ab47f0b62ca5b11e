"""Values of the object-like macros of the FF-A headers: what rules and reports call by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from verify.errors import InputError, UnsupportedC
from verify.frontend.builder import Builder
from verify.frontend.declare import Types
from verify.frontend.expressions import Expressions
from verify.frontend.parse import Parser
from verify.frontend.preprocess import Token
from verify.frontend.scope import Names
from verify.frontend.split import Definition
from verify.ir.expr import Const
from verify.ir.span import NOWHERE

_WORDS = {"unsigned", "signed", "int", "long", "short", "char", "sizeof", "__verify_lowest_bit"}
_MARKS = {"(", ")", "+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^", "~", "!", "?", ":", "<", ">", "<=", ">=", "==",
          "!=", "&&", "||"}


def evaluate(expanded: Mapping[str, Sequence[Token]], parser: Parser, types: Types, names: Names) -> dict[str, int]:
    """Every macro that is an integer constant expression; the others are no constants and are left out."""
    known = _WORDS | set(types.typedefs) | set(types.enumerators)
    usable = {name: tokens for name, tokens in expanded.items() if _is_expression(tokens, known)}
    bodies: list[Token] = [_token(word) for word in ("void", "constants", "(", "void", ")", "{")]
    for tokens in usable.values():
        bodies += [_token("("), *tokens, _token(")"), _token(";")]
    bodies.append(_token("}"))
    try:
        parsed = parser.parse(Definition(tuple(bodies), True, "constants", None))
    except (InputError, UnsupportedC):
        return {}
    types.span = parsed.span
    result = {}
    for name, node in zip(usable, parsed.nodes[0].body.block_items or [], strict=True):
        try:
            value = Expressions(Builder(), types, names).value(node).expr
        except UnsupportedC:
            continue
        if isinstance(value, Const):
            result[name] = value.value
    return result


def _token(text: str) -> Token:
    return Token("CPP_ID" if text.isalpha() else text, text, NOWHERE)


def _is_expression(tokens: Sequence[Token], known: set[str]) -> bool:
    depth = 0
    for token in tokens:
        if not (token.kind == "CPP_INTEGER" or token.text in _MARKS or token.text in known):
            return False
        depth += (token.text == "(") - (token.text == ")")
        if depth < 0:
            return False
    return depth == 0 and any(token.kind == "CPP_INTEGER" for token in tokens)
