"""What a run is at, on standard error: a line that is written over on a terminal, or a line for each rule."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from verify.cli.terminal import OFF, STATUSES, columns, has_colours, is_terminal
from verify.prove.outcome import RuleResult
from verify.report.brief import clip
from verify.report.markup import visible
from verify.verdict.watch import NOBODY, Watch

NARROW = 80


class Line(Watch):
    """`6.12: 17 of 114 rules, 97 left, 0:42; now FFA-MEM-24, FFA-VER-07`, no wider than the terminal."""

    def __init__(self, name: str, is_shown: bool, is_told: bool) -> None:
        self._name = visible(name)
        self._is_shown = is_shown
        self._is_told = is_told
        self._began = time.monotonic()

    def stage(self, what: str) -> None:
        self._show(f"{self._name}: {what}, {self._elapsed()}")

    def rules(self, now: Sequence[str], done: int, total: int) -> None:
        at = f"; now {', '.join(now)}" if now else ""
        self._show(f"{self._name}: {done} of {total} rules, {total - done} left, {self._elapsed()}{at}")

    def finished(self, results: Sequence[RuleResult]) -> None:
        if self._is_told:
            self.clear()
            print(_told(results, self._name), file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _show(self, text: str) -> None:
        if self._is_shown:
            sys.stderr.write(f"\r{clip(text, columns(sys.stderr, NARROW) - 1)}\x1b[K")
            sys.stderr.flush()

    def _elapsed(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        return f"{minutes}:{seconds:02}"


def _told(results: Sequence[RuleResult], name: str) -> str:
    """`6.12: FFA-VER-07 L2 violated, findings 1, queries 3; …`."""
    levels = []
    for result in results:
        status = result.status.value
        shown = f"{STATUSES[status]}{status}{OFF}" if has_colours(sys.stderr) else status
        findings = sum(len(part.findings) for part in result.parts)
        counts = [f"findings {findings}"] if findings else []
        levels.append(", ".join([f"{result.trust} {shown}", *counts, f"queries {result.cost.queries}"]))
    return f"{name}: {results[0].rule} {'; '.join(levels)}"


@contextmanager
def watched(name: str, is_quiet: bool, is_verbose: bool) -> Iterator[Watch]:
    """Somebody to tell; nothing of it stays on the terminal but what `is_verbose` asks for."""
    is_shown = is_terminal(sys.stderr) and not os.environ.get("CI") and not is_quiet
    if not is_shown and not is_verbose:
        yield NOBODY
        return
    line = Line(name, is_shown, is_verbose)
    try:
        yield line
    finally:
        line.clear()
