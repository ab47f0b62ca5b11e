"""Which of a thread's messages are the series: every posting of it, and the newest one that is whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from verify.errors import InputError
from verify.source.mail import Mail

_GROUPS = re.compile(r"(?:\[[^\]]*\]\s*)+")
_TAG = re.compile(r"\[([^\]]*)\]")
_IS_PATCH = re.compile(r"PATCH", re.IGNORECASE)
_VERSION = re.compile(r"(?:^|[\s,/]|PATCH)v(\d{1,4})\b", re.IGNORECASE)
_COUNT = re.compile(r"\b(\d{1,4})\s*/\s*(\d{1,4})\b")
_REPLY = re.compile(r"\s*(?:re|aw|sv|vs|antw|fwd?|wg)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_DIFF = re.compile(r"^(?:diff --git |--- \S.*\n\+\+\+ \S.*\n@@ )", re.MULTILINE)
_SIGNATURE = "\n-- \n"


@dataclass(frozen=True, slots=True)
class Subject:
    """`[PATCH v2 2/3] title`; `number` and `total` are None where the subject has none, `is_patch` where it is none."""

    title: str
    is_patch: bool = False
    is_reply: bool = False
    version: int = 1
    number: int | None = None
    total: int | None = None


def subject_of(text: str) -> Subject:
    reply = _REPLY.match(text)
    match = _GROUPS.match(text[reply.end():].lstrip() if reply else text)
    if match is None:
        return Subject(text.strip(), is_reply=reply is not None)
    rest = (text[reply.end():].lstrip() if reply else text)[match.end():]
    tag = next((tag for tag in _TAG.findall(match[0]) if _IS_PATCH.search(tag)), None)
    if tag is None:
        return Subject(rest.strip() or text.strip(), is_reply=reply is not None)
    version, count = _VERSION.search(tag), _COUNT.search(tag)
    if count is not None and int(count[1]) > int(count[2]):
        count = None  # no patch of so many
    return Subject(rest.strip(), True, reply is not None, int(version[1]) if version else 1,
                   int(count[1]) if count else None, int(count[2]) if count else None)


@dataclass(frozen=True, slots=True)
class Posted:
    """One patch as it was posted; `diff` is "" where the message has none."""

    subject: Subject
    mail: Mail
    diff: str
    order: int


@dataclass(slots=True)
class Posting:
    """Patches that were sent together: by number; 0 is the cover letter."""

    version: int
    total: int | None
    patches: dict[int, Posted] = field(default_factory=dict)

    @property
    def numbers(self) -> range:
        return range(1, (len([number for number in self.patches if number]) if self.total is None else self.total) + 1)

    @property
    def missing(self) -> list[int]:
        return [number for number in self.numbers if number not in self.patches or not self.patches[number].diff]

    @property
    def is_whole(self) -> bool:
        return not self.missing

    @property
    def first(self) -> tuple[str, int]:
        return min((item.mail.date, item.order) for item in self.patches.values())

    @property
    def newest(self) -> tuple[int, str, int]:
        """A later version is newer, then a later date, then what comes later in the file."""
        last = max((item.mail.date, item.order) for item in self.patches.values())
        return (self.version, *last)

    def __str__(self) -> str:
        dates = sorted(item.mail.date for item in self.patches.values() if item.mail.date)
        when = f" of {dates[0]}" if dates else ""
        return f"{f'v{self.version}' if self.version > 1 else 'the posting'}{when}"


def diff_in(body: str) -> str:
    """From the first line of a diff to the signature; "" where there is none. Quoted ones are none."""
    match = _DIFF.search(body)
    if match is None:
        return ""
    text = body[match.start():]
    head, mark, tail = text.rpartition(_SIGNATURE)
    is_signature = mark and not any(line.startswith(("+", "-", " ", "@")) for line in tail.split("\n"))
    return f"{head}\n" if is_signature else text


def postings(mails: Sequence[Mail]) -> list[Posting]:
    """All postings of patches, replies left out, in the order in which they begin.

    Where no subject says PATCH, each message with a diff is one, in the order given.
    """
    known = [(subject_of(mail.subject), mail, order) for order, mail in enumerate(mails)]
    marked = [Posted(subject, mail, "" if subject.number == 0 else diff_in(mail.body), order)
              for subject, mail, order in known if subject.is_patch and not subject.is_reply]
    if not marked:
        marked = [Posted(subject, mail, diff, order) for subject, mail, order in known
                  if not subject.is_reply and (diff := diff_in(mail.body))]
    found: list[Posting] = []
    for item in sorted(marked, key=_when):
        _add(found, item)
    return [posting for posting in found if any(posting.patches)]  # a cover letter alone is none


def _when(item: Posted) -> tuple[str, int, int]:
    """Of one minute, mails that say what they refer to come by their numbers; others stay as they are in the file."""
    number = item.subject.number if item.mail.identity else None
    return item.mail.date, number or 0, item.order


def _add(found: list[Posting], item: Posted) -> None:
    """To the posting of its kind that it refers to, or the last one; to a new one if that has this patch, or if this is
    a later cover letter.
    """
    subject = item.subject
    alike = [one for one in reversed(found) if (one.version, one.total) == (subject.version, subject.total)]
    meant = [one for one in alike
             if any(other.mail.identity and other.mail.identity in item.mail.answers for other in one.patches.values())]
    last = next(iter(meant or alike), None)
    if subject.number is None:
        if last is None or any(other.subject.title == subject.title != "" for other in last.patches.values()):
            found.append(last := Posting(subject.version, None))
        last.patches[len(last.patches) + 1] = item
        return
    is_later_cover = last is not None and subject.number == 0 and any(
        other.mail.date < item.mail.date for other in last.patches.values())
    if last is None or subject.number in last.patches or is_later_cover:
        found.append(last := Posting(subject.version, subject.total))
    last.patches[subject.number] = item


def newest_whole(where: str, mails: Sequence[Mail]) -> tuple[Posting, list[str]]:
    """The posting to take, and for each other one why it is left out. Raises InputError where none is whole.

    Patches without numbers do not take the place of a whole series that came before them.
    """
    known = sorted(postings(mails), key=lambda posting: posting.newest)
    if not known:
        raise InputError(f"{where}: no patch in it (a message whose subject has [PATCH …], or a diff); "
                         "give an mbox, a thread, patches, or a git range with --git")
    whole = [posting for posting in known if posting.is_whole and not _is_aside(posting, known)]
    if not whole:
        raise InputError(f"{where}: no whole series in it: {_why(known[-1])}; give the missing patches too")
    chosen = next((posting for posting in reversed(whole) if not _is_mangled(posting, known)), whole[-1])
    said = [f"{posting} ({_patches(posting)}) is left out: {_reason(posting, chosen, known)}"
            for posting in known if posting is not chosen]
    return chosen, said


def _reason(posting: Posting, chosen: Posting, known: Sequence[Posting]) -> str:
    reasons = [] if posting.is_whole else [f"not whole, {_why(posting)}"]
    if _is_mangled(posting, known):
        reasons.append("its white space is mangled")
    if _is_aside(posting, known):
        reasons.append("unnumbered, and after a whole series with numbers (to judge it, give it alone)")
    return " and ".join(reasons) or f"{chosen} is newer"


def _is_aside(posting: Posting, known: Iterable[Posting]) -> bool:
    """Patches without numbers that come after a series with numbers are remarks on it, whatever version they claim."""
    return posting.total is None and any(
        other.total is not None and other.is_whole and other.first < posting.first for other in known)


def _why(posting: Posting) -> str:
    missing = posting.missing
    name = "patch" if len(missing) == 1 else "patches"
    return f"{name} {_ranges(missing)} of {posting.total or len(posting.numbers)} missing"


def _ranges(numbers: Sequence[int]) -> str:
    """`1, 3–5`."""
    cuts = [0, *(at for at, (one, two) in enumerate(pairwise(numbers), 1) if two != one + 1), len(numbers)]
    runs = [numbers[first:last] for first, last in pairwise(cuts)]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def _patches(posting: Posting) -> str:
    there = sorted(number for number in posting.patches if number and posting.patches[number].diff)
    if not there:
        return "no patch"
    return f"patch{'es' * (len(there) > 1)} {_ranges(there)}"


def _is_mangled(posting: Posting, known: Iterable[Posting]) -> bool:
    """Has another posting a patch of this one with tabs, where the same text here has none?"""
    return any(
        _lost_tabs(mine.diff, theirs.diff)
        for other in known if other is not posting
        for mine in posting.patches.values() for theirs in other.patches.values()
        if mine.diff and mine.subject.title == theirs.subject.title)


def _lost_tabs(diff: str, other: str) -> bool:
    def body(text: str) -> list[str]:
        return [line for line in text.split("\n")
                if line[:1] in ("+", "-", " ") and not line.startswith(("+++", "---"))]

    mine, theirs = body(diff), body(other)
    return (not any("\t" in line for line in mine) and any("\t" in line for line in theirs)
            and "".join("".join(mine).split()) == "".join("".join(theirs).split()))
