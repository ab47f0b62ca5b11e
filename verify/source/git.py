"""Blobs of a git revision, by plumbing commands that only read the object store."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from verify.errors import InputError


class Blobs:
    """The files of one revision, relative to `directory` (which may be a folder of the repository, or bare)."""

    def __init__(self, directory: Path, revision: str) -> None:
        """InputError where there is no repository or no such revision."""
        self.directory = directory
        if revision.startswith("-") or not revision.strip():
            raise InputError(f"{revision!r} is not a git revision")
        self._git("rev-parse", "--git-dir")
        try:
            answer = self._git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except InputError:
            raise InputError(f"{directory}: the repository has no commit {revision!r}") from None
        self.commit = answer.decode().strip()
        self._ids: dict[str, str] = {}

    def names(self, paths: Sequence[str]) -> list[str]:
        """The regular files among (or, for a path that ends in a slash, directly below) these paths."""
        listing = self._git("ls-tree", "-z", self.commit, "--", *paths)
        for entry in listing.decode(errors="surrogateescape").split("\0"):
            description, _, path = entry.partition("\t")
            if description.startswith("100"):
                self._ids[path] = description.split()[2]
        return sorted(self._ids)

    def contents(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        """The bytes of files that `names` has listed."""
        wanted = "".join(f"{self._ids[path]}\n" for path in paths)
        answer = self._git("cat-file", "--batch", stdin=wanted.encode())
        contents: dict[str, bytes] = {}
        for path in paths:
            header, _, rest = answer.partition(b"\n")
            kind, _, length = header.rpartition(b" ")
            if not kind.endswith(b" blob"):
                raise InputError(f"{self.directory}: git cannot read {path} at {self.commit}: {header.decode()}")
            contents[path], answer = rest[:int(length)], rest[int(length) + 1:]
        return contents

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        command = ["git", "-C", str(self.directory), *arguments]
        environment = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
        try:
            done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=environment)
        except FileNotFoundError:
            raise InputError("--git needs the program git, which is not installed") from None
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["failed"]
            raise InputError(f"{self.directory}: git {arguments[0]}: {said[0]}")
        return done.stdout

