"""Messages of whatever holds mail: an mbox, one mail, a list archive's page of a thread as text, or a bare patch."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.policy import default as policy
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path
from typing import AnyStr

from verify.errors import InputError
from verify.reading import MOST_BYTES, read_bytes
from verify.source.tree import decode

MOST_MESSAGES = 2000
_ENVELOPE = re.compile(rb"^From [^\n]{1,200}\n", re.MULTILINE)
_TIME = re.compile(rb"\d\d:\d\d(?::\d\d)?")
_HEADERS = re.compile(rb"\A(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*)*?(?:Subject|From):", re.IGNORECASE)
_ARCHIVED = re.compile(
    r"^\* (?P<subject>\S.*)\n(?:[ \t].*\n)*@ (?P<date>\d{4}-\d\d-\d\d +\d{1,2}:\d\d)\b.*\n", re.MULTILINE)
"""How a public-inbox archive begins each message of a thread that is shown as text."""
_ARCHIVED_END = re.compile(r"^\^ permalink raw reply\b", re.MULTILINE)
_IDENTITY = re.compile(r"<[^<>\s]+>")
_ATTACHED = ("text/x-patch", "text/x-diff")
_PATCH_FILE = (".patch", ".diff")


@dataclass(frozen=True, slots=True)
class Mail:
    """`date` is "YYYY-MM-DD HH:MM" in UTC, "" where none is known; `body` is decoded, its lines end in line feeds."""

    subject: str
    date: str
    body: str
    identity: str = ""
    """Its Message-ID."""
    answers: tuple[str, ...] = ()
    """Those of the mails that it refers to."""


def read_mails(path: Path) -> tuple[Mail, ...]:
    """The messages of a file in its order; a bare patch is one without a subject. Raises InputError."""
    try:
        data = read_bytes(path)
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror}") from None
    return mails(str(path), data)


def mails(where: str, data: bytes) -> tuple[Mail, ...]:
    """`where` names the data in messages."""
    data = _unpacked(where, data).replace(b"\r\n", b"\n")
    found: Iterator[Mail]
    if _envelope(data):
        found = (mail for one in _mbox(data) for mail in _parsed(where, one))
    elif _HEADERS.match(data):
        found = _parsed(where, data)
    else:
        text = decode(data, where)
        found = _archived(text) if _ARCHIVED.search(text) else iter((Mail("", "", text),))
    first = tuple(islice(found, MOST_MESSAGES + 1))
    if len(first) > MOST_MESSAGES:
        raise InputError(f"{where}: more than {MOST_MESSAGES} messages, which no thread has")
    return first


def _unpacked(where: str, data: bytes) -> bytes:
    """Archives give a thread's mbox as gzip."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        content = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise InputError(f"{where}: damaged or cut off: gzip cannot unpack it") from None
    if len(content) > MOST_BYTES:
        raise InputError(f"{where}: longer than {MOST_BYTES >> 20} MiB when unpacked, which no thread is")
    return content


def _envelope(data: bytes) -> re.Match[bytes] | None:
    """The line before a mail of an mbox, where the data begins with one."""
    match = _ENVELOPE.match(data)
    return match if match and _has_date(match[0]) else None


def _has_date(line: bytes) -> bool:
    """`From NAME … 10:00:00 … 2026` is the line before a mail; a sentence that begins so is not."""
    words = line.split()
    times = [at for at, word in enumerate(words) if at > 1 and _TIME.match(word)]
    return bool(times) and any(len(word) >= 4 and word[:4].isdigit() for word in words[times[0] + 1:])


def _mbox(data: bytes) -> Iterator[bytes]:
    starts = [match for match in _ENVELOPE.finditer(data)
              if data[max(match.start() - 2, 0):match.start()] in (b"", b"\n\n") and _has_date(match[0])]
    for match, end in zip(starts, _ends(starts, len(data)), strict=True):
        content = data[match.end():end]
        if content.endswith(b"\n\n"):
            content = content[:-1]  # the line between two mails
        yield re.sub(rb"^>(>*From )", rb"\1", content, flags=re.MULTILINE)


def _ends(starts: Sequence[re.Match[AnyStr]], length: int) -> list[int]:
    """Where each message ends: where the next one begins."""
    return [*(match.start() for match in starts[1:]), length][:len(starts)]


def _parsed(where: str, data: bytes) -> Iterator[Mail]:
    """A mail, or each patch that is attached to it."""
    try:
        message = message_from_bytes(data, policy=policy)
        parts = [part for part in message.walk() if not part.is_multipart()]
        subject, date, identity = _subject(message), _date(message), str(message.get("Message-ID", "")).strip()
        answers = tuple(_IDENTITY.findall(f"{message.get('References', '')} {message.get('In-Reply-To', '')}"))
        attached = [part for part in parts if _is_attached_patch(part)]
        texts = [_text(part) for part in attached or parts if attached or part.get_content_type() == "text/plain"]
    except (MessageError, ValueError, LookupError, AttributeError, TypeError):  # the library's, on odd headers
        raise InputError(f"{where}: a mail in it is malformed; save it anew, or give the patches as files") from None
    if not attached:
        yield Mail(subject, date, "".join(texts), identity, answers)
        return
    for text in texts:
        inner = text.encode(errors="surrogateescape")
        envelope = _envelope(inner)
        if envelope or _HEADERS.match(inner):
            mail = message_from_bytes(inner[envelope.end() if envelope else 0:], policy=policy)
            yield Mail(_subject(mail), _date(mail) or date, _text(mail), identity)
        else:
            yield Mail(subject, date, text, identity)


def _is_attached_patch(part: Message) -> bool:
    name = str(part.get_filename() or "").lower()
    return name.endswith(_PATCH_FILE) or part.get_content_type() in _ATTACHED


def _subject(message: Message) -> str:
    return " ".join(str(message.get("Subject", "")).split())


def _date(message: Message) -> str:
    try:
        when = parsedate_to_datetime(str(message["Date"]))
        return (when.astimezone(UTC) if when.tzinfo else when).strftime("%Y-%m-%d %H:%M")
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""


def _text(part: Message) -> str:
    """Whatever the transfer encoding is; in the mail's charset, or UTF-8."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    for charset in ("utf-8", str(part.get_content_charset() or "utf-8")):
        try:
            return payload.decode(charset).replace("\r\n", "\n")
        except (UnicodeDecodeError, LookupError):
            continue
    return payload.decode("latin-1").replace("\r\n", "\n")


def _archived(text: str) -> Iterator[Mail]:
    starts = list(_ARCHIVED.finditer(text))
    for match, end in zip(starts, _ends(starts, len(text)), strict=True):
        content = text[match.end():end]
        _, _, body = content.partition("\n\n")  # names of senders and readers
        ends = list(_ARCHIVED_END.finditer(body))
        day, _, minute = match["date"].partition(" ")
        yield Mail(match["subject"].strip(), f"{day} {minute.strip():0>5}", body[:ends[-1].start()] if ends else body)
