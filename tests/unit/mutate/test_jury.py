"""Which pages and bytes a call is judged by."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from verify.interpret.events import FaultDone, Log
from verify.interpret.memory import Snapshot
from verify.interpret.session import NO_WRITES, CallDone
from verify.interpret.world import World
from verify.ir.span import NOWHERE
from verify.mutate import jury
from verify.mutate.about import About
from verify.prove.claims import HAZARD
from verify.rules import Truth, part, require
from verify.terms import build as t


def done(*transfers: tuple[int, int], message: bytes = b"") -> Any:
    asked = [SimpleNamespace(first=first, count=count) for first, count in transfers]
    sent = [SimpleNamespace(tx=Snapshot(dict(enumerate(message)), 4096))] if message else []
    return SimpleNamespace(log=SimpleNamespace(transfers=asked, smcs=sent))


def test_pages_that_the_page_tables_are_asked_about_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many others lie before them, by number."""
    monkeypatch.setattr(jury, "interesting_pages", lambda calls: list(range(100)))
    found = jury._pages(done((0x90000, 3), (0x90010, 1)))
    assert found[:3] == [0x90000, 0x90002, 0x90010] and len(found) == jury.MOST_PAGES


def test_bytes_that_are_not_zero_are_looked_at_where_a_rule_speaks_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jury, "interesting_indices", lambda one: [0, 1, 2])
    message = bytes(28) + b"\xaa" * 4 + bytes(16)
    assert jury._indices(done(message=message), True) == [0, 1, 28, 29, 30, 31]
    assert jury._indices(done(message=message), False) == [0, 1]


@pytest.mark.parametrize(("kind", "looked_at"), [("endless-loop", jury.MOST_EVENTS), ("invalid-pointer", 2000)])
def test_of_a_call_without_an_end_its_beginning_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, kind: str, looked_at: int
) -> None:
    seen: list[CallDone] = []
    monkeypatch.setattr(jury.Jury, "_by", lambda self, rule, call, look: seen.append(call) or ())
    events: Any = [SimpleNamespace()] * 2000
    pages = World().now()
    call = CallDone((), (), False, kind, Log(smcs=events, order=events, blocks={("f", "entry")}), (), (), (), NO_WRITES,
                    (pages, pages), 12, (), FaultDone(kind, "", NOWHERE, "f"))
    rule: Any = SimpleNamespace(identity="X")
    target: Any = None
    jury.Jury(target, [rule], "SEED").broken(call, lambda what: None, lambda: None)
    assert [len(one.log.smcs) for one in seen] == [len(one.log.order) for one in seen] == [looked_at]
    assert seen[0].log.blocks == {("f", "entry")} and len(call.log.smcs) == 2000


@pytest.mark.parametrize(("output", "looks"), [("smc", 1), (HAZARD, 6)])
def test_rules_that_speak_of_no_hazard_look_once_at_a_call_that_ended_in_one(
    monkeypatch: pytest.MonkeyPatch, output: str, looks: int
) -> None:
    monkeypatch.setattr(jury.Jury, "_speaks", lambda self, rule: About(True, True, None))
    monkeypatch.setattr(jury, "_pages", lambda call: [1, 2, 3])
    monkeypatch.setattr(jury, "_indices", lambda call, of_bytes: [0, 1])
    scenes: list[object] = []
    one: Any = part("p", Truth(t.FALSE), require("never", Truth(t.FALSE), output))
    rule: Any = SimpleNamespace(identity="X", statement=lambda scene: scenes.append(scene) or [one])
    call: Any = SimpleNamespace(ended=FaultDone("invalid-pointer", "", NOWHERE, "f"))
    look: Any = SimpleNamespace(scene=lambda done, page, index: (page, index), second=lambda *what: None)
    target: Any = None
    assert not list(jury.Jury(target, [], "SEED")._by(rule, call, look))
    assert len(scenes) == looks
