"""A page of docs/ that a reader follows: its files are written and its commands run, in order, in one folder.

A block with a name behind its language is a file; `sh` are commands, one a line, the last of which ends with `exit=N`
where that is not 0; `text` is what that one printed, where `…` on a line of its own stands for any lines, or
none. Commands with
`needs=NAME` are run where that is there.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_BLOCK = re.compile(r"^(`{3,})(\w+)[ ]?([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_ENTRY = "from verify.cli.entry import entry; entry()"
_PROGRAMS = ("cp", "rm", "git", "verify")
_ANY = "…"


@dataclass(frozen=True)
class Block:
    language: str
    given: str
    text: str


@dataclass
class Followed:
    """What came of it."""

    commands: int = 0
    files: int = 0
    printed: str = ""


def blocks(page: str) -> Iterator[Block]:
    for match in _BLOCK.finditer(page):
        yield Block(match[2], match[3], match[4])


def follow(page: str, folder: Path, variables: Mapping[str, str] | None = None, needs: str = "") -> Followed:
    """`variables`: $NAME in commands. `needs`: of `verify`, only the commands that need this; none that needs another."""
    done = Followed()
    is_run = True
    for block in blocks(page):
        if block.language == "sh":
            said = dict(word.split("=") for word in block.given.split())
            is_run = said.get("needs", "") == needs
            for number, line in enumerate(lines := block.text.splitlines(), 1):
                if is_run or (not line.startswith("verify ") and "needs" not in said):
                    status, done.printed = run(line, folder, variables or {})
                    wanted = int(said.get("exit", 0)) if number == len(lines) else 0
                    assert status == wanted, (line, done.printed)
                    done.commands += 1
        elif block.given:
            path = folder / block.given
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            done.files += 1
        elif block.language == "text":
            assert not is_run or _is_like(done.printed, block.text), (block.text, done.printed)
    return done


def run(line: str, folder: Path, variables: Mapping[str, str]) -> tuple[int, str]:
    """Exit status, and what was printed."""
    for name, value in variables.items():
        line = line.replace(f"${name}", value)
    program, *words = shlex.split(line, comments=True)
    assert program in _PROGRAMS, line
    command = [sys.executable, "-c", _ENTRY] if program == "verify" else [program]
    done = subprocess.run([*command, *words], cwd=folder, env=os.environ, text=True, capture_output=True, check=False,
                          timeout=300)
    return done.returncode, done.stdout + done.stderr


def _is_like(printed: str, shown: str) -> bool:
    pattern = "".join(r"(?:[^\n]*\n)*?" if line == _ANY else re.escape(f"{line}\n") for line in shown.rstrip().split("\n"))
    return re.fullmatch(pattern, f"{printed.rstrip()}\n") is not None
