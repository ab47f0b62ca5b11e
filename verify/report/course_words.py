"""What a course of steps comes to, in the words that its text, page and mail share."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from verify.report.brief import MOST_CALLS
from verify.report.compare import Item, Undecided
from verify.report.course import Asked, Cell, Course, Row, Turn, by_place
from verify.report.story import KINDS
from verify.verdict.options import Options

MARKS = {Cell.THERE: "X", Cell.OTHER: "~", Cell.ABSENT: ".", Cell.UNKNOWN: "?", Cell.NONE: "-"}
LEGEND = "X there, ~ in another form, . not there, ? undecided, - not judged"
MOST_STEPS = 8
MOST_TITLES = 3


def verdict(course: Course, asked: Asked) -> list[str]:
    """One sentence for each kind of thing that happens, at the level that decides."""
    said = [f"{course.span(turn)} introduces {_violations(brought)}"
            for turn in course.turns if (brought := untolerated(course, turn, asked))]
    said += [f"{course.span(turn)} leaves {_count(len(opened), 'part')} undecided: {_rules(opened)}"
             for turn in course.turns if (opened := course.opens(turn))]
    said += [f"{course.span(turn)} loses sight of {_violations(turn.change.lost)}"
             for turn in course.turns if turn.change.lost]
    said += [f"{course.span(turn)} mends {_violations(turn.change.mended)}"
             for turn in course.turns if turn.change.mended]
    said += [f"{course.span(turn)} keeps {_violations([new for _, new in recast], ' in another form')}"
             for turn in course.turns if (recast := turn.change.recast)]
    said += [f"{step.name} has no result: {step.problem}" for step in course.steps if step.judged is None]
    if not said:
        said = ["no step changes a verdict"]
    remaining = [row.item for row in course.remaining()]
    if remaining:
        rules = ", ".join(dict.fromkeys(item.rule.rule for item in remaining))
        said.append(f"of the base, {_count(len(remaining), 'violation')} "
                    f"{'remains' if len(remaining) == 1 else 'remain'} ({rules})")
    return said


def untolerated(course: Course, turn: Turn, asked: Asked) -> list[Item]:
    """What the step brings and the exit status follows."""
    return [item for item in course.brings(turn) if item.finding.fingerprint not in asked.tolerated(course.trust)]


def brought_back(course: Course, turn: Turn) -> list[Item]:
    """What the base had and a step before had mended."""
    fresh = {item.finding.fingerprint for item in course.brings(turn)}
    return [item for item in turn.change.new if item.finding.fingerprint not in fresh]


def _violations(items: Sequence[Item], how: str = "") -> str:
    return f"{_count(len(items), 'violation')}{how}: {_rules(items)}"


def _rules(items: Iterable[Item | Undecided]) -> str:
    """Those about security first, with their titles where they are few."""
    rules = {item.rule.rule: item.rule for item in items}
    ordered = sorted(rules.values(), key=lambda rule: (rule.force != "security", rule.rule))
    return (", ".join(rule.rule for rule in ordered) if len(ordered) > MOST_TITLES
            else "; ".join(f"{rule.rule} {rule.title}" for rule in ordered))


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'s' * (number != 1)}"


def wrong(item: Item) -> str:
    """`x1–x3; made from uninitialised memory`."""
    kind = KINDS.get(item.finding.kind, item.finding.kind)
    return f"{item.finding.output}; made from {kind}" if item.finding.output else kind


def place(item: Item) -> str:
    return f"{item.finding.file}:{item.finding.line} ({item.finding.function})"


def calls(item: Item) -> str:
    texts = item.finding.calls
    left_out = [f"{len(texts) - MOST_CALLS} calls"] if len(texts) > MOST_CALLS else []
    return "; ".join([*left_out, *texts[-MOST_CALLS:]])


def parts(group: Iterable[Item]) -> str:
    names = list(dict.fromkeys(item.part.name for item in group))
    return f"part{'s' * (len(names) > 1)} {', '.join(names)}"


def fingerprints(group: Sequence[Item]) -> str:
    return f"fingerprint{'s' * (len(group) > 1)} {', '.join(item.finding.fingerprint for item in group)}"


def sayings(group: Iterable[Item]) -> list[str]:
    """What has to be known about some of a group, each once."""
    return list(dict.fromkeys(item.said for item in group if item.said))


def shortest(items: Sequence[Item]) -> Item:
    """The finding whose counterexample is told: few calls, then few lines that run, then few registers."""
    def length(item: Item) -> tuple[object, ...]:
        last = item.finding.told["calls"][-1]
        return (len(item.finding.calls), len(last["lines"]), len(last["before"]), item.rule.rule,
                item.finding.fingerprint)

    return min(items, key=length)


def groups(items: Iterable[Item]) -> list[list[Item]]:
    return list(by_place(items))


def again(group: Sequence[Item], asked: Asked) -> str:
    """The command that shows these findings of one rule alone, step by step."""
    item, functions = group[0], {item.part.function for item in group}
    words = [asked.again, f"--rule {item.rule.rule}"]
    words += [f"--function {shlex.quote(name)}" for name in sorted(functions) if "" not in functions]
    words += [f"--trust {item.trust}"]
    return " ".join([*words, *_reading(item.rule.profile, asked)])


def as_asked(asked: Asked) -> str:
    """The command that shows everything again."""
    options = asked.options
    words = [asked.again, *(f"--rule {shlex.quote(name)}" for name in options.rules)]
    words += [f"--function {shlex.quote(name)}" for name in options.functions]
    words += [f"--trust {trust}" for trust in options.trusts if options.trusts != Options().trusts]
    return " ".join([*words, *_reading(options.profile, asked)])


def _reading(profile: str, asked: Asked) -> list[str]:
    words = [f"--profile {profile}"] if profile != Options().profile else []
    return [*words, *([f"--page-size {asked.options.page_size}"] if asked.options.page_size else [])]


def registers(values: Mapping[str, str]) -> str:
    """`x0=0x84000060 x1–x7=0x0`: neighbours with one value are told once."""
    runs: list[tuple[str, str, str]] = []
    for name, value in values.items():
        if runs and runs[-1][2] == value and int(name[1:]) == int(runs[-1][1][1:]) + 1:
            runs[-1] = (runs[-1][0], name, value)
        else:
            runs.append((name, name, value))
    texts = (f"{first if first == last else f'{first}–{last}'}={value}" for first, last, value in runs)
    return " ".join(texts) or "all zero"


def shown_steps(course: Course) -> list[int]:
    """All, or of many those where something happens, and the first and the last one."""
    if len(course.steps) <= MOST_STEPS:
        return list(range(len(course.steps)))
    busy = {turn.step for turn in course.turns
            if turn.change.new or turn.change.mended or turn.change.lost or turn.change.opened or turn.change.closed
            or turn.change.recast}
    missing = {number for number, step in enumerate(course.steps) if step.judged is None}
    return sorted(busy | missing | {0, len(course.steps) - 1})


def moving_rules(course: Course) -> list[str]:
    """Rules with a finding, with something open, or whose status changes; the others are counted only."""
    known = {row.item.rule.rule for row in course.rows}
    fine = {"proved", "not-applicable", ""}
    return [rule for rule in course.rules
            if rule in known or len(set(course.statuses(rule))) > 1 or set(course.statuses(rule)) - fine]


def weaker_rows(courses: Sequence[Course]) -> list[list[Row]]:
    """For each course after the first, the rows whose finding no stricter one has."""
    seen = {row.item.finding.fingerprint for row in courses[0].rows}
    result = []
    for course in courses[1:]:
        rows = [row for row in course.rows if row.item.finding.fingerprint not in seen]
        seen |= {row.item.finding.fingerprint for row in rows}
        result.append(rows)
    return result
