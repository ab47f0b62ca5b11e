"""Where a hunk goes: the search of patch(1), nearest first, at a given fuzz."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verify.source.diff import Hunk


@dataclass(frozen=True, slots=True)
class Place:
    """`index` is the 0-based line of the file where the hunk's old side begins, before it is applied."""

    index: int
    offset: int
    fuzz: int


@dataclass(frozen=True, slots=True)
class Search:
    """A file's lines; `frozen` of them belong to earlier hunks, the last of which was off by `offset` lines."""

    lines: Sequence[str]
    frozen: int = 0
    offset: int = 0

    def place(self, hunk: Hunk, max_fuzz: int) -> Place | None:
        """The place nearest to the header's line at the least fuzz, or None."""
        expected = self._expected(hunk)
        if not hunk.old:
            return Place(min(expected, len(self.lines)), 0, 0)
        for fuzz in range(min(max_fuzz, max(hunk.prefix, hunk.suffix)) + 1):
            index = self._at_fuzz(hunk, expected, fuzz)
            if index is not None:
                return Place(index, index - first_index(hunk), fuzz)
        return None

    def first_difference(self, hunk: Hunk) -> int:
        """The 0-based line of the file where the hunk, put at its expected place, stops to fit."""
        start = max(0, self._expected(hunk))
        pairs = zip(hunk.old, self.lines[start:], strict=False)
        return next((start + at for at, (want, have) in enumerate(pairs) if want != have), len(self.lines))

    def _expected(self, hunk: Hunk) -> int:
        return first_index(hunk) + self.offset

    def _at_fuzz(self, hunk: Hunk, expected: int, fuzz: int) -> int | None:
        context = max(hunk.prefix, hunk.suffix)
        cut_before, cut_after = fuzz + hunk.prefix - context, fuzz + hunk.suffix - context
        old = hunk.old[max(cut_before, 0):len(hunk.old) - max(cut_after, 0)]
        lowest = self.frozen
        highest = len(self.lines) - (len(hunk.old) - max(cut_after, 0))
        if cut_before < 0 and first_index(hunk) <= 0:
            highest = min(highest, 0)
        if cut_after < 0:
            lowest = max(lowest, len(self.lines) - len(hunk.old))
        found = (index for index in _nearest_first(expected, lowest, highest)
                 if list(old) == list(self.lines[index + max(cut_before, 0):index + max(cut_before, 0) + len(old)]))
        return next(found, None)


def first_index(hunk: Hunk) -> int:
    """The 0-based line that the hunk's header names (an empty old side: the line after it)."""
    return hunk.old_start if not hunk.old else hunk.old_start - 1


def _nearest_first(expected: int, lowest: int, highest: int) -> list[int]:
    """Every index of the range, nearest to `expected` first; of two as near, the later one, as patch(1) does."""
    return sorted(range(max(lowest, 0), highest + 1), key=lambda index: (abs(index - expected), index < expected))
