"""The lines that ran, one below another, with the values that they set; with their text where the tree is at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from verify.prove.outcome import Cause
from verify.report.html.build import NOTHING, Html, joined, scroll, tag, text
from verify.report.html.told import Sources
from verify.report.lines import repeated

MOST = 300
"""Lines of a call that are listed; where there are more, some of the middle are left out."""
LONGEST = 200
_TOKEN = re.compile(
    r"(?P<c>/\*.*?(?:\*/|$)|//.*)|(?P<s>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<k>\b(?:if|else|return|goto|for|while|do|"
    r"switch|case|default|break|continue|static|const|struct|void|unsigned|long|int|bool|u8|u16|u32|u64|sizeof)\b)")

Line = Mapping[str, Any]


def lines(entries: Sequence[Line], sources: Sources, cause: Cause) -> Html:
    """The line of the cause is marked. What runs again at once is listed once, with how often."""
    texts = {path: sources[path].split("\n") for path in sorted({entry["file"] for entry in entries} & set(sources))}
    rows: list[Html] = []
    function, file = "", ""
    for entry, times in _folded(entries):
        if isinstance(entry, int):
            rows.append(tag("tr", tag("td", f"… {entry} more lines …", colspan=3), class_="fn"))
            continue
        if (entry["function"], entry["file"]) != (function, file):
            function, file = entry["function"], entry["file"]
            rows.append(tag("tr", tag("th", tag("b", function), f" {file}", colspan=3, scope="rowgroup"), class_="fn"))
        rows.append(_row(entry, times, texts.get(entry["file"]), cause))
    return scroll("Lines that ran", tag("table", *rows, class_="path"))


def _folded(entries: Sequence[Line]) -> Iterator[tuple[Line | int, int]]:
    """Lines, each with how often the loop runs that begins with it (1: none does); or how many are left out."""
    found: list[tuple[Line | int, int]] = []
    at = 0
    while at < len(entries):
        period, times = repeated(entries, at)
        found += [(entry, times if not k else 1) for k, entry in enumerate(entries[at:at + period])]
        at += period * times
    yield from found if len(found) <= MOST else [
        *found[:MOST // 2], (len(found) - MOST, 1), *found[-(MOST // 2):]]


def _row(entry: Line, times: int, texts: Sequence[str] | None, cause: Cause) -> Html:
    is_cause = (entry["file"], entry["line"]) == (cause.file, cause.line)
    number = entry["line"]
    values = joined((f"{name}={value}" for name, value in entry["values"].items()), by=" ")
    shown = "" if texts is None or not 0 < number <= len(texts) else coloured(texts[number - 1])
    again = tag("span", f" ×{times}", class_="times", title=f"from here, {times} times") if times > 1 else None
    return tag("tr", tag("td", number, again), tag("td", shown) if texts is not None else None, tag("td", values),
               class_="cause" if is_cause else None)


def coloured(line: str) -> Html:
    """A line of C with comments, strings and keywords marked."""
    plain = line.expandtabs(4)[:LONGEST]
    done, at = NOTHING, 0
    for found in _TOKEN.finditer(plain):
        marked = tag("i", found.group(), class_=found.lastgroup)
        done, at = joined(done, text(plain[at:found.start()]), marked), found.end()
    return joined(done, text(plain[at:]))
