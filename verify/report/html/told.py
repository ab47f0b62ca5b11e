"""What a page tells: its columns, its findings (each once for all targets), and what is in which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from verify.prove.outcome import RuleResult, Status
from verify.prove.trust import LEVELS
from verify.report.decode import Names, names_of
from verify.report.found import Found, found
from verify.rules.rule import Rule
from verify.verdict.baseline import Tolerated
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

Sources = Mapping[str, str]
"""Texts of a target's own files by path; none for a snapshot."""
SYMBOLS = {
    Status.PROVED: "✓", Status.VIOLATED: "✗", Status.UNKNOWN: "?", Status.UNSUPPORTED: "⊘", Status.VACUOUS: "∅",
    Status.NOT_APPLICABLE: "–",
}
LETTERS = {
    Status.PROVED: "p", Status.VIOLATED: "v", Status.UNKNOWN: "u", Status.UNSUPPORTED: "s", Status.VACUOUS: "c",
    Status.NOT_APPLICABLE: "n",
}
"""As attributes of the page name them."""

WHO = {"L2": ("host", "host alone"), "L1": ("values", "firmware: wrong values"), "L0": ("faulty", "faulty firmware")}
"""Who can do what a trust level shows: for the page's style, and in words."""


@dataclass(frozen=True, slots=True)
class Column:
    """A target at a trust level; results by rule."""

    run: int
    name: str
    trust: str
    results: Mapping[str, RuleResult]


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding, with the runs that have it, where it is worst first; it is told as the first of them shows it."""

    shown: tuple[tuple[int, Found], ...]

    @property
    def first(self) -> Found:
        return self.shown[0][1]

    @property
    def fingerprint(self) -> str:
        return self.first.finding.fingerprint

    @property
    def fails(self) -> bool:
        return any(item.fails for _, item in self.shown)

    def is_in(self, column: Column) -> bool:
        return any(run == column.run and column.trust in item.trusts for run, item in self.shown)


@dataclass(frozen=True, slots=True)
class Told:
    runs: Sequence[TargetRun]
    options: Options
    tolerated: Tolerated
    sources: Sequence[Sources]
    names: Sequence[Names]
    columns: tuple[Column, ...]
    entries: tuple[Entry, ...]
    rules: Mapping[str, Rule]
    functions: tuple[str, ...]
    """FF-A functions that parts are about; attributes of the page have their numbers."""

    def of_rule(self, rule: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.first.rule.identity == rule]


def told(
    runs: Sequence[TargetRun], options: Options, tolerated: Tolerated, sources: Sequence[Sources]
) -> Told:
    """`sources`: one for each run, or none at all."""
    judged = {result.rule for run in runs for result in run.results}
    functions = {part.function for run in runs for result in run.results for part in result.parts}
    return Told(
        runs, options, tolerated, sources or [{}] * len(runs), [names_of(run.constants) for run in runs],
        tuple(_columns(runs, options)), tuple(_entries(runs, options, tolerated)),
        {name: rule for run in runs for name, rule in sorted(run.rules.items()) if name in judged},
        tuple(sorted(functions)))


def _columns(runs: Sequence[TargetRun], options: Options) -> Iterator[Column]:
    for number, run in enumerate(runs):
        for trust in sorted(options.trusts, key=LEVELS.index, reverse=True):
            results = {result.rule: result for result in run.results if result.trust == trust}
            yield Column(number, run.name, trust, results)


def _entries(runs: Sequence[TargetRun], options: Options, tolerated: Tolerated) -> list[Entry]:
    """What fails some run first, else in the order of the runs."""
    shown: dict[tuple[str, str], list[tuple[int, Found]]] = {}
    for number, run in enumerate(runs):
        for item in found(run, options, tolerated):
            shown.setdefault((item.rule.identity, item.finding.fingerprint), []).append((number, item))
    entries = (Entry(tuple(sorted(items, key=_badness))) for items in shown.values())
    return sorted(entries, key=lambda entry: not entry.fails)


def _badness(shown: tuple[int, Found]) -> tuple[bool, int]:
    _, item = shown
    return not item.fails, -LEVELS.index(item.trust)


def chapter(rule: str) -> str:
    """`VER` of FFA-VER-07."""
    return rule.split("-")[1]
