"""What is known of the unit that mutants are made of: which parts are proved, and what breaks the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from verify.errors import InternalError
from verify.mutate.jury import Broken
from verify.prove.outcome import RuleResult, Status


@dataclass(frozen=True, slots=True)
class Holds:
    """At one trust level. `failing`: (rule, part, text) of the conjuncts that the findings are about.

    `fingerprints`: of the findings.
    """

    level: str
    proved: frozenset[tuple[str, str]]
    violated: frozenset[tuple[str, str]]
    failing: frozenset[tuple[str, str, str]]
    fingerprints: frozenset[str] = frozenset()

    def is_new(self, one: Broken) -> bool:
        """It breaks what is proved of the unit, or what no finding of the unit is about."""
        return one[:2] in self.proved or (one[:2] in self.violated and one[:3] not in self.failing)

    def is_elsewhere(self, one: Broken) -> bool:
        """A finding of the unit is about it, in other calls perhaps."""
        return one[:2] in self.violated and one[:3] in self.failing

    def check(self, broken: Iterable[Broken]) -> None:
        """Raises InternalError where a call of the unit itself breaks what is proved of it."""
        for rule, part, text, _ in sorted(broken):
            if (rule, part) in self.proved:
                raise InternalError(f"{rule}, part '{part}' is proved at {self.level}, and a call breaks it: {text}")


def known(level: str, results: Iterable[RuleResult]) -> Holds:
    """Of the results at that level."""
    parts = [(result.rule, part) for result in results if result.trust == level for part in result.parts]
    named = {status: frozenset((rule, part.name) for rule, part in parts if part.status is status)
             for status in (Status.PROVED, Status.VIOLATED)}
    failing = frozenset((rule, part.name, text) for rule, part in parts for finding in part.findings
                        for text in finding.clause.split("; "))
    prints = frozenset(finding.fingerprint for _, part in parts for finding in part.findings)
    return Holds(level, named[Status.PROVED], named[Status.VIOLATED], failing, prints)
