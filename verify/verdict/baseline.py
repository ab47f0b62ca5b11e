"""Findings that do not fail a run: accepted ones with a reason, and those of an earlier run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from verify.prove.trust import LEVELS
from verify.verdict.options import Options
from verify.verdict.run import TargetRun


@dataclass(frozen=True, slots=True)
class Accepted:
    """It fails the run again after `expires`, and where it is there at a stricter level than `trust`: accepted was what
    takes faulty firmware, not what the host alone can do.
    """

    fingerprint: str
    reason: str
    expires: date | None = None
    trust: str = LEVELS[-1]

    @property
    def is_valid(self) -> bool:
        return self.expires is None or self.expires >= date.today()

    def covers(self, trust: str) -> bool:
        return LEVELS.index(trust) <= LEVELS.index(self.trust)

    def said(self, trust: str) -> str:
        """The reason; or why it is none, of a finding at this level."""
        if not self.covers(trust):
            return f"no longer, accepted at {self.trust} and there at {trust}: {self.reason}"
        return self.reason if self.is_valid else f"no longer, expired {self.expires}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Tolerated:
    """Everything that does not fail a run."""

    accepted: tuple[Accepted, ...] = ()
    baseline: frozenset[str] = field(default_factory=frozenset)

    def with_baseline(self, fingerprints: Iterable[str]) -> Tolerated:
        return replace(self, baseline=frozenset(fingerprints))

    def at(self, trust: str) -> frozenset[str]:
        """Fingerprints of what does not fail a run, of findings at this trust level."""
        return self.baseline | {item.fingerprint for item in self.accepted if item.is_valid and item.covers(trust)}

    def reasons(self, trust: str) -> dict[str, str]:
        """What a report says about a finding at this level, by fingerprint."""
        known = dict.fromkeys(self.baseline, "in the baseline")
        known |= {item.fingerprint: item.said(trust) for item in self.accepted}
        return known | {item.fingerprint: item.reason for item in self.accepted
                        if item.is_valid and item.covers(trust)}

    def unmatched(self, runs: Sequence[TargetRun], options: Options) -> list[str]:
        """Accepted findings that no target has any more. A run that left something out does not know if they may go."""
        seen = {
            finding.fingerprint for run in runs for result in run.results for part in result.parts
            for finding in part.findings
        }
        whole = not (options.rules or options.functions or options.page_size) and LEVELS[0] in options.trusts
        advice = "remove it" if whole else "if a run of all rules at all levels says so, too, remove it"
        return [
            f"verify: accepted finding {item.fingerprint} matches nothing ({item.reason}); {advice}"
            for item in self.accepted
            if item.fingerprint not in seen and any(item.covers(level) for level in options.trusts)
        ]
