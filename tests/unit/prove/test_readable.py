"""Models that a person reads: plain values wherever the conditions allow them."""

from __future__ import annotations

from verify.prove.reset import make_readable
from verify.prove.trust import ERROR, SUCCESS
from verify.terms import build as t
from verify.terms.term import Term

ANSWER, HOST = t.var("now.smc0.q0", 64), t.var("now.x1", 64)
ODD, VERSION = 0x84000080, 0x10001


def is_function(term: Term) -> Term:
    return t.and_(t.ule(t.const(0x84000060, 64), term), t.ule(term, t.const(0x840000FF, 64)))


def test_what_nothing_rests_on_is_zero() -> None:
    assert make_readable([t.eq(HOST, HOST), t.ule(t.const(7, 64), ANSWER)],
                         {"now.smc0.q0": 0x8000, "now.x1": 5})["now.x1"] == 0


def test_a_halved_group_keeps_what_is_needed() -> None:
    found = make_readable([t.ule(t.const(0x1000, 64), HOST), t.ult(ANSWER, HOST)],
                          {"now.smc0.q0": 0x77, "now.x1": 0x3000})
    assert found == {"now.smc0.q0": 0, "now.x1": 0x1000}


def test_an_answer_is_a_success_or_an_error_rather_than_any_function() -> None:
    wanted = is_function(ANSWER)
    assert make_readable([wanted], {"now.smc0.q0": ODD}) == {"now.smc0.q0": SUCCESS}
    failed = t.and_(wanted, t.ne(ANSWER, t.const(SUCCESS, 64)))
    assert make_readable([failed], {"now.smc0.q0": ODD}) == {"now.smc0.q0": ERROR}


def test_a_version_and_a_register_of_the_host_stay_what_they_are() -> None:
    version = t.and_(t.ule(t.const(VERSION, 64), ANSWER), is_function(HOST))
    found = make_readable([version], {"now.smc0.q0": VERSION, "now.x1": ODD})
    assert found["now.smc0.q0"] not in (SUCCESS, ERROR)
    assert found["now.x1"] == ODD
