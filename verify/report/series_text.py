"""A series for a person at a terminal: what comes of it, the matrix, then step by step what happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verify.report import course_words as words
from verify.report.compare import Item
from verify.report.course import Asked, Course, Row, Turn
from verify.report.lines import wrapped
from verify.report.story import who
from verify.report.text import call_lines, followed

WIDTH = 118
INDENT = " " * 12


def render(courses: Sequence[Course], asked: Asked) -> str:
    """`courses`: the strictest trust level first, which decides."""
    return "\n".join(line.rstrip() for line in _lines(courses, asked)) + "\n"


def _lines(courses: Sequence[Course], asked: Asked) -> Iterator[str]:
    course, options = courses[0], asked.options
    yield f"series: {asked.title}"
    yield f"profile {options.profile}, pages {' '.join(options.page_sizes)}, trust {course.trust} decides"
    yield from (line for note in asked.notes for line in _wrap("note: ", note))
    yield ""
    yield from (line for said in words.verdict(course, asked) for line in _wrap("* ", said))
    yield ""
    width = max(len(step.name) for step in course.steps)
    for step in course.steps:
        yield f"{step.name:<{width}}  {step.subject}"
        yield from (line for note in step.notes for line in _wrap(" " * (width + 2) + "note: ", note))
    yield ""
    yield from matrix(course, words.moving_rules(course), course.rows)
    for turn in course.turns:
        yield from turn_lines(course, turn, asked)
    for weaker, rows in zip(courses[1:], words.weaker_rows(courses), strict=True):
        if rows:
            yield from ("", f"at {weaker.trust} ({who(weaker.trust)}), beside what is above:", "")
            yield from matrix(weaker, sorted({row.item.rule.rule for row in rows}), rows)


def matrix(course: Course, rules: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Rules with their statuses, each with its findings below; a column a step."""
    steps = words.shown_steps(course)
    statuses = {rule: course.statuses(rule) for rule in rules}
    names = [course.steps[number].name for number in steps]
    wide = [max(len(name), *(len(statuses[rule][number]) for rule in rules), 1) + 2 if rules else len(name) + 2
            for number, name in zip(steps, names, strict=True)]
    labels = {row.item.finding.fingerprint: f"  {row.item.finding.fingerprint}  {row.item.part.name}" for row in rows}
    first = max([len("rule, finding, part"), *map(len, rules), *map(len, labels.values())]) + 2

    def line(label: str, cells: Sequence[str]) -> str:
        return f"{label:<{first}}" + "".join(f"{cell:<{width}}" for cell, width in zip(cells, wide, strict=True))

    yield line("rule, finding, part", names)
    for rule in rules:
        yield line(rule, [statuses[rule][number] or "-" for number in steps]) + course.rules[rule].title
        for row in rows:
            if row.item.rule.rule == rule:
                yield line(labels[row.item.finding.fingerprint], [words.MARKS[row.cells[number]] for number in steps])
    others = len(course.rules) - len(rules)
    more = f"; {others} other rule{'s are' if others > 1 else ' is'} fine at each step" if others else ""
    yield words.LEGEND + (more if rows is course.rows else "")


def turn_lines(course: Course, turn: Turn, asked: Asked) -> Iterator[str]:
    """What a step brings, mends, leaves undecided; nothing where it does none of it."""
    change = turn.change
    brought, back = course.brings(turn), words.brought_back(course, turn)
    lines = [
        *_items("brings", brought, asked), *_items("brings back", back, asked), *_short("mends", change.mended),
        *_short("loses sight of", change.lost),
        *_short("keeps, in another form,", [new for _, new in change.recast]),
        *(line for item in change.opened
          for line in _wrap("  undecided ", f"{item.rule.rule} {item.part.name}: {item.why}", INDENT)),
        *(line for item in change.closed
          for line in _wrap("  decides   ", f"{item.rule.rule} {item.part.name}, which was {item.why}", INDENT))]
    if lines:
        yield from ("", f"{course.span(turn)}  {course.steps[turn.step].subject}")
        yield from lines
    if brought:
        item = words.shortest(brought)
        yield from ("", f"  the shortest counterexample, {item.rule.rule} {item.part.name}, from reset,")
        told = item.finding.told
        yield f"  with pages of {told['page_size']}, unused EL2 memory filled with {told['unused_memory']}:"
        for number, call in enumerate(told["calls"], 1):
            yield from call_lines(number, call, last=number == len(told["calls"]))
        yield from followed(told)


def _items(verb: str, items: Sequence[Item], asked: Asked) -> Iterator[str]:
    for group in words.groups(items):
        item = group[0]
        yield from _wrap(f"  {verb:<9} ", f"{item.rule.rule} {item.rule.title}, {words.parts(group)}", INDENT)
        yield from _wrap(INDENT, f"at {words.place(item)}")
        yield from _wrap(INDENT, f"required: {item.finding.clause}; wrong: {words.wrong(item)}")
        yield from _wrap(INDENT, f"from reset: {words.calls(item)}")
        yield from (line for said in words.sayings(group) for line in _wrap(INDENT, said))
        yield from (line for one in group if (reason := asked.accepted(one.trust).get(one.finding.fingerprint))
                    for line in _wrap(INDENT, f"accepted: {reason}"))
        yield from _wrap(INDENT, words.fingerprints(group))
        yield from _wrap(INDENT, f"alone: {words.again(group, asked)}")


def _short(verb: str, items: Sequence[Item]) -> Iterator[str]:
    for group in words.groups(items):
        said = "".join(f"; {text}" for text in words.sayings(group))
        yield from _wrap(f"  {verb:<9} ", f"{group[0].rule.rule} {words.parts(group)}: {group[0].finding.clause}{said} "
                                          f"({words.fingerprints(group)})", INDENT)


def _wrap(lead: str, text: str, following: str | None = None) -> list[str]:
    return wrapped(lead, text, WIDTH, following)
