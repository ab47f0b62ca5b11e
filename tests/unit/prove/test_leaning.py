"""Which lines proofs lean on: what none leans on may compute anything."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

import specs
from specs.bindings.pkvm import PKVM
from tests import mini
from verify.errors import InternalError
from verify.frontend.preprocess import FFA_C
from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.expr import POINTER
from verify.ir.function import Block, Unit
from verify.prove.leaning import Leaning, Line
from verify.prove.target import make_target
from verify.rules.rule import registered
from verify.verdict.coverage import Coverage, Proof, computing, leans_on
from verify.verdict.options import Options
from verify.verdict.proofs import each_proof

specs.load()
RULES = ("VER-01", "VER-07", "MSG-06", "CC-13")
DEAD = ("    u64 result = (u32)FFA_RET_NOT_SUPPORTED;\n",
        "    u64 result = (u32)FFA_RET_NOT_SUPPORTED;\n    u32 dead = wanted + 17;\n")
"""Of a variable that nobody reads."""
LATER = ("    answer(ctxt, result, 0, 0);\n}\n", "    answer(ctxt, result, 0, 0);\n    dead = 5;\n}\n")
SCRATCH = (("static bool has_version_negotiated;\n", "static bool has_version_negotiated;\nstatic u32 scratch;\n"),
           ("    hyp_spin_lock(&version_lock);\n", "    hyp_spin_lock(&version_lock);\n    scratch = wanted ^ 5;\n"))
"""A static that no rule knows."""


def coverage(unit: Unit, rules: Collection[str] = RULES) -> Coverage:
    options = Options(rules=tuple(rules), trusts=("L2",))
    target, chosen = make_target(unit, PKVM, memory=True), options.select(registered())
    leaning = Leaning(target)
    proofs = each_proof(target, chosen, options, lambda one, _: leans_on(one, leaning, chosen, "SEED"))
    return Coverage(tuple(proofs), computing(unit), leaning.reached())


@pytest.fixture(scope="module")
def found() -> Coverage:
    return coverage(mini.unit(DEAD, LATER, *SCRATCH))


def line(text: str) -> Line:
    lines = mini.files(DEAD, LATER, *SCRATCH)[FFA_C].split("\n")
    (number,) = [k for k, one in enumerate(lines, 1) if text in one]
    return FFA_C, number


def test_what_nobody_reads_is_needed_by_no_proof(found: Coverage) -> None:
    assert set(found.unneeded("negotiate")) >= {line("dead = wanted"), line("dead = 5")}


def test_a_static_that_no_rule_knows_is_needed_by_no_rule(found: Coverage) -> None:
    assert line("scratch = wanted") in {*found.unneeded("negotiate"), *found.without_rule("negotiate")}


def proof(found: Coverage, name: str) -> Proof:
    (one,) = [one for one in found.proofs if one.name == name]
    return one


def test_checks_and_results_are_needed(found: Coverage) -> None:
    needed = proof(found, "FFA-VER-07: answer").lines
    assert needed is not None
    for text in ("if ((wanted >> 16) != 1)", "if (wanted >= hyp_ffa_version)", "cpu_reg(ctxt, 0) = a0",
                 "u64 result = ", "answer(ctxt, result, 0, 0);", "if (func_id == FFA_VERSION)"):
        assert line(text) in needed, text


def test_lines_are_those_of_the_tree(found: Coverage) -> None:
    """What the environment stands in for is nobody's line."""
    assert {file for one in found.proofs for file, _ in one.lines or ()} == {FFA_C}
    assert {file for some in found.functions.values() for file, _ in some} == {FFA_C}


def test_a_proof_about_one_function_leans_on_no_other_s_lines(found: Coverage) -> None:
    needed = proof(found, "FFA-VER-07: answer").lines
    assert needed is not None and line("if (cpu_reg(host_ctxt, 1) & 0xffff0000)") not in needed


def test_what_is_no_proof_leans_on_nothing() -> None:
    wrong = coverage(mini.unit(("        if (wanted >= hyp_ffa_version)\n            result", "            result")),
                     ["VER-07"])
    assert proof(wrong, "FFA-VER-07: answer").status == "violated"
    assert proof(wrong, "FFA-VER-07: answer").lines is None


def scrambled(unit: Unit, lines: Collection[Line]) -> Unit:
    """These lines compute the complement of what they did, and branches go the other way."""
    def block(one: Block) -> Block:
        return Block(one.label, tuple(map(instruction, one.instructions)), terminator(one.terminator))

    def instruction(one: i.Instr) -> i.Instr:
        if (one.span.file, one.span.line) in lines and isinstance(one, i.Assign | i.Store) and one.value.bits != POINTER:
            return replace(one, value=e.Not(one.value, one.value.bits))
        return one

    def terminator(one: i.Terminator) -> i.Terminator:
        if (one.span.file, one.span.line) in lines and isinstance(one, i.Branch):
            return replace(one, then=one.other, other=one.then)
        return one

    return replace(unit, functions={
        name: replace(one, blocks=tuple(map(block, one.blocks))) for name, one in unit.functions.items()})


@pytest.mark.parametrize("rule", RULES)
def test_what_a_rule_s_proofs_do_not_lean_on_may_compute_anything(found: Coverage, rule: str) -> None:
    """All of it at once; what the lemmas lean on stays, for without them nothing is proved."""
    unit = mini.unit(DEAD, LATER, *SCRATCH)
    mine = [one for one in found.proofs if one.rule.endswith(rule) and one.lines is not None]
    needed = found.lemmas.union(*(one.lines or () for one in mine))
    others = {one for some in found.functions.values() for one in some} - needed
    changed = scrambled(unit, others)
    assert mine and others and changed != unit
    after = coverage(changed, [rule])
    assert {one.name for one in after.proofs if one.lines is not None} >= {one.name for one in mine}


@pytest.mark.parametrize("text", ["u64 result = (u32)", "if (wanted >= hyp_ffa_version)", "cpu_reg(ctxt, 0) = a0"])
def test_what_a_proof_leans_on_may_not(text: str) -> None:
    """So that the test above can fail."""
    after = coverage(scrambled(mini.unit(DEAD, LATER, *SCRATCH), {line(text)}), ["VER-07"])
    assert proof(after, "FFA-VER-07: answer").lines is None


def test_a_run_that_makes_other_terms_is_no_trace_of_this_one() -> None:
    target = make_target(mini.unit(), PKVM, memory=True)
    other = mini.unit(("answer(ctxt, FFA_ERROR, 0, (u32)code);", "answer(ctxt, FFA_ERROR, 1, (u32)code);"))
    with pytest.raises(InternalError, match="does not make the terms"):
        Leaning(replace(target, unit=other))


def test_a_conjunct_is_placed_where_the_program_makes_it() -> None:
    """What a state is known to be comes first; then in the order of execution."""
    target = make_target(mini.unit(DEAD, LATER, *SCRATCH), PKVM, memory=True)
    record = target.step.record
    (asked,) = [event.guard for event in record.smcs if not event.is_forward]
    parts = [*reversed(asked.args), target.step.start.negotiated]
    notes = Leaning(target).notes(parts, ["question"] * len(parts))
    (branch,) = [k for k, note in enumerate(notes) if note.where.endswith(f":{line('if (wanted < hyp')[1]}")]
    (major,) = [k for k, note in enumerate(notes) if note.where.endswith(f":{line('if ((wanted >> 16)')[1]}")]
    assert 0 < notes[major].position < notes[branch].position
