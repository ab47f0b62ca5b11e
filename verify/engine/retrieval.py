"""What a conforming SPMC puts into EL2's RX buffer when a memory region is retrieved.

Its whole descriptor is an unknown memory, one for each retrieval; the fragments are pieces of it (FFA-MEM-24,
FFA-MEM-25), and its fields are sound for the version that EL2 and the SPMC share (FFA-MEM-07, 09, 10, 26). All of it
is said under CONFORMS, which only L2 assumes. Offsets are 64 bits wide, so that no sum wraps.
"""

from __future__ import annotations

from itertools import combinations

from verify.engine import content as c
from verify.engine.record import Record, Retrieval, SmcEvent
from verify.engine.relevance import exclude
from verify.terms import build as t
from verify.terms.term import Term

CONFORMS = t.var("spmc.conforms", 0)
RETRIEVE_REQ, RETRIEVE_RESP = (0x84000074, 0xC4000074), 0x84000075
FRAG_RX, FRAG_TX = 0x8400007A, 0x8400007B
V1_0 = 0x10000
HEADER, ENTRY, COMPOSITE, RANGE = 48, 16, 16, 16
"""Sizes in bytes: of the header since 1.1, of an endpoint's entry at least, of the composite's header, of a range."""
AT_ENTRIES_1_0, AT_HANDLE, AT_ENTRY_OFFSET, AT_COMPOSITE_OFFSET, AT_RANGE_COUNT = 32, 8, 32, 4, 4


def answered(record: Record, event: SmcEvent, number: int, version: Term) -> None:
    """Note what is known of the RX buffer after an SMC; nothing inside loops that retrieve, or where it is not clear
    which retrieval a fragment belongs to."""
    asked = event.arguments[0].term
    if not isinstance(event.rx, c.Unknown) or not asked.is_const:
        return
    function = asked.value & 0xFFFEFFFF
    if function in RETRIEVE_REQ and event.tx is not None and record.index is None:
        _retrieved(record, event, number, version)
    elif function == FRAG_RX:
        known = [item for item in record.retrievals if not exclude(item.guard, event.guard)]
        if all(exclude(one.guard, other.guard) for one, other in combinations(known, 2)):
            for item in known:
                _continued(record, event, item)


def _retrieved(record: Record, event: SmcEvent, number: int, version: Term) -> None:
    assert isinstance(event.rx, c.Unknown) and event.tx is not None
    whole = c.Unknown(f"{record.prefix}descriptor{number}")
    total, first = _low(event, 1), _low(event, 2)
    gives = t.and_(CONFORMS, event.guard, _is(_low(event, 0), RETRIEVE_RESP))
    handle = c.read(event.tx, t.const(AT_HANDLE, 64), 8)
    record.retrievals.append(Retrieval(event.guard, gives, whole, handle, total))
    rx, piece = event.rx.name, _wide(first)
    record.byte_facts.append((rx, lambda offset: t.implies(
        t.and_(gives, t.ult(offset, piece)), t.eq(t.select(rx, offset), c.byte(whole, offset)))))
    is_sound = t.implies(gives, _sound(whole, _wide(total), piece, version))
    record.byte_facts.append((whole.name, lambda offset: is_sound))


def _continued(record: Record, event: SmcEvent, retrieval: Retrieval) -> None:
    assert isinstance(event.rx, c.Unknown)
    asks = t.concat(_argument(event, 2), _argument(event, 1))
    start, length = _wide(_argument(event, 3)), _wide(_low(event, 3))
    gives = t.and_(retrieval.answered, event.guard, _is(_low(event, 0), FRAG_TX), t.eq(asks, retrieval.handle))
    rx, whole = event.rx.name, retrieval.whole
    record.byte_facts.append((rx, lambda offset: t.implies(
        t.and_(gives, t.ult(offset, length)),
        t.eq(t.select(rx, offset), c.byte(whole, t.binary("add", start, offset))))))


def _sound(whole: c.Unknown, total: Term, first: Term, version: Term) -> Term:
    """The first entry lies in the first fragment, the composite behind it, and all ranges within the whole."""
    given = _word(whole, t.const(AT_ENTRY_OFFSET, 64))
    is_old = _is(version, V1_0)
    entry = t.ite(is_old, t.const(AT_ENTRIES_1_0, 64), given)
    composite = _word(whole, _plus(entry, AT_COMPOSITE_OFFSET))
    ranges = t.binary("shl", _word(whole, _plus(composite, AT_RANGE_COUNT)), t.const(4, 64))
    return t.and_(
        t.or_(is_old, t.and_(t.ule(t.const(HEADER, 64), given), _is_aligned(given))),
        t.ule(_plus(entry, ENTRY), first),
        _is_aligned(composite), t.ule(_plus(entry, ENTRY), composite),
        t.ule(t.binary("add", _plus(composite, COMPOSITE), ranges), total))


def _is_aligned(offset: Term) -> Term:
    return _is(t.extract(offset, 3, 0), 0)


def _word(whole: c.Unknown, offset: Term) -> Term:
    return _wide(c.read(whole, offset, 4))


def _plus(term: Term, number: int) -> Term:
    return t.binary("add", term, t.const(number, term.bits))


def _wide(term: Term) -> Term:
    return t.zext(term, 64)


def _low(event: SmcEvent, k: int) -> Term:
    return t.extract(event.results[k].term, 31, 0)


def _argument(event: SmcEvent, k: int) -> Term:
    return t.extract(event.arguments[k].term, 31, 0)


def _is(term: Term, value: int) -> Term:
    return t.eq(term, t.const(value, term.bits))
