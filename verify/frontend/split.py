"""The token stream cut into top-level definitions, with GNU C normalised or refused by name.

Each definition stands for itself, so that one unknown construct costs one function and not the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

from verify.errors import InputError, UnsupportedC
from verify.frontend import macros
from verify.frontend.preprocess import FFA_C, Token

_OPEN = {"(": ")", "{": "}", "[": "]"}
_ATTRIBUTES = {"__attribute__", "__attribute"}
_HARMLESS = {
    "unused", "__unused__", "noinline", "__noinline__", "always_inline", "__always_inline__", "cold", "__cold__",
    "warn_unused_result", "__warn_unused_result__", "const", "pure", "maybe_unused", "nonnull",
}
_SPELLING = {"__inline__": "inline", "__inline": "inline", "__volatile__": "volatile", "__const": "const",
             "__restrict": "restrict", "__signed__": "signed"}
_ASM_QUALIFIERS = {"volatile", "__volatile__", "__volatile", "goto", "inline", "__inline__", "__inline"}
MOST_NESTED = 50
"""Brackets within brackets."""
_REFUSED = {"typeof", "__typeof__", "__auto_type", "__extension__", "__builtin_choose_expr",
            "__builtin_types_compatible_p", "_Generic", "__label__", "__builtin_constant_p", "_Static_assert"}


SAME = "__verify_same"
"""Stands between `?` and `:` where nothing does: the condition itself."""
RANGE = "__verify_range"
"""`case RANGE(A, B):` is `case A ... B:`."""
BLOCK = "__verify_block_"
"""Begins the names of functions that hold the statements of one `({ … })` each, and of the calls in its place."""


@dataclass(frozen=True, slots=True)
class Definition:
    """`refusal`: (construct, position) if the whole definition cannot be taken. Blocks that it uses follow it."""

    tokens: tuple[Token, ...]
    is_function: bool
    name: str
    refusal: UnsupportedC | None


def split(tokens: Sequence[Token]) -> list[Definition]:
    """Raises InputError (file:line) where brackets do not match, as in a truncated file."""
    result: list[Definition] = []
    start = 0
    depth: list[Token] = []
    is_function = False
    numbers = count()
    for at, token in enumerate(tokens):
        if token.text in _OPEN:
            if token.text == "{" and not depth:
                is_function = _follows_parameters(tokens, start, at)
            depth.append(token)
        elif token.text in _OPEN.values():
            if not depth or _OPEN[depth[-1].text] != token.text:
                raise InputError(f"{token.span}: '{token.text}' matches nothing; the file is not C or is truncated")
            depth.pop()
        ends = not depth and (token.text == ";" or (token.text == "}" and is_function))
        if ends:
            start = macros.past_leading(tokens, start, at)
            result.append(_definition(tokens[start : at + 1], is_function, numbers))
            start, is_function = at + 1, False
    _check_end(tokens, start, depth)
    return [item for item in result if len(item.tokens) > 1 and not macros.stands_alone(item.tokens)]


def _check_end(tokens: Sequence[Token], start: int, depth: list[Token]) -> None:
    if depth:
        raise InputError(f"{depth[0].span}: '{depth[0].text}' is never closed; the file is truncated or not C")
    if start < len(tokens):
        raise InputError(f"{tokens[-1].span}: the file ends inside a definition; it is truncated or not C")
    if tokens and not any(token.span.file == FFA_C for token in tokens):
        raise InputError(f"{FFA_C}:1: no C in this file")


def _follows_parameters(tokens: Sequence[Token], start: int, at: int) -> bool:
    return at > start and tokens[at - 1].text == ")"


def _definition(tokens: Sequence[Token], is_function: bool, numbers: Iterator[int]) -> Definition:
    refusal = None
    blocks: list[Token] = []
    try:
        _refuse_nesting(tokens)
        clean = [*_normalise(list(tokens), blocks, numbers), *blocks]
    except UnsupportedC as problem:
        clean, refusal = list(tokens), problem
    return Definition(tuple(clean), is_function, _name(clean) if is_function else "", refusal)


def _refuse_nesting(tokens: Sequence[Token]) -> None:
    depth = 0
    for token in tokens:
        depth += (token.text in _OPEN) - (token.text in _OPEN.values())
        if depth > MOST_NESTED:
            raise UnsupportedC(f"brackets nested more than {MOST_NESTED} deep", str(token.span))


def _name(tokens: Sequence[Token]) -> str:
    """The identifier before the first parenthesis."""
    for before, token in pairwise(tokens):
        if token.text == "(":
            return before.text
    return ""


def _close(tokens: Sequence[Token], at: int) -> int:
    """Index of the bracket that closes the one at `at`."""
    depth = 0
    for index in range(at, len(tokens)):
        depth += (tokens[index].text in _OPEN) - (tokens[index].text in _OPEN.values())
        if depth == 0:
            return index
    raise InputError(f"{tokens[at].span}: '{tokens[at].text}' is never closed")


def _normalise(tokens: list[Token], blocks: list[Token], numbers: Iterator[int]) -> list[Token]:
    """`blocks` gets a function for each `({ … })`."""
    result: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.text in _ATTRIBUTES:
            at = _attribute(tokens, at)
            continue
        end = macros.heads_statement(tokens, at)
        if end is not None:
            call = [f"{macros.UNREAD}{token.text}", "(", macros.words(tokens[at + 1 : end]), ")"]
            result += _written(token, ["while", "(", *call, ")"])
            at = end + 1
            continue
        if token.text == "(" and at + 1 < len(tokens) and tokens[at + 1].text == "{":
            name, end = f"{BLOCK}{next(numbers)}", _close(tokens, at)
            inner = _normalise(tokens[at + 1 : end], blocks, numbers)
            blocks += [*_written(token, ["void", name, "(", "void", ")"]), *inner]
            result += _written(token, [name, "(", ")"])
            at = end + 1
            continue
        replaced = _refused_expression(tokens, at)
        if replaced is not None:
            construct, end = replaced
            result += _refusal_call(token, construct, macros.words(tokens[at:end]))
            at = end
            continue
        ends = _case_range(tokens, at)
        if ends is not None:
            dots, end = ends
            inner = [*tokens[at + 1 : dots.start], *_written(token, [","]), *tokens[dots.stop : end]]
            inner = _normalise(inner, blocks, numbers)
            result += [token, *_written(token, [RANGE, "("]), *inner, *_written(token, [")"])]
            at = end
            continue
        result += _as_c(tokens, at)
        at += 1
    return result


def _as_c(tokens: list[Token], at: int) -> list[Token]:
    """One token, as the parser knows it."""
    _refuse(tokens, at)
    token = tokens[at]
    if token.text == "?" and at + 1 < len(tokens) and tokens[at + 1].text == ":":
        return [token, *_written(token, [SAME])]
    text = _SPELLING.get(token.text, token.text)
    return [token if text == token.text else Token(token.kind, text, token.span)]


def _attribute(tokens: list[Token], at: int) -> int:
    if at + 1 >= len(tokens) or tokens[at + 1].text != "(":
        raise UnsupportedC("__attribute__", str(tokens[at].span))
    end = _close(tokens, at + 1)
    words = {token.text for token in tokens[at + 2 : end] if token.text not in "(),"}
    if not words <= _HARMLESS:
        raise UnsupportedC(f"__attribute__(({', '.join(sorted(words - _HARMLESS))}))", str(tokens[at].span))
    return end + 1


def _refused_expression(tokens: list[Token], at: int) -> tuple[str, int] | None:
    """Constructs that are one expression or statement and can be refused right there."""
    text = tokens[at].text
    if text in ("asm", "__asm__", "__asm"):
        opening = at + 1
        while opening < len(tokens) and tokens[opening].text in _ASM_QUALIFIERS:
            if tokens[opening].text == "goto":
                raise UnsupportedC("asm goto", str(tokens[at].span))
            opening += 1
        if opening == len(tokens) or tokens[opening].text != "(":
            raise UnsupportedC("asm", str(tokens[at].span))
        return "asm", _close(tokens, opening) + 1
    return None


def _case_range(tokens: list[Token], at: int) -> tuple[range, int] | None:
    """Where the three dots of a `case A ... B:` stand, and its colon."""
    if tokens[at].text != "case":
        return None
    end = next((k for k in range(at, len(tokens)) if tokens[k].text in (":", ";", "{", "?")), len(tokens))
    return next(((range(k, k + length), end) for k in range(at + 2, end) if (length := _dots(tokens, k))), None)


def _dots(tokens: list[Token], at: int) -> int:
    """How many tokens make three dots here."""
    return next((length for length in (1, 3) if "".join(x.text for x in tokens[at : at + length]) == "..."), 0)


def _refusal_call(token: Token, construct: str, words: str) -> list[Token]:
    return _written(token, ["__verify_refused_" + construct.replace(" ", "_"), "(", words, ")"])


def _written(token: Token, words: list[str]) -> list[Token]:
    """Tokens of ours, at the place of another."""
    return [Token(word if word in "(,)" else "CPP_STRING" if word[0] == '"' else "CPP_ID", word, token.span)
            for word in words]


def _refuse(tokens: list[Token], at: int) -> None:
    token = tokens[at]
    if token.text in _REFUSED:
        raise UnsupportedC(token.text, str(token.span))
    if _dots(tokens, at) and at and tokens[at - 1].text not in ("(", ","):
        raise UnsupportedC("case range", str(token.span))
    if token.text == "&&" and at and tokens[at - 1].text in ("=", "(", ",", "goto", "return"):
        raise UnsupportedC("address of a label", str(token.span))
