"""Blobs of a git revision, by plumbing commands that only read the object store."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from verify.errors import InputError

_REDIRECTIONS = frozenset((
    "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_PREFIX",
))
"""Set while git runs a hook; with them it would read another repository than the one it is told to."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit; paths are relative to `directory`, which may be a folder of the repository, or a bare one."""

    directory: Path
    id: str

    @classmethod
    def find(cls, directory: Path, name: str) -> Revision:
        """The commit of this name; InputError where git is not installed, or no repository, or no such commit."""
        if name.startswith("-") or not name.strip() or not name.isprintable():
            raise InputError(f"{name!r} is not a git revision; give a commit, a tag or a branch")
        run_git(directory, "rev-parse", "--git-dir")
        try:
            answer = run_git(directory, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        except InputError:
            raise InputError(f"{directory}: the git repository has no commit {name!r}") from None
        return cls(directory, answer.decode().strip())

    def blobs(self, paths: Sequence[str]) -> Mapping[str, str]:
        """Of these paths (one that ends in a slash: of the files directly below it), the files there: path → blob."""
        listing = run_git(self.directory, "ls-tree", "-z", self.id, "--", *paths)
        entries = [entry.partition("\t") for entry in listing.decode(errors="surrogateescape").split("\0")]
        # A mode of 100… is a regular file; links, folders and submodules have others.
        return {path: described.split()[2] for described, _, path in entries if described.startswith("100")}

    def contents(self, blobs: Mapping[str, str]) -> Mapping[str, bytes]:
        """The bytes of files that `blobs` has listed; InputError where the repository is damaged."""
        answer = run_git(self.directory, "cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in blobs.values()))
        contents: dict[str, bytes] = {}
        for path in blobs:
            header, _, rest = answer.partition(b"\n")
            kind, _, length = header.rpartition(b" ")
            if not kind.endswith(b" blob"):
                raise InputError(f"{self.directory}: git cannot read {path} of {self.id}: {header.decode()}")
            contents[path], answer = rest[:int(length)], rest[int(length) + 1:]
        return contents


def run_git(directory: Path, *arguments: str, stdin: str = "") -> bytes:
    """What git writes; InputError where it cannot be run or fails."""
    command = ["git", "-C", str(directory), *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in _REDIRECTIONS}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(command, input=stdin.encode(), capture_output=True, check=False, env=environment)
    except OSError as error:
        raise InputError(f"a git revision needs the program git, which cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["failed"]
        raise InputError(f"{directory}: git {arguments[0]}: {said[0]}")
    return done.stdout
