"""A Markdown file as examples: each section that has C or a table of verdicts is one.

Fenced blocks of `c` hold the functions that replace those of a small mediator; a block of `toml` has settings, for its
section or, before the first section, for the whole file. docs/writing-rules.md describes the format.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from verify.errors import InputError
from verify.literate.expected import Expected, in_comments, in_row
from verify.source.tree import read_text

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})\s*([\w+]*)")
_HEADER = re.compile(r"\|\s*rules?\s*\|\s*verdict\s*\|\s*$", re.IGNORECASE)
_LIKE_HEADER = re.compile(r"\|\s*rules?\s*\|", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of C, and its number in the Markdown file."""

    text: str
    number: int


@dataclass(frozen=True, slots=True)
class Settings:
    """`base`: the mediator whose functions are replaced, one that comes with the program, a folder, or "" for none.

    `slow`: left out where only what is quick is run.
    """

    base: str = "small"
    profile: str = "SEED"
    trust: str = "L2"
    functions: tuple[str, ...] = ()
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """`number` is the line of its heading."""

    path: Path
    name: str
    number: int
    settings: Settings
    code: tuple[Line, ...]
    expected: tuple[Expected, ...]


@dataclass(slots=True)
class _Section:
    name: str
    number: int
    level: int
    settings: Settings
    code: list[Line] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)

    @property
    def is_example(self) -> bool:
        return bool(self.code or self.expected)


def read_examples(path: Path) -> list[Example]:
    """Raises InputError with file and line."""
    found: list[Example] = []
    names: set[str] = set()
    for section in _sections(path, read_text(path).splitlines()):
        if not section.is_example:
            continue
        where = f"{path}:{section.number}"
        if section.name in names:
            raise InputError(f"{where}: a second example by the name {section.name!r}; give each its own heading")
        if not section.expected:
            raise InputError(f"{where}: nothing is expected of this C; write /* FFA-VER-01: violated */ at a line, or "
                             "a table | rule | verdict |")
        names.add(section.name)
        found.append(Example(path, section.name, section.number, section.settings, tuple(section.code),
                             tuple(section.expected)))
    if not found:
        raise InputError(f"{path}:1: no example: a section with a fenced block of c, and what is expected of it")
    return found


def _sections(path: Path, lines: Sequence[str]) -> Iterator[_Section]:
    current = _Section(path.stem, 1, 0, Settings())
    common, at, in_table = current.settings, 0, False
    while at < len(lines):
        text = lines[at]
        if fence := _FENCE.match(text):
            in_table = False
            block, at = _block(path, lines, at, fence[1])
            _take(path, current, fence[2].lower(), block)
        elif heading := _HEADING.match(text):
            if current.level < 2 and not current.is_example:
                common = current.settings
            yield current
            in_table = False
            current = _Section(heading[2], at + 1, len(heading[1]), common)
            at += 1
        else:
            if _LIKE_HEADER.match(text) and not _HEADER.match(text) and not in_table:
                raise InputError(f"{path}:{at + 1}: a table of verdicts has two columns, | rule | verdict |")
            in_table = bool(_HEADER.match(text)) or (in_table and text.startswith("|"))
            if in_table and not _HEADER.match(text) and not re.fullmatch(r"[|\s:-]+", text):
                current.expected += in_row(text, path, at + 1)
            at += 1
    yield current


def _block(path: Path, lines: Sequence[str], at: int, fence: str) -> tuple[list[Line], int]:
    """The lines of a fenced block, and the number of the one behind it."""
    for end in range(at + 1, len(lines)):
        if lines[end].lstrip().startswith(fence) and not lines[end].strip().strip(fence[0]):
            return [Line(lines[k], k + 1) for k in range(at + 1, end)], end + 1
    raise InputError(f"{path}:{at + 1}: this block is never closed; end it with {fence}")


def _take(path: Path, section: _Section, language: str, block: Sequence[Line]) -> None:
    if language == "c":
        section.code += block
        section.expected += in_comments("\n".join(line.text for line in block), path, block[0].number if block else 0)
    elif language in ("cpp", "c++", "cc", "h"):
        raise InputError(f"{path}:{block[0].number if block else 1}: a block of {language}: examples are in c")
    elif language == "toml":
        start = block[0].number if block else 1
        section.settings = _settings(path, start, "\n".join(line.text for line in block), section.settings)


def _settings(path: Path, number: int, text: str, known: Settings) -> Settings:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{path}:{number}: not TOML: {str(problem)[:80]}") from None
    for name, value in table.items():
        known = _with(known, name, value, f"{path}:{number}")
    return known


def _with(known: Settings, name: str, value: Any, where: str) -> Settings:
    match name, value:
        case "base", str():
            return replace(known, base=value)
        case "profile", str():
            return replace(known, profile=value)
        case "trust", str():
            return replace(known, trust=value)
        case "functions", list() if all(isinstance(item, str) for item in value):
            return replace(known, functions=tuple(value))
        case "slow", bool():
            return replace(known, slow=value)
    raise InputError(f"{where}: {name}: there are base, profile and trust (strings), functions (a list of strings) and "
                     "slow (true or false)")
