"""When a branch depends on uninitialised bytes."""

from __future__ import annotations

from verify.engine.unset import Unset
from verify.terms import build as t

C, D = t.var("c", 0), t.var("d", 0)
X, U = t.var("x", 32), t.var("u.f.y.0!1", 32)
FIVE = t.const(5, 32)


def _of(term: t.Term, **meanings: t.Term) -> t.Term:
    return Unset(meanings).of(term)


def test_a_choice_counts_where_it_is_taken() -> None:
    chosen = t.ite(C, X, U)
    assert _of(t.ult(chosen, FIVE)) is t.not_(C)
    assert _of(t.ult(t.binary("add", chosen, t.ite(D, U, X)), FIVE)) is t.or_(t.not_(C), D)


def test_a_condition_counts_where_nothing_else_decides() -> None:
    is_less = t.ult(U, FIVE)
    assert _of(t.and_(C, is_less)) is C
    assert _of(t.or_(C, is_less)) is t.not_(C)
    assert _of(t.ite(is_less, X, FIVE)) is t.TRUE


def test_other_values_do_not() -> None:
    assert _of(t.ult(X, FIVE)) is t.FALSE
    assert _of(t.eq(t.var("outside!1", 32), FIVE)) is t.FALSE


def test_what_was_read_from_a_buffer_counts_by_its_meaning() -> None:
    """Uninitialised bytes that were written to a mailbox and read again had no mark of their own."""
    word = t.var("c.word3", 32)
    assert _of(t.eq(word, FIVE)) is t.FALSE
    assert _of(t.eq(word, FIVE), **{"c.word3": t.ite(C, U, X)}) is C


def test_bytes_of_a_memory_that_was_never_written() -> None:
    assert _of(t.eq(t.select("u.f.y.0!2", t.const(0, 64)), t.const(1, 8))) is t.TRUE
