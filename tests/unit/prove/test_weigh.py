"""Other inputs in the place of a counterexample's: what matters, what does not, and what keeps the rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from tests.answers import answers_alone
from tests.unit.report.test_sequence import V1_1, WRITER, run
from verify.errors import ReplayMismatch
from verify.interpret.descriptors import Descriptor
from verify.interpret.events import SmcDone
from verify.interpret.world import FOREIGN
from verify.ir.function import Unit
from verify.ir.span import NOWHERE
from verify.native.findings import Told, all_told, written
from verify.native.statement import NotShown
from verify.prove.histories import DATA
from verify.prove.inputs import Kind, Place, changed, inputs_of, values
from verify.prove.outcome import Cause, Episode, Finding
from verify.prove.rerun import Outcome, Rerun
from verify.prove.target import FFA_VERSION
from verify.prove.weigh import Explained, Weight, explain
from verify.rules.book import load_rules
from verify.snapshot import store
from verify.verdict.options import Options
from verify.verdict.run import TargetRun, judge_target

LATE = ("if (wanted >= hyp_ffa_version)", "if (wanted >= hyp_ffa_version || cpu_reg(ctxt, 2) == 0x30)")
"""A lower minor is answered after an agreement, if x2 is 0x30."""
UNSET = ("    int k;\n\n    cpu_reg(ctxt, 0) = a0;", "    u64 k;\n\n    cpu_reg(ctxt, 0) = a0;")
LEAKED = ("    cpu_reg(ctxt, 5) = 0;", "    cpu_reg(ctxt, 5) = k;")
OPTIONS = Options(("VER-07", "SEC-01"), ("FFA_VERSION",), trusts=("L2",))
EXTRACTED = Path(__file__).parents[3] / "extracted"
W0, UPPER0, W1, W2, UPPER2 = 0, 1, 2, 4, 5


@dataclass(frozen=True)
class Case:
    unit: Unit
    run: TargetRun

    def rerun(self, rule: str, unit: Unit | None = None) -> Rerun:
        told: Told = next(told for told in all_told(self.run) if told.result.rule == rule)
        return Rerun(unit or self.unit, self.run.rules[rule], "SEED", told.part.name, told.finding)


@pytest.fixture(scope="module")
def case() -> Case:
    unit = mini.unit(LATE, UNSET, LEAKED)
    return Case(unit, judge_target("mini", "", unit, PKVM, OPTIONS.select(load_rules()), OPTIONS, reuse=answers_alone()))


@pytest.fixture(scope="module")
def late(case: Case) -> tuple[Rerun, Explained]:
    rerun = case.rerun("FFA-VER-07")
    return rerun, explain(rerun)


def weights(found: Explained) -> dict[Place, Weight]:
    return {place: one.weight for one in found.weighed for place in one.places}


def test_what_the_violation_forces_and_what_it_does_not_need(late: tuple[Rerun, Explained]) -> None:
    """The last call's function, version and x2 matter; nothing else of it does."""
    rerun, found = late
    known = weights(found)
    last = len(rerun.episode.calls)
    assert known.keys() == values(inputs_of(rerun.episode)).keys()
    assert known[Place(last, Kind.REGISTER, 0, W0)] is not Weight.FREE
    assert known[Place(last, Kind.REGISTER, 1, W1)] is not Weight.FREE
    assert all(known[Place(last, Kind.REGISTER, 2, at)] is Weight.FORCED for at in (W2, UPPER2))
    others = {*range(62)} - {W0, W1, W2, UPPER2}
    assert all(known[Place(last, Kind.REGISTER, at // 2, at)] is Weight.FREE for at in others)
    assert found.without and Outcome.VIOLATED not in found.without


def test_the_smallest_change_keeps_the_rule(late: tuple[Rerun, Explained]) -> None:
    rerun, found = late
    inputs = rerun.begin()
    best = found.mends[0]
    ((place, old, new),) = best.values
    assert place == Place(len(rerun.episode.calls), Kind.REGISTER, 2, W2) and best.bits == 1
    assert old == 0x30 and rerun.outcome(changed(inputs, {place: new})).outcome is Outcome.KEPT
    assert rerun.outcome(changed(inputs, {place: old})).outcome is Outcome.VIOLATED
    assert found.aside is not None
    aside = {place: new for place, _, new in found.aside.values}
    assert rerun.outcome(changed(inputs, aside)).outcome is Outcome.ASIDE


def test_all_that_does_not_matter_is_changed_at_once(late: tuple[Rerun, Explained]) -> None:
    rerun, found = late
    inputs = rerun.begin()
    free = {place for place, weight in weights(found).items() if weight is Weight.FREE} - set(found.linked)
    now = values(inputs)
    assert free
    assert rerun.outcome(changed(inputs, {place: now[place] ^ 1 for place in free})).outcome is Outcome.VIOLATED


def test_a_leak_is_hidden_by_variables_that_are_filled_and_a_late_answer_is_not(case: Case) -> None:
    leak, late = case.rerun("FFA-SEC-01"), case.rerun("FFA-VER-07")
    assert leak.outcome(leak.begin()).outcome is Outcome.VIOLATED
    assert leak.outcome(leak.begin(), stack=0).outcome is Outcome.KEPT
    assert late.outcome(late.begin(), stack=0).outcome is Outcome.VIOLATED


def test_code_that_is_mended_does_not_show_it(case: Case) -> None:
    for rule in ("FFA-VER-07", "FFA-SEC-01"):
        with pytest.raises(ReplayMismatch, match="do not show the violation"):
            explain(case.rerun(rule, mini.unit()))


def test_the_same_is_tried_again_in_the_same_order(case: Case) -> None:
    assert explain(case.rerun("FFA-SEC-01")) == explain(case.rerun("FFA-SEC-01"))


# -- two calls -----------------------------------------------------------------------------------------------


def test_calls_that_differ_in_bits_that_must_not_matter() -> None:
    """Each is run again as it is; one that shows itself by an SMC of one call alone is nothing that compiled code shows."""
    wide = ("if ((wanted >> 16) != 1)", "if ((wanted >> 16) != 1 || cpu_reg(ctxt, 0) >> 40)")
    options = Options(("CC-01",), ("FFA_VERSION",), trusts=("L2",))
    unit = mini.unit(wide)
    run = judge_target("mini", "", unit, PKVM, options.select(load_rules()), options, reuse=answers_alone())
    shown, refused = 0, 0
    for told in all_told(run):
        rerun = Rerun(unit, run.rules["FFA-CC-01"], "SEED", told.part.name, told.finding)
        assert rerun.outcome(rerun.begin()).outcome is Outcome.VIOLATED
        try:
            shown += bool(written(run, unit, PKVM, told))
        except NotShown as why:
            refused += "an SMC" in str(why)
            assert rerun.episode.second is not None
            made = [len(one.calls[-1].log.smcs) for one in (rerun.episode, rerun.episode.second)]
            assert sorted(made) == [0, 1]
    assert shown and refused


# -- places --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def linux() -> Unit:
    return store.read(EXTRACTED / "6.12")[0]


def shared(unit: Unit, descriptor: Descriptor) -> Episode:
    """FFA_MEM_SHARE of it, from reset."""
    done = tuple(run(unit, WRITER.send(descriptor)))
    boot = SmcDone((FFA_VERSION, V1_1, *[0] * 16), (V1_1, *[0] * 17), False, NOWHERE, "hyp_ffa_init")
    return Episode(12, 0xAA, (("kvm_host_psci_config.smccc_version", 0x10002),), (), done, (boot,), names=PKVM)


@pytest.fixture(scope="module")
def episode(linux: Unit) -> Episode:
    return shared(linux, WRITER.descriptor(1))


def test_every_place_can_be_changed_by_itself(episode: Episode) -> None:
    inputs = inputs_of(episode)
    now = values(inputs)
    assert {place.kind for place in now} >= {Kind.BOOT, Kind.PAGES, Kind.ANSWER, Kind.MEMORY, Kind.REGISTER}
    assert changed(inputs, {}) == inputs
    for place, old in now.items():
        other = changed(inputs, {place: old ^ 1})
        assert values(other) == {**now, place: old ^ 1}, place


def test_what_the_host_writes_while_el2_looks_has_places_as_well(episode: Episode) -> None:
    """Bytes that nobody spoke of are 0 and can be others."""
    last = episode.calls[-1]
    host = replace(last.host, before={}, looks=({4: 0x2F},))
    inputs = inputs_of(replace(episode, calls=(*episode.calls[:-1], replace(last, host=host))))
    looks = {place: value for place, value in values(inputs).items() if place.kind is Kind.LOOK}
    at = len(inputs.calls) - 1
    assert looks[Place(at, Kind.LOOK, 0, 4)] == 0x2F and looks[Place(at, Kind.LOOK, 0, 8)] == 0
    other = changed(inputs, {Place(at, Kind.LOOK, 0, 8): 0x1234})
    assert other.calls[at].looks == ({4: 0x2F, 8: 0x34, 9: 0x12, 10: 0, 11: 0},)


def test_pages_are_told_as_they_are_at_first(episode: Episode) -> None:
    pages = [place for place in values(inputs_of(episode)) if place.kind is Kind.PAGES]
    assert any(place.item <= DATA >> 12 < place.at for place in pages)


# -- memory --------------------------------------------------------------------------------------------------


def test_a_range_that_is_not_aligned_is_mended_in_the_message(linux: Unit) -> None:
    """Public: MEM-11. Its address is in memory, and whose page it is in the page tables."""
    episode = replace(shared(linux, Descriptor(V1_1, ((DATA + 0x10, 1),))), index=0)
    finding = Finding(Cause("ffa_mem_xfer", "ffa.c", 1, ("smc",), "smc", "", ""), "ranges are aligned to 4096 bytes", episode)
    rule = next(rule for rule in load_rules() if rule.identity == "FFA-MEM-11")
    rerun = Rerun(linux, rule, "SEED", "FFA_MEM_SHARE, 1.1", finding)
    inputs = rerun.begin()
    now = values(inputs)
    assert rerun.outcome(inputs).outcome is Outcome.VIOLATED
    (address,) = (place for place, value in now.items() if place.kind is Kind.MEMORY and value == DATA + 0x10)
    assert rerun.outcome(changed(inputs, {address: DATA + 0x20})).outcome is Outcome.VIOLATED
    assert rerun.outcome(changed(inputs, {address: DATA})).outcome is Outcome.KEPT
    (page,) = (place for place in now if place.kind is Kind.PAGES and place.item <= DATA >> 12 < place.at)
    assert rerun.outcome(changed(inputs, {page: FOREIGN})).outcome is Outcome.ASIDE
    assert rerun.outcome(inputs.without(2)).outcome is Outcome.ASIDE
