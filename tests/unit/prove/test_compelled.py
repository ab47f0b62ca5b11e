"""What the solver says of all values that a counterexample may have in one place, and what the interpreter says to it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

import specs
from specs.bindings.pkvm import PKVM
from tests import mini
from tests.answers import answers_alone
from tests.unit.prove.test_weigh import LATE, LEAKED, UNSET, W0, W1, W2
from verify.ir.function import Unit
from verify.native.findings import all_told
from verify.prove import compelled
from verify.prove.compelled import settled
from verify.prove.inputs import WORD, Kind, Place, changed, inputs_of
from verify.prove.rerun import Outcome, Rerun
from verify.prove.target import Target, make_target
from verify.prove.weigh import Explained, Weighed, explain
from verify.rules.book import load_rules
from verify.solve.query import Solver
from verify.verdict.options import Options
from verify.verdict.run import judge_target

specs.load()

Case = tuple[Rerun, Target, Explained]
TWO = ("    answer(ctxt, result, 0, 0);", "    answer(ctxt, result, 0, 0);\n    if (cpu_reg(ctxt, 3) == 0x51a2b3c4d || "
       "wanted == 0x01234567 || wanted == 0x7edcba98)\n        cpu_reg(ctxt, 6) = 7;")
"""x6 is wrong for two versions that have no bit in common."""


def case(rule: str, *edits: tuple[str, str], trust: str = "L2") -> Case:
    unit: Unit = mini.unit(*edits)
    options = Options((rule,), ("FFA_VERSION",), trusts=(trust,))
    run = judge_target("mini", "", unit, PKVM, options.select(load_rules()), options, reuse=answers_alone())
    told = next(iter(all_told(run)))
    rerun = Rerun(unit, run.rules[told.result.rule], "SEED", told.part.name, told.finding)
    return rerun, make_target(unit, PKVM, memory=True), explain(rerun)


@pytest.fixture(scope="module")
def late() -> Case:
    return case("VER-07", LATE)


def at(found: Explained, place: Place) -> Weighed:
    return next(one for one in found.weighed if place in one.places)


def settle(one: Case, limit: int = 40_000_000, trust: str = "L2") -> Explained:
    rerun, target, found = one
    return settled(found, rerun, target, trust, Solver(limit))


def last(one: Case, k: int, half: int) -> Place:
    return Place(one[0].calls, Kind.REGISTER, k, half)


def test_what_is_forced_is_proved(late: Case) -> None:
    """A lower minor than 1.1 is 1.0; x2 has to be 0x30; bit 16 of w0 is the SVE hint."""
    found = settle(late)
    for place in (last(late, 1, W1), last(late, 2, W2), last(late, 2, W2 + 1)):
        assert at(found, place).is_proved
    assert at(found, last(late, 0, W0)).proved | 1 << 16 == WORD


def test_no_other_value_shows_what_is_proved_to_be_forced(late: Case) -> None:
    rerun, _, _ = late
    inputs, chance = inputs_of(rerun.episode), random.Random(1)
    for one in settle(late).weighed:
        place = one.places[0]
        for _ in range(200 if one.proved else 0):
            new = chance.getrandbits(32) if one.is_proved else one.value ^ chance.getrandbits(32) & one.proved
            if new != one.value:
                assert rerun.outcome(changed(inputs, {place: new})).outcome is not Outcome.VIOLATED, (place, hex(new))


def test_a_value_that_nobody_tried_is_found() -> None:
    two = case("CC-08", TWO)
    before = at(two[2], last(two, 1, W1))
    assert before.kept == 0
    found = at(settle(two), last(two, 1, W1))
    assert not found.proved and {found.value, found.found} == {0x01234567, 0x7EDCBA98}
    assert (found.kept, found.tried) == (1, before.tried + 1)


def test_what_two_runs_differ_in_is_proved_too() -> None:
    leak = case("SEC-01", UNSET, LEAKED)
    assert at(settle(leak), last(leak, 0, W0)).proved | 1 << 16 == WORD


def test_an_answer_is_forced() -> None:
    """Half of a register that EL3 answers with."""
    one = case("CC-08", ("u64 result = (u32)FFA_RET_NOT_SUPPORTED;", "u64 result = (u32)FFA_RET_NOT_SUPPORTED, odd = 0;"),
               ("        hyp_ffa_version = wanted;\n", "        hyp_ffa_version = wanted;\n        if (res.a3 == 0x77)\n"
                "            odd = 7;\n"), ("    answer(ctxt, result, 0, 0);", "    answer(ctxt, result, 0, 0);\n"
                                             "    cpu_reg(ctxt, 6) = odd;"), trust="L0")
    found = settle(one, trust="L0")
    answered = {place.at: weighed.proved for weighed in found.weighed for place in weighed.places
                if place.kind is Kind.ANSWER and place.call == one[0].calls}
    assert answered[6] == answered[7] == WORD and not answered[2]


def test_without_effort_nothing_is_claimed(late: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(one.proved or one.found for one in settle(late, 1).weighed)
    monkeypatch.setattr(compelled, "MOST_PLACES", 0)
    assert settle(late) == replace(late[2], runs=late[0].count)


def test_a_path_that_is_not_modelled_may_do_anything() -> None:
    """With a version of another major number, that is."""
    hole = ("if ((wanted >> 16) != 1)\n        goto out;", 'if ((wanted >> 16) != 1) {\n        asm("nop");\n'
            "        goto out;\n    }")
    one = case("VER-07", LATE, hole)
    before, found = at(one[2], last(one, 1, W1)), settle(one)
    assert before.kept == 0 and at(found, last(one, 1, W1)) == before
    assert at(found, last(one, 2, W2)).is_proved
