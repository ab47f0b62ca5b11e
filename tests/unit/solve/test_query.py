"""Two ways of asking Z3 that must agree, on questions about unknown memory."""

from __future__ import annotations

import random
from functools import partial

import pytest

from verify.solve.query import Answer, Satisfied, Solver, Undecided, Unsatisfiable
from verify.solve.reads import name_reads
from verify.terms import build as t
from verify.terms.evaluate import holds, substitute
from verify.terms.term import Term, memories, variables

PLACES = tuple(t.var(name, 64) for name in "abc")


def _byte(rng: random.Random, depth: int = 2) -> Term:
    """A byte of one of two memories, perhaps at a place that is read from memory itself."""
    place = rng.choice(PLACES)
    if depth and rng.random() < 0.4:
        place = t.zext(_byte(rng, depth - 1), 64)
    if rng.random() < 0.5:
        place = t.binary("add", place, t.const(rng.randrange(3), 64))
    return t.select(rng.choice("mn"), place)


def _question(seed: int) -> list[Term]:
    rng = random.Random(seed)
    terms = []
    for _ in range(rng.randrange(3, 9)):
        one, other = _byte(rng), rng.choice((_byte(rng), t.const(rng.randrange(3), 8)))
        fact = rng.choice((t.eq(one, other), t.ult(one, other), t.ule(other, one)))
        terms.append(t.or_(fact, t.eq(*rng.sample(PLACES, 2))) if rng.random() < 0.4 else fact)
    terms += [t.eq(PLACES[0], PLACES[1])] if rng.random() < 0.5 else []
    return [t.not_(term) if rng.random() < 0.3 else term for term in terms]


def test_in_bits_and_by_theory_the_answer_is_the_same() -> None:
    solver, seen = Solver(), {"yes": 0, "no": 0}
    for seed in range(150):
        question = _question(seed)
        answers = solver.ask(question), solver.refute(question)
        assert type(answers[0]) is type(answers[1]), seed
        for answer in answers:
            assert not isinstance(answer, Satisfied) or holds(t.and_(*question), answer.values)
        if isinstance(answers[0], Satisfied):
            assert isinstance(solver.plausible(question), Satisfied), seed
        seen["yes" if isinstance(answers[0], Satisfied) else "no"] += 1
    assert min(seen.values()) > 20, seen


def test_equal_places_hold_equal_bytes() -> None:
    a, b, _ = PLACES
    differ = t.not_(t.eq(t.select("m", a), t.select("m", b)))
    assert isinstance(Solver().refute([t.eq(a, b), differ]), Unsatisfiable)
    assert isinstance(Solver().refute([t.ule(a, b), t.ule(b, a), differ]), Unsatisfiable)
    other = t.not_(t.eq(t.select("m", a), t.select("n", b)))
    assert isinstance(Solver().refute([t.ule(a, b), t.ule(b, a), other]), Satisfied)


def test_a_model_speaks_of_bytes_and_not_of_names_for_them() -> None:
    answer: Answer = Solver().refute([t.eq(t.select("m", PLACES[0]), t.const(7, 8)), t.eq(PLACES[0], t.const(3, 64))])
    assert answer == Satisfied({"a": 3, "m@3": 7})


@pytest.mark.parametrize("distance", [0, 1])
def test_what_a_model_breaks_is_told(distance: int) -> None:
    """Offsets that differ by a number are never the same place."""
    there = t.binary("add", PLACES[0], t.const(distance, 64))
    goal = t.ult(t.select("m", PLACES[1]), t.select("m", there))
    named = name_reads(goal, {})
    assert not memories([named.goal])
    first, second = (str(variable.data) for _, _, variable in named.places)
    assert named.broken({"a": 5, "b": 5 + distance, first: 1, second: 2})
    assert not named.broken({"a": 5, "b": 6 + distance, first: 1, second: 2})


def _named(seed: int, suffix: str) -> list[Term]:
    """A question, with other names of its variables and memories."""
    terms = _question(seed)
    names = {name: t.var(name + suffix, term.bits) for name, term in variables(terms).items()}
    reads = {name: partial(t.select, name + suffix) for name in memories(terms)}
    return substitute(terms, names, None, reads)


def test_what_differs_in_names_alone_is_asked_once() -> None:
    models = 0
    for seed in range(60):
        solver = Solver()
        first = solver.refute(_question(seed))
        asked, terms = solver.cost.queries, _named(seed, ".other")
        second = solver.refute(terms)
        assert type(second) is type(first) and solver.cost.queries == asked
        if isinstance(second, Satisfied):
            models += 1
            assert holds(t.and_(*terms), second.values)
    assert models > 10


def test_more_effort_is_made_where_less_did_not_decide() -> None:
    x, y = t.var("x", 64), t.var("y", 64)
    product = t.eq(t.binary("mul", x, y), t.const(0xFFFF_FFF1_0000_0037, 64))
    factors = [product, t.ult(t.const(1, 64), x), t.ult(x, y), t.ult(y, t.const(1 << 33, 64))]
    solver = Solver(2_000)
    assert isinstance(solver.refute(factors, share=2), Undecided)
    asked = solver.cost.queries
    assert isinstance(solver.refute(factors, share=2), Undecided) and solver.cost.queries == asked
    assert isinstance(solver.refute(factors), Undecided) and solver.cost.queries > asked
