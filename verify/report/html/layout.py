"""The parts of a message drawn where they lie, against the end of the message and of the buffer that holds it.

Not to scale: between two ends that matter every stretch gets room for its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2
from typing import Any

from verify.report.html.build import Html, joined, tag

LEFT, LANE, GAP, RIGHT, TOP = 110, 165, 12, 150, 30
LEAST, STEP, MOST = 20, 5, 72
"""Height of a stretch: at least, more for each doubling, at most."""


@dataclass(frozen=True, slots=True)
class Stretch:
    name: str
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def is_hostile(layout: Mapping[str, Any]) -> bool:
    """Some part is not inside the message, or lies over another one; or the message is not inside its buffer."""
    parts = _parts(layout)
    return _is_too_long(layout) or any(part.end > int(layout["message"], 16) or _under(part, parts) for part in parts)


def drawn(layout: Mapping[str, Any], touched: Sequence[Mapping[str, Any]] = ()) -> Html:
    """`touched`: accesses of EL2 to the buffer that holds the message, which are drawn beside it."""
    message = Stretch("message", 0, int(layout["message"], 16))
    room = [Stretch("buffer", 0, int(layout["buffer"], 16))] if "buffer" in layout else []
    parts = [part for part in _parts(layout) if part.size]
    accesses = [_access(one) for one in touched]
    lanes = [*([room] if room else []), [message], *_lanes(parts), *_lanes(accesses)]
    at = _heights({edge for lane in lanes for part in lane for edge in (part.start, part.end)})
    width, height = LEFT + len(lanes) * (LANE + GAP) + RIGHT, max(at.values()) + 16
    kinds = {part: _kind(part, parts, message, room) for part in parts + accesses}
    boxes = [_box(part, number, at, kinds.get(part, "frame")) for number, lane in enumerate(lanes) for part in lane]
    apart = [place for place in (message, *room) if len({one.end for one in (message, *room)}) > 1]
    ends = [_end(place.end, f"end of the {place.name}", at, width) for place in apart] or [
        _end(message.end, "end of both" if room else "end of the message", at, width)]
    scale = [tag("text", f"{edge:#x}", class_="e", x=LEFT - 8, y=y + 4) for edge, y in at.items()]
    return tag("svg", tag("title", f"Layout: {describe(layout)}"), *ends, *boxes, *scale, class_="mem", role="img",
               viewBox=f"0 0 {width} {height}", width=width, height=height)


def describe(layout: Mapping[str, Any]) -> str:
    """What lies where, in words, with what is beyond an end."""
    message = int(layout["message"], 16)
    room = int(layout["buffer"], 16) if "buffer" in layout else None
    parts = _parts(layout)
    facts = [f"{part.name} at {part.start:#x}..{part.end:#x}{_odd(part, parts, message, room)}" for part in parts]
    held = f" in a buffer of {room:#x}" if room is not None else ""
    held += " (too small for it)" if _is_too_long(layout) else ""
    return f"message of {message:#x} bytes{held}; " + "; ".join(facts)


def _is_too_long(layout: Mapping[str, Any]) -> bool:
    return "buffer" in layout and int(layout["message"], 16) > int(layout["buffer"], 16)


def _odd(part: Stretch, parts: Sequence[Stretch], message: int, room: int | None) -> str:
    if room is not None and part.end > room:
        return " (outside the buffer)"
    if part.end > message:
        return " (outside the message)"
    return f" (over the {under.name})" if (under := _under(part, parts)) else ""


def _under(part: Stretch, parts: Sequence[Stretch]) -> Stretch | None:
    """The first one before it that it shares bytes with."""
    earlier = parts[:parts.index(part)] if part in parts else ()
    return next((other for other in earlier if part.start < other.end and other.start < part.end), None)


def _parts(layout: Mapping[str, Any]) -> list[Stretch]:
    """Their names come from the layout, their places from whoever wrote the message."""
    found = ((part["name"], int(part["at"], 16), int(part["size"], 16)) for part in layout["parts"])
    return [Stretch(name, start, start + size) for name, start, size in found]


def _lanes(parts: list[Stretch]) -> list[list[Stretch]]:
    """Parts that overlap stand side by side."""
    lanes: list[list[Stretch]] = []
    for part in parts:
        free = (lane for lane in lanes if all(part.start >= other.end or part.end <= other.start for other in lane))
        lane = next(free, None)
        if lane is None:
            lanes.append(lane := [])
        lane.append(part)
    return lanes


def _heights(edges: set[int]) -> dict[int, int]:
    """The y of each edge."""
    ordered = sorted(edges)
    at, y = {ordered[0]: TOP}, TOP
    for before, after in pairwise(ordered):
        y += min(LEAST + int(STEP * log2(after - before)), MOST)
        at[after] = y
    return at


def _access(one: Mapping[str, Any]) -> Stretch:
    at = int(one["at"], 16)
    return Stretch("EL2 writes" if one["writes"] else "EL2 reads", at, at + int(one["bytes"], 16))


def _kind(part: Stretch, parts: Sequence[Stretch], message: Stretch, room: list[Stretch]) -> str:
    if any(part.end > buffer.end for buffer in room):
        return "out"
    if part.end > message.end or _under(part, parts):
        return "beyond"
    return "in" if part in parts else "access"


def _box(part: Stretch, lane: int, at: Mapping[int, int], kind: str) -> Html:
    x, y, height = LEFT + lane * (LANE + GAP), at[part.start], at[part.end] - at[part.start]
    label = f"{part.name}: {part.size:#x}"
    return joined(tag("rect", class_=kind, x=x, y=y, width=LANE, height=height),
                  tag("text", label, class_="p", x=x + LANE // 2, y=y + height // 2 + 4))


def _end(edge: int, label: str, at: Mapping[int, int], width: int) -> Html:
    y = at[edge]
    return joined(tag("path", class_="end", d=f"M{LEFT - 4} {y}H{width - RIGHT}"),
                  tag("text", label, class_="f", x=width - RIGHT + 6, y=y + 4))
