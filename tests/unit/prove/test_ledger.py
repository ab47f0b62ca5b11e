"""What a conforming SPMC may answer where all that was shared is known."""

from __future__ import annotations

from verify.engine.content import Unknown
from verify.engine.record import Record, Retrieval, SmcEvent
from verify.engine.value import Integer
from verify.ir.span import NOWHERE
from verify.prove.ledger import RECLAIM, conforming
from verify.prove.trust import ERROR, SUCCESS
from verify.terms import build as t
from verify.terms.evaluate import Memory, substitute
from verify.terms.term import Term

KNOWN, PARTLY, NEVER = 0x1_0000_1001, 0x1002, 0xFFFF_FFFF_FFFF_FFFF
ANSWER = bytes(range(1, 33))
REGIONS = {KNOWN: ANSWER, PARTLY: b""}


def reclaimed(handle: int, answer: int) -> Term:
    record = Record("t.")
    words = [RECLAIM, handle & 0xFFFFFFFF, handle >> 32] + [0] * 15
    results = [answer] + [0] * 17
    integers = [tuple(Integer(t.const(x, 64), t.const(0, 16)) for x in some) for some in (words, results)]
    record.smcs.append(SmcEvent(t.TRUE, *integers, NOWHERE, False, (), 0))
    return t.and_(*conforming(record, REGIONS))


def retrieved(handle: int, content: bytes, total: int) -> Term:
    record = Record("t.")
    whole = Unknown("t.descriptor")
    record.retrievals.append(Retrieval(t.TRUE, t.TRUE, whole, t.const(handle, 64), t.const(total, 32)))
    memory: Memory = lambda offset: t.const(content[offset.value], 8)  # noqa: E731
    (said,) = substitute([t.and_(*conforming(record, REGIONS))], {"": t.TRUE}, {}, {whole.name: memory})
    return said


def test_only_what_was_given_out_is_reclaimed() -> None:
    assert reclaimed(KNOWN, SUCCESS) is t.TRUE
    assert reclaimed(PARTLY, SUCCESS) is t.TRUE, "what is not complete may be given up"
    assert reclaimed(NEVER, SUCCESS) is t.FALSE
    assert reclaimed(NEVER, ERROR) is t.TRUE


def test_a_description_is_of_what_was_sent() -> None:
    assert retrieved(KNOWN, ANSWER, len(ANSWER)) is t.TRUE
    assert retrieved(KNOWN, ANSWER, len(ANSWER) + 16) is t.FALSE
    assert retrieved(KNOWN, bytes([9]) + ANSWER[1:], len(ANSWER)) is t.FALSE
    assert retrieved(PARTLY, ANSWER, len(ANSWER)) is t.FALSE
    assert retrieved(NEVER, ANSWER, len(ANSWER)) is t.FALSE
