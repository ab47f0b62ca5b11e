"""Refuses texts that our preprocessor and the compiler would read differently, or that are no text of a kernel.

A comment that one of them takes to be longer hides code from it: such a text must not be judged.
"""

from __future__ import annotations

import re

from verify.errors import InputError

MOST_CHARACTERS = 1 << 19
"""The longest file that is read has 30,000."""
_SPACE = str.maketrans("\f\v", "  ")
_ODD = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\x80-\x9f\u2028\u2029]|\r(?!\n)")
"""What Python takes for ends of lines, or what is no text."""
_PIECE = re.compile(
    r"""
    (?P<comment>/\*.*?\*/) | (?P<open>/\*)
    | (?P<line>//(?:\\[ \t]*\n|[^\n])*)
    | (?P<string>"(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*')
    | (?P<quote>["'])
    | (?P<splice>\\[ \t]*\n)
    | (?P<trigraph>\?\?[=/'()!<>-])
    | (?P<reserved>\b__verify_\w*)
    | (?P<late>^[ \t]*\#[ \t]*elifn?def\b)
    """, re.VERBOSE | re.DOTALL | re.MULTILINE | re.IGNORECASE)


def checked(file: str, text: str) -> str:
    """The text with form feeds as spaces; raises InputError with the line of what cannot be taken."""
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"{file}: has {len(text)} characters, and at most {MOST_CHARACTERS} are read")
    text = text.replace("\r\n", "\n").translate(_SPACE)
    odd = _ODD.search(text)
    if odd is not None:
        raise _refusal(file, text, odd.start(), f"the character U+{ord(odd[0]):04X} does not belong into C; remove it")
    for piece in _PIECE.finditer(text):
        problem = _problem(text, piece)
        if problem:
            raise _refusal(file, text, piece.start(), problem)
    return text


def _problem(text: str, piece: re.Match[str]) -> str:
    match piece.lastgroup:
        case "open":
            return "this comment is never closed; the file is truncated or not C"
        case "line" if "\n" in piece[0]:
            return "this comment goes on behind a backslash; use /* */"
        case "quote":
            return f"this {piece[0]} has no partner on its line; the file is truncated or not C"
        case "trigraph":
            return f"{piece[0]} is a trigraph to some compilers; write it differently"
        case "reserved":
            return f"names that begin with {piece[0][:9]} are this program's own; rename it"
        case "late":
            return f"#{piece[0].strip(' #')} is not modelled; use #elif defined"
        case "splice" if _is_inside(text, piece):
            return "a backslash cuts a word in two; put a space before it"
    return ""


def _is_inside(text: str, splice: re.Match[str]) -> bool:
    before, after = text[splice.start() - 1 : splice.start()], text[splice.end() : splice.end() + 1]
    return bool(before.strip() and after.strip() and _glues(before, after))


def _glues(before: str, after: str) -> bool:
    """Could these be one token?"""
    is_word = [char.isalnum() or char == "_" for char in (before, after)]
    return is_word[0] == is_word[1] and not {before, after} & set("(){}[];,")


def _refusal(file: str, text: str, at: int, problem: str) -> InputError:
    line = text.count("\n", 0, at) + 1
    return InputError(f"{file}:{line}: {problem}")
