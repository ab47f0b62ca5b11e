"""What a buffer holds, against plain bytes; and claims proved together, against claims asked for one by one."""

from __future__ import annotations

import random

import pytest

from verify.engine import content as c
from verify.engine.exact import Abstractions
from verify.solve.query import Satisfied, Solver, Unsatisfiable
from verify.terms import build as t
from verify.terms.evaluate import evaluate
from verify.terms.term import Term

SIZE = 48


def number(value: int, name: str, values: dict[str, int], rng: random.Random) -> Term:
    """A number as a constant, or as a variable of that value."""
    if rng.random() < 0.5:
        return t.const(value, 64)
    values[name] = value
    return t.var(name, 64)


@pytest.mark.parametrize("seed", range(120))
def test_reads_resolve_writes_copies_and_choices(seed: int) -> None:
    rng, values = random.Random(seed), dict[str, int]()
    base = [rng.getrandbits(8) for _ in range(SIZE)]
    other = [rng.getrandbits(8) for _ in range(SIZE)]
    values |= {f"m@{k}": byte for k, byte in enumerate(base)} | {f"o@{k}": byte for k, byte in enumerate(other)}
    content: c.Content = c.Unknown("m")
    bytes_ = list(base)
    for step in range(6):
        at, length = rng.randrange(SIZE - 8), rng.randrange(9)
        place, count = (number(x, f"{name}{step}", values, rng) for x, name in ((at, "at"), (length, "length")))
        before, old = content, list(bytes_)
        match rng.randrange(3):
            case 0:
                stored = rng.getrandbits(32)
                content = c.Written(content, place, t.const(stored, 32))
                bytes_[at:at + 4] = stored.to_bytes(4, "little")
            case 1:
                start = rng.randrange(SIZE - 8)
                content = c.Copied(content, place, count, c.Unknown("o"), t.const(start, 64))
                bytes_[at:at + length] = other[start:start + length]
            case _:
                content = c.Filled(content, place, count, t.const(7, 8))
                bytes_[at:at + length] = [7] * length
        if rng.random() < 0.3:
            values[f"taken{step}"] = taken = rng.randrange(2)
            content = c.choose(t.var(f"taken{step}", 0), content, before)
            bytes_ = bytes_ if taken else old
    for offset in range(SIZE - 8):
        term = c.read(content, number(offset, f"offset{offset}", values, rng), 8)
        assert evaluate([term], values) == [int.from_bytes(bytes(bytes_[offset:offset + 8]), "little")]


def test_a_word_is_the_same_at_the_same_place_and_means_what_is_read() -> None:
    known, offset = Abstractions("x."), t.var("offset", 64)
    content = c.Written(c.Unknown("m"), t.const(0, 64), t.const(0x1234, 16))
    first, again = (known.word(content, offset, 2, None) for _ in range(2))
    assert first is again
    solver, wrong = Solver(), [t.eq(offset, t.const(0, 64)), t.not_(t.eq(first, t.const(0x1234, 16)))]
    assert isinstance(solver.refute(wrong), Satisfied)
    assert isinstance(solver.refute([*wrong, *known.definitions(wrong)]), Unsatisfiable)


def test_a_predicate_of_the_index_is_one_for_all_loops_with_the_same_meaning() -> None:
    known = Abstractions("x.")

    def at(index: Term) -> Term:
        return known.predicate(t.eq(t.select("m", index), t.const(1, 8)), index)

    one, two = t.var("one", 64), t.var("two", 64)
    solver = Solver()
    assert isinstance(solver.refute([t.eq(one, two), at(one), t.not_(at(two))]), Unsatisfiable)
    claim = [at(one), t.not_(t.eq(t.select("m", one), t.const(1, 8)))]
    assert isinstance(solver.refute([*claim, *known.definitions(claim)]), Unsatisfiable)


@pytest.mark.parametrize("seed", range(40))
def test_claims_proved_together_are_those_that_follow(seed: int) -> None:
    rng = random.Random(seed)
    x, y = t.var("x", 8), t.var("y", 8)
    low, high = sorted(rng.randrange(256) for _ in range(2))
    given = [t.ule(t.const(low, 8), x), t.ule(x, t.const(high, 8)), t.not_(t.eq(y, t.const(rng.randrange(256), 8)))]
    claims = [t.ule(x, t.const(rng.randrange(256), 8)) for _ in range(4)]
    claims += [t.not_(t.eq(y, t.const(rng.randrange(256), 8))), t.ule(x, t.const(high, 8)), t.FALSE]
    expected = [isinstance(Solver().refute([*given, t.not_(claim)]), Unsatisfiable) for claim in claims]
    assert Solver().implied(given, claims) == expected
    assert expected[-2:] == [True, False]
