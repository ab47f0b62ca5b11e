"""What proofs say of a mutant, and what they must never contradict."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

import specs
from specs.bindings.pkvm import PKVM
from tests import mini
from verify.engine.watched import WATCHED
from verify.errors import InternalError
from verify.frontend.unit import lower_tree
from verify.literate.bases import base_files
from verify.mutate.campaign import Fate, Tried, proved_again
from verify.mutate.holds import Holds
from verify.mutate.mutant import Mutant
from verify.mutate.operators import mutants
from verify.mutate.proving import Proving
from verify.prove.target import make_target
from verify.rules.rule import Rule, registered
from verify.verdict.options import Options

specs.load()
MUTANTS = mutants(mini.unit())


@cache
def rules() -> tuple[Rule, ...]:
    return Options(rules=("VER-03", "SEC-06")).select(registered())


@cache
def proving() -> Proving:
    """Both rules are proved of the small mediator."""
    target = make_target(mini.unit(), PKVM, memory=True, kind=WATCHED)
    parts = frozenset((rule.identity, part.name) for rule in rules() for part in rule.statement(target.scene("SEED")))
    holds = {"L2": Holds("L2", parts, frozenset(), frozenset())}
    return Proving(target, rules(), "SEED", holds)


def the(kind: str, function: str, text: str, after: str = "") -> Mutant:
    return next(one for one in MUTANTS if (one.kind, one.function) == (kind, function)
                and text in one.before and after in one.after)


def without_the_major() -> Mutant:
    return the("dropped check", "negotiate", "0x10", "if.end")


def test_a_part_with_a_counterexample_kills() -> None:
    found = proving().of(without_the_major())
    assert {(level, broken[0]) for level, broken in found.killers} == {("L2", "FFA-VER-03")}
    assert not found.problem and all(broken[2] for _, broken in found.killers)
    assert found.proved.isdisjoint((level, *broken[:2]) for level, broken in found.killers)


def test_a_fault_that_no_such_rule_is_about_kills_nothing() -> None:
    found = proving().of(the("constant", "refuse", "call answer"))
    assert not found.killers and {name[1] for name in found.proved} == {"FFA-VER-03", "FFA-SEC-06"}


def test_only_parts_of_calls_that_come_by_are_judged_again() -> None:
    found = proving().of(the("sign", "negotiate", "zext"))
    assert found.proved and {name[1] for name in found.proved} <= {"FFA-VER-03", "FFA-SEC-06"}
    assert len(found.proved) < len(proving().of(the("constant", "refuse", "call answer")).proved)


def test_a_mutant_that_is_no_mediator_cannot_be_judged() -> None:
    found = proving().of(the("dropped statement", "hyp_ffa_init", "call __verify_smc"))
    assert found.problem and not found.killers and not found.proved


def test_a_mutant_that_offers_no_version_of_ff_a_can_be_judged() -> None:
    """The SPMC of its samples is none that conforms: that invariants exclude what it leads to is no contradiction."""
    unit = lower_tree(base_files("small"))
    target = make_target(unit, PKVM, memory=True, kind=WATCHED)
    swapped = next(one for one in mutants(unit) if (one.kind, one.function) == ("swapped arguments", "hyp_ffa_init")
                   and "(0x84000063:64, 0:64, 0x10001:64" in one.after)
    parts = frozenset((rule.identity, part.name) for rule in rules() for part in rule.statement(target.scene("SEED")))
    found = Proving(target, rules(), "SEED", {"L2": Holds("L2", parts, frozenset(), frozenset())}).of(swapped)
    assert not found.problem and (found.proved or found.unknown or found.killers)


def test_a_proof_of_what_a_call_breaks_is_an_error() -> None:
    mutant = the("constant", "refuse", "call answer")
    part = next(name for name in sorted(proving().holds["L2"].proved) if name[0] == "FFA-VER-03")
    with pytest.raises(InternalError, match=f"proved at L2 of mutant {mutant.identity}, and a call breaks it"):
        proving().check(mutant, [("L2", (*part, "x2 = 0", "x2"))])
    killers = proving().of(without_the_major()).killers
    assert killers and proving().check(without_the_major(), killers).killers == killers


def test_what_is_open_of_a_mutant_kills_nothing() -> None:
    """Where an agreed version may change later, nothing is proved, and no sequence of calls shows a rule broken."""
    found = proving().of(the("dropped check", "negotiate", "%2 != 0", "if.end"))
    assert found.unknown and not found.killers


def test_of_what_the_unit_breaks_too_only_a_new_finding_kills() -> None:
    mutant, known = without_the_major(), proving()
    broken = [(level, (rule, part, text, output)) for level, (rule, part, clause, output) in known.of(mutant).killers
              for text in clause.split("; ")]
    parts = frozenset(one[:2] for _, one in broken)
    holds = Holds("L2", frozenset(), parts, frozenset(one[:3] for _, one in broken))
    unknown = replace(known, holds={"L2": holds})
    assert unknown.near(mutant, broken).killers and not unknown.near(mutant, [
        (level, (*one[:2], "something else", one[3])) for level, one in broken]).killers
    results = unknown._judge(mutant, {("L2", *part) for part in parts}, None)
    assert isinstance(results, list)
    prints = frozenset(one.fingerprint for result in results for part in result.parts for one in part.findings)
    assert prints
    assert not replace(known, holds={"L2": replace(holds, fingerprints=prints)}).near(mutant, broken).killers


def test_each_so_many_th_is_judged_again_of_those_left_and_of_those_killed() -> None:
    fates = [Fate.KILLED, Fate.SURVIVED, Fate.EQUIVALENT, Fate.ALIKE, Fate.KILLED, Fate.UNREACHED, Fate.UNBOOTED]
    tried = [Tried(mutant, fate) for mutant, fate in zip(MUTANTS, fates, strict=False)]
    assert proved_again(tried, 0) == []
    assert proved_again(tried, 1) == [0, 1, 3, 4, 5]
    assert proved_again(tried, 2) == [0, 1, 5]
