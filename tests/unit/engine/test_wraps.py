"""Which sums and products are obliged not to wrap, and that the obligation says just that."""

from __future__ import annotations

import random

import pytest

from specs.bindings.pkvm import PKVM
from tests.answers import answers
from verify.cli.targets import from_snapshots, snapshot_folder
from verify.engine import wraps
from verify.engine.place import Place
from verify.engine.record import Carried, Obligation, Record
from verify.ir.span import Span
from verify.prove.target import make_target
from verify.terms import build as t
from verify.terms.evaluate import evaluate
from verify.terms.term import Term

HERE = Place(Span("a.c", 1), "f", "copy")
A, B = t.var("a", 32), t.var("b", 32)


def obliged(*sinks: Term, carried: tuple[Carried, ...] = ()) -> list[Obligation]:
    record = Record("c.")
    for term in sinks:
        record.sink(t.TRUE, term, HERE)
    record.carried += carried
    wraps.oblige(record)
    assert all(item.kind == "wrap" for item in record.obligations)
    return record.obligations


@pytest.mark.parametrize(("operator", "meant"), [("add", lambda a, b: a + b), ("mul", lambda a, b: a * b)])
def test_the_obligation_is_that_of_integers(operator: str, meant: object) -> None:
    (item,) = obliged(t.zext(t.binary(operator, A, B), 64))
    rng = random.Random(operator)
    for _ in range(300):
        a, b = rng.getrandbits(rng.choice((8, 17, 32))), rng.getrandbits(rng.choice((8, 16, 32)))
        assert callable(meant)
        assert evaluate([item.holds], {"a": a, "b": b}) == [meant(a, b) < 1 << 32]


@pytest.mark.parametrize("factor", [3, 16, 24, 4096])
def test_a_product_with_a_number(factor: int) -> None:
    (item,) = obliged(t.binary("mul", A, t.const(factor, 32)))
    for a in (0, (1 << 32) // factor - 1, (1 << 32) // factor, (1 << 32) // factor + 1, (1 << 32) - 1):
        assert evaluate([item.holds], {"a": a}) == [a * factor < 1 << 32]


@pytest.mark.parametrize("harmless", [
    t.binary("add", t.zext(A, 64), t.const(16, 64)),
    t.binary("mul", t.zext(A, 64), t.zext(B, 64)),
    t.binary("add", A, t.const(-1, 32)),
    t.binary("sub", A, B),
    t.extract(t.binary("add", t.zext(A, 130), t.zext(B, 130)), 31, 0),
    t.binary("mul", t.binary("and", A, t.const(0xFF, 32)), t.const(16, 32)),
], ids=["u32 plus sizeof is 64 bits", "wide product", "n minus 1", "difference", "checked sum", "small product"])
def test_what_cannot_wrap_or_is_no_sum(harmless: Term) -> None:
    assert obliged(harmless) == []


def test_a_choice_is_looked_at_on_the_side_that_is_taken() -> None:
    taken = t.var("taken", 0)
    (item,) = obliged(t.ite(taken, t.binary("add", A, B), A))
    assert item.guard is taken


def test_what_a_loop_carries_counts_where_it_is_used() -> None:
    step = Carried(("offset", "last"), t.TRUE, t.binary("add", t.var("offset", 32), A), HERE)
    assert len(obliged(t.var("offset", 32), carried=(step,))) == 1
    assert len(obliged(t.var("last", 32), carried=(step,))) == 1
    assert obliged(B, carried=(step,)) == []


def test_a_sum_compared_with_its_own_term_is_an_overflow_test() -> None:
    total = t.binary("add", A, B)
    assert total not in [size for _, size in wraps.compared(t.ult(total, A))]
    assert total in [size for _, size in wraps.compared(t.and_(t.var("other", 0), t.ult(total, t.var("size", 32))))]


def test_a_comparison_counts_on_the_path_that_made_it() -> None:
    """`return x + y < size` on one path, `return false` on the other: the caller's branch is on both."""
    total, here = t.binary("add", A, B), t.var("here", 0)
    is_small = t.ult(total, t.var("size", 32))
    for merged, when in ((t.ite(here, is_small, t.FALSE), here), (t.ite(here, t.TRUE, is_small), t.not_(here)),
                         (t.ite(here, is_small, t.var("other", 0)), here)):
        assert (when, total) in list(wraps.compared(merged))


def test_bounds_are_bounds() -> None:
    rng = random.Random(5)
    for _ in range(200):
        term: Term = rng.choice((A, B))
        for _ in range(rng.randrange(1, 6)):
            other = rng.choice((A, B, t.const(rng.getrandbits(rng.choice((3, 12, 32))), 32)))
            term = t.binary(rng.choice(("add", "mul", "and", "lshr", "udiv", "urem", "shl", "or", "sub")), term, other)
            if rng.random() < 0.3:
                term = t.zext(t.extract(term, 15, rng.choice((0, 4))), 32)
        for _ in range(20):
            values = {"a": rng.getrandbits(32), "b": rng.getrandbits(32)}
            assert evaluate([term], values)[0] <= wraps.largest(term)


def test_the_kernels_product_of_32_bits_is_found_and_little_else() -> None:
    (chosen,) = from_snapshots(snapshot_folder(), ("6.12",))
    record = make_target(chosen.unit, PKVM, memory=True, remembered=answers()).step.record
    found = {item.function for item in record.obligations if item.kind == "wrap"}
    assert "do_ffa_part_get" in found
    assert found <= {"do_ffa_part_get", "do_ffa_mem_reclaim"}
