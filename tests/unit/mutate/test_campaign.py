"""What a campaign makes of contradictions, of versions, and of what the unit breaks, too."""

from __future__ import annotations

from dataclasses import replace

import pytest

import specs
from specs.bindings.pkvm import PKVM
from tests import mini
from tests.unit.mutate.test_trial import holding, names, the, trial
from verify.mutate.campaign import Fate, Plan, campaign
from verify.mutate.mutant import Mutant
from verify.mutate.operators import mutants
from verify.mutate.report import Strength, text
from verify.mutate.trial import Ask, Trial, Verdict, Walk
from verify.prove.target import make_target
from verify.rules.rule import registered
from verify.rules.words import RuleError
from verify.verdict.options import Options

specs.load()
EVERY = 60


def test_a_contradiction_is_told_of_its_mutant_and_the_others_are_tried() -> None:
    unit = mini.unit(("cpu_reg(ctxt, 7) = 0;", "cpu_reg(ctxt, 7) = k;"))
    scene = make_target(unit, PKVM, memory=True).scene("SEED")
    (rule,) = Options(rules=("SEC-01",)).select(registered())
    proved = frozenset((rule.identity, part.name) for part in rule.statement(scene))
    plan = Plan(unit, PKVM, [rule], "SEED", list(holding(proved).values()), EVERY)
    tried = tuple(campaign(plan, 2, lambda what, done, total: None))
    wrong = [one for one in tried if one.fate is Fate.CONTRADICTED]
    assert wrong and len(wrong) < len(tried)
    assert all("is proved at L" in one.problem and not one.killers for one in wrong)
    said = text(Strength("small", "", "SEED", ("L0", "L2"), EVERY, 0, tried, {}, (rule.identity,)))
    assert f"contradicted      {len(wrong):>5} " in said and wrong[0].problem in said


def test_a_rule_that_cannot_be_asked_about_a_mutant_costs_that_mutant_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Trial.of

    def of(self: Trial, mutant: Mutant, is_equal: Ask | None = None) -> Verdict:
        if mutant.identity == wrong:
            raise RuleError("FFA-SEC-01: it does not fit")
        return asked(self, mutant, is_equal)

    unit = mini.unit()
    wrong = mutants(unit)[EVERY].identity
    monkeypatch.setattr(Trial, "of", of)
    plan = Plan(unit, PKVM, Options(rules=("VER-03",)).select(registered()), "SEED", [], EVERY)
    tried = tuple(campaign(plan, 2, lambda what, done, total: None))
    assert [one.mutant.identity for one in tried if one.fate is Fate.CONTRADICTED] == [wrong]
    assert next(one.problem for one in tried if one.problem) == "FFA-SEC-01: it does not fit" and len(tried) > 2


def test_differences_at_another_agreed_version_are_others() -> None:
    found = Walk(trial().target, trial().trees, the("constant", lambda one: one.function == "refuse"))
    kinds = {one.kind for one in found.differences()}
    assert len({kind[:-1] for kind in kinds}) < len(kinds)
    assert {0x10000, 0x10001} <= {kind[-1] for kind in kinds}


def test_what_the_unit_breaks_elsewhere_is_near_and_no_kill() -> None:
    mutant = the("lock", lambda found: found.function == "negotiate" and found.before.startswith("unlock"))
    broken = trial().of(mutant).killers
    told = frozenset(one[:3] for _, one in broken)
    found = replace(trial(), holds=holding(frozenset(), names(), told)).of(mutant)
    assert not {one for _, one in found.killers} & {one for _, one in broken}
    assert {one[:3] for _, one in found.near} & told
