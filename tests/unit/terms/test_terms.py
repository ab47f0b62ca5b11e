"""The simplifier and the evaluator against each other and against Z3, on random terms."""

from __future__ import annotations

import random

import pytest
import z3

from verify.solve.smtlib import script
from verify.terms import build as t
from verify.terms.compiled import compile_conjunction
from verify.terms.concrete import apply
from verify.terms.evaluate import evaluate, substitute
from verify.terms.term import Term, make, topological

BINARY = ["add", "sub", "mul", "udiv", "urem", "sdiv", "srem", "and", "or", "xor", "shl", "lshr", "ashr"]
INTERESTING = [0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFF, 0x0F, 0xF0]


def random_term(rng: random.Random, depth: int, bits: int) -> Term:
    if depth == 0:
        if rng.random() < 0.4:
            return t.const(rng.choice(INTERESTING), bits)
        return t.var(f"{rng.choice('abc')}{bits}", bits)
    kind = rng.randrange(8)
    if kind < 3:
        left, right = random_term(rng, depth - 1, bits), random_term(rng, depth - 1, bits)
        return t.binary(rng.choice(BINARY), left, right)
    if kind == 3:
        return t.complement(random_term(rng, depth - 1, bits))
    if kind == 4:
        return t.ite(random_truth(rng, depth - 1), random_term(rng, depth - 1, bits), random_term(rng, depth - 1, bits))
    if kind == 5 and bits > 4:
        return rng.choice([t.zext, t.sext])(random_term(rng, depth - 1, bits // 2), bits)
    if kind == 6 and bits % 2 == 0:
        return t.concat(random_term(rng, depth - 1, bits // 2), random_term(rng, depth - 1, bits // 2))
    low = rng.randrange(bits)
    if bits > 8:
        return random_term(rng, 0, bits)
    return t.extract(random_term(rng, depth - 1, bits * 2), low + bits - 1, low)


def random_truth(rng: random.Random, depth: int) -> Term:
    if depth <= 0:
        return t.var(rng.choice("pqr"), 0)
    kind = rng.randrange(7)
    if kind < 4:
        bits = rng.choice([8, 16])
        left, right = random_term(rng, depth - 1, bits), random_term(rng, depth - 1, bits)
        return [t.eq, t.ult, t.ule, t.slt][kind](left, right)
    if kind == 4:
        return t.not_(random_truth(rng, depth - 1))
    return [t.and_, t.or_][kind - 5](random_truth(rng, depth - 1), random_truth(rng, depth - 1))


def names(term: Term) -> dict[str, int]:
    return {str(node.data): node.bits for node in topological([term]) if node.op == "var"}


@pytest.mark.parametrize("seed", range(150))
def test_value_agrees_with_z3(seed: int) -> None:
    rng = random.Random(seed)
    term = random_term(rng, 4, rng.choice([8, 16]))
    values = {name: rng.choice([*INTERESTING, rng.getrandbits(16)]) for name in names(term)}
    constants = {
        name: t.const(value, names(term)[name]) if names(term)[name] else t.truth(bool(value & 1))
        for name, value in values.items()
    }
    expected = evaluate([term], values)[0]
    right, wrong = (make("eq", (term, make("const", (), term.bits, value)), 0) for value in (expected, expected ^ 1))
    assert compile_conjunction([right, right])(values)
    assert not compile_conjunction([right, wrong])(values)
    assert substitute([term], constants)[0].value == expected
    raw = make("bnot", (make("eq", (term, make("const", (), term.bits, expected)), 0),), 0)
    pairs = [make("eq", (t.var(name, bits), constants[name]), 0) for name, bits in names(term).items()]
    assert check([*pairs, raw]) == z3.unsat
    assert check(pairs) == z3.sat


def check(assertions: list[Term]) -> z3.CheckSatResult:
    solver = z3.Solver()
    solver.from_string(script(assertions))
    return solver.check()


@pytest.mark.parametrize("op", BINARY)
def test_every_operator_on_all_small_values(op: str) -> None:
    for left in range(8):
        for right in range(8):
            simplified = t.binary(op, t.const(left, 3), t.const(right, 3)).value
            raw = make(op, (t.const(left, 3), t.const(right, 3)), 3)
            assert check([make("bnot", (make("eq", (raw, t.const(simplified, 3)), 0),), 0)]) == z3.unsat
            assert simplified == apply(op, 3, (left, right), (3, 3), None)


def test_equal_structure_is_one_object() -> None:
    assert t.binary("add", t.var("a8", 8), t.const(1, 8)) is t.binary("add", t.const(1, 8), t.var("a8", 8))


def test_a_term_has_no_python_truth_value() -> None:
    with pytest.raises(TypeError, match="symbolic"):
        bool(t.var("p", 0))
