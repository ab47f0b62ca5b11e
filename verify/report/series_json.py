"""A series as JSON, schema 1 (docs/schema/series-1.json). Equal runs give equal bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from verify import __version__
from verify.report.compare import Item, Undecided
from verify.report.course import Asked, Course, Row, Step, Turn

SCHEMA = 1


def render(courses: Sequence[Course], asked: Asked) -> str:
    """`courses`: the strictest trust level first, which decides."""
    options = asked.options
    data = {
        "schema": SCHEMA, "tool": __version__, "title": asked.title, "base": asked.base, "profile": options.profile,
        "page_sizes": list(options.page_sizes), "trust": courses[0].trust, "notes": list(asked.notes),
        "exit_status": courses[0].exit_status(asked.tolerated(courses[0].trust)),
        "steps": [_step(step) for step in courses[0].steps],
        "levels": [_level(course, asked) for course in courses],
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _step(step: Step) -> dict[str, Any]:
    return {"name": step.name, "subject": step.subject, "revision": step.judged.revision if step.judged else "",
            "notes": list(step.notes), "problem": step.problem}


def _level(course: Course, asked: Asked) -> dict[str, Any]:
    return {
        "trust": course.trust,
        "rules": [{"rule": name, "title": rule.title, "statuses": [status or None for status in course.statuses(name)]}
                  for name, rule in course.rules.items()],
        "findings": [_row(course, row, asked) for row in course.rows],
        "turns": [_turn(course, turn) for turn in course.turns],
    }


def _row(course: Course, row: Row, asked: Asked) -> dict[str, Any]:
    name = row.item.finding.fingerprint
    reasons = asked.accepted(course.trust)
    told = {"accepted": reasons[name]} if name in reasons else {}
    return {
        **finding_json(row.item), "steps": [cell.value for cell in row.cells],
        "brought": course.steps[row.brought].name if row.brought is not None else None,
        "mended": course.steps[row.mended].name if row.mended is not None else None, **told,
    }


def finding_json(item: Item) -> dict[str, Any]:
    """All but registers and events, which `verify run --format json` tells."""
    finding = item.finding
    return {
        **_item(item), "function": item.part.function, "clause": finding.clause,
        "cause": {"function": finding.function, "file": finding.file, "line": finding.line, "output": finding.output,
                  "kind": finding.kind},
        "calls": list(finding.calls),
    }


def _turn(course: Course, turn: Turn) -> dict[str, Any]:
    """What a step does, against the last one before it that was judged."""
    change, fresh = turn.change, {item.finding.fingerprint for item in course.brings(turn)}
    return {
        "step": course.steps[turn.step].name, "since": course.steps[turn.since].name,
        "brings": [{**_item(item), "was_in_base": item.finding.fingerprint not in fresh} for item in change.new],
        "mends": [_item(item) for item in change.mended], "loses": [_item(item) for item in change.lost],
        "recast": [{"was": old.finding.fingerprint, **_item(new)} for old, new in change.recast],
        "undecided": [undecided_json(item) for item in change.opened],
        "decided": [undecided_json(item) for item in change.closed],
    }


def _item(item: Item) -> dict[str, Any]:
    return {"fingerprint": item.finding.fingerprint, "rule": item.rule.rule, "part": item.part.name, "said": item.said}


def undecided_json(item: Undecided) -> dict[str, Any]:
    return {"rule": item.rule.rule, "part": item.part.name, "why": item.why}
