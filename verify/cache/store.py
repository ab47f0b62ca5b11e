"""Texts by key in a folder: written whole or not at all, by any number of processes; a damaged one is none."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_PARTIAL = ".partial"
MOST = 1 << 30
"""Bytes that a folder keeps: some hundred runs of all rules."""


@dataclass(slots=True)
class Store:
    """`reads`: answers are taken from there; `writes`: new ones are put there.

    A key is hexadecimal. What cannot be written is not kept: `problem` says why, once.
    """

    folder: Path
    reads: bool = True
    writes: bool = True
    problem: str = field(default="", init=False)

    def get(self, key: str) -> str | None:
        if not self.reads:
            return None
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        digest, _, body = content.partition(b"\n")
        if digest.decode("ascii", "replace") == _seal(key, body):
            return body.decode("utf-8", "replace")
        self._drop(path)
        return None

    def put(self, key: str, text: str) -> None:
        if not self.writes or self.problem:
            return
        path, body = self._path(key), text.encode()
        partial = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            number, partial = tempfile.mkstemp(_PARTIAL, dir=path.parent)
            with open(number, "wb") as file:
                file.write(_seal(key, body).encode() + b"\n" + body)
            os.replace(partial, path)
        except OSError as problem:
            self.problem = f"{self.folder}: nothing can be kept there: {problem.strerror}"
            if partial:
                Path(partial).unlink(missing_ok=True)

    def trim(self, most: int = MOST) -> None:
        """Drops the oldest entries until no more than so many bytes are left; others may do so at the same time."""
        if not self.writes:
            return
        known = []
        for path in self.entries():
            with suppress(OSError):
                about = path.stat()
                known.append((about.st_mtime_ns, path, about.st_size))
        left = sum(size for _, _, size in known)
        for _, path, size in sorted(known):
            if left <= most:
                return
            self._drop(path)
            left -= size

    @property
    def is_empty(self) -> bool:
        """Nothing was kept there so far."""
        return next(self.folder.glob("??"), None) is None

    def entries(self) -> Iterator[Path]:
        """What is kept, and what killed processes left half written."""
        return (path for path in sorted(self.folder.glob("??/*")) if path.is_file())

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def _drop(self, path: Path) -> None:
        if self.writes:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _seal(key: str, body: bytes) -> str:
    """Tells a file that is cut off, changed or moved to another key."""
    return hashlib.sha256(key.encode() + b"\n" + body).hexdigest()


def default_folder() -> Path:
    """$VERIFY_CACHE; otherwise `verify` in the user's cache folder (XDG base directories)."""
    named = os.environ.get("VERIFY_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "verify"
