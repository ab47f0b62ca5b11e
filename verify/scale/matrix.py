"""The same rules about many targets, in many readings: what comes of each, in a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from verify import __version__
from verify.errors import InternalError, UnsupportedC, VerifyError
from verify.prove.outcome import Status
from verify.scale.executor import Answer, Executor, Question, Watching
from verify.verdict.baseline import Tolerated
from verify.verdict.exit_status import INTERNAL, OK, UNDECIDED, USAGE, VIOLATED, exit_status, findings_of
from verify.verdict.options import PAGE_SIZES
from verify.verdict.run import TargetRun

SCHEMA = 1
ORDER = (Status.PROVED, Status.NOT_APPLICABLE, Status.VIOLATED, Status.UNKNOWN, Status.UNSUPPORTED, Status.VACUOUS)
WORST = (INTERNAL, USAGE, VIOLATED, UNDECIDED, OK)


@dataclass(frozen=True, slots=True)
class Unread:
    """A target that nobody can be asked about."""

    name: str
    problem: VerifyError


@dataclass(frozen=True, slots=True)
class Level:
    """What is known at one trust level: each rule's status, and fingerprints of what was found."""

    rules: Mapping[str, Status]
    findings: tuple[str, ...]

    def counts(self) -> dict[Status, int]:
        known = Counter(self.rules.values())
        return {status: known[status] for status in ORDER}


@dataclass(frozen=True, slots=True)
class Row:
    """Of many that are in memory at once, so that it is short. `problem` says why there are no levels.

    Without profile and page sizes it is about its target in any reading. `reused` of the `results` were told as an
    earlier run found them.
    """

    name: str
    exit_status: int
    problem: str = ""
    revision: str = ""
    profile: str = ""
    page_sizes: tuple[str, ...] = ()
    strictest: str = ""
    levels: Mapping[str, Level] = field(default_factory=dict)
    results: int = 0
    reused: int = 0


def judged(
    asked: Sequence[Question | Unread], executor: Executor, watching: Watching, tolerated: Tolerated
) -> Iterator[Row]:
    """A row for each, in order; what is the same question of the same code is asked once."""
    first: dict[tuple[str, tuple[str, ...]], Question] = {}
    for one in asked:
        if isinstance(one, Question):
            first.setdefault(_key(one), one)
    answers = executor.judge(list(first.values()), watching)
    rows = {key: _row(question, answer, tolerated)
            for (key, question), answer in zip(first.items(), answers, strict=True)}
    for one in asked:
        if isinstance(one, Unread):
            yield Row(one.name, _status(one.problem), str(one.problem))
        else:
            yield replace(rows[_key(one)], name=one.name, revision=one.revision)


def _key(question: Question) -> tuple[str, tuple[str, ...]]:
    return question.reuse.base, tuple(rule.identity for rule in question.rules)


def _row(question: Question, answer: Answer, tolerated: Tolerated) -> Row:
    options = question.options
    about = question.revision, options.profile, options.page_sizes, options.strictest
    if isinstance(answer, VerifyError):
        return Row(question.name, _status(answer), str(answer), *about)
    levels = {trust: _level(answer, trust) for trust in sorted({result.trust for result in answer.results})}
    status = exit_status([answer], options.strictest, tolerated.at(options.strictest))
    return Row(question.name, status, "", *about, levels, len(answer.results),
               sum(result.is_cached for result in answer.results))


def _level(run: TargetRun, trust: str) -> Level:
    return Level({result.rule: result.status for result in run.results if result.trust == trust},
                 tuple(sorted({finding.fingerprint for finding in findings_of([run], trust)})))


def _status(problem: VerifyError) -> int:
    """As `verify run` would end."""
    match problem:
        case InternalError():
            return INTERNAL
        case UnsupportedC():
            return UNDECIDED
    return USAGE


def worst(rows: Sequence[Row]) -> int:
    """The exit status of all of them."""
    return next(status for status in WORST if status == OK or any(row.exit_status == status for row in rows))


def table(rows: Sequence[Row]) -> Iterator[str]:
    """For people: of each row how many rules have which status at the level that decides."""
    width = max([len("target"), *(len(row.name) for row in rows)])
    heads = ["n/a" if status is Status.NOT_APPLICABLE else status.value for status in ORDER]
    levels = sorted({row.strictest for row in rows} - {""})
    yield f"rules by their status{f' at {levels[0]}, which decides' if levels else ''}:"
    columns = "".join(f"{head:>{len(head) + 2}}" for head in heads)
    yield f"{'target':<{width}}  {'profile':<9}{'pages':<6}{columns}  exit"
    for row in rows:
        pages = "all" if row.page_sizes == PAGE_SIZES else " ".join(row.page_sizes)
        lead = f"{row.name:<{width}}  {row.profile or '-':<9}{pages or '-':<6}"
        if row.problem:
            yield f"{lead}  {row.exit_status}: {row.problem}"
            continue
        counts = row.levels[row.strictest].counts().values() if row.levels else [0] * len(ORDER)
        cells = "".join(f"{count:>{len(head) + 2}}" for head, count in zip(heads, counts, strict=True))
        yield f"{lead}{cells}{row.exit_status:>6}"


def as_json(rows: Sequence[Row]) -> str:
    """Equal runs give equal bytes, whoever judged."""
    return json.dumps({"schema": SCHEMA, "tool": __version__, "rows": [_told(row) for row in rows],
                       "exit_status": worst(rows)}, indent=1, ensure_ascii=False) + "\n"


def _told(row: Row) -> dict[str, Any]:
    return {
        "target": row.name, "revision": row.revision, "profile": row.profile, "page_sizes": list(row.page_sizes),
        "exit_status": row.exit_status, "problem": row.problem,
        "levels": {
            trust: {
                "decides": trust == row.strictest,
                "counts": {status.value: count for status, count in level.counts().items()},
                "rules": {rule: status.value for rule, status in level.rules.items()},
                "findings": list(level.findings),
            } for trust, level in row.levels.items()},
    }
