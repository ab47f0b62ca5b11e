"""What a formula's value does not rest on may change."""

from __future__ import annotations

import random

from verify.terms import build as t
from verify.terms.evaluate import evaluate
from verify.terms.support import support
from verify.terms.term import Term

NAMES = tuple("abcdefgh")


def _truth(rng: random.Random, depth: int) -> Term:
    if not depth:
        return t.ult(t.var(rng.choice(NAMES), 8), t.var(rng.choice(NAMES), 8))
    one, other, third = (_truth(rng, depth - 1) for _ in range(3))
    return rng.choice((t.and_(one, other), t.or_(one, other), t.not_(one), t.ite(one, other, third)))


def test_other_variables_may_have_any_value() -> None:
    spared = 0
    for seed in range(200):
        rng = random.Random(seed)
        roots = [_truth(rng, 4) for _ in range(3)]
        values = {name: rng.randrange(256) for name in NAMES}
        needed = support(roots, values)
        spared += len(NAMES) - len(needed)
        for _ in range(10):
            changed = {name: value if name in needed else rng.randrange(256) for name, value in values.items()}
            assert evaluate(roots, changed) == evaluate(roots, values), seed
    assert spared > 100


def test_bytes_are_called_by_their_place() -> None:
    byte = t.select("m", t.var("at", 64))
    assert support([t.eq(byte, t.const(1, 8))], {"at": 7, "m@7": 1}) == {"at", "m@7"}
    assert support([t.or_(t.var("b", 0), t.eq(byte, t.const(1, 8)))], {"b": 1}) == {"b"}
