"""A series as a reply to the list, as the kernel's test robots write them: short, plain text, 76 columns."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from email.policy import default as policy

from verify import __version__
from verify.report import course_words as words
from verify.report.compare import Item
from verify.report.course import Asked, Course, Step, Turn
from verify.report.lines import pairs, wrapped
from verify.report.story import who

WIDTH = 76
GLUE = "\x00"
"""For a space inside a word that a line must not end in."""
MOST_LINES = 95
MOST_STEPS, MOST_PLACES, MOST_MENDED, MOST_EVENTS = 16, 6, 6, 8
_UNFOLDED = policy.clone(max_line_length=None)


def render(courses: Sequence[Course], asked: Asked) -> str:
    """`courses`: the strictest trust level first, which decides. Headers, an empty line, the text in UTF-8."""
    course = courses[0]
    head = [*_headers(_answered(course, asked), asked), "", *_head(course, asked), *_tested(course, asked)]
    tail = list(_reproduce(course, asked))
    body = [line for turn in course.turns for line in _turn(course, turn, asked)] + list(_mended(course))
    room = max(MOST_LINES - len(head) - len(tail), 0)
    if len(body) > room:
        body = [*body[:room], "", "[...] more in the report: --format text"]
    return "\n".join(line.rstrip() for line in (*head, *body, *tail)) + "\n"


def _headers(answered: Step, asked: Asked) -> list[str]:
    """In ASCII. What is ASCII is left in one line: a folded identity would be encoded, and name no mail any more."""
    message = EmailMessage()
    subject = answered.mail or answered.subject or asked.title
    message["Subject"] = f"Re: {subject.removeprefix('Re: ')}"
    if answered.identity:
        message["In-Reply-To"] = message["References"] = answered.identity
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = "text/plain; charset=utf-8"
    message["Content-Transfer-Encoding"] = "8bit"
    return [line for name, value in message.items()
            for line in (_UNFOLDED if value.isascii() else policy).fold(name, value).splitlines()]


def _head(course: Course, asked: Asked) -> Iterator[str]:
    yield from ("Hi,", "")
    yield from _wrap("", f"verify {__version__} judged this series patch by patch by rules from Arm DEN0077A "
                         "(FF-A) and DEN0028 (SMCCC):")
    said = words.verdict(course, asked)
    yield from ("", *(line for text in said[:MOST_PLACES] for line in _wrap("* ", text)))
    if len(said) > MOST_PLACES:
        yield f"* and {len(said) - MOST_PLACES} more"


def _answered(course: Course, asked: Asked) -> Step:
    """The first patch that brings something, leaves something undecided or has no result; else the first one."""
    for number, step in enumerate(course.steps):
        turn = next((turn for turn in course.turns if turn.step == number), None)
        if step.judged is None or (turn and (words.untolerated(course, turn, asked) or course.opens(turn)
                                             or turn.change.lost)):
            return step
    return course.steps[min(1, len(course.steps) - 1)]


def _tested(course: Course, asked: Asked) -> Iterator[str]:
    yield from ("", "Tested:", f"  base  {asked.base}")
    width = max(len(step.name) for step in course.steps)
    for step in course.steps[1:1 + MOST_STEPS]:
        yield from _wrap(f"  {step.name:<{max(width, 4)}}  ", step.subject)
    if len(course.steps) > MOST_STEPS + 1:
        yield f"  and {len(course.steps) - MOST_STEPS - 1} more"
    count = len(course.rules)
    yield from _wrap("  ", f"{count} rule{'s' * (count != 1)}, profile {asked.options.profile}, pages "
                           f"{' '.join(asked.options.page_sizes)}, trust {course.trust} ({who(course.trust)})")


def _turn(course: Course, turn: Turn, asked: Asked) -> Iterator[str]:
    brought, opened = words.untolerated(course, turn, asked), course.opens(turn)
    if brought:
        subject = course.steps[turn.step].subject
        yield from ("", *_wrap("", f"{course.span(turn)} {f'({subject}) ' if subject else ''}introduces:"), "")
        groups = words.groups(brought)
        for number, group in enumerate(groups[:MOST_PLACES], 1):
            yield from _group(number, group)
        if len(groups) > MOST_PLACES:
            yield f"  and findings at {len(groups) - MOST_PLACES} more places"
        yield from _counterexample(words.shortest(brought))
    if opened:
        yield from ("", *_wrap("", f"With {course.span(turn)} these are neither proved nor violated any more:"), "")
        yield from (line for item in opened[:MOST_PLACES]
                    for line in _wrap("  ", f"{item.rule.rule} {item.part.name}: {item.why}", "    "))
    if turn.change.lost:
        yield from ("", *_wrap("", f"With {course.span(turn)} these violations are lost from sight:"), "")
        yield from (line for item in turn.change.lost[:MOST_PLACES]
                    for line in _wrap("  ", f"{item.rule.rule} {item.part.name}: {item.said}", "    "))


def _group(number: int, group: Sequence[Item]) -> Iterator[str]:
    item = group[0]
    yield from _wrap(f"  {number}. ", f"{item.rule.rule}, {item.rule.title}: {words.parts(group)}", "     ")
    yield from _wrap("     ", f">> {item.finding.file}:{item.finding.line} {item.finding.function}()")
    yield from _wrap("     ", f"required: {item.finding.clause}; wrong: {words.wrong(item)}")
    yield from (line for said in words.sayings(group) for line in _wrap("     ", said))


def _counterexample(item: Item) -> Iterator[str]:
    told = item.finding.told
    yield from ("", *_wrap("", f"The shortest counterexample, {item.rule.rule}, from reset, with pages of "
                               f"{told['page_size']} and unused EL2 memory filled with {told['unused_memory']}:"), "")
    if told["boot"]:
        yield from _wrap("  boot: ", pairs(told["boot"]))
    for number, call in enumerate(told["calls"], 1):
        yield from _wrap(f"  {number}. ", item.finding.calls[number - 1], "       ")
        for event in call["events"][:MOST_EVENTS]:
            if event["kind"] in ("host-writes", "page-tables", "smc"):
                yield from _wrap("       ", event["text"], "         ")
    last = told["calls"][-1]
    yield from _wrap("     before: ", words.registers(last["before"]), "       ")
    yield from _wrap("     after:  ", words.registers(last["after"]), "       ")


def _mended(course: Course) -> Iterator[str]:
    mended = [(turn, group) for turn in course.turns for group in words.groups(turn.change.mended)]
    if mended:
        yield from ("", "Mended:", "")
    for turn, group in mended[:MOST_MENDED]:
        rule = group[0].rule
        yield from _wrap("  ", f"{course.span(turn)}: {rule.rule}, {rule.title}: {words.parts(group)}, "
                               f"{group[0].finding.clause}", "       ")
    if len(mended) > MOST_MENDED:
        yield f"  and {len(mended) - MOST_MENDED} more"


def _reproduce(course: Course, asked: Asked) -> Iterator[str]:
    brought = [item for turn in course.turns for item in words.untolerated(course, turn, asked)]
    posted = any(step.mail for step in course.steps)
    yield from ("", f"To reproduce{' (the series saved from the archive under this name)' if posted else ''}:", "")
    commands = [words.again(group, asked) for group in words.groups(brought)] or [words.as_asked(asked)]
    for command in dict.fromkeys(commands[:3]):
        yield from _command(command)
    replayed = ("Every counterexample was replayed from reset by an interpreter that shares no code with the solver's "
                "path. " if brought else "")
    yield from ("", *_wrap("", f"{replayed}If a {'finding' if brought else 'verdict'} is wrong, please tell: it is a "
                               "bug of verify."))


def _command(text: str) -> Iterator[str]:
    """For a shell, though it stands in several lines."""
    words = (word.replace(" ", GLUE) for word in map(shlex.quote, shlex.split(text)))
    *first, last = (line.replace(GLUE, " ") for line in wrapped("  ", " ".join(words), WIDTH - 2, "    "))
    yield from (f"{line} \\" for line in first)
    yield last


def _wrap(lead: str, text: str, following: str | None = None) -> list[str]:
    return wrapped(lead, text, WIDTH, following)
