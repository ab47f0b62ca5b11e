"""Reports of a course made up by hand: many findings, many steps, weaker levels."""

from __future__ import annotations

import json
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as policy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.unit.report.test_compare import PROVED, part, shown, side
from verify.prove.outcome import Status
from verify.report import diff_markdown, series_json, series_mail, series_markdown, series_text
from verify.report.course import Asked, Course, Step
from verify.report.course_words import registers, shown_steps, weaker_rows
from verify.report.difference import Difference
from verify.report.judged import Judged, Shown
from verify.verdict.options import Options

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "schema" / "series-1.json"
ASKED = Asked("title", "tree", "verify series m --tree t", ("a note",), Options())
CALL: dict[str, Any] = {
    "call": "FFA_VERSION(1.0)", "answer": "1.0", "outcome": "handled", "ended": None, "before": {"x0": "0x84000063"},
    "after": {f"x{number}": "0xaaaaaaaaaaaaaaaa" for number in range(18)}, "events": [], "locks_held": [], "lines": [],
    "state": {"before": {}, "after": {}},
}
TOLD = {"calls": [CALL] * 3, "boot": {}, "page_size": "4K", "unused_memory": "0xaa", "page": None, "index": None}


def many(count: int) -> list[Shown]:
    return [Shown(f"{number:016x}", "x1 is zero", f"function_{number}", "arch/arm64/kvm/hyp/nvhe/ffa.c", number, "x1",
                  "copied", "5" * 16, ("FFA_VERSION(1.0) → 1.0",) * 3, TOLD) for number in range(count)]


def course(*sides: Judged, trust: str = "L2") -> Course:
    last = len(sides) - 1
    return Course(tuple(Step(f"{number}/{last}" if number else "base", f"step {number}", one, ("a note",), mail="[PATCH] x")
                        for number, one in enumerate(sides)), trust)


def test_a_mail_stays_short_and_still_says_how_to_reproduce_it() -> None:
    found = course(*(side(part(*many(12 * number))) if number else side(PROVED) for number in range(30)))
    lines = series_mail.render([found], ASKED).splitlines()
    assert len(lines) < 100
    assert max(map(len, lines)) <= 76
    text = " ".join(" ".join(lines).split())
    assert "patch 1/29 introduces 12 violations" in text
    assert "[...] more in the report" in text
    assert "verify series m --tree t --rule FFA-VER-07 --function FFA_VERSION --trust L2" in text.replace(" \\ ", " ")


def mail_of(found: Course, asked: Asked = ASKED) -> tuple[EmailMessage, str]:
    """As a mail program reads it."""
    message = message_from_bytes(series_mail.render([found], asked).encode(), policy=policy)
    return message, " ".join(message.get_content().split())


def test_a_mail_is_one_whatever_its_subject() -> None:
    subject, identity = "[PATCH 1/1] größere Antworten " + "and more " * 12 + "→", f"<{'1' * 90}@b>"
    steps = (Step("base", "", side(PROVED)), Step("1/1", "x", side(part(*many(1))), mail=subject, identity=identity))
    message, text = mail_of(Course(steps, "L2"))
    assert message["Subject"] == f"Re: {subject}"
    assert message["In-Reply-To"] == message["References"] == identity
    assert (message["MIME-Version"], message.get_content_type(), message.get_content_charset()) == ("1.0", "text/plain", "utf-8")
    assert message.defects == []
    assert "FFA_VERSION(1.0) → 1.0" in text
    assert "Every counterexample was replayed" in text


def test_a_mail_about_nothing_names_what_was_asked() -> None:
    options = Options(("VER-*", "MSG-10"), ("FFA_VERSION",), trusts=("L2",), page_size="4K")
    asked = replace(ASKED, options=options)
    _, text = mail_of(course(side(PROVED), side(PROVED)), asked)
    assert ("verify series m --tree t --rule 'VER-*' --rule MSG-10 --function FFA_VERSION --trust L2 --page-size 4K"
            in text.replace(" \\ ", " "))
    assert "counterexample" not in text


def test_a_patch_without_a_subject_has_no_empty_one() -> None:
    _, text = mail_of(Course((Step("base", "", side(PROVED)), Step("bring.patch", "", side(part(*many(1))))), "L2"))
    assert "bring.patch introduces: 1." in text


def test_of_many_steps_those_are_shown_where_something_happens() -> None:
    found = course(*[side(PROVED)] * 6, *[side(part(*many(1)))] * 20)
    assert shown_steps(found) == [0, 6, 25]
    header = next(line for line in series_text.render([found], ASKED).splitlines() if line.startswith("rule, finding"))
    assert header.split()[-3:] == ["base", "6/25", "25/25"]
    assert "| base | 6/25 | 25/25 |" in series_markdown.render([found], ASKED)


def test_a_weaker_level_shows_what_the_stricter_one_has_not() -> None:
    def both(strict: list[Shown], weak: list[Shown]) -> Judged:
        one, other = side(part(*strict)), side(part(*weak), trust="L0")
        return Judged("t", "", (), {**one.rules, **other.rules})

    sides = both([], []), both(many(1), many(3))
    courses = [course(*sides, trust=trust) for trust in ("L2", "L0")]
    (rows,) = weaker_rows(courses)
    assert [row.item.finding.fingerprint for row in rows] == ["0" * 15 + "1", "0" * 15 + "2"]
    text = series_text.render(courses, ASKED)
    assert "patch 1/1 introduces 1 violation:" in text
    assert text.count("000000000000000") == 1 + 1 + 2
    assert "at L0 (needs faulty firmware" in text
    assert "### At L0 only" in series_markdown.render(courses, ASKED)
    jsonschema.validate(json.loads(series_json.render(courses, ASKED)), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_neighbouring_registers_with_one_value_are_told_once() -> None:
    assert registers({"x0": "0x1", "x1": "0x2", "x2": "0x2", "x4": "0x2"}) == "x0=0x1 x1–x2=0x2 x4=0x2"
    assert registers({}) == "all zero"


@pytest.mark.parametrize("render", [series_text.render, series_markdown.render, series_mail.render])
def test_nothing_happens(render: Any) -> None:
    assert "no step changes a verdict" in render([course(side(PROVED), side(PROVED))], ASKED)


@pytest.mark.parametrize("render", [series_text.render, series_markdown.render, series_mail.render])
def test_what_is_lost_is_in_the_verdict(render: Any) -> None:
    lost = side(part(status=Status.UNKNOWN, reason="too hard"))
    found = course(side(part(shown("a" * 16), reason="too hard")), lost)
    text = " ".join(render([found], ASKED).split())
    assert "patch 1/1 loses sight of 1 violation: FFA-VER-07 Title" in text
    assert "neither shown nor disproved: its part is unknown" in text
    difference = Difference(found.steps[0].judged or lost, lost, tuple(turn.change for turn in found.turns), None, (),
                            frozenset())
    assert diff_markdown.render(difference).startswith("## verify is undecided\n")


def test_what_is_kept_in_another_form_is_in_the_verdict() -> None:
    found = course(side(part(shown("a" * 16))), side(part(shown("b" * 16))))
    text = " ".join(series_text.render([found], ASKED).split())
    assert "* patch 1/1 keeps 1 violation in another form: FFA-VER-07 Title" in text


def test_a_finding_without_its_registers_can_be_compared_all_the_same() -> None:
    found = course(side(part(shown("a" * 16))), side(PROVED))
    assert "patch 1/1 mends 1 violation" in series_text.render([found], ASKED)
