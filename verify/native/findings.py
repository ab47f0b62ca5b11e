"""Findings of a run, asked of the compiled code one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from verify.ir.function import Unit
from verify.native.confirm import CONTRADICTED, NOT_CONFIRMED, NOT_SEEN, Run, compiler, execute, verdict
from verify.native.program import Subject, program
from verify.native.statement import NotShown, judged
from verify.prove.failing import offered
from verify.prove.outcome import Episode, Finding, PartResult, RuleResult
from verify.rules.binding import Binding
from verify.verdict.run import TargetRun


@dataclass(frozen=True, slots=True)
class Told:
    """A finding with where it stands. `trust` is the strictest level that shows it."""

    result: RuleResult
    part: PartResult
    finding: Finding

    @property
    def title(self) -> str:
        return f"{self.result.rule} {self.result.trust} {self.result.profile}, part {self.part.name}"


def all_told(run: TargetRun) -> Iterator[Told]:
    for result in run.results:
        for part in result.parts:
            for finding in part.findings:
                yield Told(result, part, finding)


def written(run: TargetRun, unit: Unit, binding: Binding, told: Told) -> str:
    """The finding's program. Raises NotShown where a native run cannot show it."""
    assert isinstance(told.finding.episode, Episode)
    known = judged(run.rules[told.result.rule], told.result.profile, told.part.name, told.finding, run.constants,
                   offered(told.finding.episode))
    return program(Subject(unit, binding, f"{told.title}, fingerprint {told.finding.fingerprint}", told.finding, known))


def with_marks(run: TargetRun, mark: Callable[[Told], str]) -> TargetRun:
    """Each finding of the run with what the compiled code says to it; the same finding at two levels is two."""
    def marked(result: RuleResult, part: PartResult) -> PartResult:
        return replace(part, findings=tuple(
            replace(one, native=mark(Told(result, part, one))) for one in part.findings))

    return replace(run, results=tuple(
        replace(result, parts=tuple(marked(result, part) for part in result.parts)) for result in run.results))


def asked(run: TargetRun, unit: Unit, binding: Binding, tree: Path, told: Told) -> str:
    """`confirmed natively`, or why not."""
    if compiler() is None:
        return f"{NOT_CONFIRMED}there is no compiler (cc, gcc or clang; CC names another one)"
    try:
        text = written(run, unit, binding, told)
    except NotShown as why:
        return f"{NOT_CONFIRMED}{why}"
    return said_of(told, execute(text, tree))


def said_of(told: Told, run: Run) -> str:
    """As `verdict`, where the run can be held against the interpreter's at all."""
    said, episode = verdict(run), told.finding.episode
    assert isinstance(episode, Episode)
    chosen = episode.is_chosen or (episode.second is not None and episode.second.is_chosen)
    if chosen and (said == NOT_SEEN or said.startswith(CONTRADICTED)):
        return f"{NOT_CONFIRMED}it rests on particular bytes in EL2's stack, which the compiled one does not have there"
    return said


def contradictions(run: TargetRun) -> list[str]:
    """`rule, part: how`, of what the interpreter and the compiled code do not agree about."""
    return [f"{told.title}, fingerprint {told.finding.fingerprint}: {told.finding.native}" for told in all_told(run)
            if told.finding.native.startswith(CONTRADICTED)]
