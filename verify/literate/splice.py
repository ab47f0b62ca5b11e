"""Definitions of one C text in the place of those of another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from verify.errors import InputError
from verify.literate.document import Line

_NOISE = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_DIRECTIVE = re.compile(r"#\s*(\w+)\s*(\w*)")
_TYPE = re.compile(r"(?:static\s+|const\s+)*(struct|union|enum)\s+(\w+)\s*\{")
_FUNCTION = re.compile(r"(\w+)\s*\(")
_CONDITIONS = ("if", "el", "endif")
_NAME = re.compile(r"(\w+)\W*$")
_NAMELESS = re.compile(r"\s*(?:(?:static|const)\s+)*(?:struct|union|enum)\s*")
"""Before the brace of a type without a name: what is declared stands behind it."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A definition or a line of the preprocessor, with the comment before it. `key` says what it defines."""

    key: str
    lines: tuple[Line, ...]


def splice(base: str, code: Sequence[Line], path: Path) -> list[Line]:
    """The base with the code's definitions: one that it has, in its place; a new one before the next that it has.

    Lines of the base have the number 0. Raises InputError where brackets do not match.
    """
    old = list(chunks([Line(text, 0) for text in base.splitlines()], path))
    new = list(chunks(code, path))
    known, given = {chunk.key for chunk in old}, {chunk.key for chunk in new}
    _check(new, known, [*old, *new], path)
    before: dict[str, list[Chunk]] = {}
    waiting: list[Chunk] = []
    for chunk in new:
        waiting.append(chunk)
        if chunk.key in known:
            before[chunk.key] = [*before.get(chunk.key, ()), *waiting]
            waiting = []
    result: list[Line] = []
    for chunk in old:
        for piece in before.pop(chunk.key, [chunk] if chunk.key not in given else []):
            result += piece.lines
    return [*result, *(line for chunk in waiting for line in chunk.lines)]  # nothing of the base is behind these


def _check(new: Sequence[Chunk], known: set[str], everything: Sequence[Chunk], path: Path) -> None:
    """What would leave the base as it is, or take away what comes after. Raises InputError."""
    text = "\n".join(_without_noise([line.text for chunk in everything for line in chunk.lines]))
    for chunk in new:
        number, what = chunk.lines[-1].number, chunk.key.partition(" ")
        if chunk.key.lstrip("# ").startswith(_CONDITIONS):
            raise InputError(f"{path}:{number}: {chunk.key}: leave conditions out; write what is to be judged")
        if what[0] == "function" and chunk.key not in known and len(re.findall(rf"\b{what[2]}\b", text)) < 2:
            near = get_close_matches(chunk.key, [key for key in known if key.startswith("function ")], 1)
            hint = f"; the base has {near[0].partition(' ')[2]}" if near else ""
            raise InputError(f"{path}:{number}: nothing calls {what[2]}{hint}")


def chunks(lines: Sequence[Line], path: Path) -> Iterator[Chunk]:
    """All lines, in order."""
    clean = _without_noise([line.text for line in lines])
    start = depth = 0
    begun = at = 0
    text = ""
    while at < len(lines):
        piece = clean[at]
        if not text and piece.lstrip().startswith("#"):
            while clean[at].endswith("\\") and at + 1 < len(lines):
                at += 1
            at += 1
            yield Chunk(_directive(piece), tuple(lines[start:at]))
            start = at
            continue
        begun = begun if text else at
        text += f"{piece}\n" if piece.strip() or text else ""
        depth += sum(piece.count(sign) for sign in "({[") - sum(piece.count(sign) for sign in ")}]")
        at += 1
        if depth <= 0 and text.rstrip().endswith((";", "}")) and _is_whole(text):
            yield Chunk(_key(text), tuple(lines[start:at]))
            start, text, depth = at, "", 0
    if text.strip():
        number = lines[begun].number
        raise InputError(f"{path}:{number or begun + 1}: this definition does not end; is a bracket or ';' missing?")
    if start < at:
        yield Chunk("", tuple(lines[start:at]))


def _is_whole(text: str) -> bool:
    """Not the body of a struct whose ';' is on another line."""
    return text.rstrip().endswith(";") or bool(re.search(r"\)\s*\{", text))


def _without_noise(lines: Sequence[str]) -> list[str]:
    """Comments and strings blanked out, line by line."""
    blank = _NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), "\n".join(lines))
    return blank.split("\n") if lines else []


def _directive(text: str) -> str:
    match = _DIRECTIVE.match(text.strip())
    if match and match[1] == "define":
        return f"#define {match[2]}"
    return " ".join(text.split())


def _behind(text: str) -> str:
    """What follows the first braces."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if sign == "}" and not depth:
            return text[at + 1:]
    return ""


def _key(text: str) -> str:
    if kind := _TYPE.match(text.strip()):
        return f"{kind[1]} {kind[2]}"
    head = text.partition("{")[0]
    called = _FUNCTION.search(head)
    if called and text.rstrip().endswith("}"):
        return f"function {called[1]}"
    if called and head.count("(") == 1 and re.search(r"\w\s+\**\w+\s*\(", head):
        macro = re.fullmatch(r"\s*(?:static\s+)?[A-Z_]+\s*\(\s*(\w+)\s*\)\s*;\s*", text)
        return macro[1] if macro else f"prototype {called[1]}"
    if _NAMELESS.fullmatch(head):
        head = _behind(text)
    name = _NAME.search(re.split(r"=|\[", head.rstrip().rstrip(";"))[0])
    return name[1] if name else " ".join(head.split())
