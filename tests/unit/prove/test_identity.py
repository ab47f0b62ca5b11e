"""Fingerprints: a finding is known again after edits that have nothing to do with it, and is no other finding."""

from __future__ import annotations

import re
from functools import cache

import pytest

import specs
from specs.bindings.pkvm import PKVM
from tests import mini
from tests.answers import answers_alone
from verify.frontend.unit import lower_tree
from verify.ir.function import Unit
from verify.prove import judge as judging
from verify.prove.identity import fingerprint
from verify.prove.outcome import Finding
from verify.rules.rule import registered
from verify.verdict.options import Options
from verify.verdict.run import judge_target

Edit = tuple[str, str]
specs.load()

KEPT = ("    cpu_reg(ctxt, 6) = 0;\n", "")
"""x6 is left as it was."""
REGISTER = ("u64 result = (u32)FFA_RET_NOT_SUPPORTED;", "u64 result;")
OBJECT = ("    answer(ctxt, FFA_ERROR, 0, (u32)code);",
          "    struct arm_smccc_res none;\n\n    answer(ctxt, FFA_ERROR, none.a1, (u32)code);")
FAULTS = {"CC-08": KEPT, "SEC-01": REGISTER, "SEC-01 object": OBJECT}


def renamed(text: str) -> str:
    """With other names for variables and parameters."""
    for old in ("wanted", "result", "res", "none", "ctxt", "host_ctxt", "code", "func_id"):
        text = re.sub(rf"\b{old}\b", f"my_{old}", text)
    return text


def unrelated(text: str) -> str:
    """A comment, lines, a function, a static; and a statement in each function with a fault."""
    added = "/* nothing */\n\nstatic u32 counted;\n\nstatic void count(u32 by)\n{\n    counted += by;\n}\n\n"
    text = text.replace("static void answer(", f"{added}static void answer(", 1)
    text = text.replace("    hyp_spin_lock(&version_lock);", "    /* first */ wanted = wanted & 0xffffffff;\n\n"
                        "    hyp_spin_lock(&version_lock);", 1)
    return text.replace("    cpu_reg(ctxt, 0) = a0;", "    k = 5;\n\n    cpu_reg(ctxt, 0) = a0; /* x0 */", 1)


def source(*edits: Edit) -> str:
    return next(text for name, text in mini.files(*edits).items() if name.endswith("/ffa.c"))


def unit(text: str) -> Unit:
    return lower_tree({name: text if name.endswith("/ffa.c") else old for name, old in mini.files().items()})


@cache
def found(text: str, rule: str, limit: int = 0) -> tuple[Finding, ...]:
    options = Options(rules=(rule,), trusts=("L0",), limit=limit)
    run = judge_target("mini", "", unit(text), PKVM, options.select(registered()), options, reuse=answers_alone())
    return tuple(finding for result in run.results for part in result.parts for finding in part.findings)


def prints(text: str, rule: str, limit: int = 0) -> set[str]:
    findings = found(text, rule.partition(" ")[0], limit)
    assert len({one.fingerprint for one in findings}) == len(findings)
    return {one.fingerprint for one in findings}


@pytest.mark.parametrize("rule", FAULTS)
@pytest.mark.parametrize("edit", [renamed, unrelated, lambda text: renamed(unrelated(text))])
def test_an_edit_elsewhere_changes_no_fingerprint(rule: str, edit: object) -> None:
    before = source(FAULTS[rule])
    after = edit(before)  # type: ignore[operator]
    assert after != before
    assert prints(before, rule) == prints(after, rule) != set()


def test_another_limit_changes_no_fingerprint() -> None:
    assert prints(source(KEPT), "CC-08") == prints(source(KEPT), "CC-08", 2_000_000) != set()


def test_a_search_that_ends_early_changes_no_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes upon fewer registers."""
    text = source(KEPT, ("    cpu_reg(ctxt, 5) = 0;\n", ""), ("    cpu_reg(ctxt, 4) = 0;\n", ""))
    whole = found(text, "CC-08")
    monkeypatch.setattr(judging, "MAX_FINDINGS", 1)
    found.cache_clear()
    some = found(text, "CC-08")
    found.cache_clear()
    assert {one.fingerprint for one in some} == {one.fingerprint for one in whole} != set()
    assert max(len(one.cause.outputs) for one in whole) == 3


MOVED: list[tuple[str, Edit, Edit]] = [
    # in another function
    ("SEC-01", OBJECT, ("    answer(ctxt, result, 0, 0);",
                        "    struct arm_smccc_res none;\n\n    answer(ctxt, result, none.a1, 0);")),
    # of another variable of the same function
    ("SEC-01", OBJECT, (OBJECT[0], OBJECT[1].replace("struct arm_smccc_res none;", "u64 none;").replace(".a1", ""))),
]


@pytest.mark.parametrize(("rule", "one", "other"), MOVED)
def test_a_fault_elsewhere_has_another_fingerprint(rule: str, one: Edit, other: Edit) -> None:
    first, second = (prints(source(edit), rule) for edit in (one, other))
    assert first and second and not first & second


def test_two_faults_of_one_function_are_two_findings() -> None:
    """Two objects of the same layout, each shown in a register of its own: one that comes is none of those that were."""
    two = (OBJECT[0], "    struct arm_smccc_res none, more;\n\n    answer(ctxt, FFA_ERROR, none.a1, (u32)code + more.a2);")
    one, both = prints(source(OBJECT), "SEC-01"), prints(source(two), "SEC-01")
    assert one < both


def test_another_requirement_has_another_fingerprint() -> None:
    (one, *_) = found(source(KEPT), "CC-08")
    assert len({fingerprint("R", "p", text, one.cause) for text in ("a", "b", "a; b")}) == 3
