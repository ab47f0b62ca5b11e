"""A target step by step, as a series makes it: which step brings or mends each finding, and leaves a part undecided."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from itertools import pairwise

from verify.report.compare import Comparison, Item, Undecided, compare, has_grown, items
from verify.report.judged import Judged, JudgedRule
from verify.verdict.baseline import Tolerated
from verify.verdict.exit_status import OK, UNDECIDED, USAGE, VIOLATED
from verify.verdict.options import Options


@dataclass(frozen=True, slots=True)
class Step:
    """The base (the first one), then a patch or commit each. Without `judged`, `problem` says why."""

    name: str
    subject: str
    judged: Judged | None
    notes: tuple[str, ...] = ()
    problem: str = ""
    mail: str = ""
    """The subject that the patch was posted under."""
    identity: str = ""
    """The Message-ID of its mail."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """The texts that were read, by path."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the steps are of, and the words by which somebody else gets the same: `verify series FILE --tree DIR`."""

    title: str
    base: str
    again: str
    notes: tuple[str, ...]
    options: Options
    settled: Tolerated = field(default_factory=Tolerated)

    def accepted(self, trust: str) -> Mapping[str, str]:
        return self.settled.reasons(trust)

    def tolerated(self, trust: str) -> frozenset[str]:
        return self.settled.at(trust)


class Cell(Enum):
    """What a step has of a finding, or of a part that some step leaves undecided."""

    THERE = "there"
    OTHER = "in another form"
    ABSENT = "absent"
    UNKNOWN = "undecided"
    NONE = "not judged"


@dataclass(frozen=True, slots=True)
class Row:
    """A finding, as the first step that has it shows it. `brought` and `mended` are the first steps that do so."""

    item: Item
    cells: tuple[Cell, ...]
    brought: int | None
    mended: int | None


@dataclass(frozen=True, slots=True)
class Turn:
    """What happens at a step, against the last one before it that was judged; at the trust level compared."""

    step: int
    since: int
    change: Comparison


class Course:
    """All steps at one trust level."""

    def __init__(self, steps: tuple[Step, ...], trust: str) -> None:
        self.steps = steps
        self.trust = trust

    @property
    def judged(self) -> list[tuple[int, Judged]]:
        return [(number, step.judged) for number, step in enumerate(self.steps) if step.judged is not None]

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        return tuple(Turn(number, since, compare(old, new, self.trust))
                     for (since, old), (number, new) in pairwise(self.judged))

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """In the order of the rules, then of parts."""
        found: dict[str, Item] = {}
        for _, judged in self.judged:
            for rule in judged.at(self.trust).values():
                for item in items(rule):
                    found.setdefault(item.finding.fingerprint, item)
        ordered = sorted(found.values(), key=lambda item: (item.rule.rule, item.part.name, item.finding.file,
                                                           item.finding.line, item.finding.fingerprint))
        return tuple(map(self._row, ordered))

    def _row(self, item: Item) -> Row:
        name = item.finding.fingerprint
        brought = next((turn.step for turn in self.turns if _has(turn.change.new, name)), None)
        mended = next((turn.step for turn in self.turns if _has(turn.change.mended, name)), None)
        return Row(item, tuple(self._cell(step, item) for step in self.steps), brought, mended)

    def _cell(self, step: Step, item: Item) -> Cell:
        rule = self._rule(step, item.rule.rule)
        part = rule.parts.get(item.part.name) if rule is not None else None
        if part is None:
            return Cell.NONE
        there = {finding.fingerprint for finding in part.findings}
        if item.finding.fingerprint in there:
            return Cell.THERE
        if self._forms.get(item.finding.fingerprint, set()) & there:
            return Cell.OTHER
        return Cell.UNKNOWN if part.is_open else Cell.ABSENT

    @cached_property
    def _forms(self) -> dict[str, set[str]]:
        """By fingerprint, those of the same violation in all its forms, where it has several."""
        forms: dict[str, set[str]] = {}
        for turn in self.turns:
            for pair in turn.change.recast:
                names = {item.finding.fingerprint for item in pair}
                known = names.union(*(forms.get(name, set()) for name in names))
                forms |= dict.fromkeys(known, known)
        return forms

    def _rule(self, step: Step, name: str) -> JudgedRule | None:
        return step.judged.at(self.trust).get(name) if step.judged is not None else None

    @property
    def rules(self) -> dict[str, JudgedRule]:
        """The rules that some step has, as the first one that does has them."""
        found: dict[str, JudgedRule] = {}
        for _, judged in self.judged:
            for name, rule in judged.at(self.trust).items():
                found.setdefault(name, rule)
        return dict(sorted(found.items()))

    def statuses(self, rule: str) -> list[str]:
        """Of a rule, step by step; "" where it was not judged."""
        results = [self._rule(step, rule) for step in self.steps]
        return [result.status.value if result is not None else "" for result in results]

    def brings(self, turn: Turn) -> list[Item]:
        """New at this step, and not there in the base, or not with so much wrong."""
        base = self.steps[0].judged
        was = {item.finding.fingerprint: item for rule in (base.at(self.trust) if base is not None else {}).values()
               for item in items(rule)}
        return [item for item in turn.change.new
                if (old := was.get(item.finding.fingerprint)) is None or has_grown(old, item)]

    def opens(self, turn: Turn) -> list[Undecided]:
        """Undecided from this step on, and decided in the base."""
        base = self._base(lambda judged: {f"{name}\0{part.name}" for name, rule in judged.at(self.trust).items()
                                          for part in rule.parts.values() if part.is_open})
        return [item for item in turn.change.opened if f"{item.rule.rule}\0{item.part.name}" not in base]

    def _base(self, of: Callable[[Judged], set[str]]) -> set[str]:
        base = self.steps[0].judged
        return of(base) if base is not None else set()

    def exit_status(self, tolerated: Collection[str] = ()) -> int:
        """1 for what some step brings that the base has not, which no other step takes back; 2 where a step has no
        result; 3 for what some step leaves undecided or loses sight of; 0.
        """
        def counts(items: Iterable[Item]) -> bool:
            return any(item.finding.fingerprint not in tolerated for item in items)

        if any(counts(self.brings(turn)) for turn in self.turns):
            return VIOLATED
        if any(step.judged is None for step in self.steps):
            return USAGE
        is_open = any(self.opens(turn) or counts(turn.change.lost) for turn in self.turns)
        return UNDECIDED if is_open else OK

    def remaining(self) -> list[Row]:
        """In the base and in the last step that was judged, perhaps in another form."""
        first, last = self.judged[0][0], self.judged[-1][0]
        return [row for row in self.rows
                if row.cells[first] is Cell.THERE and row.cells[last] in (Cell.THERE, Cell.OTHER)]

    def span(self, turn: Turn) -> str:
        """`patch 2/3`; with the steps before it that could not be judged, `patch 1/3 or 2/3`; or commits."""
        names = [self.steps[number].name for number in range(turn.since + 1, turn.step + 1)]
        return f"{'patch ' if '/' in names[0] else ''}{' or '.join(names)}"


def _has(some: Iterable[Item], fingerprint: str) -> bool:
    return any(item.finding.fingerprint == fingerprint for item in some)


def by_place(some: Iterable[Item]) -> Iterator[list[Item]]:
    """What one rule finds at one line, for several functions perhaps: mostly one defect. In the order given."""
    groups: dict[tuple[str, str, int, str], list[Item]] = {}
    for item in some:
        finding = item.finding
        groups.setdefault((item.rule.rule, finding.file, finding.line, finding.function), []).append(item)
    yield from groups.values()
