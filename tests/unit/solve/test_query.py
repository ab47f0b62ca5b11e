"""Solvers, and ways of asking them, must agree on questions about unknown memory."""

from __future__ import annotations

import random
from functools import partial

import pytest

from verify.errors import InternalError
from verify.solve import finding
from verify.solve.answer import Answer, Satisfied, Undecided, Unsatisfiable
from verify.solve.query import EASY, RLIMIT, Solver
from verify.solve.reads import name_reads
from verify.solve.refuting import BY_THEORY, IN_BITS, refute
from verify.solve.smtlib import anonymous, script
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


def test_both_solvers_say_the_same_in_every_way() -> None:
    seen = {"yes": 0, "no": 0}
    for seed in range(400):
        goal = t.and_(*_question(seed))
        if goal.is_const:
            continue
        called = anonymous([goal])
        answers = [finding.find(script([goal], called), goal, called, 1_000_000)[0],
                   *(refute(goal, called, tactics, RLIMIT)[0] for tactics in (IN_BITS, BY_THEORY))]
        kind, *others = map(type, answers)
        assert others == [kind, kind] and kind is not Undecided, seed
        for answer in answers:
            assert not isinstance(answer, Satisfied) or holds(goal, answer.values)
        seen["yes" if kind is Satisfied else "no"] += 1
    assert min(seen.values()) > 15, seen


def test_what_is_refuted_is_confirmed() -> None:
    solver = Solver()
    answers = [type(solver.refute(_question(seed))) for seed in range(150)]
    assert solver.cost.confirmed == solver.cost.refuted > 2
    assert answers.count(Unsatisfiable) > 20


def test_what_was_hard_to_refute_is_not_put_to_the_other_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "find", lambda *_: (Unsatisfiable(), EASY + 1))
    solver = Solver()
    assert isinstance(solver.refute([t.ult(t.select("m", PLACES[0]), t.select("m", PLACES[1]))]), Unsatisfiable)
    assert (solver.cost.refuted, solver.cost.confirmed, solver.cost.rlimit) == (1, 0, 0)


def test_solvers_that_disagree_are_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "find", lambda *_: (Unsatisfiable(), 1))
    with pytest.raises(InternalError, match="disagree"):
        Solver().refute([t.ult(t.select("m", PLACES[0]), t.select("m", PLACES[1]))])


def test_a_model_that_is_none_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "find", lambda *_: (Satisfied({}), 1))
    with pytest.raises(InternalError, match="does not satisfy"):
        Solver().refute([t.ult(t.select("m", PLACES[0]), t.select("m", PLACES[1]))])


def test_where_one_solver_gives_up_the_other_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "find", lambda *_: (Undecided("no"), 1))
    for seed in range(30):
        question, solver = _question(seed), Solver()
        answer = solver.refute(question)
        assert not isinstance(answer, Undecided), seed
        assert not isinstance(answer, Satisfied) or holds(t.and_(*question), answer.values)
        assert isinstance(solver.find(question), Undecided) or not solver.cost.queries


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


def test_steps_are_the_same_in_each_run() -> None:
    x, y = t.var("x", 64), t.var("y", 64)
    goal = t.and_(t.eq(t.binary("mul", x, y), t.const(0xFFFF_FFF1_0000_0037, 64)), t.ult(t.const(1, 64), x),
                  t.ult(x, y), t.ult(y, t.const(1 << 33, 64)))
    answers = [finding.find(script([goal]), goal, {}, limit) for limit in (5_000, 5_000, 50)]
    assert answers[0] == answers[1] == (Undecided(finding.GIVEN_UP), answers[0][1])
    assert 5_000 < answers[0][1] < 5_100 and 50 < answers[2][1] < 150
