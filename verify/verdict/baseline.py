"""Findings that do not fail a run: accepted ones with a reason, and those of an earlier run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from verify.errors import InputError
from verify.reading import read_bytes
from verify.verdict.run import TargetRun


@dataclass(frozen=True, slots=True)
class Accepted:
    """After `expires` the finding fails the run again."""

    fingerprint: str
    reason: str
    expires: date | None = None

    @property
    def is_valid(self) -> bool:
        return self.expires is None or self.expires >= date.today()


@dataclass(frozen=True, slots=True)
class Tolerated:
    """Everything that does not fail a run."""

    accepted: tuple[Accepted, ...] = ()
    baseline: frozenset[str] = field(default_factory=frozenset)

    def with_baseline(self, fingerprints: Iterable[str]) -> Tolerated:
        return replace(self, baseline=frozenset(fingerprints))

    @property
    def fingerprints(self) -> frozenset[str]:
        return self.baseline | {item.fingerprint for item in self.accepted if item.is_valid}

    @property
    def reasons(self) -> dict[str, str]:
        """What a report says about a finding, by fingerprint."""
        known = dict.fromkeys(self.baseline, "in the baseline")
        for item in self.accepted:
            text = item.reason if item.is_valid else f"no longer, expired {item.expires}: {item.reason}"
            known[item.fingerprint] = text
        return known

    def unmatched(self, runs: Sequence[TargetRun]) -> list[str]:
        """Accepted findings that no target has any more."""
        seen = {
            finding.fingerprint for run in runs for result in run.results for part in result.parts
            for finding in part.findings
        }
        return [
            f"verify: accepted finding {item.fingerprint} matches nothing ({item.reason}); remove it"
            for item in self.accepted if item.fingerprint not in seen
        ]


def read_baseline(path: Path) -> tuple[str, ...]:
    """Fingerprints of a JSON report, or of a file with one fingerprint a line. Raises InputError."""
    try:
        text = read_bytes(path).decode()
    except OSError as problem:
        raise InputError(f"{path}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: neither a JSON report nor a list of fingerprints") from None
    if not text.lstrip().startswith("{"):
        lines = [line.partition("#")[0].strip() for line in text.splitlines()]
        for line in filter(None, lines):
            if len(line) != 16 or set(line) - set("0123456789abcdef"):
                raise InputError(f"{path}: '{line[:40]}' is no fingerprint")
        return tuple(filter(None, lines))
    try:
        report = json.loads(text)
        return tuple(
            finding["fingerprint"] for run in report["runs"] for result in run["results"]
            for part in result["parts"] for finding in part["findings"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f"{path}: not a report of verify run --format json") from None
