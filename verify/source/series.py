"""A patch series, whatever it comes as: patches in files or a folder, mail, a saved thread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from verify.errors import InputError
from verify.source.mail import Mail, read_mails
from verify.source.postings import Posting, diff_in, newest_whole, subject_of

PATCH_FILES = (".patch", ".diff", ".eml", ".mbox", ".mbx")
MOST_PATCHES = 200


@dataclass(frozen=True, slots=True)
class Patch:
    """`name` is `2/3`, or a file's name; `subject` that of its mail without tags; `text` begins with the diff."""

    name: str
    subject: str
    text: str
    mail: Mail


@dataclass(frozen=True, slots=True)
class PatchSeries:
    """`title` is the cover letter's; `notes` say what was chosen and what was left out."""

    title: str
    patches: tuple[Patch, ...]
    notes: tuple[str, ...] = ()


def read_series(paths: Sequence[Path]) -> PatchSeries:
    """Patches in the order of their subjects' numbers, else as given.

    Raises InputError where there is no whole series.
    """
    files = [file for path in paths for file in _files(path)]
    mails = [(file, mail) for file in files for mail in read_mails(file)]
    subjects = [subject_of(mail.subject) for _, mail in mails]
    if len(files) > 1 and not any(subject.number is not None for subject in subjects):
        series = _as_given(mails)
    else:
        posting, notes = newest_whole(", ".join(str(path) for path in paths), [mail for _, mail in mails])
        series = _numbered(posting, notes, mails)
    if len(series.patches) > MOST_PATCHES:
        raise InputError(f"{paths[0]}: more than {MOST_PATCHES} patches; give fewer")
    return series


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    try:
        files = [file for file in path.iterdir() if file.suffix in PATCH_FILES and file.is_file()]
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror}") from None
    if not files:
        raise InputError(f"{path}: no patch in this folder (a file that ends in {', '.join(PATCH_FILES)})")
    return sorted(files, key=_natural)


def _natural(path: Path) -> tuple[tuple[bool, int, str], ...]:
    """`2.patch` before `10.patch`."""
    texts = [text for text in re.split(r"([0-9]+)", path.name) if text]
    return tuple((is_number, int(text) if is_number else 0, text)
                 for text in texts for is_number in (text.isascii() and text.isdigit(),))


def _as_given(mails: Sequence[tuple[Path, Mail]]) -> PatchSeries:
    """One patch a message; a file that has none is wrong input."""
    patches = []
    for file, mail in mails:
        text = diff_in(mail.body)
        if not text:
            raise InputError(f"{file}: no unified diff found in it")
        patches.append(Patch(file.name, subject_of(mail.subject).title, text, mail))
    return PatchSeries("", tuple(patches))


def _numbered(posting: Posting, notes: Sequence[str], mails: Sequence[tuple[Path, Mail]]) -> PatchSeries:
    chosen = [posting.patches[number] for number in posting.numbers]
    is_bare = len(chosen) == 1 and not chosen[0].mail.subject
    patches = tuple(
        Patch(mails[0][0].name if is_bare else f"{number}/{len(chosen)}", item.subject.title, item.diff, item.mail)
        for number, item in zip(posting.numbers, chosen, strict=True))
    cover = posting.patches.get(0)
    said = [f"{posting} is taken"] if notes else []
    if [item.order for item in chosen] != sorted(item.order for item in chosen):
        said.append("the patches are in the order of their numbers, not as they were given")
    return PatchSeries(cover.subject.title if cover else "", patches, (*said, *notes))
