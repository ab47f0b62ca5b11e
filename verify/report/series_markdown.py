"""A series for the page of a CI job or a merge request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verify.report import course_words as words
from verify.report.compare import Item, Undecided
from verify.report.course import Asked, Course, Row, Turn
from verify.report.markup import code, plain
from verify.report.story import who
from verify.report.summary import within

MOST = 10
"""Places with findings that are told of each step."""


def render(courses: Sequence[Course], asked: Asked) -> str:
    """`courses`: the strictest trust level first, which decides."""
    return "".join(f"{line}\n" for line in within(list(_lines(courses, asked))))


def _lines(courses: Sequence[Course], asked: Asked) -> Iterator[str]:
    course, options = courses[0], asked.options
    yield from (f"## verify: {plain(asked.title)}", "")
    yield from (f"- {plain(said)}" for said in words.verdict(course, asked))
    yield from ("", f"Base {code(asked.base)}. Profile {options.profile}, pages {' '.join(options.page_sizes)}; "
                    f"{course.trust} decides: {plain(who(course.trust))}.", "")
    for step in course.steps[1:]:
        yield f"- **{plain(step.name)}** {plain(step.subject)}"
        yield from (f"    - {plain(note)}" for note in step.notes)
    yield from (f"\nNote: {plain(note)}" for note in asked.notes)
    yield from _matrix(course, words.moving_rules(course), course.rows)
    for turn in course.turns:
        yield from _turn(course, turn, asked)
    for weaker, rows in zip(courses[1:], words.weaker_rows(courses), strict=True):
        if rows:
            yield from ("", f"### At {weaker.trust} only: {plain(who(weaker.trust))}")
            yield from _matrix(weaker, sorted({row.item.rule.rule for row in rows}), rows)


def _matrix(course: Course, rules: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    steps = words.shown_steps(course)
    names = [plain(course.steps[number].name) for number in steps]
    yield from ("", f"| Rule, part | {' | '.join(names)} | Finding |", f"|---|{'---|' * len(steps)}---|")
    for rule in rules:
        statuses = course.statuses(rule)
        cells = " | ".join(statuses[number] or "-" for number in steps)
        yield f"| **{rule}** {plain(course.rules[rule].title)} | {cells} | |"
        for row in rows:
            if row.item.rule.rule == rule:
                cells = " | ".join(words.MARKS[row.cells[number]] for number in steps)
                yield f"| {code(row.item.part.name)} | {cells} | {code(row.item.finding.fingerprint)} |"
    yield from ("", f"{words.LEGEND}.")


def _turn(course: Course, turn: Turn, asked: Asked) -> Iterator[str]:
    change = turn.change
    lines = [*_findings("brings", course.brings(turn), asked),
             *_findings("brings back", words.brought_back(course, turn), asked),
             *_short("mends", change.mended), *_short("loses sight of", change.lost),
             *_short("keeps, in another form,", [new for _, new in change.recast]),
             *_open("leaves undecided", change.opened), *_open("decides", change.closed)]
    if lines:
        yield from ("", f"### {plain(course.span(turn))} {plain(course.steps[turn.step].subject)}", "")
        yield from lines


def _findings(verb: str, items: Sequence[Item], asked: Asked) -> Iterator[str]:
    groups = words.groups(items)
    for group in groups[:MOST]:
        item = group[0]
        where = code(f"{item.finding.file}:{item.finding.line}")
        yield f"- {verb} **{item.rule.rule}** {where} {code(item.finding.function)}, {plain(words.parts(group))}"
        yield f"    - required: {plain(item.finding.clause)}; wrong: {plain(words.wrong(item))}"
        yield f"    - from reset: {code(words.calls(item))}"
        yield from (f"    - {plain(said)}" for said in words.sayings(group))
        yield f"    - alone: {code(words.again(group, asked))}; {words.fingerprints(group)}"
    if len(groups) > MOST:
        yield f"- {verb} findings at {len(groups) - MOST} more places"


def _short(verb: str, items: Sequence[Item]) -> Iterator[str]:
    for group in words.groups(items):
        said = "".join(f"; {text}" for text in words.sayings(group))
        yield (f"- {verb} **{group[0].rule.rule}** {plain(words.parts(group))}: {plain(group[0].finding.clause)}"
               f"{plain(said)} ({words.fingerprints(group)})")


def _open(verb: str, items: Sequence[Undecided]) -> Iterator[str]:
    return (f"- {verb} **{item.rule.rule}** {plain(item.part.name)}: {plain(item.why)}" for item in items)
