"""Reading the files that the front end needs from a directory or from a git revision."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from verify.errors import InputError
from verify.source.git import Blobs
from verify.source.paths import HEADER_FOLDER, NEEDED, OPTIONAL, is_read


def sha256(text: str) -> str:
    """The digest of a file whose (UTF-8) text this is."""
    return hashlib.sha256(text.encode()).hexdigest()


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
    """The files of a kernel tree (or of a sparse one); InputError if it is none."""
    if not directory.is_dir():
        raise InputError(f"{directory}: {'not a directory' if directory.exists() else 'no such directory'}")
    _require([path for path in NEEDED if (directory / path).is_file()], str(directory))
    texts = {path: _read(directory / path) for path in _present(directory)}
    return SourceFiles(frozen(texts), directory.resolve().name)


def read_revision(repository: Path, revision: str) -> SourceFiles:
    """The same files from a revision of the git repository that holds `repository`; never touches a work tree."""
    if not repository.is_dir():
        raise InputError(f"{repository}: {'not a directory' if repository.exists() else 'no such directory'}")
    blobs = Blobs(repository, revision)
    paths = [path for path in blobs.names((*NEEDED, *OPTIONAL, HEADER_FOLDER + "/")) if is_read(path)]
    _require(paths, f"{repository}, revision {revision}")
    texts = {path: decode(data, f"{revision}:{path}") for path, data in blobs.contents(paths).items()}
    return SourceFiles(frozen(texts), revision, blobs.commit)


def decode(data: bytes, where: str) -> str:
    """UTF-8 text with its line ends as they are; InputError says where it stops being UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{where}:{line}: not UTF-8 text (byte 0x{data[error.start]:02x})") from None


def _present(directory: Path) -> list[str]:
    headers = [f"{HEADER_FOLDER}/{path.name}" for path in directory.joinpath(HEADER_FOLDER).glob("*.h")]
    return [path for path in (*NEEDED, *OPTIONAL, *headers) if (directory / path).is_file()]


def _require(paths: list[str], where: str) -> None:
    missing = [path for path in NEEDED if path not in paths]
    if len(missing) == len(NEEDED):
        raise InputError(f"{where}: no kernel tree ({missing[0]} is missing)")
    if missing:
        raise InputError(f"{where}: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; "
                         f"a tree needs {', '.join(NEEDED)}")


def _read(path: Path) -> str:
    try:
        return decode(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
