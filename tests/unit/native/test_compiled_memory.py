"""Calls about memory, on the reference mediator: the interpreter's run and the compiled one are the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import pytest

from specs.bindings.pkvm import PKVM
from tests.mediators.trees import REFERENCE, folder
from verify.frontend.unit import lower_tree
from verify.interpret.session import CallDone, HostWrites, Session
from verify.interpret.spmc import Spmc
from verify.ir.function import Unit
from verify.native.confirm import Run, execute
from verify.native.program import Subject, program
from verify.native.statement import judged
from verify.prove.histories import TX, histories
from verify.prove.outcome import Cause, Episode, Finding
from verify.rules.rule import Part, Rule, part, require
from verify.rules.scene import Scene
from verify.rules.words import Truth
from verify.source.tree import read_tree
from verify.terms import build as t

SMCCC = ("kvm_host_psci_config.smccc_version", 0x10002)
CAUSE = Cause("f", "a.c", 1, ("outcome",), "access", "", "0" * 16)
VERSION = 0x10001
pytestmark = pytest.mark.compiler


def never(scene: Scene) -> Iterator[Part]:
    """Wrong whatever happens: what is looked at is whether all else happens."""
    yield part("part", Truth(t.TRUE), [require("never", Truth(t.FALSE), "outcome")])


RULE = Rule("FFA-TST-01", "Never", (), "spec", "high", never, ("SEED",))


@cache
def unit() -> Unit:
    return lower_tree(read_tree(folder(REFERENCE)).files)


@dataclass(frozen=True)
class Done:
    episode: Episode

    def natively(self, episode: Episode | None = None) -> Run:
        finding = Finding(CAUSE, "never", episode or self.episode, "0" * 16)
        known = judged(RULE, "SEED", "part", finding, unit().constants, VERSION)
        return execute(program(Subject(unit(), PKVM, "a test", finding, known)), folder(REFERENCE))


def interpreted(name: str, shift: int = 12) -> Done:
    session = Session(unit(), Spmc(0xAA, version=VERSION), shift, init=PKVM.init)
    session.machine.set_static(*SMCCC)
    assert session.initialise() == 0
    boot = tuple(session.machine.log.smcs)
    history = next(one for one in histories(VERSION, 1 << shift, 1 << shift) if one.name == name)
    done = tuple(session.call(*call) for call in history.calls)
    return Done(Episode(shift, 0xAA, (SMCCC,), (), done, boot, names=PKVM, physical=session.pages))


@pytest.mark.parametrize(("name", "shift"), [
    ("share three ranges, reclaim", 12), ("share in fragments of 1, 2 ranges, reclaim", 14),
    ("lend a page and the mailbox", 16), ("partition info again", 12), ("unmap twice", 12),
    ("share: a decoy before the EMAD", 12)])
def test_all_that_happens_happens_natively(name: str, shift: int) -> None:
    run = interpreted(name, shift).natively()
    assert run.status == 1 and run.differences == [], run.output


def with_last(episode: Episode, last: CallDone) -> Episode:
    return replace(episode, calls=(*episode.calls[:-1], last))


def test_what_the_host_writes_matters() -> None:
    done = interpreted("share three ranges")
    last = done.episode.calls[-1]
    written = bytearray(last.host.before[TX])
    written[-16] ^= 0x10
    run = done.natively(with_last(done.episode, replace(last, host=HostWrites({TX: bytes(written)}))))
    assert run.status == 0 and run.differences


def test_a_copy_finds_what_is_written_just_before() -> None:
    """The same bytes, but only while EL2 looks."""
    done = interpreted("share three ranges")
    last = done.episode.calls[-1]
    content = last.host.before[TX]
    late = HostWrites({TX: bytes(len(content))}, (dict(enumerate(content)),))
    assert done.natively(with_last(done.episode, replace(last, host=late))).differences == []
    lost = HostWrites({TX: bytes(len(content))}, ())
    assert done.natively(with_last(done.episode, replace(last, host=lost))).differences


def test_which_buffers_are_used_matters() -> None:
    done = interpreted("share three ranges")
    last = done.episode.calls[-1]
    log = replace(last.log, buffers=[event for event in last.log.buffers if event.buffer != PKVM.own_tx])
    run = done.natively(with_last(done.episode, replace(last, log=log)))
    assert run.status == 0 and any("hyp_buffers.tx is used" in line for line in run.differences)


def test_what_el2_sends_matters() -> None:
    done = interpreted("share three ranges")
    last = done.episode.calls[-1]
    smc = next(one for one in last.log.smcs if one.tx is not None)
    assert smc.tx is not None
    other = replace(smc, tx=replace(smc.tx, content={**smc.tx.content, 0: 0x77}))
    log = replace(last.log, order=[other if one is smc else one for one in last.log.order])
    run = done.natively(with_last(done.episode, replace(last, log=log)))
    assert run.status == 0 and any("of what it sends" in line for line in run.differences)


def test_of_conjuncts_with_the_same_words_the_one_that_fails() -> None:
    def some(scene: Scene) -> Iterator[Part]:
        holds = [Truth(t.TRUE), scene.result.x(0) == 1, Truth(t.TRUE)]
        yield part("part", Truth(t.TRUE), [require("never", truth, "outcome") for truth in holds])

    finding = Finding(CAUSE, "never", interpreted("unmap").episode, "0" * 16)
    known = judged(replace(RULE, statement=some), "SEED", "part", finding, unit().constants, VERSION)
    assert [str(one.value) for one in known.statements] == ["(eq x0 0x1)"]
