"""The commits of a git range that change what the front end reads, in a row: each tree made from the one before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from verify.errors import InputError
from verify.source.git import Revision, run_git
from verify.source.paths import HEADER_FOLDER, NEEDED, OPTIONAL

_FORMAT = "%H%x00%P%x00%s%x00"


@dataclass(frozen=True, slots=True)
class Commit:
    """`parents` are IDs, the one whose branch it is on first."""

    id: str
    subject: str
    parents: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        return self.id[:12]

    @property
    def is_merge(self) -> bool:
        return len(self.parents) > 1

    def __str__(self) -> str:
        return f'{self.short} ("{self.subject}")'


@dataclass(frozen=True, slots=True)
class History:
    """`commits` are those after `start` that change what is read; `count` all of the range; `end` its last one's ID.

    Parents of merges other than the first are not followed: a merge stands for what it brought.
    """

    start: Commit
    commits: tuple[Commit, ...]
    count: int
    end: str


def is_range(text: str) -> bool:
    """`A..B`, and no path through a parent folder."""
    return ".." in text and ".." not in text.split("/")


def read_history(repository: Path, text: str) -> History:
    """Of `A..B` (A.. for A..HEAD). Raises InputError where it is no range, or empty, or A is not before B."""
    if not is_range(text) or "..." in text:
        raise InputError(f"{text!r} is not a git range; give two revisions, as v6.12..HEAD")
    first, _, last = text.partition("..")
    start, end = (Revision.find(repository, name or "HEAD") for name in (first, last))
    return between(repository, start.id, end.id, text)


def between(repository: Path, start: str, end: str, text: str) -> History:
    """`text` names the range in messages."""
    log = ("rev-list", "--first-parent", "--reverse")
    everything = run_git(repository, *log, f"{start}..{end}").split()
    if not everything:
        raise InputError(f"{repository}: no commit in {text}")
    oldest = _described(repository, everything[0].decode())
    if oldest.parents[:1] != (start,):
        raise InputError(f"{repository}: {text}: its start is not on the way by first parents to its end; "
                         "give a commit of that branch as the start")
    read = run_git(repository, *log, f"{start}..{end}", "--", *NEEDED, *OPTIONAL, HEADER_FOLDER)
    commits = tuple(_described(repository, name.decode()) for name in read.split())
    return History(_described(repository, start), commits, len(everything), end)


def _described(repository: Path, name: str) -> Commit:
    told = run_git(repository, "log", "-1", "--no-show-signature", f"--format={_FORMAT}", name).decode(errors="replace")
    identity, parents, subject, _ = told.split("\0", 3)
    return Commit(identity, " ".join(subject.split()), tuple(parents.split()))


def merge_base(repository: Path, one: str, other: str) -> str:
    """The ID of the last commit that both have. Raises InputError where there is none."""
    return run_git(repository, "merge-base", one, other).decode().strip()
