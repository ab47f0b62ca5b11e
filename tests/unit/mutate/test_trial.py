"""What calls show of a mutant, and what they must never show of the unit itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import pytest

import specs
from specs.bindings.pkvm import PKVM
from tests import mini
from tests.support import has_schema
from verify.errors import InternalError
from verify.mutate.campaign import KILLED, Fate, Plan, Tried, campaign, fate
from verify.mutate.holds import Holds
from verify.mutate.jury import Jury
from verify.mutate.mutant import Mutant
from verify.mutate.operators import mutants
from verify.mutate.report import Strength, as_json, markdown, text
from verify.mutate.situations import Root, grow
from verify.mutate.trial import SOON, Trial
from verify.prove.target import Target, make_target
from verify.rules.rule import Rule, registered
from verify.verdict.options import Options

specs.load()
RULES = ("VER-03", "VER-10", "CC-08", "SEC-01", "SEC-06", "MSG-01")
UNIT = mini.unit()
MUTANTS = mutants(UNIT)
EVERY = 40
"""Mutants of which one is tried, where all would take too long."""
FEW = ((Root(0x10000), False),)
"""Where any calls will do."""


@cache
def rules() -> tuple[Rule, ...]:
    return Options(rules=RULES).select(registered())


@cache
def target() -> Target:
    return make_target(UNIT, PKVM, memory=True)


@cache
def names() -> frozenset[tuple[str, str]]:
    scene = target().scene("SEED")
    return frozenset((rule.identity, part.name) for rule in rules() for part in rule.statement(scene))


def holding(proved: frozenset[tuple[str, str]], violated: frozenset[tuple[str, str]] = frozenset(),
            failing: frozenset[tuple[str, str, str]] = frozenset()) -> dict[str, Holds]:
    return {level: Holds(level, proved, violated, failing) for level in ("L0", "L2")}


@cache
def trial() -> Trial:
    """The six rules are proved of the small mediator, at both levels."""
    return Trial(target(), grow(target()), Jury(target(), rules(), "SEED"), holding(names()))


def the(kind: str, wanted: Callable[[Mutant], bool]) -> Mutant:
    return next(one for one in MUTANTS if one.kind == kind and wanted(one))


def rules_that_break(mutant: Mutant) -> set[str]:
    return {broken[0] for _, broken in trial().of(mutant).killers}


def test_the_unit_itself_differs_in_no_call() -> None:
    one = the("lock", lambda found: found.function == "negotiate")
    found = trial().of(replace(one, changed=UNIT.functions[one.function]))
    assert found.shown is None and found.boots and not found.killers and found.runs > 100


@pytest.mark.parametrize(("kind", "function", "text", "rule"), [
    ("dropped check", "negotiate", "0x10", "FFA-VER-03"),
    ("lock", "negotiate", "unlock", "FFA-SEC-06"),
    ("lock", "negotiate", "lock", "FFA-SEC-06"),
    ("dropped statement", "answer", "store [ctxt+40]", "FFA-CC-08"),
])
def test_a_fault_is_seen_by_the_rule_that_is_about_it(kind: str, function: str, text: str, rule: str) -> None:
    found = [one for one in MUTANTS if (one.kind, one.function) == (kind, function) and text in one.before]
    assert any(rule in rules_that_break(one) for one in found)


def test_equivalence_is_asked_once_and_of_what_no_call_tells_apart_soon() -> None:
    """Where the answer is yes, the other calls are not run."""
    one = the("lock", lambda found: found.function == "negotiate")
    alike, asked = replace(one, changed=UNIT.functions[one.function]), list[bool]()

    def say(answer: bool) -> bool:
        asked.append(answer)
        return answer

    found = trial().of(alike, lambda: say(True))
    assert found.is_equal and found.runs == SOON and found.shown is None and asked == [True]
    found = trial().of(alike, lambda: say(False))
    assert found.is_equal is False and found.runs > 2 * SOON and found.shown is None and asked == [True, False]
    found = trial().of(one, lambda: say(True))
    assert found.is_equal is None and found.killers and asked == [True, False]


def test_what_an_earlier_call_left_is_the_same_in_both_runs() -> None:
    """SEC-01 compares runs from one state; the stack that a static holds was put there before."""
    keeping = (
        ("static u32 hyp_ffa_version;", "static u32 hyp_ffa_version;\nstatic u32 remembered;"),
        ("    u64 result = (u32)FFA_RET_NOT_SUPPORTED;\n", "    u64 result = (u32)FFA_RET_NOT_SUPPORTED;\n    u32 junk;\n\n"
         "    remembered = junk;\n"),
        ("    case FFA_ID_GET:\n", "    case FFA_FEATURES:\n        answer(host_ctxt, FFA_SUCCESS, 0, remembered);\n"
         "        return true;\n    case FFA_ID_GET:\n"),
    )
    known = make_target(mini.unit(*keeping), PKVM, memory=True)
    (rule,) = Options(rules=("SEC-01",)).select(registered())
    proved = frozenset({(rule.identity, "FFA_FEATURES")})
    jury = Trial(known, grow(known, FEW), Jury(known, [rule], "SEED"), holding(proved))
    changed = next(one for one in mutants(known.unit) if one.kind == "constant" and "0x84000061" in one.before)
    found = jury.of(changed)
    assert found.shown is not None and not found.killers


def test_a_unit_that_no_longer_boots_is_not_called_alike() -> None:
    found = trial().of(the("dropped statement", lambda one: one.function == "hyp_ffa_init" and "call" in one.before))
    assert not found.boots and fate(found) is Fate.UNBOOTED


def test_the_stack_that_is_shown_is_seen_by_two_runs() -> None:
    leaking = ("cpu_reg(ctxt, 7) = 0;", "cpu_reg(ctxt, 7) = k;")
    known = make_target(mini.unit(leaking), PKVM, memory=True)
    (rule,) = Options(rules=("SEC-01",)).select(registered())
    broken = Jury(known, [rule], "SEED")
    tried = Trial(known, grow(known, FEW), broken, holding(frozenset()))
    walk_kills = tried.of(the("constant", lambda found: found.function == "refuse"))
    assert walk_kills.shown is not None and not walk_kills.killers  # nothing is proved of it, so nothing is new
    proved = frozenset({(rule.identity, part.name) for part in rule.statement(known.scene("SEED"))})
    with pytest.raises(InternalError, match=r"SEC-01.*is proved at L"):
        Trial(known, tried.trees, broken, holding(proved)).of(the(
            "constant", lambda found: found.function == "refuse"))


def test_a_sum_that_wraps_and_becomes_no_size_breaks_nothing() -> None:
    """The interpreter notes all that do not fit; SEC-08 is about sizes, offsets and counts, which the engine finds."""
    (rule,) = Options(rules=("SEC-08",)).select(registered())
    parts = frozenset((rule.identity, part.name) for part in rule.statement(target().scene("SEED")))
    jury = Trial(target(), trial().trees, Jury(target(), [rule], "SEED"), holding(parts))
    shifted = the("operator", lambda one: one.function == "negotiate" and "wanted << 0x10" in one.after)
    assert jury.of(shifted).shown is not None and not jury.of(shifted).killers


def test_what_a_finding_is_about_already_is_nothing_new() -> None:
    mutant = the("lock", lambda found: found.function == "negotiate" and found.before.startswith("unlock"))
    told: set[tuple[str, str, str]] = set()
    while new := replace(trial(), holds=holding(frozenset(), names(), frozenset(told))).of(mutant).killers:
        assert told.isdisjoint(one[:3] for _, one in new)
        told |= {one[:3] for _, one in new}
    assert {one[0] for one in told} >= {"FFA-SEC-06"}


@cache
def some() -> tuple[Tried, ...]:
    told: list[tuple[str, int, int]] = []
    plan = Plan(UNIT, PKVM, rules(), "SEED", list(holding(names()).values()), EVERY, proofs=1)
    found = tuple(campaign(plan, 2, lambda what, done, total: told.append((what, done, total))))
    assert len(found) == len(MUTANTS[::EVERY])
    return found


def reports() -> Iterator[str]:
    found = Strength("small", "", "SEED", ("L0", "L2"), EVERY, 1, some(), {})
    yield from (text(found), markdown(found), as_json(found))


def test_a_campaign_in_json_has_its_schema() -> None:
    data = json.loads(as_json(Strength("small", "", "SEED", ("L0", "L2"), EVERY, 1, some(), {})))
    has_schema(data, "mutate-2")
    assert any(one["shown"] for one in data["mutants"])


def test_a_campaign_says_what_became_of_each() -> None:
    fates = {one.fate for one in some()}
    assert Fate.KILLED in fates and len(fates) > 1
    assert all(bool(one.killers) is (one.fate in KILLED) for one in some())
    said, table, data = reports()
    killed = sum(one.fate is Fate.KILLED for one in some())
    assert f"killed by calls   {killed:>5} " in said and f"killed by calls   {killed:>5} " in table
    assert json.loads(data)["counts"]["killed by calls"] == killed
    left = next(one for one in some() if one.fate not in KILLED)
    assert left.mutant.identity in said and f"  - {left.mutant.before}"[:100] in said
    told = [one for one in json.loads(data)["mutants"] if one["fate"] == "survived"]
    assert all(one["shown"]["calls"] for one in told)
