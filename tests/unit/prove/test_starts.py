"""States in which hunts begin: nothing of what led there is left open."""

from __future__ import annotations

from collections import Counter

import pytest

import specs
from specs.bindings.pkvm import PKVM
from verify.cli.targets import from_snapshots, snapshot_folder
from verify.engine.transition import function_number
from verify.interpret.world import OWN, SHARED_HYP
from verify.prove.histories import RX, TX
from verify.prove.samples import make_samples
from verify.prove.starts import Start, Starts, make_starts
from verify.prove.states import MOST_ALIKE, StateHunt
from verify.prove.target import STEP, Target, make_target
from verify.rules.rule import registered
from verify.solve.query import Solver
from verify.solve.simplify import conjuncts
from verify.terms import build as t

specs.load()
RULES = {rule.identity: rule for rule in registered()}


def _left(target: Target, start: Start) -> int | None:
    """The length of EL2's descriptor buffer, which EL3's answer at boot decides about."""
    (length,) = start.at([target.step.before["ffa_desc_buf.len"].term])
    return length.value if length.is_const else None


@pytest.fixture(scope="module")
def starts() -> Starts:
    (chosen,) = from_snapshots(snapshot_folder(), ("6.12",))
    return make_starts(make_target(chosen.unit, PKVM, memory=True, rounds=2))


def test_an_el3_without_rules_leads_to_states_of_its_own(starts: Starts) -> None:
    """It refuses at boot and takes part later; it gives back a page that nobody shared. Not where it conforms."""
    found = {start.name: start for start in starts.items if not start.conforms}
    late = found["1.1, EL3 refused at boot: map"]
    assert late.definitions["c.s.hyp_ffa_version"].value == 0
    assert late.definitions["init.hyp_buffers.tx.set"] is t.FALSE
    lost = found["1.1, EL3 gives back a mailbox page: TX"]
    assert (lost.then.states.at(TX >> 12), lost.then.states.at(RX >> 12)) == (OWN, SHARED_HYP)
    for start in starts.items:
        assert starts.answers_conform(start, "L0") is t.TRUE
        assert (starts.answers_conform(start, "L2") is t.FALSE) == (not start.conforms)


def test_hunts_try_states_of_several_lengths(starts: Starts) -> None:
    """Two that as many calls lead to are enough; one, where it is known already that the part fails."""
    hunt = StateHunt(starts, RULES["FFA-CC-02"], "SEED", "L0", Solver())
    version = [t.eq(starts.target.step.inputs[0], t.const(0x84000063, 64))]
    first = hunt._one_of(starts.items, version)
    tried = [len(place.start.calls) for place in hunt._starts(version, first)]
    assert tried == sorted(tried) and len(tried) > 3 and max(Counter(tried).values()) == MOST_ALIKE
    assert len(list(hunt._starts(version, first, is_new=False))) == 1


def test_a_part_of_one_function_is_looked_for_in_its_calls_alone(starts: Starts) -> None:
    """Its premise names the number once for each calling convention, and no conjunct of it by itself does."""
    target, rule = starts.target, RULES["FFA-MEM-10"]
    part = {one.name: one for one in rule.statement(target.scene("SEED"))}["FFA_MEM_SHARE, 1.1"]
    outright = t.eq(function_number(STEP), t.const(0x73, 16))
    assert outright not in conjuncts([part.given.term])
    hunt = StateHunt(starts, rule, "SEED", "L2", Solver())
    assert outright in hunt._asked(hunt._given(part))
    samples = make_samples(target)
    shares = {k for k, one in enumerate(samples.episodes) if one.calls[-1].before[0] & 0xFFFF == 0x73}
    assert set(samples._likely(target, part.given.term)) == shares
    assert 0 < len(shares) < len(samples.episodes) / 2


def test_el3_answered_to_the_initialisation_what_it_answered(starts: Starts) -> None:
    """Linux asks EL3 only where another file's static says that SMCCC is new enough."""
    found, target = {start.name: start for start in starts.items}, starts.target
    assert found["boot"].definitions["init.smc0.q0"].value == 0x10001
    assert found["boot with an SPMC of 1.0"].definitions["init.smc0.q0"].value == 0x10000
    without = {name for name, start in found.items() if start.conforms and _left(target, start) in (0, None)}
    assert without == {"boot with an old SMCCC"}
