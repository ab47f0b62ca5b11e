"""The lines that ran as text; what runs again and again at once is said once."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

LONGEST_LOOP = 64
"""In lines."""


def lines_text(entries: Sequence[Mapping[str, Any]]) -> str:
    """`do_ffa_version: 712 (ffa_req_version=0x10000) 714 717; …`; what runs again at once as `[…]×3`."""
    texts: list[str] = []
    function, at = "", 0
    while at < len(entries):
        period, times = repeated(entries, at)
        for number in range(period):
            entry = entries[at + number]
            if entry["function"] != function:
                function = entry["function"]
                texts.append(("; " if texts else "") + f"{function}:")
            values = f" ({pairs(entry['values'])})" if entry["values"] else ""
            opens, closes = "[" if times > 1 and not number else "", f"]×{times}" if number == period - 1 else ""
            texts.append(f"{opens}{entry['line']}{values}{closes if times > 1 else ''}")
        at += period * times
    return " ".join(texts).replace(" ; ", "; ")


def repeated(entries: Sequence[Mapping[str, Any]], at: int) -> tuple[int, int]:
    """How many lines from here run again and again, and how often; (1, 1) if none do."""
    def key(k: int) -> tuple[object, ...]:
        return entries[k]["file"], entries[k]["line"], entries[k]["function"]

    for period in range(1, min(LONGEST_LOOP, (len(entries) - at) // 2) + 1):
        end = at + period
        while end < len(entries) and key(end) == key(end - period):
            end += 1
        if end - at >= 2 * period:
            return period, (end - at) // period
    return 1, 1


def pairs(values: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in values.items()) or "all zero"


def wrapped(lead: str, text: str, width: int, following: str | None = None) -> list[str]:
    """The text in lines; the first one begins with `lead`, the others with `following` (default: as many spaces)."""
    return textwrap.wrap(text, width, initial_indent=lead, break_long_words=False, break_on_hyphens=False,
                         subsequent_indent=" " * len(lead) if following is None else following) or [lead.rstrip()]
