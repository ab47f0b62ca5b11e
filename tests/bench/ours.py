"""One cold run of `verify` on one property, and what it says."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.limited import Ended, Limits, limited
from tests.bench.properties import Property

COMMAND = (sys.executable, "-c", "from verify.cli.main import main; main()")
WORST = ("violated", "unsupported", "unknown", "vacuous", "proved", "not-applicable")


@dataclass(frozen=True, slots=True)
class Judged:
    trust: str
    finished: bool
    verdict: str
    seconds: float
    cpu: float
    peak: float


def judge(tree: Path, item: Property, trust: str, folder: Path, limits: Limits) -> Judged:
    output = folder / "run.json"
    output.unlink(missing_ok=True)
    ended = limited((*COMMAND, "run", "--tree", str(tree), "--rule", item.rule, "--function", item.function, "--trust",
                     trust, "--jobs", "1", "--format", "json", "--output", str(output)), limits)
    verdict = _verdict(json.loads(output.read_text(encoding="utf-8")), item) if output.exists() else ""
    return _judged(ended, trust, verdict, limits)


def judge_memory(tree: Path, trust: str, limits: Limits) -> Judged:
    """Every handler's accesses and loops."""
    ended = limited((*COMMAND, "memory", "--tree", str(tree), "--trust", trust), limits)
    found = re.search(r"\d+ of \d+ proved", ended.out)
    return _judged(ended, trust, found[0] if found else "", limits)


def _judged(ended: Ended, trust: str, verdict: str, limits: Limits) -> Judged:
    if not verdict:
        why = f"did not finish in {limits.seconds} s" if ended.timed_out else f"failed with status {ended.status}"
        return Judged(trust, False, why, ended.seconds, ended.cpu, ended.peak)
    return Judged(trust, True, verdict, ended.seconds, ended.cpu, ended.peak)


def _verdict(report: Any, item: Property) -> str:
    """The worst status of the parts that the property is about."""
    parts = [str(part["status"]) for run in report["runs"] for result in run["results"] for part in result["parts"]
             if item.part in ("", part["part"])]
    return min(parts, key=WORST.index)
