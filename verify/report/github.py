"""GitHub's workflow commands: the worst results as annotations on the changed lines."""

from __future__ import annotations

from collections.abc import Sequence

from verify.report.brief import clip, said, title, where
from verify.report.decode import Names, names_of
from verify.report.found import Found, Open, by_place, found, left_open
from verify.report.markup import command, command_property
from verify.verdict.baseline import Tolerated
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

MOST = 10
"""GitHub shows ten of a kind for a step."""
LONGEST = 1000


def render(runs: Sequence[TargetRun], options: Options, tolerated: Tolerated, most: int = MOST) -> str:
    """What is tolerated is left out; a line that breaks a rule for several functions is said once.

    The last line of a target, which is no command, counts what else there is.
    """
    lines: list[str] = []
    for run in runs:
        names = names_of(run.constants)
        groups = by_place([item for item in found(run, options, tolerated) if not item.tolerated])
        told = [*(_finding(group, names) for group in groups if group[0].fails),
                *(_open(item, names) for item in left_open(run, options)),
                *(_finding(group, names) for group in groups if not group[0].fails)]
        lines += told[:most]
        if len(told) > most:
            lines.append(f"{run.name}: {len(told) - most} more; the other reports have them")
    return "".join(f"{line}\n" for line in lines)


def _finding(group: Sequence[Found], names: Names) -> str:
    return _annotation("error" if group[0].fails else "notice", group[0], said(group[0], names, group[1:]))


def _open(item: Open, names: Names) -> str:
    return _annotation("warning", item, said(item, names))


def _annotation(kind: str, item: Found | Open, text: str) -> str:
    file, line = where(item)
    properties = f"file={command_property(file)},line={line},title={command_property(title(item))}"
    return f"::{kind} {properties}::{command(clip(text, LONGEST))}"
