"""Snapshots on disk: `<target>/manifest.toml`, `unit.json` and `functions/<name>.json`."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from verify.errors import InputError, InternalError
from verify.ir.codec import decode_function, decode_unit_header, encode_function, encode_unit_header
from verify.ir.function import Function, Unit
from verify.ir.validate import validate
from verify.reading import read_bytes
from verify.snapshot.manifest import Manifest, decode_manifest, encode_manifest

MANIFEST = "manifest.toml"
UNIT = "unit.json"
FUNCTIONS = "functions"
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def write(directory: Path, unit: Unit, manifest: Manifest) -> None:
    """Writes a snapshot, or replaces one: the directory is the old one or the whole new one, also after Ctrl-C.

    Raises InputError where it cannot be written, or where the directory holds anything but a snapshot.
    """
    problems = validate(unit)
    if problems:
        raise InternalError(f"{manifest.name}: IR that breaks its own rules: {problems[0]} (of {len(problems)})")
    texts = _texts(unit, manifest)
    target = Path(os.path.realpath(directory))
    try:
        _refuse_others(target, directory)
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, texts)
    except OSError as problem:
        raise InputError(f"{directory}: cannot be written: {problem.strerror}") from None


def read(directory: Path) -> tuple[Unit, Manifest]:
    """Raises InputError where a file is missing, malformed, changed by hand, or of another schema."""
    manifest, digests = decode_manifest(_text(directory, MANIFEST, None), str(directory / MANIFEST))
    header = decode_unit_header(_text(directory, UNIT, digests), str(directory / UNIT))
    functions = {name: _function(directory, name, digests) for name in sorted(header.functions)}
    unit = header.complete(functions)
    problems = validate(unit)
    if problems:
        raise InputError(f"{directory}: IR that breaks its own rules: {problems[0][:160]} (of {len(problems)})")
    return unit, manifest


def _file(name: str) -> str:
    return f"{FUNCTIONS}/{name}.json"


def _texts(unit: Unit, manifest: Manifest) -> dict[str, bytes]:
    for name in unit.functions:
        if not _IDENTIFIER.fullmatch(name):
            raise InputError(f"function {name!r}: a snapshot has no file for such a name")
    texts = {_file(name): encode_function(unit.functions[name]).encode() for name in sorted(unit.functions)}
    texts[UNIT] = encode_unit_header(unit).encode()
    digests = {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()}
    try:
        texts[MANIFEST] = encode_manifest(manifest, digests).encode()
    except UnicodeEncodeError:
        raise InputError(f"manifest of {manifest.name!r}: holds what is not UTF-8 text") from None
    return texts


def _refuse_others(target: Path, directory: Path) -> None:
    """Replacing deletes, so what is there must be a snapshot and nothing else."""
    if not target.exists():
        return
    if not target.is_dir():
        raise InputError(f"{directory}: exists and is no directory")
    others = {path.name for path in target.iterdir()} - {MANIFEST, UNIT, FUNCTIONS}
    others |= {f"{FUNCTIONS}/{path.name}" for path in target.glob(f"{FUNCTIONS}/*") if path.suffix != ".json"}
    if others:
        raise InputError(f"{directory}: holds {min(others)}, which is no part of a snapshot; give another directory")


def _replace(target: Path, texts: Mapping[str, bytes]) -> None:
    """Two renames within one file system; the work directory has the old snapshot in between."""
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    old, new = work / "old", work / "new"
    try:
        new.mkdir()
        (new / FUNCTIONS).mkdir()
        for name, text in texts.items():
            (new / name).write_bytes(text)
        try:
            if target.exists():
                os.rename(target, old)
            os.rename(new, target)
        finally:
            if old.exists() and not target.exists():
                os.rename(old, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _text(directory: Path, name: str, digests: Mapping[str, str] | None) -> str:
    """A file of a snapshot, with the digest that the manifest gives for it."""
    path = directory / name
    try:
        content = read_bytes(path)
        text = content.decode()
    except FileNotFoundError:
        raise InputError(f"{path}: missing; this is no complete snapshot, extract it anew") from None
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text; the snapshot is damaged, extract it anew") from None
    if digests is not None and hashlib.sha256(content).hexdigest() != digests.get(name):
        raise InputError(f"{path}: not what was extracted (another SHA-256 than in {MANIFEST}); extract it anew")
    return text


def _function(directory: Path, name: str, digests: Mapping[str, str]) -> Function:
    if not _IDENTIFIER.fullmatch(name):
        raise InputError(f"{directory / UNIT}: {name!r} is no name of a function")
    path = directory / _file(name)
    function = decode_function(_text(directory, _file(name), digests), str(path))
    if function.name != name:
        raise InputError(f"{path}: holds function {function.name}")
    return function
