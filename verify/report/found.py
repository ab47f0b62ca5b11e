"""What a run found, each finding once, the worst first; and what it left open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from verify.prove.outcome import Finding, PartResult, RuleResult, Status
from verify.prove.trust import LEVELS
from verify.rules.rule import FORCES, Rule
from verify.verdict.baseline import Tolerated
from verify.verdict.exit_status import is_open
from verify.verdict.options import Options
from verify.verdict.run import TargetRun


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, with the strictest trust level that shows it and all that do, weakest first.

    `decides`: it is there at the level that the exit status follows. `tolerated`: why it does not fail the run; empty
    where it would. `lapsed`: why it was accepted once, and is no longer.
    """

    rule: Rule
    profile: str
    trust: str
    trusts: tuple[str, ...]
    part: PartResult
    finding: Finding
    decides: bool
    tolerated: str
    lapsed: str

    @property
    def function(self) -> str:
        """The FF-A function that the part is about."""
        return self.part.function

    @property
    def fails(self) -> bool:
        return self.decides and not self.tolerated


@dataclass(frozen=True, slots=True)
class Open:
    """Parts that are neither proved nor fully known to be violated, for one reason, at the level that decides.

    `ordinal` counts what a rule has open for the same reason at different places.
    """

    rule: Rule
    profile: str
    trust: str
    parts: tuple[PartResult, ...]
    ordinal: int

    @property
    def kind(self) -> str:
        status = self.parts[0].status
        return "undecided beyond its findings" if status is Status.VIOLATED else status.value

    @property
    def reason(self) -> str:
        return self.parts[0].reason or "no reason is known"

    @property
    def places(self) -> tuple[str, ...]:
        return self.parts[0].places

    @property
    def function(self) -> str:
        """The FF-A function, if they are about one."""
        names = {part.function for part in self.parts}
        return names.pop() if len(names) == 1 else ""


def found(run: TargetRun, options: Options, tolerated: Tolerated) -> list[Found]:
    """The worst first: what fails the run, then by trust level, then by what the rule is founded on."""
    levels: dict[str, list[str]] = {}
    strictest: dict[str, tuple[RuleResult, PartResult, Finding]] = {}
    for result, part, finding in _all(run):
        levels.setdefault(finding.fingerprint, []).append(result.trust)
        strictest[finding.fingerprint] = result, part, finding
    items = [
        Found(run.rules[result.rule], result.profile, result.trust, tuple(dict.fromkeys(levels[fingerprint])), part,
              finding, result.trust == options.strictest,
              *_why(tolerated, fingerprint, result.trust))
        for fingerprint, (result, part, finding) in strictest.items()]
    return sorted(items, key=_badness)


def _why(tolerated: Tolerated, fingerprint: str, trust: str) -> tuple[str, str]:
    """Why it is tolerated; or was, and is no longer."""
    reason = tolerated.reasons(trust).get(fingerprint, "")
    return (reason, "") if fingerprint in tolerated.at(trust) else ("", reason)


def _all(run: TargetRun) -> Iterator[tuple[RuleResult, PartResult, Finding]]:
    """The weakest trust level first."""
    for result in sorted(run.results, key=lambda result: LEVELS.index(result.trust)):
        for part in result.parts:
            for finding in part.findings:
                yield result, part, finding


def _badness(item: Found) -> tuple[object, ...]:
    cause, rule = item.finding.cause, item.rule
    force = FORCES.index(rule.force) if rule.force in FORCES else len(FORCES)
    return (not item.fails, -LEVELS.index(item.trust), bool(item.tolerated), force, rule.identity, cause.file,
            cause.line, item.part.name, item.finding.fingerprint)


def by_place(items: Sequence[Found]) -> list[list[Found]]:
    """What one rule finds at one line, for several functions perhaps: mostly one defect. In the order given."""
    groups: dict[tuple[object, ...], list[Found]] = {}
    for item in items:
        cause = item.finding.cause
        key = item.rule.identity, item.trust, item.tolerated, cause.file, cause.line, cause.function
        groups.setdefault(key, []).append(item)
    return list(groups.values())


def left_open(run: TargetRun, options: Options) -> list[Open]:
    """In the order of the rules; a place that stops many parts is one."""
    items: list[Open] = []
    for result in run.results:
        if result.trust != options.strictest:
            continue
        groups: dict[tuple[Status, str, tuple[str, ...]], list[PartResult]] = {}
        for part in filter(is_open, result.parts):
            groups.setdefault((part.status, part.reason, part.places), []).append(part)
        before: Counter[tuple[Status, str]] = Counter()
        for (status, reason, _), parts in groups.items():
            items.append(Open(run.rules[result.rule], result.profile, result.trust, tuple(parts),
                              before[status, reason]))
            before[status, reason] += 1
    return items


def worst_first(run: TargetRun, options: Options, tolerated: Tolerated) -> list[Found | Open]:
    """What fails the run, what is open, the rest."""
    items = found(run, options, tolerated)
    return [*(item for item in items if item.fails), *left_open(run, options),
            *(item for item in items if not item.fails)]
