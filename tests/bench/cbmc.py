"""One run of CBMC on one check, and what it says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    finished, (verdict, wrong) = results is not None, _judged(results, bound) if results else (_why(ended, limits), ())
    return Ran(back_end, bound, finished, verdict, ended.seconds, ended.cpu, ended.peak, wrong)


def _command(cbmc: str, unit: Path, item: Property, back_end: str, bound: int) -> list[str]:
    loops = ",".join(f"{name}:{count}" for name, count in OWN_LOOPS.items())
    checks = ("--bounds-check", "--pointer-check", "--div-by-zero-check") if item.is_memory else ()
    return [cbmc, str(unit), "--function", item.check, "--no-standard-checks", *checks, "--unwinding-assertions",
            "--slice-formula", "--unwind", str(bound), "--unwindset", loops, *BACK_ENDS[back_end], "--json-ui"]


def _results(out: str) -> list[dict[str, Any]] | None:
    """None where CBMC came to no end."""
    try:
        said = json.loads(out)
    except ValueError:
        return None
    return next((item["result"] for item in said if "result" in item), None)


def _judged(results: Sequence[dict[str, Any]], bound: int) -> tuple[str, tuple[str, ...]]:
    failed = [item for item in results if item["status"] == "FAILURE"]
    wrong = [item for item in failed if ".unwind." not in item["property"]]
    if wrong:
        return VIOLATED, tuple(sorted({f"{_place(item)}: {item['description']}" for item in wrong}))
    return (f"holds up to bound {bound}", ()) if failed else (PROVED, ())


def _place(item: dict[str, Any]) -> str:
    where = item.get("sourceLocation", {})
    return f"{where.get('file', '?')}:{where.get('line', '?')}"


def _why(ended: Ended, limits: Limits) -> str:
    if ended.timed_out:
        return f"did not finish in {limits.seconds} s"
    said = (ended.err + ended.out).splitlines()
    if any(word in line.lower() for line in said for word in ("out of memory", "bad_alloc")):
        return f"ran out of {limits.gib} GiB"
    said = [line for line in said if "error" in line.lower()]
    return f"failed with status {ended.status}: {said[-1].strip() if said else 'no result'}"
