"""Who is told what a run is at, while it lasts."""

from __future__ import annotations

from collections.abc import Sequence

from verify.prove.outcome import RuleResult


class Watch:
    """Told again at least once a second; this one keeps it to itself."""

    def stage(self, what: str) -> None:
        """What is done before rules are judged."""

    def rules(self, now: Sequence[str], done: int, total: int) -> None:
        """The rules that are being judged, how many are finished, and how many there are."""

    def finished(self, results: Sequence[RuleResult]) -> None:
        """What came of a rule, at all trust levels."""


NOBODY = Watch()
