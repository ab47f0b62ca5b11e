"""A difference for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from verify.report import course_words as words
from verify.report.compare import Comparison
from verify.report.diff_text import cost_words, kinds, side_name
from verify.report.difference import Difference, costs, grouped, summary
from verify.report.markup import code, plain
from verify.report.story import who
from verify.report.summary import within
from verify.verdict.exit_status import OK, VIOLATED

MOST = 10
"""Places that are told of each kind."""


def render(item: Difference) -> str:
    return "".join(f"{line}\n" for line in within(list(_lines(item))))


def _lines(item: Difference) -> Iterator[str]:
    status = item.exit_status()
    yield f"## verify {'passes' if status == OK else 'fails' if status == VIOLATED else 'is undecided'}"
    yield from ("", f"{code(side_name(item.old))} → {code(side_name(item.new))}. {plain(summary(item))}.")
    yield from (f"\nNote: {plain(note)}" for note in item.notes)
    seen: set[str] = set()
    for level in item.levels:
        lines = list(_level(level, seen))
        if lines:
            yield from ("", f"### At {level.trust}: {plain(who(level.trust))}", "", *lines)
    yield from _cost(item)
    yield from _ir(item)


def _level(level: Comparison, seen: set[str]) -> Iterator[str]:
    for verb, some in kinds(level, seen):
        groups = words.groups(some)
        for group in groups[:MOST]:
            one = group[0]
            where = code(f"{one.finding.file}:{one.finding.line}")
            yield (f"- {verb}: **{one.rule.rule}** {plain(one.rule.title)}, {plain(words.parts(group))}, {where} "
                   f"{code(one.finding.function)}")
            yield f"    - required: {plain(one.finding.clause)}; wrong: {plain(words.wrong(one))}"
            yield f"    - from reset: {code(words.calls(one))}"
            yield from (f"    - {plain(said)}" for said in words.sayings(group))
            yield f"    - {words.fingerprints(group)}"
        if len(groups) > MOST:
            yield f"- {verb} at {len(groups) - MOST} more places"
    for verb, opened in (("newly undecided", level.opened), ("decided now", level.closed)):
        yield from (f"- {verb}: **{one.rule.rule}** {plain(one.part.name)}: {plain(one.why)}" for one in opened)
    if level.unjudged:
        yield f"- not compared, since only one side judged them: {', '.join(level.unjudged)}"


def _cost(item: Difference) -> Iterator[str]:
    moved, total = costs(item.old, item.new, [level.trust for level in item.levels])
    yield from ("", "### Cost", "", plain(cost_words(total)))
    yield from ([""] if moved else [])
    yield from (f"- **{one.rule}** {plain(cost_words(one))}" for one in moved[:MOST])


def _ir(item: Difference) -> Iterator[str]:
    if item.changes is None:
        return
    yield from ("", "### What changed in the IR", "")
    if not item.changes:
        yield "Nothing, but for lines that moved."
    for kind, what, names in grouped(item.changes):
        yield f"- {what} {kind}{'s' * (len(names) > 1)}: {', '.join(code(name) for name in names)}"
