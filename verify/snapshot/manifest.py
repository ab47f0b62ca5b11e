"""What `manifest.toml` says: where a snapshot came from and the digests of its files."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from verify import __version__
from verify.errors import InputError, InternalError
from verify.ir.codec import SCHEMA

LICENCE = "GPL-2.0-only"

_Item = TypeVar("_Item")
_HEAD = ("name", "title", "revision", "package", "version", "commit", "blob", "licence", "tool", "schema")
_KEYS = {*_HEAD, "patches", "inputs", "unpatched", "snapshot"}
_OPTIONAL = {"title", "package", "version", "commit", "blob"}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}|")


@dataclass(frozen=True, slots=True)
class Manifest:
    """`inputs` gives the SHA-256 of each file that the front end read, by its path in the kernel tree.

    `revision` labels the source in reports. A distribution's tree has `package` and `version`, one of git a
    `commit` (or the `blob` of its ffa.c). `patches` (name, SHA-256) were applied in this order; `unpatched` gives
    the SHA-256 that the patched files had before.
    """

    name: str
    revision: str
    inputs: Mapping[str, str]
    title: str = ""
    package: str = ""
    version: str = ""
    commit: str = ""
    blob: str = ""
    patches: tuple[tuple[str, str], ...] = ()
    unpatched: Mapping[str, str] = field(default_factory=dict)
    tool: str = __version__
    schema: int = SCHEMA
    licence: str = LICENCE


def encode_manifest(manifest: Manifest, contents: Mapping[str, str]) -> str:
    """TOML text; `contents` gives the SHA-256 of the snapshot's other files. Raises InputError where unfit."""
    lines = []
    for key in _HEAD:
        value = getattr(manifest, key)
        if value or key not in _OPTIONAL:
            lines.append(f"{key} = {value if isinstance(value, int) else _quoted(value)}")
    for name, digest in manifest.patches:
        lines += ["", "[[patches]]", f"name = {_quoted(name)}", f"sha256 = {_quoted(digest)}"]
    for title, digests in (("inputs", manifest.inputs), ("unpatched", manifest.unpatched), ("snapshot", contents)):
        if digests or title != "unpatched":
            lines += ["", f"[{title}]"]
            lines += [f"{_quoted(path)} = {_quoted(digest)}" for path, digest in sorted(digests.items())]
    text = "\n".join(lines) + "\n"
    if decode_manifest(text, f"manifest of {manifest.name}") != (manifest, dict(contents)):
        raise InternalError(f"manifest of {manifest.name}: does not survive being written")
    return text


def decode_manifest(text: str, where: str) -> tuple[Manifest, dict[str, str]]:
    """The manifest and the digests of the snapshot's other files; `where` names the file in messages."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{where}: malformed or cut off: {str(problem)[:80]}") from None
    except (ValueError, RecursionError):
        raise InputError(f"{where}: malformed: a number that is too long, or nested too deeply") from None
    try:
        return _manifest(data)
    except ValueError as problem:
        raise InputError(f"{where}: {problem}") from None


def _quoted(text: str) -> str:
    """JSON's escapes are TOML's too, but that JSON leaves DEL as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _manifest(data: dict[str, Any]) -> tuple[Manifest, dict[str, str]]:
    schema = data.get("schema")
    if type(schema) is not int:
        raise ValueError("no schema number")
    if schema != SCHEMA:
        raise ValueError(f"has schema {schema}, and this program reads {SCHEMA}; extract it anew")
    for key in sorted(set(data) - _KEYS):
        raise ValueError(f"{_quoted(key)} is unknown")
    manifest = Manifest(
        name=_text(data, "name"), revision=_text(data, "revision"), inputs=_digests(data, "inputs"),
        title=_text(data, "title"), package=_text(data, "package"), version=_text(data, "version"),
        commit=_text(data, "commit"), blob=_text(data, "blob"), patches=_patches(data.get("patches", [])),
        unpatched=_digests(data, "unpatched") if "unpatched" in data else {},
        tool=_text(data, "tool"), licence=_text(data, "licence"))
    for key, value in (("commit", manifest.commit), ("blob", manifest.blob)):
        if not _OBJECT_ID.fullmatch(value):
            raise ValueError(f"{key} {_quoted(value)} is no object of git")
    if manifest.licence != LICENCE:
        raise ValueError(f"licence is {_quoted(manifest.licence)}, not {LICENCE}")
    return manifest, _digests(data, "snapshot")


def _text(data: dict[str, Any], key: str) -> str:
    if key in _OPTIONAL and key not in data:
        return ""
    return _typed(data, key, str)


def _typed(data: dict[str, Any], key: str, kind: Callable[..., _Item]) -> _Item:
    if key not in data:
        raise ValueError(f"{_quoted(key)} is missing")
    value: _Item = data[key]
    if type(value) is not kind:
        raise ValueError(f"{_quoted(key)} is not of the right type")
    return value


def _digests(data: dict[str, Any], key: str) -> dict[str, str]:
    table: dict[str, Any] = _typed(data, key, dict)
    return {path: _sha256(path, table[path]) for path in sorted(table)}


def _sha256(name: str, value: Any) -> str:
    if type(value) is not str or not _SHA256.fullmatch(value):
        raise ValueError(f"{_quoted(name)} has no SHA-256")
    return value


def _patches(items: Any) -> tuple[tuple[str, str], ...]:
    if type(items) is not list or not all(type(item) is dict for item in items):
        raise ValueError('"patches" is not of the right type')
    return tuple((_typed(item, "name", str), _sha256("patches", item.get("sha256"))) for item in items)
