"""Ordinary and hostile histories of memory calls, judged on numbers: the reference keeps every rule, Linux does not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from specs.bindings.pkvm import PKVM
from tests.mediators.trees import REFERENCE, binding, files
from verify.frontend.unit import lower_tree
from verify.interpret.session import CallDone, Session
from verify.interpret.spmc import Spmc
from verify.ir.function import Unit
from verify.prove.concrete_scene import concrete_scene
from verify.prove.histories import DATA, TX, histories
from verify.rules.binding import Binding
from verify.rules.rule import Part, registered
from verify.snapshot import store

GROUPS = ("FFA-BUF", "FFA-MEM", "FFA-SEC")
PLACES = ((DATA >> 12, 0), (TX >> 12, 1))
"""Pages and indices."""
EXTRACTED = Path(__file__).parents[2] / "extracted"
BROKEN = {"FFA-BUF-06", "FFA-MEM-09", "FFA-MEM-10", "FFA-MEM-11", "FFA-MEM-14", "FFA-MEM-19", "FFA-SEC-03"}
"""By 6.12, at least (docs/findings.md has the public ones)."""


def last_calls(unit: Unit, version: int) -> Iterator[tuple[str, CallDone]]:
    for history in histories(version):
        session = Session(unit, Spmc(), trace=False)
        for name, item in unit.statics.items():
            for member in item.fields:
                if item.is_external and member.path == "smccc_version":
                    session.machine.set_static(f"{name}.{member.path}", 0x10002)
        assert session.initialise() == 0
        yield history.name, [session.call(registers, host) for registers, host in history.calls][-1]


def judged(unit: Unit, names: Binding, profile: str, version: int) -> Iterator[tuple[str, str, Part]]:
    """(history, rule, part) whose premise is met; a call that ended in a fault has no result to judge."""
    for history, done in last_calls(unit, version):
        if done.ended is not None:
            continue
        for page, index in PLACES:
            scene = concrete_scene(done, names, profile, unit.constants, 0x10002, page, index)
            for rule in registered():
                if rule.identity.startswith(GROUPS):
                    yield from ((history, rule.identity, part) for part in rule.statement(scene)
                                if part.given.term.is_const and part.given.term.value)


def broken(part: Part) -> list[str]:
    return [item.text for item in part.then if item.independent is None and not item.holds.term.value]


@cache
def reference() -> Unit:
    return lower_tree(files(REFERENCE))


@pytest.mark.parametrize("version", [0x10000, 0x10001, 0x10002])
def test_the_reference_keeps_the_rules(version: int) -> None:
    found = list(judged(reference(), binding(REFERENCE), "STRICT", version))
    wrong = [(history, rule, part.name, broken(part)) for history, rule, part in found if broken(part)]
    assert wrong == []
    assert len({rule for _, rule, _ in found}) > 35


def test_the_reference_never_faults() -> None:
    assert [name for name, done in last_calls(reference(), 0x10001) if done.ended is not None or done.log.warns] == []


def test_linux_breaks_some() -> None:
    unit, _ = store.read(EXTRACTED / "6.12")
    found = {rule for _, rule, part in judged(unit, PKVM, "SEED", 0x10001) if broken(part)}
    assert found >= BROKEN
