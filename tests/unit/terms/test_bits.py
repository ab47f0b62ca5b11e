"""What is known of bits, on random choices between words that are half known."""

from __future__ import annotations

import random

import pytest

from verify.terms import build as t
from verify.terms.bits import is_never
from verify.terms.evaluate import evaluate
from verify.terms.term import BOOL, Term, make

WORDS = (0x00, 0x63, 0x72, 0x73, 0xFF)


def word(rng: random.Random, depth: int, bits: int = 8) -> Term:
    """With parts that are numbers."""
    kind = rng.randrange(6) if depth else rng.randrange(2)
    if kind == 0:
        return t.const(rng.choice(WORDS) & ((1 << bits) - 1), bits)
    if kind == 1 or bits < 4:
        return t.var(f"{rng.choice('abc')}{bits}", bits)
    if kind == 2:
        return t.concat(word(rng, depth - 1, bits // 2), word(rng, depth - 1, bits // 2))
    if kind == 3:
        return t.zext(word(rng, depth - 1, bits // 2), bits)
    if kind == 4:
        mask = rng.choice((*WORDS, 0xFE)) & ((1 << bits) - 1)
        return t.binary("and", word(rng, depth - 1, bits), t.const(mask, bits))
    low = rng.randrange(bits) if bits < 16 else 0
    whole = word(rng, depth - 1, 2 * bits) if bits < 16 else word(rng, 0, 2 * bits)
    return t.extract(whole, low + bits - 1, low)


def chosen(rng: random.Random) -> Term:
    result = word(rng, 3)
    for _ in range(rng.randrange(3)):
        result = t.ite(t.var(rng.choice("pq"), BOOL), word(rng, 2), result)
    if rng.random() < 0.5:
        result = t.binary("and", result, t.const(rng.choice((*WORDS, 0xFE)), 8))
    return t.extract(result, 6, 1) if rng.random() < 0.3 else result


def values(rng: random.Random) -> dict[str, int]:
    names = {f"{letter}{bits}": rng.choice((*WORDS, rng.getrandbits(32))) & ((1 << bits) - 1)
             for letter in "abc" for bits in (1, 2, 4, 8, 16, 32)}
    return {**names, "p": rng.randrange(2), "q": rng.randrange(2)}


@pytest.mark.parametrize("seed", range(40))
def test_a_simplified_comparison_means_the_same(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(50):
        term = chosen(rng)
        number = t.const(rng.choice(WORDS) & ((1 << term.bits) - 1), term.bits)
        simple, plain = t.eq(term, number), make("eq", (term, number), BOOL)
        for _ in range(10):
            here = values(rng)
            assert evaluate([simple], here) == evaluate([plain], here), (term, number)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_never_equal_is_not(seed: int) -> None:
    rng, seen = random.Random(seed), 0
    for _ in range(200):
        term, number, mask = word(rng, 3), rng.choice(WORDS), rng.choice((*WORDS, 0x7F))
        if is_never(term, number, mask):
            seen += 1
            for _ in range(10):
                assert (evaluate([term], values(rng))[0] ^ number) & mask, (term, number, mask)
    assert seen > 10


def test_one_side_of_a_choice_is_left() -> None:
    p, x = t.var("p", BOOL), t.var("x", 64)
    host = t.concat(t.var("hi", 48), t.const(0x73, 16))
    asked = t.binary("and", t.extract(t.ite(p, host, x), 31, 0), t.const(0xFFFEFFFF, 32))
    assert t.eq(asked, t.const(0x84000068, 32)) is t.and_(
        t.not_(p), t.eq(t.binary("and", t.extract(x, 31, 0), t.const(0xFFFEFFFF, 32)), t.const(0x84000068, 32)))
