"""Which calls and which lines a part of a rule binds, before anything is proved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from verify.errors import InputError
from verify.prove.leaning import said_of_x0
from verify.prove.samples import make_samples
from verify.prove.target import Target
from verify.rules.rule import Part
from verify.terms import build as t
from verify.terms.evaluate import substitute

Place = tuple[str, int]
"""(file, line)"""


def calls_of(part: Part, target: Target, numbers: Iterable[int]) -> tuple[int, ...]:
    """Of these function IDs, those whose calls may meet the premise, by what it says of the ID alone."""
    x0, facts = f"{target.step.record.prefix}x0.", said_of_x0(part, target)
    return tuple(number for number in numbers if t.FALSE not in substitute(facts, {
        f"{x0}lo": t.const(number, 16), f"{x0}hint": t.const(0, 1), f"{x0}hi": t.const(number >> 17, 15),
    }))


def lines_by_call(target: Target) -> Mapping[int, frozenset[Place]]:
    """By function ID: the lines that some ordinary call of it runs through, from reset (`prove/samples.py`)."""
    found: dict[int, set[Place]] = {}
    for episode in make_samples(target, trace=True).episodes:
        done = episode.calls[-1]
        known = found.setdefault(done.before[0] & 0xFFFEFFFF, set())
        known |= {(step.span.file, step.span.line) for step in done.log.steps}
    return {number: frozenset(lines) for number, lines in found.items()}


def place_of(text: str, default: str) -> Place:
    """`[FILE:]N`, as --line takes it; the default file may be named by its end. Raises InputError."""
    file, _, number = text.rpartition(":")
    if not number.isdigit():
        raise InputError(f"--line {text}: a number, or file:number")
    return (default if not file or default.endswith(f"/{file}") else file), int(number)


def ranges(lines: Sequence[int]) -> str:
    """`3, 5–9`."""
    runs: list[list[int]] = []
    for line in sorted(set(lines)):
        if runs and line == runs[-1][-1] + 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
