"""The findings as a list for --baseline: a fingerprint a line, with what it stands for."""

from __future__ import annotations

from collections.abc import Sequence

from verify.report.brief import where
from verify.report.found import found
from verify.verdict.baseline import Tolerated
from verify.verdict.earlier import HEADER
from verify.verdict.options import Options
from verify.verdict.run import TargetRun


def render(runs: Sequence[TargetRun], options: Options, tolerated: Tolerated) -> str:
    """In an order that edits elsewhere leave alone; lines of source are left out for the same reason."""
    lines = {
        f"{item.finding.fingerprint}  # {item.rule.identity} {item.part.name}: {where(item)[0]}, "
        f"{item.finding.cause.function}": item
        for run in runs for item in found(run, options, tolerated)}
    ordered = sorted(lines, key=lambda line: (lines[line].rule.identity, lines[line].part.name, line))
    return HEADER + "".join(f"{' '.join(line.splitlines())}\n" for line in ordered)
