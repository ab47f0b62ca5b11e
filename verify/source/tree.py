"""Reading the files that the front end needs from a directory or from a git revision."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from verify.errors import InputError
from verify.reading import read_bytes
from verify.source.git import Revision
from verify.source.paths import HEADER_FOLDER, NEEDED, OPTIONAL, is_read


def sha256(text: str) -> str:
    """The digest of a file whose text this is; bytes that are not UTF-8 may be there as surrogates."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class PatchId:
    """A patch as it was given: its name (no folder) and the digest of its text."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """The texts of one target: kernel-relative path → text, sorted by path.

    `label` names the target in reports; `revision` is the commit of a git revision, "" for a directory.
    `patches` are those already applied, in order; `before` holds the digests that patched files had before.
    """

    files: Mapping[str, str]
    label: str
    revision: str = ""
    patches: tuple[PatchId, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)

    @property
    def digests(self) -> Mapping[str, str]:
        """path → SHA-256 of the file as the front end reads it."""
        return MappingProxyType({path: sha256(text) for path, text in self.files.items()})


def frozen(files: Mapping[str, str]) -> Mapping[str, str]:
    """A read-only copy, sorted by path."""
    return MappingProxyType(dict(sorted(files.items())))


def read_tree(directory: Path) -> SourceFiles:
    """The files of a kernel tree (a sparse one is enough).

    Raises InputError where there is no directory, no kernel tree, or a file that is unreadable or not UTF-8.
    """
    _require_directory(directory)
    found = {path: _read(directory / path) for path in (*NEEDED, *OPTIONAL, *_headers(directory))}
    texts = {path: text for path, text in found.items() if text is not None}
    _require_needed(texts, str(directory))
    return SourceFiles(frozen(texts), directory.resolve().name)


def read_revision(repository: Path, revision: str) -> SourceFiles:
    """The same files from a revision of the git repository that holds `repository`; never touches a work tree.

    Raises InputError where git, the repository, the revision or a needed file is missing, or text is not UTF-8.
    """
    _require_directory(repository)
    commit = Revision.find(repository, revision)
    blobs = commit.blobs((*NEEDED, *OPTIONAL, f"{HEADER_FOLDER}/"))
    wanted = {path: blob for path, blob in blobs.items() if is_read(path)}
    _require_needed(wanted, f"{repository}, revision {revision}")
    texts = {path: decode(data, f"{revision}:{path}") for path, data in commit.contents(wanted).items()}
    return SourceFiles(frozen(texts), revision, commit.id)


def decode(data: bytes, where: str) -> str:
    """UTF-8 text with its line ends as they are; InputError says where it stops being UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{where}:{line}: not UTF-8 text (byte 0x{data[error.start]:02x}); convert it") from None


def _headers(directory: Path) -> list[str]:
    folder = directory / HEADER_FOLDER
    try:
        # Not glob: it passes over a folder that must not be read, and the headers would be missing unnoticed.
        return [f"{HEADER_FOLDER}/{name}" for name in sorted(os.listdir(folder)) if is_read(f"{HEADER_FOLDER}/{name}")]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from None


def read_text(path: Path) -> str:
    """A file the user named; InputError where it is missing, unreadable or not UTF-8."""
    try:
        return decode(read_bytes(path), str(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def _read(path: Path) -> str | None:
    """The text, or None where there is no such file."""
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: not a regular file")
        return decode(read_bytes(path), str(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def _require_directory(path: Path) -> None:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path}: no such directory; give a kernel tree") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if not path.is_dir():
        raise InputError(f"{path}: not a directory; give a kernel tree")


def _require_needed(paths: Iterable[str], where: str) -> None:
    present = set(paths)
    missing = [path for path in NEEDED if path not in present]
    if len(missing) == len(NEEDED):
        raise InputError(f"{where}: no kernel tree ({missing[0]} is missing)")
    if missing:
        raise InputError(f"{where}: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; "
                         f"a tree needs {', '.join(NEEDED)}")
