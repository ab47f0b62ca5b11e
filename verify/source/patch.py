"""Applying unified diffs to a copy of the sources in memory: offsets yes, fuzz never in `ffa.c`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from verify.errors import InputError
from verify.source.diff import FileDiff, Hunk, parse
from verify.source.locate import Place, Search
from verify.source.paths import FFA_C, NEEDED, is_read
from verify.source.tree import PatchId, SourceFiles, frozen, read_text, sha256

MAX_FUZZ = 2
"""Lines of context at either end that may differ, outside `ffa.c`, as patch(1) has it."""

_PREFIXES = frozenset("abciow.")
"""What git writes before the first slash (a, b; c, i, o, w with diff.mnemonicPrefix)."""


@dataclass(frozen=True, slots=True)
class PlacedHunk:
    """A hunk that was applied: at this 1-based line of the old file, `offset` lines off its header, with `fuzz`."""

    file: str
    number: int
    line: int
    offset: int
    fuzz: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file's hunks that were not applied, and why."""

    file: str
    hunks: int
    reason: str


@dataclass(frozen=True, slots=True)
class AppliedPatch:
    """What one patch did."""

    name: str
    sha256: str
    hunks: tuple[PlacedHunk, ...]
    created: tuple[str, ...]
    removed: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def is_without_effect(self) -> bool:
        return not (self.hunks or self.created or self.removed)


@dataclass(frozen=True, slots=True)
class PatchReport:
    """What every patch did, in order."""

    patches: tuple[AppliedPatch, ...]

    def lines(self) -> tuple[str, ...]:
        """Everything that is not plain success, one line each."""
        return tuple(line for patch in self.patches for line in _report(patch))


def apply_patches(files: SourceFiles, paths: Sequence[Path]) -> tuple[SourceFiles, tuple[str, ...]]:
    """`apply` for files on disk: the patched sources, and a line for everything that was not plain success."""
    if not paths:
        return files, ()
    patched, report = apply(files, [(path.name, read_text(path)) for path in paths])
    return patched, report.lines()


def apply(files: SourceFiles, patches: Sequence[tuple[str, str]]) -> tuple[SourceFiles, PatchReport]:
    """The sources after all patches (name, text), in order. InputError names the hunk that does not apply."""
    texts = dict(files.files)
    applied = tuple(_Scratch(name, texts).apply(text) for name, text in patches)
    missing = [path for path in NEEDED if path not in texts]
    if missing:
        raise InputError(f"after the patches, {missing[0]} is missing")
    before = {path: sha256(text) for path, text in files.files.items() if texts.get(path) != text}
    patched = SourceFiles(
        frozen(texts),
        " + ".join((files.label, *(patch.name for patch in applied))),
        files.revision,
        (*files.patches, *(PatchId(patch.name, patch.sha256) for patch in applied)),
        frozen({**before, **files.before}),
    )
    return patched, PatchReport(applied)


class _Scratch:
    """One patch at work on the texts, which it changes."""

    def __init__(self, name: str, texts: dict[str, str]) -> None:
        self.name = name
        self.texts = texts
        self.hunks: list[PlacedHunk] = []
        self.created: list[str] = []
        self.removed: list[str] = []
        self.left_out: list[LeftOut] = []

    def apply(self, text: str) -> AppliedPatch:
        for diff in parse(self.name, text):
            self._file(diff)
        return AppliedPatch(self.name, sha256(text), tuple(self.hunks), tuple(self.created), tuple(self.removed),
                            tuple(self.left_out))

    def _file(self, diff: FileDiff) -> None:
        old, new = _relative(diff.old, diff.new), _relative(diff.new, diff.old)
        paths = [path for path in (old, new) if path is not None]
        if not any(map(is_read, paths)):
            self._leave_out(diff, paths[-1], "the front end does not read it")
        elif diff.is_binary:
            raise InputError(f"{self.name}: the patch of {paths[-1]} is binary; make it with 'git diff --text'")
        elif old is None:
            self._create(diff, paths[-1])
        elif old not in self.texts and (old in NEEDED or old != new):
            raise InputError(f"{self.name}: {old}, which it changes, is not among the files that the front end reads")
        elif old not in self.texts:
            self._leave_out(diff, old, "the tree does not have it")
        else:
            self._change(diff, old, new)

    def _leave_out(self, diff: FileDiff, path: str, reason: str) -> None:
        self.left_out.append(LeftOut(path, len(diff.hunks), reason))

    def _create(self, diff: FileDiff, path: str) -> None:
        if self.texts.get(path):
            raise InputError(f"{self.name}: creates {path}, which exists already")
        self.texts[path] = self._patched(diff, path, "")
        self.created.append(path)

    def _change(self, diff: FileDiff, old: str, new: str | None) -> None:
        text = self._patched(diff, old, self.texts[old])
        if new is None and text:
            raise InputError(f"{self.name}: removes {old}, whose text is not what the patch says")
        if new != old and not diff.is_copy:
            del self.texts[old]
            self.removed.append(old)
        if new is not None and new != old:
            self.created.append(new)
        if new is not None and is_read(new):
            self.texts[new] = text

    def _patched(self, diff: FileDiff, path: str, text: str) -> str:
        search = Search(split_lines(text))
        result: list[str] = []
        for hunk in diff.hunks:
            place = self._place(search, hunk, path)
            result += search.lines[search.frozen:place.index]
            result += _merged(hunk, search.lines[place.index:place.index + len(hunk.old)])
            search = Search(search.lines, place.index + len(hunk.old), place.offset)
            self.hunks.append(PlacedHunk(path, hunk.number, place.index + 1, place.offset, place.fuzz))
        return "".join([*result, *search.lines[search.frozen:]])

    def _place(self, search: Search, hunk: Hunk, path: str) -> Place:
        if not hunk.old and search.lines:
            raise self._refusal(hunk, path, "has no line of context; make the patch with context lines")
        place = search.place(hunk, 0 if path == FFA_C else MAX_FUZZ)
        if place is None:
            raise self._refusal(hunk, path, _why_not(search, hunk))
        return place

    def _refusal(self, hunk: Hunk, path: str, why: str) -> InputError:
        return InputError(f"{self.name}:{hunk.line}: hunk #{hunk.number} ({hunk.header}) of {path} {why}")


