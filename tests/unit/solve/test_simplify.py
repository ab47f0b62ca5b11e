"""Simplified conjunctions have a model where the others have one, found out by trying all values."""

from __future__ import annotations

import random
from itertools import product

from verify.solve.simplify import conjuncts, simplify
from verify.terms import build as t
from verify.terms.evaluate import evaluate, holds
from verify.terms.term import Term, variables

BITS = 2
NUMBERS = tuple(t.var(name, BITS) for name in "abc")
TRUTHS = tuple(t.var(name, 0) for name in "pq")
EVERYTHING = [dict(zip("abcpq", values, strict=True))
              for values in product(*(range(1 << BITS) for _ in NUMBERS), *(range(2) for _ in TRUTHS))]


def _number(rng: random.Random, depth: int = 2) -> Term:
    kind = rng.random()
    if depth == 0 or kind < 0.4:
        return rng.choice(NUMBERS) if kind < 0.3 else t.const(rng.randrange(1 << BITS), BITS)
    if kind < 0.7:
        return t.binary(rng.choice(("add", "sub", "and", "mul")), _number(rng, depth - 1), _number(rng, depth - 1))
    return t.ite(_truth(rng, depth - 1), _number(rng, depth - 1), _number(rng, depth - 1))


def _truth(rng: random.Random, depth: int = 2) -> Term:
    kind = rng.random()
    if depth == 0 or kind < 0.15:
        return rng.choice(TRUTHS)
    if kind < 0.6:
        return rng.choice((t.eq, t.ult, t.ule, t.slt))(_number(rng, depth - 1), _number(rng, depth - 1))
    if kind < 0.7:
        return t.not_(_truth(rng, depth - 1))
    return rng.choice((t.and_, t.or_, t.implies))(_truth(rng, depth - 1), _truth(rng, depth - 1))


def _definition(rng: random.Random) -> Term:
    """Circles among them happen."""
    return rng.choice((t.eq(rng.choice(NUMBERS), _number(rng)), t.eq(_number(rng), rng.choice(NUMBERS))))


def _question(seed: int) -> list[Term]:
    rng = random.Random(seed)
    return [_definition(rng) if rng.random() < 0.4 else _truth(rng, 3) for _ in range(rng.randrange(1, 7))]


def _models(terms: list[Term]) -> list[dict[str, int]]:
    whole = t.and_(*terms)
    return [values for values in EVERYTHING if holds(whole, values)]


def test_there_is_a_model_if_and_only_if_there_was_one() -> None:
    seen, gone = {True: 0, False: 0}, 0
    for seed in range(600):
        question = _question(seed)
        simple, models = simplify(question), _models(question)
        left = _models(simple.parts)
        assert bool(models) == bool(left), seed
        seen[bool(models)] += 1
        gone += any(simple.defined)
        for values in left:
            assert holds(t.and_(*question), simple.restored(values)), seed
    assert min(seen.values()) > 100 and gone > 200, (seen, gone)


def test_what_is_defined_is_gone() -> None:
    a, b, c = NUMBERS
    simple = simplify([t.eq(a, t.binary("add", b, c)), t.eq(b, t.binary("mul", c, c)), t.ult(a, b)])
    assert set(variables(simple.parts)) <= {"c"}
    assert {name for found in simple.defined for name in found} == {"a", "b"}


def test_a_circle_is_left_alone() -> None:
    a, b, _ = NUMBERS
    simple = simplify([t.eq(a, t.binary("add", b, t.const(1, BITS))), t.eq(b, t.binary("add", a, a))])
    assert [simple.restored(values) for values in _models(simple.parts) if values["c"] + values["p"] + values["q"] == 0
            and values["a"] == 0] == [{"a": 3, "b": 2, "c": 0, "p": 0, "q": 0}]
    assert simplify([t.eq(a, t.binary("add", a, t.const(1, BITS)))]).defined == ()


def test_a_comparison_decides_its_kin() -> None:
    a, b, c = NUMBERS
    kin = [t.ule(b, a), t.ult(b, a), t.eq(a, b)]
    assert [len(found) for found in simplify([t.ult(a, b), t.or_(*kin, t.eq(c, a))]).defined] == [1]
    parts = simplify([t.ult(a, b), t.or_(t.ule(b, a), t.and_(TRUTHS[0], t.ult(b, a)))]).parts
    assert parts == [t.FALSE]


def test_conjuncts_are_flat() -> None:
    p, q = TRUTHS
    a, b, _ = NUMBERS
    nested = t.not_(t.or_(p, t.not_(t.and_(q, t.ult(a, b)))))
    assert conjuncts([nested, q]) == [t.not_(p), q, t.ult(a, b)]
    assert conjuncts([p, t.not_(p), t.FALSE]) == [t.FALSE]
    assert evaluate([t.and_(*conjuncts([nested]))], {"p": 0, "q": 1, "a": 0, "b": 1}) == [1]
