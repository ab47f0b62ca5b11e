"""Columns of tokens: the preprocessor knows a token's line, and the offset of the text that spelt it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Mapping
from itertools import accumulate

_WORD = re.compile(r"[A-Za-z_]\w*")


class Columns:
    """Counts from 1. A token that a macro made gets the column of the macro's name."""

    def __init__(self, files: Mapping[str, str], macros: Container[str]) -> None:
        self._files = files
        self._macros = macros
        self._starts: dict[str, list[int]] = {}
        self._last = ("", 0, 0)

    def of(self, file: str, line: int, offset: int, text: str) -> int:
        """0 where the file is not known."""
        if file not in self._files:
            return 0
        if file not in self._starts:
            lengths = (len(part) for part in self._files[file].splitlines(keepends=True))
            self._starts[file] = [0, *accumulate(lengths)]
        starts, content = self._starts[file], self._files[file]
        written_here = bisect_right(starts, offset) == line and content.startswith(text, offset)
        if not written_here:
            return self._of_macro(file, line)
        column = offset - starts[line - 1] + 1
        self._last = (file, line, column)
        return column

    def _of_macro(self, file: str, line: int) -> int:
        """The first macro's name on the line behind the last token that stands there itself."""
        starts, content = self._starts[file], self._files[file]
        if line >= len(starts):
            return 0
        known = self._last[2] if self._last[:2] == (file, line) else 1
        begin = starts[line - 1]
        for word in _WORD.finditer(content, begin + known - 1, starts[line]):
            if word[0] in self._macros:
                return word.start() - begin + 1
        return known
