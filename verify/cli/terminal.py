"""What a terminal is asked for: how wide it is, and whether it wants colours."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TextIO

from verify.report.markup import visible

RED, GREEN, YELLOW, BOLD, DIM, OFF = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[1m", "\x1b[2m", "\x1b[0m"
STATUSES = {"violated": RED, "unknown": YELLOW, "unsupported": YELLOW, "vacuous": YELLOW, "proved": GREEN,
            "not-applicable": DIM}
_STATUS = re.compile(rf"(?<![\w-])({'|'.join(STATUSES)})(?![\w-])")
_ROW = re.compile(r"FFA-\w+-\d+ +(?:" + "|".join(STATUSES) + ")")
_FINDING = re.compile(r"FFA-\w+-\d+ L\d .*: violated$")


def is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def has_colours(stream: TextIO) -> bool:
    """https://no-color.org."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def columns(stream: TextIO, otherwise: int) -> int:
    """Of a terminal; COLUMNS says it for any stream that is one."""
    if not stream.isatty():
        return otherwise
    said = os.environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said):
        return int(said)
    with suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or otherwise
    return otherwise


def coloured(text: str) -> str:
    """A text report: its words and their order stay, control characters of names are shown."""
    return "\n".join(_line(visible(line)) for line in text.split("\n"))


def _line(line: str) -> str:
    if _FINDING.match(line):
        return f"{BOLD}{RED}{line}{OFF}"
    if line.startswith("  wrong: "):
        return f"{RED}{line}{OFF}"
    if not _ROW.match(line):
        return line
    cells, title = _split(line)
    return _STATUS.sub(lambda match: f"{STATUSES[match[1]]}{match[1]}{OFF}", cells) + title


def _split(line: str) -> tuple[str, str]:
    """A row of the table: its statuses, and from the number of queries on its title, whatever that says."""
    found = re.match(r"(.*?)( +\d+  .*)", line)
    return (found[1], found[2]) if found else (line, "")
