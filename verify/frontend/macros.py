"""Macros and types whose text is not read: what stands there, cut down to what is surely known.

At file scope such a call declares something that nobody can name then, so that every use of it is refused. Inside a
function it may head a statement, as a loop over a list does; both are refused where control comes to them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from verify.errors import UnsupportedC
from verify.frontend.preprocess import Token

KEYWORDS = frozenset({
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float",
    "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed", "sizeof",
    "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while", "_Bool", "asm",
    "__asm__", "__asm", "__attribute__", "__attribute", "typeof", "__typeof__",
})
UNREAD = "__verify_unread_"
"""Begins the name of what stands for a call of such a macro."""
_BEFORE_STATEMENT = frozenset({";", "{", "}", ")", "else", "do", ":"})
_NAMED = frozenset({"struct", "union", "enum", "goto"})
_BEFORE_TYPE = frozenset({";", "(", ",", "static", "extern", "const", "typedef", "inline"})
_STORAGE = frozenset({"static", "extern", "const", "inline", "volatile"})
_OF_TYPES = frozenset({"offsetof", "__builtin_offsetof", "_Alignof", "alignof", "__builtin_va_arg"})
_WORDS_OF_TYPES = frozenset({
    "char", "const", "int", "long", "short", "signed", "unsigned", "void", "volatile", "_Bool", "__int128"})
_MEANING = frozenset({"_Pragma", "_Static_assert", "_Generic", "_Alignas", "_Atomic"})
"""The compiler knows these, so that they are no macros."""


def closing(tokens: Sequence[Token], at: int) -> int:
    """Index of the parenthesis that closes the one at `at`; the last token where there is none."""
    depth = 0
    for index in range(at, len(tokens)):
        depth += (tokens[index].text == "(") - (tokens[index].text == ")")
        if depth == 0:
            return index
    return len(tokens) - 1


def is_call(tokens: Sequence[Token], at: int) -> bool:
    """Does `name (` stand here, the name being no keyword?"""
    return (at + 1 < len(tokens) and tokens[at].kind == "CPP_ID" and tokens[at].text not in KEYWORDS | _MEANING
            and tokens[at + 1].text == "(")


def words(tokens: Sequence[Token]) -> str:
    """The names in it, as a C string: what is not read may still write to them."""
    return '"' + " ".join(sorted({token.text for token in tokens if token.kind == "CPP_ID"} - KEYWORDS)) + '"'


def heads_statement(tokens: Sequence[Token], at: int) -> int | None:
    """The end of a call that has a statement behind it, without a semicolon in between."""
    if at == 0 or tokens[at - 1].text not in _BEFORE_STATEMENT or not is_call(tokens, at):
        return None
    end = closing(tokens, at + 1)
    following = tokens[end + 1] if end + 1 < len(tokens) else None
    if following is None or not (following.kind == "CPP_ID" or following.text == "{"):
        return None
    return end


def stands_alone(tokens: Sequence[Token]) -> bool:
    """Is this whole definition `NAME(…);`, possibly behind `static`?"""
    words = [token for token in tokens if token.text not in _STORAGE]
    return is_call(words, 0) and closing(words, 1) == len(words) - 2 and words[-1].text == ";"


def past_leading(tokens: Sequence[Token], start: int, end: int) -> int:
    """Where a definition begins, behind calls that stand before it without a semicolon."""
    while is_call(tokens, start):
        after = closing(tokens, start + 1) + 1
        if after >= end or tokens[after].kind != "CPP_ID":
            break
        start = after
    return start


def refuse_unread(tokens: Sequence[Token], known: Collection[str]) -> None:
    """Raises UnsupportedC if what is no C may be so because a macro or a type was not read."""
    for token in tokens:
        if token.text.startswith(UNREAD):
            raise UnsupportedC(f"macro {token.text.removeprefix(UNREAD)}, whose text is not read", str(token.span))
    words = [token for token in tokens if token.text not in _STORAGE]
    if is_call(words, 0):
        raise UnsupportedC(f"definition by {words[0].text}, whose text is not read", str(words[0].span))
    taking = takes_type(tokens, known)
    if taking is not None:
        raise UnsupportedC(f"macro {taking.text}, whose text is not read", str(taking.span))
    unknown = unknown_type(tokens, known)
    if unknown is not None:
        raise UnsupportedC(f"type {unknown.text}, which is not known", str(unknown.span))


def takes_type(tokens: Sequence[Token], known: Collection[str]) -> Token | None:
    """The name before a parenthesis with a type in it, as `min_t(u32, a, b)`: what is no function takes that."""
    body = next((at for at, token in enumerate(tokens) if token.text == "{"), len(tokens))
    for at in range(body, len(tokens)):  # outside of it parameters are declared
        if is_call(tokens, at) and tokens[at].text not in _OF_TYPES and tokens[at].text not in known:
            arguments = _arguments(tokens[at + 2 : closing(tokens, at + 1)])
            if any(_is_type(argument, known) for argument in arguments):
                return tokens[at]
    return None


def _arguments(tokens: Sequence[Token]) -> list[list[Token]]:
    result: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.text in "([{") - (token.text in ")]}")
        if token.text == "," and depth == 0:
            result.append([])
        else:
            result[-1].append(token)
    return result


def _is_type(tokens: Sequence[Token], known: Collection[str]) -> bool:
    """`u32`, `struct x *`, and nothing else."""
    texts = [token.text for token in tokens]
    while texts and texts[-1] == "*":
        texts.pop()
    if len(texts) == 2 and texts[0] in _NAMED:
        return True
    return bool(texts) and all(text in known or text in _WORDS_OF_TYPES for text in texts)


def is_type_alone(tokens: Sequence[Token], name: str) -> bool:
    """Does this name stand only where a type does, so that it is one, whatever it means?"""
    for at, token in enumerate(tokens):
        if token.text != name:
            continue
        before = tokens[at - 1].text if at else ";"
        following = tokens[at + 1] if at + 1 < len(tokens) else token
        is_declaring = before in _BEFORE_TYPE | {"{", "}"} and (
            following.text == "*" or (following.kind == "CPP_ID" and following.text not in KEYWORDS))
        if not is_declaring and (before, following.text) != ("(", ")"):
            return False
    return True


def _is_cast(tokens: Sequence[Token], at: int) -> bool:
    """Does a value stand behind `(NAME)`, which is no condition and no argument?"""
    before, value = tokens[at - 2] if at > 1 else tokens[0], tokens[at + 2 : at + 3]
    is_free = before.kind != "CPP_ID" or before.text in ("return", "sizeof", "case", "else", "do")
    return is_free and any(
        token.kind == "CPP_INTEGER" or (token.kind == "CPP_ID" and token.text not in KEYWORDS) for token in value)


def unknown_type(tokens: Sequence[Token], known: Collection[str]) -> Token | None:
    """A name that stands where only a type can, and is none of the known ones."""
    is_outside = True
    for at, token in enumerate(tokens[:-1]):
        is_outside = is_outside and token.text != "{"
        before = tokens[at - 1].text if at else ";"
        if token.kind != "CPP_ID" or token.text in KEYWORDS or token.text in known or before in _NAMED:
            continue
        following = tokens[at + 1]
        if following.kind == "CPP_ID" and following.text not in KEYWORDS and not following.text.startswith("__verify_"):
            return token
        if following.text == "*" and is_outside and before in _BEFORE_TYPE:
            return token
        if (before, following.text) == ("(", ")") and _is_cast(tokens, at):
            return token
    return None
