"""A series as one page: what each step brings and mends, then the report of all states side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from verify.report import course_words as words
from verify.report.compare import Item, Undecided
from verify.report.course import Asked, Course, Step, Turn
from verify.report.html import page
from verify.report.html.build import Html, code, joined, tag
from verify.report.html.finding import anchor_of
from verify.report.story import who
from verify.verdict.run import TargetRun


def render(courses: Sequence[Course], asked: Asked) -> str:
    """`courses`: the strictest trust level first, which decides."""
    steps = [step for step in courses[0].steps if step.judged is not None]
    runs = [run for step in steps if (run := _run(step)) is not None]
    first = tag("section", tag("h2", f"Patch by patch: {asked.title}", id="course"), *_course(courses[0], asked))
    return page.render(runs, asked.options, asked.settled, [step.sources for step in steps], first, "verify series")


def _run(step: Step) -> TargetRun | None:
    """By the step's name, which the columns have."""
    run = step.judged.run if step.judged is not None else None
    return replace(run, name=step.name) if run is not None else None


def _course(course: Course, asked: Asked) -> Iterator[Html]:
    yield tag("ul", *(tag("li", said) for said in words.verdict(course, asked)))
    yield tag("p", f"Base {asked.base}; {course.trust} decides: {who(course.trust)}. To reproduce: ",
              code(words.as_asked(asked)))
    yield from (tag("p", f"Note: {note}") for note in asked.notes)
    turns = {turn.step: turn for turn in course.turns}
    for number, step in enumerate(course.steps[1:], 1):
        said = list(_turn(course, turns[number])) if number in turns else []
        told = [tag("li", note) for note in (*step.notes, *filter(None, [step.problem]))]
        yield joined(tag("h3", f"{step.name} ", tag("small", step.subject)),
                     tag("ul", *(said or [tag("li", "no verdict changes")] * (not told)), *told))


def _turn(course: Course, turn: Turn) -> Iterator[Html]:
    change = turn.change
    yield from _items("brings", course.brings(turn))
    yield from _items("brings back", words.brought_back(course, turn))
    yield from _items("mends", change.mended)
    yield from _items("loses sight of", change.lost)
    yield from _items("keeps, in another form,", [new for _, new in change.recast])
    yield from _open("leaves undecided", change.opened)
    yield from _open("decides", change.closed)


def _items(verb: str, items: Sequence[Item]) -> Iterator[Html]:
    for group in words.groups(items):
        first = group[0]
        links = joined(*(tag("a", code(item.finding.fingerprint),
                             href=f"#{anchor_of(item.rule.rule, item.finding.fingerprint)}")
                         for item in group), by=", ")
        said = "".join(f"; {text}" for text in words.sayings(group))
        yield tag("li", f"{verb} ", tag("strong", first.rule.rule), f" {words.parts(group)}, ",
                  code(words.place(first)), f": {first.finding.clause}; wrong: {words.wrong(first)}{said} (", links,
                  ")")


def _open(verb: str, items: Sequence[Undecided]) -> Iterator[Html]:
    return (tag("li", f"{verb} ", tag("strong", item.rule.rule), f" {item.part.name}: {item.why}") for item in items)
