"""Findings that do not fail a run: accepted ones with a reason, and those of an earlier run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

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
