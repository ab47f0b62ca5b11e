"""`verify bisect`: the commit of a git range that changes a rule's verdict."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from verify.cli import options as given
from verify.cli.run import open_store
from verify.cli.steps import Judging, judging_by
from verify.errors import InputError
from verify.report.compare import Comparison, compare
from verify.report.course import Asked, Course, Step
from verify.report.judged import Judged
from verify.report.lines import wrapped
from verify.report.markup import visible
from verify.report.series_text import WIDTH, turn_lines
from verify.source.history import Commit, History, between, merge_base, read_history
from verify.source.tree import read_revision
from verify.verdict.bisection import Narrowed, narrow
from verify.verdict.exit_status import INTERRUPTED, OK, UNDECIDED
from verify.verdict.run import Interrupted


@click.command(epilog=given.examples(
    "verify bisect v6.12..HEAD --git ~/linux --rule MSG-10",
    "verify bisect v6.12..HEAD --git ~/linux --rule SEC-01 --function FFA_VERSION"))
@click.argument("range_", metavar="RANGE")
@click.option("--git", "repository", type=click.Path(path_type=Path), required=True, metavar="REPO",
              help="Git repository; its work tree is left alone.")
@click.option("--rule", "rule_globs", multiple=True, required=True, metavar="ID", help="The rule; repeatable.")
@given.OWN
@given.FUNCTIONS
@given.PROFILE
@click.option("--trust", default="L2", show_default=True, metavar="L0|L1|L2", help="Trust in EL3.")
@given.PAGE_SIZE
@given.JOBS
@given.CONFIG
@given.CACHE
@given.FRESH
@given.READ_ONLY
@given.LIMIT
def bisect(
    range_: str, repository: Path, rule_globs: tuple[str, ...], own: tuple[Path, ...], functions: tuple[str, ...],
    profile: str, trust: str,
    page_size: str, jobs: int | None, config_path: Path | None, folder: Path | None, fresh: bool, read_only: bool,
    rlimit: int | None,
) -> int:
    """Find the first commit of RANGE (A..B) whose verdict is not that of A, by binary search.

    What is looked for is the rule's status; where that is the same at both ends, its findings and open parts. Commits
    that cannot be read are skipped. A merge is followed into what it brought.

    Exit status: 0 a commit is found, 3 only some are left, of which all but the last cannot be read, 2 wrong input, or
    both ends have the same verdict.
    """
    judging = judging_by(
        config_path, own, partial(given.judged_how, rule_globs=rule_globs, functions=functions, profile=profile,
                                  trusts=(trust,), jobs=jobs, page_size=page_size, rlimit=rlimit),
        open_store(folder, fresh, read_only))
    history = read_history(repository, range_)
    try:
        search = _Search(repository, judging)
        result = search.run(history, range_)
    except Interrupted as stop:
        click.echo(f"verify: {stop}", err=True)
        return INTERRUPTED
    click.echo("\n".join(_told(result, search, history)))
    judging.finish()
    return OK if result.narrowed.is_exact else UNDECIDED


@dataclass(frozen=True, slots=True)
class _Result:
    """`row`: the start and the commits after it."""

    row: tuple[Commit, ...]
    narrowed: Narrowed


@dataclass(slots=True)
class _Search:
    repository: Path
    judging: Judging
    known: dict[str, Judged | None] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def trust(self) -> str:
        return self.judging.options.strictest

    def run(self, history: History, text: str) -> _Result:
        row = (history.start, *history.commits)
        start, end = self._needed(row[0]), self._needed(row[-1])
        by_status = _statuses(start) != _statuses(end)
        if not self._differs(start, row[-1], by_status):
            raise InputError(f"{self.repository}: {text}: the same verdict at both ends ({_verdict(start)}): "
                             "there is no commit to look for")
        result = self._narrow(row, start, by_status)
        while inner := self._inside(result, start, by_status):
            result = self._narrow(inner, start, by_status)
        return result

    def _narrow(self, row: tuple[Commit, ...], start: Judged, by_status: bool) -> _Result:
        return _Result(row, narrow(len(row) - 1, lambda number: self._differs(start, row[number], by_status)))

    def _inside(self, result: _Result, start: Judged, by_status: bool) -> tuple[Commit, ...] | None:
        """The commits that a merge brought, where they have the change already and their start has not."""
        found = result.row[result.narrowed.other]
        if not result.narrowed.is_exact or not found.is_merge:
            return None
        try:
            base = merge_base(self.repository, *found.parents[:2])
            history = between(self.repository, base, found.parents[1], found.short)
        except InputError:
            return None
        row = (history.start, *history.commits)
        changes = [self._differs(start, commit, by_status) for commit in (row[0], row[-1])]
        return row if len(row) > 1 and changes == [False, True] else None

    def _needed(self, commit: Commit) -> Judged:
        judged = self._judged(commit)
        if judged is None:
            raise InputError(f"{commit}, an end of the range, cannot be read: {self.problems[commit.id]}")
        return judged

    def _judged(self, commit: Commit) -> Judged | None:
        """None where it cannot be read; `problems` says why then."""
        if commit.id not in self.known:
            click.echo(f"verify: judging {visible(str(commit))}", err=True)
            try:
                self.known[commit.id] = self._read(commit)
            except InputError as problem:
                self.known[commit.id], self.problems[commit.id] = None, visible(str(problem))
        return self.known[commit.id]

    def _read(self, commit: Commit) -> Judged:
        return self.judging.target(self.judging.read(read_revision(self.repository, commit.id), commit.short))

    def _differs(self, start: Judged, commit: Commit, by_status: bool) -> bool | None:
        judged = self._judged(commit)
        if judged is None:
            return None
        if by_status:
            return _statuses(judged) != _statuses(start)
        return _is_change(compare(start, judged, self.trust))


def _is_change(change: Comparison) -> bool:
    return bool(change.new or change.mended or change.lost or change.opened or change.closed)


def _statuses(judged: Judged) -> dict[str, str]:
    return {rule: result.status.value for (rule, _), result in judged.rules.items()}


def _verdict(judged: Judged) -> str:
    return ", ".join(f"{rule} {status}" for rule, status in _statuses(judged).items()) or "nothing to judge"


def _told(result: _Result, search: _Search, history: History) -> Iterator[str]:
    row, narrowed = result.row, result.narrowed
    before, found = row[narrowed.same], row[narrowed.other]
    old, new = search.known[before.id], search.known[found.id]
    assert old is not None and new is not None
    if narrowed.is_exact:
        yield f"{found.id} is the first commit with another verdict"
        yield f"    {visible(found.subject)}"
    else:
        yield "one of these commits is the first with another verdict; all but the last cannot be read:"
        left = row[narrowed.same + 1:narrowed.other + 1]
        yield from (f"    {commit.short} {visible(commit.subject)}" for commit in left)
    yield ""
    yield from wrapped(f"before  {before.short}  ", _verdict(old), WIDTH)
    yield from wrapped(f"now     {found.short}  ", _verdict(new), WIDTH)
    options = search.judging.options
    course = Course((Step(before.short, before.subject, old), Step(found.short, visible(found.subject), new)),
                    search.trust)
    again = f"verify series {before.short}..{found.short} --git {shlex.quote(search.repository.resolve().name)}"
    asked = Asked("", before.short, again, (), options)
    yield from (line for turn in course.turns for line in turn_lines(course, turn, asked))
    yield ""
    judged = sum(known is not None for known in search.known.values())
    yield (f"{len(history.commits)} of {history.count} commits change what the front end reads; "
           f"judged {judged}, skipped {len(search.problems)}")
    for identity, problem in search.problems.items():
        yield from wrapped("  skipped ", f"{identity[:12]}: {problem}", WIDTH)
