"""A counterexample names its page where the rule holds for others, and only there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from specs.bindings.pkvm import PKVM
from tests.unit.report.test_sequence import EXTRACTED, WRITER
from verify.interpret.session import Session
from verify.interpret.spmc import Spmc
from verify.prove.histories import DATA
from verify.prove.replay import Replay
from verify.prove.reset import Script
from verify.prove.target import make_target
from verify.rules.rule import Part, Require, Rule
from verify.rules.scene import Scene
from verify.rules.words import Truth
from verify.snapshot import store
from verify.terms import build as t

BOOT = (("kvm_host_psci_config.smccc_version", 0x10002),)


def statement(scene: Scene) -> list[Part]:
    page = t.eq(scene.page.before.term, scene.page.after.term)
    requires = (Require("its state stays", Truth(page), "page"), Require("never", Truth(t.FALSE), "x0"))
    return [Part("part", "", Truth(t.TRUE), requires, Truth(t.TRUE), Truth(t.FALSE))]


def test_the_page_is_named_where_it_matters() -> None:
    unit = store.read(EXTRACTED / "6.12")[0]
    calls = (*WRITER.start(), WRITER.send(WRITER.descriptor(1)))
    session = Session(unit, Spmc(version=0x10001), 12)
    session.machine.set_static(*BOOT[0])
    session.initialise()
    smcs = list(session.machine.log.smcs)
    for registers, host in calls:
        smcs += session.call(registers, host).log.smcs
    script = Script(
        12, BOOT, (), (), tuple((*x, *[0] * (31 - len(x))) for x, _ in calls), tuple(smc.results for smc in smcs), {},
        tuple(host for _, host in calls), page=DATA >> 12, index=3)
    rule = cast(Rule, SimpleNamespace(identity="X", statement=statement))
    replay = Replay(make_target(unit, PKVM), rule, "SEED", script, "part")
    stays, never = (Require(text, Truth(t.FALSE), "") for text in ("its state stays", "never"))
    assert (replay.confirm(stays).page, replay.confirm(stays).index) == (DATA >> 12, None)
    assert (replay.confirm(never).page, replay.confirm(never).index) == (None, None)
