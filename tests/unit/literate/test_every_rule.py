"""Each rule of the book has a literate test of code that keeps it, and one of code that breaks it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import specs
from verify.literate.document import read_examples
from verify.prove.outcome import Status
from verify.rules.rule import registered

specs.load()

FOLDER = Path(__file__).resolve().parents[2] / "rules"
WITHOUT: dict[tuple[str, Status], str] = {}
"""Rules that have no such example, and why. A row goes as soon as the example is there."""


def covered(status: Status) -> set[str]:
    """The rules of which some example expects this: all of the rule, or for a violation, a part."""
    expected = [item for path in sorted(FOLDER.glob("*.md")) for example in read_examples(path)
                for item in example.expected
                if item.status is status and (status is Status.VIOLATED or not item.part)]
    return {rule.identity for rule in registered() if any(fnmatchcase(rule.identity, item.rule) for item in expected)}


def book() -> set[str]:
    return {rule.identity for rule in registered() if not rule.is_own}


@pytest.mark.parametrize("status", [Status.PROVED, Status.VIOLATED])
def test_every_rule_has_an_example_or_a_reason(status: Status) -> None:
    excused = {rule for rule, what in WITHOUT if what is status}
    assert sorted(book() - covered(status) - excused) == [], "write an example into tests/rules, or a reason here"
    assert sorted(excused & covered(status)) == [], "there is an example: take the reason out"


def test_reasons_are_about_rules_and_say_something() -> None:
    assert {rule for rule, _ in WITHOUT} <= book()
    assert {status for _, status in WITHOUT} <= {Status.PROVED, Status.VIOLATED}
    assert all(len(reason) > 20 for reason in WITHOUT.values())
