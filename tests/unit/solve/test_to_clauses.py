"""The way from words to clauses: each operator on all small numbers, by propagation alone, against plain integers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest

from verify.errors import InputError
from verify.solve.annotated import Note, piece
from verify.solve.clauses import Formula
from verify.solve.drat import Clause, _Clauses
from verify.solve.smtlib import script
from verify.terms import build as t
from verify.terms.concrete import apply
from verify.terms.evaluate import cell, evaluate
from verify.terms.term import BOOL, Term, make

WORDS = ("add", "sub", "mul", "udiv", "urem", "sdiv", "srem", "and", "or", "xor", "shl", "lshr", "ashr")
TRUTHS = ("eq", "ult", "ule", "slt", "sle")


def named(formula: Formula, name: str) -> tuple[int, ...]:
    found = formula._named[f"|{name}|"]
    return (found,) if isinstance(found, int) else found


def units(formula: Formula, name: str, value: int) -> list[Clause]:
    return [(bit if value >> k & 1 else -bit,) for k, bit in enumerate(named(formula, name))]


def follows(formula: Formula, given: list[Clause], wanted: list[Clause]) -> bool:
    """By propagation, and nothing else does: the clauses with `given` have a model."""
    known = _Clauses()
    if any(known.add(clause) for clause in [*formula.gates.clauses, *given]):
        return False
    return all(known.implies(clause) for clause in wanted)


def cases(bits: int) -> Iterator[tuple[int, int]]:
    return itertools.product(range(1 << bits), repeat=2)


@pytest.mark.parametrize("bits", [1, 2, 3])
@pytest.mark.parametrize("op", WORDS + TRUTHS)
def test_each_operator_on_all_numbers_of_few_bits(op: str, bits: int) -> None:
    width = BOOL if op in TRUTHS else bits
    a, b, out = t.var("a", bits), t.var("b", bits), t.var("out", width)
    text = script([make("eq", (out, make(op, (a, b), width)), BOOL)])
    formula = Formula(text)
    for x, y in cases(bits):
        value = apply(op, width, (x, y), (bits, bits), None)
        given = [*units(formula, "a", x), *units(formula, "b", y)]
        assert follows(formula, given, units(formula, "out", value)), (x, y, value)


@pytest.mark.parametrize("op, data, bits", [
    ("concat", None, 6), ("extract", (1, 0), 2), ("extract", (2, 1), 2), ("zext", None, 5), ("sext", None, 5),
    ("not", None, 3), ("zext", None, 3), ("ite", None, 3),
])
def test_shapes(op: str, data: tuple[int, int] | None, bits: int) -> None:
    a, b, c, out = t.var("a", 3), t.var("b", 3), t.var("c", BOOL), t.var("out", bits)
    operands = {"concat": (a, b), "ite": (c, a, b)}.get(op, (a,))
    formula = Formula(script([make("eq", (out, make(op, operands, bits, data)), BOOL),
                              make("eq", (a, make("add", (b, t.const(0, 3)), 3)), BOOL),
                              make("bor", (c, make("bnot", (c,), BOOL)), BOOL)]))
    for x, y, z in itertools.product(range(8), range(8), range(2)):
        values = {"concat": (x, y), "ite": (z, x, y)}.get(op, (x,))
        value = apply(op, bits, values, tuple(operand.bits for operand in operands), data)
        given = [*units(formula, "a", x), *units(formula, "b", y), *units(formula, "c", z)]
        assert follows(formula, given, units(formula, "out", value)) == (x == y), (x, y, z)


def random_term(rng: random.Random, depth: int, bits: int) -> Term:
    if depth == 0 or rng.random() < 0.15:
        name = rng.choice("ab")
        return t.const(rng.getrandbits(bits), bits) if rng.random() < 0.3 else t.var(f"{name}{bits}", bits)
    one, other = (random_term(rng, depth - 1, bits) for _ in range(2))
    match rng.randrange(4):
        case 0:
            return make("ite", (make(rng.choice(TRUTHS), (one, other), BOOL), other, one), bits)
        case 1:
            wide = make(rng.choice(("zext", "sext")), (one,), bits + 3)
            return make("extract", (make("mul", (wide, wide), bits + 3),), bits, (bits + 2, 3))
        case 2:
            place = make("zext", (one,), 64)
            return make("xor", (make("extract", (make("read", (place,), 8, "m"),), bits, (bits - 1, 0)), other), bits)
    return make(rng.choice(WORDS), (one, other), bits)


def test_random_formulas_agree_with_the_evaluator() -> None:
    """Terms as they are, unsimplified, on numbers for their variables: the clauses say the value, and no other."""
    rng, seen = random.Random(11), 0
    for _ in range(150):
        bits = rng.randrange(2, 8)
        term, out = random_term(rng, 4, bits), t.var("out", bits)
        formula = Formula(script([make("eq", (out, term), BOOL)]))
        values = {f"{name}{bits}": rng.getrandbits(bits) for name in "ab"}
        memory = {f"m@{offset}": rng.getrandbits(8) for offset in range(1 << bits)}
        (value,) = evaluate([term], values | memory)
        given = [clause for name in values if f"|{name}|" in formula._named
                 for clause in units(formula, name, values[name])]
        for place, byte in formula._reads.get("|m|", []):
            for offset in range(1 << bits):  # what the memory holds there, wherever the read is
                known = memory[cell(make("read", (t.const(0, 64),), 8, "m"), offset)]
                apart = [-bit if offset >> k & 1 else bit for k, bit in enumerate(place)]
                given += [(*apart, bit if known >> k & 1 else -bit) for k, bit in enumerate(byte)]
        assert follows(formula, given, units(formula, "out", value)), (term, values, value)
        seen += "|m|" in formula._reads
    assert seen > 20


def test_reads_at_equal_places_are_tied_when_a_model_breaks_it() -> None:
    a, b = t.var("a", 64), t.var("b", 64)
    reads = [make("read", (place,), 8, "m") for place in (a, b)]
    formula = Formula(script([make("eq", (a, b), BOOL), make("bnot", (make("eq", tuple(reads), BOOL),), BOOL)]))
    (one, first), (other, second) = formula._reads["|m|"]
    same = {*one, *other, first[0], -second[0]}
    (pair,) = formula.disagreeing(frozenset(same))
    assert pair == ((one, first), (other, second))
    assert not formula.disagreeing(frozenset({*one, *other}))
    assert not formula.disagreeing(frozenset({one[0], first[0]}))
    equal = [(x,) for x in (*one, *other)]
    assert not follows(formula, [*equal, (first[3],)], [(second[3],)])
    formula.tie(*pair)
    assert follows(formula, [*equal, (first[3],)], [(second[3],)])


def test_comments_labels_and_deep_nesting_are_read() -> None:
    deep = t.var("a", 8)
    for _ in range(3000):
        deep = make("not", (deep,), 8)
    made = piece([make("eq", (deep, t.const(5, 8)), BOOL)])
    formula = Formula(made.readable([Note("what", 3, "ffa.c:1")], "a ( comment"))
    assert follows(formula, [], units(formula, "a", 5))


@pytest.mark.parametrize("text", [
    "(assert (frob |a|))", "(assert (bvfoo |a| |a|))", "(assert", "(declare-const |a| (_ BitVec 8)) (assert |a|)", ")",
    "(push 1)", "(declare-const |a| (_ BitVec 8)) (assert (= |a| (_ bv1 9)))", "(assert |b|)", "hello",
    "(declare-fun |f| ((_ BitVec 32)) (_ BitVec 8))", "(assert (! true :pattern x))", "(define-fun n1 () Bool)",
])
def test_what_is_not_such_a_question_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Formula(text)
