"""What an earlier run found, as a baseline: which of its findings a run has again, and which have grown since.

A finding has grown where it no longer takes the faulty firmware that it took, or where more is wrong than all that was
wrong then. It fails a run as a new one does. A list of fingerprints says neither.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from verify.errors import InputError
from verify.prove.identity import VERSION
from verify.prove.outcome import Finding, Status
from verify.prove.trust import LEVELS
from verify.reading import read_bytes
from verify.verdict.exit_status import findings_of, leaves_open
from verify.verdict.run import TargetRun

HEADER = f"# verify: fingerprints of version {VERSION}\n"
_HEADER = re.compile(r"# verify: fingerprints of version (\d+)")
_RANGE = re.compile(r"x(\d{1,2})–x(\d{1,2})")

Outputs = frozenset[str]


@dataclass(frozen=True, slots=True)
class Baseline:
    """`findings`: by fingerprint and trust level, all that is wrong; None where that is not known."""

    listed: frozenset[str] = frozenset()
    findings: Mapping[str, Mapping[str, Outputs | None]] = field(default_factory=dict)

    def again(self, runs: Sequence[TargetRun], trust: str) -> frozenset[str]:
        """Those that do not fail runs whose exit status follows this level."""
        return self.listed.union(self.findings) - {one.fingerprint for one, _ in self._grown(runs, trust)}

    def notes(self, runs: Sequence[TargetRun], trust: str) -> list[str]:
        """For whoever wonders why a run fails."""
        said = dict.fromkeys(f"verify: {one.fingerprint} is in the baseline and fails all the same: {why}"
                             for one, why in self._grown(runs, trust))
        known, here = self.listed.union(self.findings), {one.fingerprint for one in findings_of(runs, trust)}
        if known and here and not known & here:
            said["verify: the baseline has none of these findings: is it of another version, or of other rules?"] = None
        return list(said)

    def _grown(self, runs: Sequence[TargetRun], trust: str) -> Iterator[tuple[Finding, str]]:
        for one in findings_of(runs, trust):
            levels = self.findings.get(one.fingerprint)
            if levels is None or one.fingerprint in self.listed:
                continue
            if not any(LEVELS.index(level) >= LEVELS.index(trust) for level in levels):
                yield one, f"it is there at {trust} now, and was at {', '.join(levels)}"
            elif more := growth(levels.get(trust), one.cause.outputs):
                yield one, f"{', '.join(more)} {'is' if len(more) == 1 else 'are'} wrong, too"


def growth(before: Outputs | None, now: Sequence[str]) -> tuple[str, ...]:
    """What is wrong now beyond all that was; nothing where that is not known."""
    return () if before is None else tuple(name for name in now if name not in before)


def members(text: str) -> Outputs:
    """Of a text like `x1–x3, x5, version`, as reports have it."""
    found: set[str] = set()
    for one in filter(None, text.split(", ")):
        span = _RANGE.fullmatch(one)
        found |= {one} if span is None else {f"x{k}" for k in range(int(span[1]), int(span[2]) + 1)}
    return frozenset(found)


def read_baseline(path: Path) -> Baseline:
    """Of a JSON report, or of a file with one fingerprint a line. Raises InputError."""
    try:
        text = read_bytes(path).decode()
    except OSError as problem:
        raise InputError(f"{path}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: neither a JSON report nor a list of fingerprints") from None
    return _of_report(path, text) if text.lstrip().startswith("{") else _of_list(path, text)


def check_version(where: str, version: object) -> None:
    """Raises InputError where fingerprints were made of other things than this program makes them of."""
    if version != VERSION:
        raise InputError(f"{where}: its fingerprints are those of another version of verify, of which none is known "
                         "here; write it anew with this one")


def _of_list(path: Path, text: str) -> Baseline:
    header = _HEADER.match(text)
    if header is not None:
        check_version(str(path), int(header[1]))
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    for line in filter(None, lines):
        if len(line) != 16 or set(line) - set("0123456789abcdef"):
            raise InputError(f"{path}: '{line[:40]}' is no fingerprint")
    return Baseline(frozenset(filter(None, lines)))


def _of_report(path: Path, text: str) -> Baseline:
    try:
        report = json.loads(text)
        runs = report["runs"]
        check_version(str(path), report.get("fingerprints"))
        return Baseline(findings=_found(runs))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{path}: not a report of verify run --format json") from None


def _found(runs: Any) -> dict[str, dict[str, Outputs | None]]:
    """Raises what a thing that is no report raises. Of several targets, what is not known of one is not known."""
    found: dict[str, dict[str, Outputs | None]] = {}
    for result in (result for run in runs for result in run["results"]):
        LEVELS.index(result["trust"])
        for part in result["parts"]:
            is_open = leaves_open(Status(part["status"]), part["reason"])
            for one in part["findings"]:
                outputs = None if is_open else members(one["cause"]["output"])
                known = found.setdefault(one["fingerprint"], {})
                before = known.get(result["trust"], Outputs())
                known[result["trust"]] = None if outputs is None or before is None else before | outputs
    return found
