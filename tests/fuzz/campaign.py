"""Many random programs: `python -m tests.fuzz.campaign --programs 20000 --seed 1`. Ends with 1 if anything differs."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz import native
from tests.fuzz.generator import generate, inputs
from tests.fuzz.judge import Result, interpreted, symbolic, unit
from tests.fuzz.syntax import Program
from tests.fuzz.undefined import givers
from verify.ir.function import Unit

BATCH, ROWS, OPTIMISED_EVERY = 50, 6, 5
SECONDS = 20
"""So long one program may take; what takes longer is counted as unsupported."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    seed: int
    row: tuple[int, ...]
    text: str

    def __str__(self) -> str:
        return f"seed {self.seed}, inputs {self.row}: {self.text}"


@dataclass(slots=True)
class Outcome:
    """What a campaign counts. `unsupported`: programs by (who, construct)."""

    programs: int = 0
    calls: int = 0
    undefined: int = 0
    agreed: Counter[str] = field(default_factory=Counter)
    unsupported: Counter[tuple[str, str]] = field(default_factory=Counter)
    incomplete: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        self.programs += other.programs
        self.calls += other.calls
        self.undefined += other.undefined
        self.agreed += other.agreed
        self.unsupported += other.unsupported
        self.incomplete += other.incomplete
        self.mismatches += other.mismatches

    def lines(self) -> Iterator[str]:
        yield (f"{self.programs} programs, {self.calls} calls, {self.undefined} of them undefined; "
               f"{len(self.mismatches)} mismatches")
        yield "calls that agreed: " + ", ".join(f"{who} {count}" for who, count in sorted(self.agreed.items()))
        yield f"programs with something unsupported: {self.incomplete}"
        for (who, construct), count in self.unsupported.most_common():
            yield f"  {who}: {construct}: {count}"


def difference(expected: int, found: Result) -> str:
    """What a result has that the native call has not; empty where they agree or something is unsupported."""
    if found.unsupported:
        return ""
    if expected == native.SIGNAL:
        return "the program died natively"
    if expected == native.TRAP:
        return "" if found.violated else f"undefined natively, {found.value} here"
    if found.violated:
        return f"{expected} natively, {', '.join(found.violated)} here"
    return "" if found.value == expected else f"{expected} natively, {found.value} here"


class TooLong(Exception):
    """The engine joins paths, but nested loops whose ends depend on the input are run out one by one."""


def _too_long(number: int, frame: object) -> None:
    raise TooLong


@contextmanager
def limited() -> Iterator[None]:
    """Raises TooLong after a while."""
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def compare(whole: Unit, program: Program, rows: Sequence[tuple[int, ...]], expected: Sequence[int]) -> Outcome:
    """One program on all its inputs."""
    outcome = Outcome(1, len(rows), sum(value < 0 for value in expected))
    lost: set[tuple[str, str]] = set()
    try:
        with limited():
            engine = symbolic(whole, program)
            found = {"interpreter": interpreted(whole, program, rows), "engine": [engine.on(row) for row in rows]}
    except TooLong:
        outcome.unsupported["engine", f"longer than {SECONDS} s"] = outcome.incomplete = 1
        return outcome
    except (AssertionError, KeyError, IndexError, ValueError, TypeError, RecursionError) as problem:
        outcome.mismatches.append(Mismatch(program.seed, (), f"{type(problem).__name__}: {problem}"))
        return outcome
    for at, (row, value) in enumerate(zip(rows, expected, strict=True)):
        for who, results in found.items():
            text = difference(value, results[at])
            if text:
                outcome.mismatches.append(Mismatch(program.seed, row, f"{who}: {text}"))
            elif results[at].unsupported:
                lost.add((who, results[at].unsupported))
            else:
                outcome.agreed[who] += 1
        first, second = found["interpreter"][at], found["engine"][at]
        if first.violated and second.violated and not set(first.violated) <= set(second.violated):
            outcome.mismatches.append(Mismatch(program.seed, row, f"{first.violated} and {second.violated}"))
    outcome.unsupported.update(lost)
    outcome.incomplete = bool(lost)
    return outcome


def run_batch(programs: Sequence[Program], folder: Path, optimised: bool) -> Outcome:
    """Programs that are compiled, and lowered, together."""
    rows = [inputs(program, ROWS) for program in programs]
    expected = native.run(programs, rows, folder)
    outcome = Outcome()
    if optimised:
        again = native.run(programs, rows, folder, native.OPTIMISED)
        for program, own, first, second in zip(programs, rows, expected, again, strict=True):
            outcome.mismatches += [Mismatch(program.seed, row, f"-O0 {one}, -O2 {two}")
                                   for row, one, two in zip(own, first, second, strict=True) if one >= 0 and one != two]
    whole = unit([*givers(), *(program.text for program in programs)])
    for program, own, values in zip(programs, rows, expected, strict=True):
        outcome.add(compare(whole, program, own, values))
    return outcome


def run_campaign(programs: int, seed: int, folder: Path, report: int = 0) -> Outcome:
    """`report`: print the state after so many programs."""
    outcome, begun = Outcome(), time.monotonic()
    for number, start in enumerate(range(0, programs, BATCH)):
        batch = [generate(seed + k) for k in range(start, min(start + BATCH, programs))]
        found = run_batch(batch, folder, number % OPTIMISED_EVERY == 0)
        for mismatch in found.mismatches if report else ():
            print(mismatch, flush=True)
        outcome.add(found)
        if report and outcome.programs % report < BATCH:
            print(f"{outcome.programs} programs, {len(outcome.mismatches)} mismatches, "
                  f"{time.monotonic() - begun:.0f} s", flush=True)
    return outcome


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=int, default=1000)
    chosen = parser.parse_args(arguments)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run_campaign(chosen.programs, chosen.seed, Path(folder), chosen.report)
    print("\n".join(outcome.lines()))
    print(f"{time.monotonic() - begun:.0f} s")
    return int(bool(outcome.mismatches))


if __name__ == "__main__":
    sys.exit(main())
