"""What an example must come to: verdicts in comments of C, and in rows of a table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from verify.errors import InputError
from verify.prove.outcome import Status

HOW = "write FFA-VER-01: violated, FFA-VER-01 part refused: proved, or FFA-VER-01: violated (x0)"
_COMMENT = re.compile(r"/\*(.*?)\*/|//([^\n]*)", re.DOTALL)
_RULE = r"[A-Z][A-Z0-9]*(?:-[A-Z0-9*?\[\]!]+)+"
_SAID = re.compile(rf"\s*({_RULE}(?:\s*,\s*{_RULE})*)(?:\s+part\s+(.+?))?\s*:\s*([a-z-]+)\s*(?:\(([^()]+)\))?\s*")
_STATUS = {status.value: status for status in Status}
_MEANT = re.compile(rf"[\s*]*(?:{_RULE})\b.*(?::|\b(?:{'|'.join(_STATUS)})\b)", re.DOTALL)
"""A comment that begins with a rule and has a colon or a verdict is no remark."""


@dataclass(frozen=True, slots=True)
class Expected:
    """`rule` may be a glob; `part` is empty for the whole rule. `is_here`: of what is wrong, in the line `number`."""

    rule: str
    part: str
    status: Status
    number: int
    is_here: bool
    outputs: frozenset[str] = frozenset()


def in_comments(text: str, path: Path, number: int) -> list[Expected]:
    """Those that stand at lines of C, the first of which has the number. Raises InputError for one that is misspelt."""
    found: list[Expected] = []
    for match in _COMMENT.finditer(text):
        line = number + text.count("\n", 0, match.start())
        for said in (match[1] or match[2] or "").split(";"):
            if _MEANT.match(said):
                found += _expected(" ".join(said.replace("*/", "").split()).lstrip("* "), path, line, is_comment=True)
    return found


def in_row(text: str, path: Path, number: int) -> list[Expected]:
    """Those of `| FFA-CC-*, FFA-VER-01 | proved |`."""
    cells = [cell.strip().strip("`") for cell in text.strip().strip("|").split("|")]
    if len(cells) != 2:
        raise InputError(f"{path}:{number}: a row of verdicts has two cells: | FFA-VER-01 | proved |")
    return _expected(f"{cells[0].replace('`', '')}: {cells[1]}", path, number, is_comment=False)


def _expected(said: str, path: Path, number: int, is_comment: bool) -> list[Expected]:
    match = _SAID.fullmatch(said)
    if match is None:
        raise InputError(f"{path}:{number}: not an expectation: {said.strip()!r:.80}; {HOW}")
    rules, part, word, outputs = match.groups()
    if word not in _STATUS:
        raise InputError(f"{path}:{number}: no verdict {word}; there are {', '.join(_STATUS)}")
    status = _STATUS[word]
    is_here = is_comment and status in (Status.VIOLATED, Status.UNSUPPORTED)
    names = frozenset(name.strip() for name in outputs.split(",")) if outputs else frozenset[str]()
    return [Expected(rule.strip(), part or "", status, number, is_here, names) for rule in rules.split(",")]
