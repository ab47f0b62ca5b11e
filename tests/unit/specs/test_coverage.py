"""Each rule of the catalogue has an owner, and who is said to own it does."""

from __future__ import annotations

import pytest

import specs
from specs.coverage import AXIOM, BEYOND, ENCODED, GROUPS, OPEN, OWNERS
from verify.prove.trust import AXIOMS
from verify.rules.rule import Rule, registered

specs.load()
HEADINGS = ("Clause:", "Reading:", "Applies to:", "Not covered:")


def test_every_rule_has_an_owner() -> None:
    wanted = {f"FFA-{group}-{number:02}" for group, count in GROUPS.items() for number in range(1, count + 1)}
    assert len(wanted) == 120
    beyond = {f"FFA-{group}-{number:02}" for group, numbers in BEYOND.items() for number in numbers}
    assert not beyond & wanted
    assert set(OWNERS) == wanted | beyond


def test_what_is_encoded_is_registered() -> None:
    assert {name for name, owner in OWNERS.items() if owner.how == ENCODED} == {rule.identity for rule in registered()}


def test_axioms_are_axioms() -> None:
    assert {name for name, owner in OWNERS.items() if owner.how == AXIOM} <= {axiom.rule for axiom in AXIOMS}


def test_what_is_not_encoded_has_a_reason() -> None:
    assert {owner.how for owner in OWNERS.values()} <= {ENCODED, AXIOM, OPEN}
    assert [name for name, owner in OWNERS.items() if owner.how != ENCODED and not owner.why] == []


@pytest.mark.parametrize("rule", registered(), ids=lambda rule: rule.identity)
def test_a_rule_says_what_it_is_and_is_not(rule: Rule) -> None:
    text = rule.documentation
    assert [heading for heading in HEADINGS if heading not in text] == []
