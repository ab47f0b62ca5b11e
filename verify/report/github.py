"""GitHub's workflow commands: the worst results as annotations on the changed lines."""

from __future__ import annotations

from collections.abc import Sequence

from verify.report.brief import clip, said, title, where
from verify.report.decode import Names, names_of
from verify.report.found import Found, Open, worst_first
from verify.report.markup import command, command_property
from verify.verdict.baseline import Tolerated
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

MOST = 10
"""GitHub shows ten of a kind for a step."""
LONGEST = 1000


def render(runs: Sequence[TargetRun], options: Options, tolerated: Tolerated, most: int = MOST) -> str:
    """What is tolerated is left out. The last line, which is none, counts what else there is."""
    lines: list[str] = []
    for run in runs:
        names = names_of(run.constants)
        items = [item for item in worst_first(run, options, tolerated) if isinstance(item, Open) or not item.tolerated]
        lines += [_annotation(item, names) for item in items[:most]]
        if len(items) > most:
            lines.append(f"{run.name}: {len(items) - most} more results; the other reports have them")
    return "".join(f"{line}\n" for line in lines)


def _annotation(item: Found | Open, names: Names) -> str:
    kind = "warning" if isinstance(item, Open) else "error" if item.fails else "notice"
    file, line = where(item)
    properties = f"file={command_property(file)},line={line},title={command_property(title(item))}"
    return f"::{kind} {properties}::{command(clip(said(item, names), LONGEST))}"