def split_lines(text: str) -> list[str]:
    """Lines with their ends, cut at line feeds only (C has form feeds inside lines)."""
    lines = [line + "\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _merged(hunk: Hunk, lines: Sequence[str]) -> list[str]:
    """The hunk's new side; context is the file's own text, which under fuzz is not the patch's."""
    result, at = [], 0
    for sign, text in hunk.body:
        if sign != "-":
            result.append(text if sign == "+" else lines[at])
        at += sign != "+"
    return result


def _why_not(search: Search, hunk: Hunk) -> str:
    line = search.first_difference(hunk) + 1
    if _contains(_squeezed(search.lines), _squeezed(hunk.old)):
        return "does not apply: its white space is mangled (by a mailer?); take the original patch"
    if hunk.new and Search(search.lines, search.frozen, search.offset).place(_reversed(hunk), 0) is not None:
        return "does not apply: the file has this change already"
    fuzzy = search.place(hunk, MAX_FUZZ)
    if fuzzy is not None:
        return f"does not apply exactly (only at line {fuzzy.index + 1}, with fuzz {fuzzy.fuzz}, which is refused here)"
    return f"does not apply: the file differs from it at line {line}"


def _reversed(hunk: Hunk) -> Hunk:
    turned = {"+": "-", "-": "+", " ": " "}
    return replace(hunk, body=tuple((turned[sign], text) for sign, text in hunk.body))


def _squeezed(lines: Sequence[str]) -> list[str]:
    squeezed = ["".join(line.split()) for line in lines]
    return [line for line in squeezed if line]


def _contains(lines: list[str], part: list[str]) -> bool:
    return bool(part) and any(lines[at:at + len(part)] == part for at in range(len(lines) - len(part) + 1))


def _relative(path: str | None, other: str | None) -> str | None:
    """The kernel-relative path: the first folder goes, unless the diff was made without prefixes."""
    if path is None:
        return None
    first, _, rest = path.partition("/")
    has_prefix = first in _PREFIXES or is_read(rest) or (other is not None and other != path)
    return rest if rest and has_prefix else path


def _report(patch: AppliedPatch) -> list[str]:
    lines = []
    for hunk in patch.hunks:
        notes = [f"offset {hunk.offset:+d} lines"] if hunk.offset else []
        notes += [f"fuzz {hunk.fuzz}"] if hunk.fuzz else []
        if notes:
            lines.append(f"{patch.name}: hunk #{hunk.number} of {hunk.file} applied at line {hunk.line} "
                         f"with {', '.join(notes)}")
    lines += [f"{patch.name}: {path} is new" for path in patch.created]
    lines += [f"{patch.name}: {path} is gone" for path in patch.removed]
    lines += [f"{patch.name}: {left.hunks} hunk{'s' * (left.hunks != 1)} of {left.file} left out: {left.reason}"
              for left in patch.left_out]
    if patch.is_without_effect:
        lines.append(f"{patch.name}: changes nothing that the front end reads")
    return lines
