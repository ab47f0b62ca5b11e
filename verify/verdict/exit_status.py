"""What a run comes to for the shell."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from verify.prove.outcome import Finding, PartResult, Status
from verify.verdict.run import TargetRun

OK, VIOLATED, USAGE, UNDECIDED, INTERNAL = 0, 1, 2, 3, 4
INTERRUPTED = 130
"""As shells have it for Ctrl-C."""


def findings_of(runs: Iterable[TargetRun], trust: str) -> list[Finding]:
    return [
        finding for run in runs for result in run.results if result.trust == trust
        for part in result.parts for finding in part.findings
    ]


def exit_status(runs: Iterable[TargetRun], trust: str, tolerated: Collection[str] = ()) -> int:
    """By the results at `trust`; `tolerated` are fingerprints that do not fail a run. Worst first: 1, 3, 0."""
    runs = list(runs)
    if any(finding.fingerprint not in tolerated for finding in findings_of(runs, trust)):
        return VIOLATED
    parts = [part for run in runs for result in run.results if result.trust == trust for part in result.parts]
    return UNDECIDED if any(map(is_open, parts)) else OK


def is_open(part: PartResult) -> bool:
    """Is anything left undecided, whatever was found?"""
    return leaves_open(part.status, part.reason)


def leaves_open(status: Status, reason: str) -> bool:
    """A part's, however it came here."""
    if status is Status.VIOLATED:
        return bool(reason)
    return status in (Status.UNKNOWN, Status.VACUOUS, Status.UNSUPPORTED)
