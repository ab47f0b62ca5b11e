"""The calls and SMCs of a finding as a sequence diagram: host, its memory, EL2 and EL3 as lines from top to bottom."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from verify.interpret.memory import HOST as MEMORY
from verify.prove.outcome import Cause
from verify.report import shown
from verify.report.html.build import Html, joined, tag
from verify.report.story import ranges

CHAR, LINE = 7.3, 15
"""Of the small fixed-width font, in pixels."""
WIDTH, NOTE = 1000, 340


@dataclass(slots=True)
class Drawing:
    """What is drawn so far, down to `y`."""

    lanes: Mapping[str, int]
    y: int = 44
    parts: list[Html] = field(default_factory=list)

    def arrow(self, start: str, end: str, label: str, kind: str = "", where: str = "") -> None:
        """Its label stands above it; an answer is dashed."""
        x1, x2 = self.lanes[start], self.lanes[end]
        room = int((abs(x2 - x1) - 24) / CHAR)
        self._lines((x1 + x2) // 2, textwrap.wrap(label, room) or [""], "t")
        self._lines((x1 + x2) // 2, textwrap.wrap(where, room), "w")
        self.y += 5
        ahead = 7 if x2 > x1 else -7
        line, head = f"M{x1} {self.y}H{x2}", f"M{x2 - ahead} {self.y - 4}l{ahead} 4l{-ahead} 4"
        paths = [(line, kind), (head, kind[1:].strip())] if kind[:1] == "d" else [(line + head, kind)]
        self.parts += [tag("path", class_=f"a {of}".strip(), d=path) for path, of in paths]
        self.y += 8

    def note(self, label: str, kind: str, where: str = "") -> None:
        """What EL2 does by itself."""
        x, room = self.lanes["EL2"], int((NOTE - 14) / CHAR)
        lines, places = textwrap.wrap(label, room), textwrap.wrap(where, room)
        height = LINE * (len(lines) + len(places)) + 8
        self.y += 4
        self.parts.append(tag("rect", class_=f"n {kind}".strip(), x=x - NOTE // 2, y=self.y, width=NOTE,
                              height=height, rx=4))
        self._lines(x, lines, "t")
        self._lines(x, places, "w")
        self.y += 12

    def rule(self, label: str) -> None:
        """A line across, above what follows."""
        self.y += 12
        self.parts.append(tag("path", class_="r", d=f"M8 {self.y}H{WIDTH - 8}"))
        self.parts.append(tag("text", label, class_="g", x=12, y=self.y + 14))
        self.y += 18

    def _lines(self, x: int, lines: Sequence[str], kind: str) -> None:
        for line in lines:
            self.y += LINE
            self.parts.append(tag("text", line, class_=kind, x=x, y=self.y - 2))

    def svg(self, title: str) -> Html:
        height = self.y + 12
        lines = (joined(tag("path", class_="l", d=f"M{x} 34V{height}"),
                        tag("rect", class_="h", x=x - 55, y=8, width=110, height=26, rx=5),
                        tag("text", name, class_="b", x=x, y=26)) for name, x in self.lanes.items())
        return tag("svg", tag("title", title), *lines, *self.parts, class_="seq", role="img",
                   viewBox=f"0 0 {WIDTH} {height}", width=WIDTH, height=height)


def sequence(told: Mapping[str, Any], cause: Cause) -> Html:
    """From reset to the violation; what the finding is about is marked."""
    calls = told["calls"]
    listed = [shown.events(call, call is calls[-1]) for call in calls]
    drawing = Drawing(_lanes(any(_is_memory(event) for events in listed for event in events)))
    if told["boot_smcs"]:
        drawing.rule("boot")
    for done in told["boot_smcs"]:
        _smc(drawing, done, "", _place(done))
    for number, (call, events) in enumerate(zip(calls, listed, strict=True), 1):
        drawing.rule(f"call {number}")
        _call(drawing, call, events, cause if call is calls[-1] else None)
    return drawing.svg(f"Sequence of {len(calls)} calls; told in words below")


def _lanes(with_memory: bool) -> Mapping[str, int]:
    if with_memory:
        return {"host": 70, MEMORY: 310, "EL2": 620, "EL3": 930}
    return {"host": 80, "EL2": 500, "EL3": 920}


def _is_memory(event: Mapping[str, Any]) -> bool:
    return event["kind"] == "host-writes" or any(one["buffer"] == MEMORY for one in event.get("accesses", ()))


def _call(drawing: Drawing, call: Mapping[str, Any], events: Sequence[Mapping[str, Any]], cause: Cause | None) -> None:
    """The host's writes that come before a call are drawn before it."""
    smcs, is_called = iter(_smcs(call)), False
    for _, event in shown.numbered(events):
        if not is_called and not (isinstance(event, dict) and _is_ahead(event)):
            drawing.arrow("host", "EL2", call["call"])
            is_called = True
        if isinstance(event, int):
            drawing.note("… and so on", "")
        else:
            done = _its_smc(event, call, smcs)
            _event(drawing, event, done, _kind(event, cause))
    if not is_called:
        drawing.arrow("host", "EL2", call["call"])
    if call["ended"] is None:
        wrong = [name for name in cause.outputs if name[:1] == "x"] if cause is not None else []
        label = f"{call['answer']} (wrong: {ranges(wrong)})" if wrong else call["answer"]
        drawing.arrow("EL2", "host", label, "d bad" if wrong else "d")


def _smcs(call: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from call["smcs"]


def _is_ahead(event: Mapping[str, Any]) -> bool:
    return event["kind"] == "host-writes" and not event["text"].startswith("just before")


def _its_smc(
    event: Mapping[str, Any], call: Mapping[str, Any], rest: Iterator[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The SMC that an event tells of: both are in the order in which they happened."""
    if event["kind"] != "smc":
        return None
    return next((done for done in rest if f": {done['call']} → {done['answer']}" in event["text"]), None)


def _kind(event: Mapping[str, Any], cause: Cause | None) -> str:
    is_there = cause is not None and (event.get("file"), event.get("line")) == (cause.file, cause.line)
    return "bad" if is_there or event["kind"] == "ends" else ""


def _event(drawing: Drawing, event: Mapping[str, Any], done: Mapping[str, Any] | None, kind: str) -> None:
    words, where = event["text"], _place(event)
    touched = [one for one in event.get("accesses", ()) if one["buffer"] == MEMORY]
    if done is not None:
        _smc(drawing, done, kind, where)
    elif event["kind"] == "host-writes":
        drawing.arrow("host", MEMORY, words.replace("the host writes", "writes"), kind)
    elif touched and event["kind"] == "access":
        ends = ("EL2", MEMORY) if touched[-1]["writes"] else (MEMORY, "EL2")
        drawing.arrow(*ends, words, kind, where)
    else:
        drawing.note(words, kind, where)


def _smc(drawing: Drawing, done: Mapping[str, Any], kind: str, where: str) -> None:
    drawing.arrow("EL2", "EL3", f"{'forwarded: ' if done['forwarded'] else ''}{done['call']}", kind, where)
    drawing.arrow("EL3", "EL2", done["answer"], f"d {kind}".strip())


def _place(event: Mapping[str, Any]) -> str:
    return f"{event['function']}:{event['line']}" if "line" in event else ""
