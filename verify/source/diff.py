"""Reading unified diffs, bare or inside git-style mails: text → file diffs with their hunks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from verify.errors import InputError

_GIT_HEADER = re.compile(r"diff --git (?P<old>\S+) (?P<new>\S+)$")
_HUNK_HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_EXTENDED = re.compile(r"(old mode|new mode|new file mode|deleted file mode|similarity index|dissimilarity index|index"
                       r"|rename from|rename to|copy from|copy to|Binary files|GIT binary patch)\b ?(.*)")


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk. `line` is where its `@@` stands in the patch; `body` holds (sign, text with line end).

    `old_start` is 1-based, as in the header; 0 when the old side is empty.
    """

    number: int
    line: int
    header: str
    old_start: int
    body: tuple[tuple[str, str], ...]

    @property
    def old(self) -> tuple[str, ...]:
        return tuple(text for sign, text in self.body if sign != "+")

    @property
    def new(self) -> tuple[str, ...]:
        return tuple(text for sign, text in self.body if sign != "-")

    @property
    def prefix(self) -> int:
        """Lines of context before the first change."""
        return next((index for index, (sign, _) in enumerate(self.body) if sign != " "), len(self.body))

    @property
    def suffix(self) -> int:
        """Lines of context after the last change."""
        return next((index for index, (sign, _) in enumerate(reversed(self.body)) if sign != " "), len(self.body))


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What a patch does to one file. Paths are as written, with their `a/`, `b/`; None is /dev/null."""

    old: str | None
    new: str | None
    hunks: tuple[Hunk, ...]
    is_binary: bool = False
    is_copy: bool = False
    is_rename: bool = False


@dataclass(slots=True)
class _Header:
    old: str | None = None
    new: str | None = None
    is_git: bool = False
    is_binary: bool = False
    is_copy: bool = False
    is_rename: bool = False
    hunks: list[Hunk] = field(default_factory=list)

    @property
    def says_something(self) -> bool:
        return bool(self.hunks or self.is_binary or self.is_rename or self.is_copy
                    or (self.is_git and (self.old is None) != (self.new is None)))


def parse(name: str, text: str) -> tuple[FileDiff, ...]:
    """Every file diff of the text, in order; prose around them is skipped.

    InputError for a malformed diff (which file, which hunk, which line of the patch) or for none at all.
    """
    diffs = _Parser(name, text).run()
    if not diffs:
        raise InputError(f"{name}: no unified diff found in it")
    return diffs


class _Parser:
    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = _without_carriage_returns(text.split("\n"))
        if self.lines[-1] == "":
            self.lines.pop()
        self.at = 0
        self.header = _Header()
        self.done: list[FileDiff] = []

    def run(self) -> tuple[FileDiff, ...]:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.startswith("diff --git "):
                self._git_header(line)
            elif line.startswith("--- ") and self._peek(1).startswith("+++ "):
                self._file_header()
            elif line.startswith("@@@ "):
                raise self._error("a combined diff of a merge; give the patches of the commits that it merges")
            elif _HUNK_HEADER.match(line):
                self._hunk(line)
            else:
                self._extended(line)
        self._flush()
        return tuple(self.done)

    def _peek(self, ahead: int) -> str:
        return self.lines[self.at + ahead] if self.at + ahead < len(self.lines) else ""

    def _error(self, what: str) -> InputError:
        return InputError(f"{self.name}:{self.at + 1}: malformed patch: {what}")

    def _flush(self) -> None:
        header, self.header = self.header, _Header()
        if header.says_something:
            self.done.append(FileDiff(header.old, header.new, tuple(header.hunks), header.is_binary,
                                      header.is_copy, header.is_rename))

    def _git_header(self, line: str) -> None:
        self._flush()
        match = _GIT_HEADER.match(line)
        paths = (match["old"], match["new"]) if match else (line, line)
        self.header = _Header(*paths, is_git=True)
        self.at += 1

    def _file_header(self) -> None:
        if not _HUNK_HEADER.match(self._peek(2)):
            self.at += 2
            raise self._error("a line '@@ -… +… @@' has to follow '---' and '+++'")
        if not self.header.is_git or self.header.hunks:
            self._flush()
        self.header.old, self.header.new = _path(self.lines[self.at]), _path(self.lines[self.at + 1])
        self.at += 2

    def _extended(self, line: str) -> None:
        match = _EXTENDED.match(line) if self.header.is_git and not self.header.hunks else None
        match match and match[1]:
            case "new file mode":
                self.header.old = None
            case "deleted file mode":
                self.header.new = None
            case "rename from" | "rename to":
                self.header.is_rename = True
            case "copy from" | "copy to":
                self.header.is_copy = True
            case "Binary files" | "GIT binary patch":
                self.header.is_binary = True
        self.at += 1

    def _hunk(self, line: str) -> None:
        if self.header.old is None and self.header.new is None:
            raise self._error("a hunk without the lines '---' and '+++' that name its file")
        start, number, match = self.at, len(self.header.hunks) + 1, _HUNK_HEADER.match(line)
        assert match is not None
        old_left, new_left = (int(match[group]) if match[group] is not None else 1 for group in (2, 4))
        self.at += 1
        body: list[tuple[str, str]] = []
        while old_left or new_left:
            sign, text = self._body_line(number, old_left, new_left)
            old_left -= sign != "+"
            new_left -= sign != "-"
            body.append((sign, text))
        if self._peek(0)[:1] in ("+", "-") and not self._ends_hunk():
            raise self._hunk_error(number, "is longer than its header says")
        self.header.hunks.append(Hunk(number, start + 1, match[0], int(match[1]), tuple(body)))

    def _ends_hunk(self) -> bool:
        """Is this a signature or the next file's header, and no line of the hunk?"""
        line = self.lines[self.at]
        return line.rstrip() in ("--", "---") or (line.startswith("--- ") and self._peek(1).startswith("+++ "))

    def _body_line(self, number: int, old_left: int, new_left: int) -> tuple[str, str]:
        if self.at >= len(self.lines):
            raise self._hunk_error(number, "ends before its header says: the patch is cut off")
        line = self.lines[self.at]
        sign = line[:1] or " "
        if sign not in " +-" or (sign != "+" and not old_left) or (sign != "-" and not new_left):
            raise self._hunk_error(number, "does not have the lines that its header says (wrapped by a mailer?)")
        self.at += 1
        if self._peek(0).startswith("\\ "):
            self.at += 1
            return sign, line[1:]
        return sign, line[1:] + "\n"

    def _hunk_error(self, number: int, what: str) -> InputError:
        return self._error(f"hunk #{number} of {self.header.new or self.header.old} {what}")


def _path(line: str) -> str | None:
    """The path of a `---` or `+++` line, without the time that diff writes after a tab."""
    path = line[4:].split("\t")[0].rstrip()
    return None if path == "/dev/null" else path


def _without_carriage_returns(lines: list[str]) -> list[str]:
    """Lines of a mail that was saved with CRLF: recognised, as patch(1) does, by its header lines."""
    headers = [line for line in lines if line.startswith(("--- ", "+++ ", "@@ -"))]
    if headers and all(line.endswith("\r") for line in headers):
        return [line.removesuffix("\r") for line in lines]
    return lines
