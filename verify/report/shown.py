"""What reports for people show of a call: its events without what is ordinary, and of many the first and last ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from verify.report.sequence import LOCK

MOST = 16
"""Events of a call that are shown from its start and from its end."""
BEFORE = frozenset({"host-writes", "page-tables", "smc"})
"""What the calls before the last one tell EL2 and EL3."""


def events(call: Mapping[str, Any], last: bool) -> list[Mapping[str, Any]]:
    """Locks only where one is still held, or what ended the call has to do with one."""
    with_locks = bool(call["locks_held"]) or (call["ended"] is not None and LOCK in call["ended"]["kind"])
    return [event for event in call["events"]
            if (last or event["kind"] in BEFORE) and (with_locks or event["kind"] != LOCK)]


def numbered(told: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any] | int]]:
    """From 1 on; in the middle of what repeats without an end, how far it goes instead of an event."""
    end = len(told) - MOST
    every = list(enumerate(told, 1))
    return list(every) if end < MOST else [*every[:MOST - 1], (MOST, end), *every[end:]]

