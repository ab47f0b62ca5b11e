"""What is left out of a question says nothing about it."""

from __future__ import annotations

import random
from itertools import product

from verify.engine.relevance import Outright
from verify.terms import build as t
from verify.terms.evaluate import holds
from verify.terms.term import Term

WORD = t.var("word", 2)
FLAGS = tuple(t.var(name, 0) for name in ("a", "b", "c"))
ATOMS = (*FLAGS, *(t.eq(WORD, t.const(value, 2)) for value in range(4)))


def _literal(rng: random.Random) -> Term:
    atom = rng.choice(ATOMS)
    return atom if rng.random() < 0.5 else t.not_(atom)


def _formula(rng: random.Random, depth: int) -> Term:
    if depth == 0:
        return _literal(rng)
    parts = [_formula(rng, depth - 1) for _ in range(rng.randint(1, 3))]
    whole = t.and_(*parts) if rng.random() < 0.5 else t.or_(*parts)
    return whole if rng.random() < 0.7 else t.not_(whole)


def test_a_fact_that_is_silenced_holds_wherever_the_question_does() -> None:
    rng, silenced = random.Random(1), 0
    for _ in range(3000):
        where = t.and_(*(_formula(rng, rng.randint(0, 1)) for _ in range(rng.randint(1, 3))))
        fact = t.implies(_formula(rng, 1), _formula(rng, 1))
        if not Outright(where).silences(fact):
            continue
        silenced += 1
        for values in product((0, 1), (0, 1), (0, 1), range(4)):
            named = dict(zip(("a", "b", "c", "word"), values, strict=True))
            assert not holds(where, named) or holds(fact, named), (where, fact, named)
    assert silenced > 300


def test_a_guard_of_another_number_is_denied() -> None:
    here = Outright(t.and_(FLAGS[0], t.eq(WORD, t.const(1, 2))))
    assert here.denies(t.and_(FLAGS[1], t.eq(WORD, t.const(2, 2))))
    assert here.denies(t.not_(FLAGS[0]))
    assert not here.denies(t.and_(FLAGS[1], t.eq(WORD, t.const(1, 2))))
