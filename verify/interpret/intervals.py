"""A value for each number, the same over long stretches: ranges of 2^40 pages cost as much as one page."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Generic, TypeVar

V = TypeVar("V")
LIMIT = 1 << 65
"""Numbers are below this: a range of up to 2^64 that starts below 2^64."""


class Intervals(Generic[V]):
    """Stretch i goes from `_starts[i]` up to the next start."""

    def __init__(self, default: V) -> None:
        self._starts = [0]
        self._values = [default]

    def copy(self) -> Intervals[V]:
        result = Intervals(self._values[0])
        result._starts, result._values = list(self._starts), list(self._values)
        return result

    def at(self, number: int) -> V:
        return self._values[bisect_right(self._starts, number) - 1]

    def pieces(self, first: int, end: int) -> Iterator[tuple[int, int, V]]:
        """(from, to, value) of the stretches of [first, end), in order."""
        index = bisect_right(self._starts, first) - 1
        while first < end:
            following = self._starts[index + 1] if index + 1 < len(self._starts) else LIMIT
            yield first, min(following, end), self._values[index]
            first, index = following, index + 1

    def put(self, first: int, end: int, value: V) -> None:
        """[first, end) has this value from now on."""
        if first >= end:
            return
        after = self.at(end) if end < LIMIT else value
        low = bisect_right(self._starts, first - 1)
        high = bisect_right(self._starts, end)
        starts, values = [first], [value]
        if end < LIMIT:
            starts.append(end)
            values.append(after)
        self._starts[low:high] = starts
        self._values[low:high] = values

    def starts(self) -> list[int]:
        """Where the value may change."""
        return list(self._starts)
