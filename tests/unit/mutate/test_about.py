"""What a rule is not asked about, since it does not speak of it: that must never be what it would have answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial

import pytest

import specs
from tests.unit.mutate.test_trial import UNIT, target, trial
from verify.mutate.about import About, about
from verify.mutate.situations import Node
from verify.prove.concrete_scene import concrete_scene
from verify.prove.failing import is_met
from verify.rules.rule import Part, Rule, part, registered, require
from verify.rules.scene import Scene
from verify.terms import build as t

specs.load()
SOME = 300
"""Calls of which one is looked at."""
PAGES = (0, 0x80000, 0x80001)


@cache
def known() -> dict[str, About]:
    return {rule.identity: about(rule, target(), "SEED") for rule in registered()}


def the(name: str) -> Rule:
    return next(rule for rule in registered() if rule.identity == f"FFA-{name}")


def nodes() -> Iterator[Node]:
    todo = [node for tree in trial().trees for node in tree.children.values()]
    while todo:
        node = todo.pop()
        yield node
        todo += node.children.values()


def scene(node: Node, page: int) -> Scene:
    return concrete_scene(node.done, target().binding, "SEED", UNIT.constants, target().max_version, page)


def test_a_rule_is_met_only_by_calls_of_its_functions() -> None:
    named = {rule: found for rule in registered() if (found := known()[rule.identity].functions) is not None}
    assert len(named) > 40
    called = list(nodes())[::SOME]
    met = 0
    for node in called:
        for rule, functions in named.items():
            if node.done.before[0] & 0xFFFF not in functions:
                assert not any(map(is_met, rule.statement(scene(node, 0)))), (rule.identity, node.step)
            else:
                met += any(map(is_met, rule.statement(scene(node, 0))))
    assert met > 20


@pytest.mark.parametrize(("name", "page"), [
    ("VER-03", False), ("CC-08", False), ("BUF-02", True), ("MEM-17", True), ("SEC-13", True)])
def test_rules_speak_of_the_followed_page_or_they_do_not(name: str, page: bool) -> None:
    assert known()[the(name).identity].page == page


def test_what_does_not_speak_of_the_page_says_the_same_of_each() -> None:
    rules = [rule for rule in registered() if not known()[rule.identity].page]
    assert len(rules) > 90
    for node in list(nodes())[::SOME * 3]:
        for rule in rules:
            first, *others = [list(rule.statement(scene(node, page))) for page in PAGES]
            for other in others:
                assert [(one.name, one.given.term, [x.holds.term for x in one.then]) for one in other] == [
                    (one.name, one.given.term, [x.holds.term for x in one.then]) for one in first], rule.identity


def test_a_page_is_spoken_of_though_its_states_are_compared_with_each_other() -> None:
    def kept(scene: Scene) -> Iterator[Part]:
        yield part("kept", ~scene.undispatched, require("it stays", scene.page.before == scene.page.after))

    def conditional(which: str, scene: Scene) -> Iterator[Part]:
        met = scene.page.pinned_before if which == "premise" else scene.truth(True)
        yield part("held", met, require("it stays", scene.page.pinned_after | ~scene.page.pinned_before))

    for statement in (kept, partial(conditional, "premise"), partial(conditional, "conclusion")):
        assert about(replace(the("VER-03"), statement=statement), target(), "SEED").page
    assert t.TRUE not in [one.given.term for one in kept(target().scene("SEED"))]
