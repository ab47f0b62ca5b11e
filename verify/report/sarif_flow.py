"""The replayed calls of a finding as a SARIF code flow: calls, what happened in them, and the lines of the last one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from verify.prove.outcome import Finding
from verify.report import story
from verify.report.brief import clip, place
from verify.report.decode import Names
from verify.report.lines import pairs, repeated

FIRST, LAST = 40, 120
"""Steps that are kept of a longer flow; a host shows 1,000, and a report has many flows."""
LONGEST = 300
"""Characters of a step's message."""
ESSENTIAL, IMPORTANT, UNIMPORTANT = "essential", "important", "unimportant"
EARLIER = {"host-writes", "page-tables", "smc"}
"""What is told of calls before the last one: what they tell EL2 and EL3."""


@dataclass(frozen=True, slots=True)
class Step:
    file: str
    line: int
    text: str
    level: int
    importance: str


def location(file: str, line: int, function: str = "", text: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"physicalLocation": {
        "artifactLocation": {"uri": quote(file), "uriBaseId": "%SRCROOT%"}, "region": {"startLine": line}}}
    if function:
        found["logicalLocations"] = [{"name": function, "kind": "function"}]
    if text:
        found["message"] = {"text": text}
    return found


def flow(finding: Finding, names: Names) -> dict[str, Any]:
    """One code flow; its message says how many steps are left out in the middle."""
    told = story.told(finding, names)
    steps = [step for number, call in enumerate(told["calls"], 1)
             for step in _call(number, call, number == len(told["calls"]))]
    numbered = list(enumerate(steps, 1))
    left_out = len(steps) - FIRST - LAST
    kept = numbered if left_out <= 0 else numbered[:FIRST] + numbered[-LAST:]
    text = f"From reset, pages of {told['page_size']}, unused EL2 memory filled with {told['unused_memory']}"
    if left_out > 0:
        text += f"; {left_out} steps after the first {FIRST} are left out"
    return {"message": {"text": text}, "threadFlows": [{"locations": [_step(number, step) for number, step in kept]}]}


def _step(number: int, step: Step) -> dict[str, Any]:
    return {
        "location": location(step.file, step.line, text=clip(step.text, LONGEST)), "nestingLevel": step.level,
        "executionOrder": number, "importance": step.importance,
    }


def _call(number: int, call: Mapping[str, Any], is_last: bool) -> Iterator[Step]:
    """The call at the first line that ran for it, then what happened."""
    lines = [entry for entry in call["lines"] if not entry["file"].startswith("<")]
    first = place(lines[0]["file"], lines[0]["line"]) if lines else place("", 0)
    outcome = "" if call["ended"] else f", {call['outcome']}"
    yield Step(*first, f"{number}. {call['call']} → {call['answer']}{outcome}", 0, ESSENTIAL)
    events = [event for event in call["events"] if event["kind"] != "lock" and (is_last or event["kind"] in EARLIER)]
    if is_last:
        yield from _lines(number, lines, events, first)
        return
    for event in events:
        yield _event(number, event, first)


def _event(number: int, event: Mapping[str, Any], here: tuple[str, int]) -> Step:
    """`here`: where EL2 is, for what the host does."""
    at = place(event["file"], event["line"]) if "line" in event else here
    details = "; ".join(line.strip() for line in event.get("details", ()))
    return Step(*at, f"{number}: {event['text']}{': ' if details else ''}{details}", 1, ESSENTIAL)


def _lines(
    number: int, lines: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]], here: tuple[str, int]
) -> Iterator[Step]:
    """The lines with each event behind the one that it happens at; of a loop one round."""
    happens = _attached(lines, events)
    for event in happens.get(-1, ()):
        yield _event(number, event, here)
    at = 0
    while at < len(lines):
        period, times = repeated(lines, at)
        for k in range(period):
            entry = lines[at + k]
            here = entry["file"], entry["line"]
            again = f"; {period} lines from here run {times} times" if times > 1 and not k else ""
            values = f": {pairs(entry['values'])}" if entry["values"] else ""
            yield Step(*here, f"{entry['function']}{values}{again}", 1, UNIMPORTANT)
            for event in happens.get(at + k, ()):
                yield _event(number, event, here)
        for k in range(at + period, at + period * times):
            for event in happens.get(k, ()):
                yield _event(number, event, (lines[k]["file"], lines[k]["line"]))
        at += period * times


def _attached(
    lines: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]
) -> dict[int, list[Mapping[str, Any]]]:
    """Events by the number of the line that they happen at; both are in order. -1: before the first line."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    at = -1
    for event in events:
        if "line" in event:
            wanted = event["file"], event["line"]
            later = range(max(at, 0), len(lines))
            at = next((k for k in later if (lines[k]["file"], lines[k]["line"]) == wanted), at)
        found.setdefault(at, []).append(event)
    return found
