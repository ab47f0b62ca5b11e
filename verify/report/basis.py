"""What verdicts rest on, as reports for people say it."""

from __future__ import annotations

from verify.prove.outcome import Status
from verify.verdict.run import TargetRun

TRUSTED = (
    "environment headers, binding, contracts of outside functions, front end, engine, solvers; each violation and each "
    "premise was reproduced by the interpreter"
)


def assumed(run: TargetRun) -> dict[str, list[str]]:
    """By trust level, what some proof there assumes of handlers that are not modelled to their end."""
    found: dict[str, set[str]] = {}
    for result in run.results:
        for part in result.parts:
            if part.status in (Status.PROVED, Status.NOT_APPLICABLE) and part.assumptions:
                found.setdefault(result.trust, set()).update(part.assumptions)
    return {level: sorted(names) for level, names in sorted(found.items())}
