"""One run of CBMC on one check, and what it says."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.limited import Ended, Limits, limited
from tests.bench.properties import Property

OWN_LOOPS = {
    "check_start.0": 32, "__verify_smc.0": 19, "check_emitted.0": 9, "check_kept_registers.0": 14,
    "check_kept_registers.1": 11, "check_reserved.0": 5, "check_handed_on.0": 5, "check_undefined.0": 112,
}
"""Loops of our headers, unwound to their ends whatever the bound."""
BACK_ENDS = {"SAT": (), "Z3": ("--z3",)}
"""CBMC's own MiniSAT, and Z3 as another process."""
PROVED, VIOLATED = "proved", "violated"
GROUP = re.compile(r"(\S+) function \S+")
RESULT = re.compile(r"\[(\S+)\] (?:line (\d+) )?(.*): (SUCCESS|FAILURE|UNKNOWN|ERROR)")
END = re.compile(r"^VERIFICATION (SUCCESSFUL|FAILED)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Result:
    """What CBMC says of one assertion."""

    name: str
    place: str
    text: str
    status: str


@dataclass(frozen=True, slots=True)
class Ran:
    """`wrong`: what fails, by place. Not `finished`: the verdict says why."""

    back_end: str
    bound: int
    finished: bool
    verdict: str
    seconds: float
    cpu: float
    peak: float
    wrong: tuple[str, ...] = ()


def back_ends() -> list[str]:
    return [name for name in BACK_ENDS if name != "Z3" or shutil.which("z3")]


def version(cbmc: str) -> str:
    return limited((cbmc, "--version"), Limits(60, 2)).out.strip()


def climb(cbmc: str, unit: Path, item: Property, back_end: str, limits: Limits) -> list[Ran]:
    """A run for each bound, while the next may say more."""
    runs = []
    for bound in item.bounds:
        runs.append(run(cbmc, unit, item, back_end, bound, limits))
        if not runs[-1].finished or runs[-1].verdict in (PROVED, VIOLATED):
            break
    return runs


def run(cbmc: str, unit: Path, item: Property, back_end: str, bound: int, limits: Limits) -> Ran:
    ended = limited(_command(cbmc, unit, item, back_end, bound), limits)
    results = _results(ended.out)
    verdict, wrong = _judged(results, bound) if results else (_why(ended, limits), ())
    return Ran(back_end, bound, bool(results), verdict, ended.seconds, ended.cpu, ended.peak, wrong)


def _command(cbmc: str, unit: Path, item: Property, back_end: str, bound: int) -> list[str]:
    loops = ",".join(f"{name}:{count}" for name, count in OWN_LOOPS.items())
    checks = ("--bounds-check", "--pointer-check", "--div-by-zero-check") if item.is_memory else ()
    return [cbmc, str(unit), "--function", item.check, "--no-standard-checks", *checks, "--unwinding-assertions",
            "--slice-formula", "--unwind", str(bound), "--unwindset", loops, *BACK_ENDS[back_end]]


def _results(out: str) -> list[Result]:
    """None where CBMC came to no end. From its text: its JSON has a trace of each failure, which costs it time."""
    if not END.search(out):
        return []
    results, file = [], "?"
    for line in out.splitlines():
        if found := GROUP.fullmatch(line):
            file = found[1]
        elif found := RESULT.fullmatch(line):
            results.append(Result(found[1], f"{file}:{found[2] or '?'}", found[3], found[4]))
    return results


def _judged(results: Sequence[Result], bound: int) -> tuple[str, tuple[str, ...]]:
    wrong = [item for item in results if item.status == "FAILURE" and ".unwind." not in item.name]
    if wrong:
        return VIOLATED, tuple(sorted({f"{item.place}: {item.text}" for item in wrong}))
    whole = all(item.status == "SUCCESS" for item in results)
    return (PROVED if whole else f"no violation up to bound {bound}"), ()


def _why(ended: Ended, limits: Limits) -> str:
    if ended.timed_out:
        return f"did not finish in {limits.seconds} s"
    said = (ended.err + ended.out).splitlines()
    if any(word in line.lower() for line in said for word in ("out of memory", "bad_alloc")):
        return f"ran out of {limits.gib} GiB"
    said = [line for line in said if "error" in line.lower()]
    return f"failed with status {ended.status}: {said[-1].strip() if said else 'no result'}"
