"""The same rules about many targets, in many readings: what comes of each, in a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verify import __version__
from verify.errors import InternalError, VerifyError
from verify.prove.outcome import Status
from verify.scale.executor import Answer, Executor, Question, Watch
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
class Row:
    """`run` or `problem`. Without a question it is about the target in any reading."""

    name: str
    revision: str
    profile: str
    page_sizes: tuple[str, ...]
    strictest: str
    exit_status: int
    run: TargetRun | None = None
    problem: str = ""


def judged(
    asked: Sequence[Question | Unread], executor: Executor, watch: Watch, tolerated: Tolerated
) -> Iterator[Row]:
    """A row for each, in order; what is the same question of the same code is asked once."""
    first: dict[tuple[str, tuple[str, ...]], Question] = {}
    for one in asked:
        if isinstance(one, Question):
            first.setdefault(_key(one), one)
    answers = dict(zip(first, executor.judge(list(first.values()), watch), strict=True))
    for one in asked:
        if isinstance(one, Unread):
            yield Row(one.name, "", "", (), "", _status(one.problem), problem=str(one.problem))
        else:
            yield _row(one, answers[_key(one)], tolerated)


def _key(question: Question) -> tuple[str, tuple[str, ...]]:
    return question.reuse.base, tuple(rule.identity for rule in question.rules)


def _row(question: Question, answer: Answer, tolerated: Tolerated) -> Row:
    options = question.options
    about = question.name, question.revision, options.profile, options.page_sizes, options.strictest
    if isinstance(answer, VerifyError):
        return Row(*about, _status(answer), problem=str(answer))
    return Row(*about, exit_status([answer], options.strictest, tolerated.fingerprints), answer)


def _status(problem: VerifyError) -> int:
    """Whatever is wrong with a tree, it cannot be judged as it is: wrong input."""
    return INTERNAL if isinstance(problem, InternalError) else USAGE


def worst(rows: Sequence[Row]) -> int:
    """The exit status of all of them."""
    return next(status for status in WORST if status == OK or any(row.exit_status == status for row in rows))


def _counts(run: TargetRun, trust: str) -> Mapping[Status, int]:
    return Counter(result.status for result in run.results if result.trust == trust)


def table(rows: Sequence[Row]) -> Iterator[str]:
    """For people: of each row how many rules have which status at the level that decides."""
    width = max([len("target"), *(len(row.name) for row in rows)])
    columns = "".join(f"{status.value.replace('not-applicable', 'n/a'):>{len(status.value.split('-')[-1]) + 2}}"
                      for status in ORDER)
    levels = sorted({row.strictest for row in rows} - {""})
    yield f"rules by their status{f' at {levels[0]}, which decides' if levels else ''}:"
    yield f"{'target':<{width}}  {'profile':<8}{'pages':<11}{columns}  exit"
    for row in rows:
        pages = "all" if row.page_sizes == PAGE_SIZES else " ".join(row.page_sizes)
        lead = f"{row.name:<{width}}  {row.profile or '-':<8}{pages or '-':<11}"
        if row.run is None:
            yield f"{lead}  {row.exit_status}: {row.problem}"
            continue
        counts = _counts(row.run, row.strictest)
        cells = "".join(f"{counts[status]:>{len(status.value.split('-')[-1]) + 2}}" for status in ORDER)
        yield f"{lead}{cells}{row.exit_status:>6}"


def as_json(rows: Sequence[Row]) -> str:
    """Equal runs give equal bytes, whoever judged."""
    return json.dumps({"schema": SCHEMA, "tool": __version__, "rows": [_told(row) for row in rows],
                       "exit_status": worst(rows)}, indent=1, ensure_ascii=False) + "\n"


def _told(row: Row) -> dict[str, Any]:
    told: dict[str, Any] = {
        "target": row.name, "revision": row.revision, "profile": row.profile, "page_sizes": list(row.page_sizes),
        "exit_status": row.exit_status, "problem": row.problem, "levels": {},
    }
    run = row.run
    for trust in sorted({result.trust for result in run.results}) if run else ():
        assert run is not None
        counts = _counts(run, trust)
        told["levels"][trust] = {
            "decides": trust == row.strictest,
            "counts": {status.value: counts[status] for status in ORDER},
            "rules": {result.rule: result.status.value for result in run.results if result.trust == trust},
            "findings": sorted({finding.fingerprint for finding in findings_of([run], trust)}),
        }
    return told
