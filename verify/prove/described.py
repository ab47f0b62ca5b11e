"""How a conforming SPMC describes a region that the hypervisor retrieves (DEN0077A v1.0 11.4, v1.1 16.4, v1.2 11).

It is bound by MEM-07, MEM-09, MEM-10, MEM-12 and MEM-24, as a sender is. Its layout is that of the agreed version,
which EL2 has at the time (VER-13), if that is some 1.x.
"""

from __future__ import annotations

from verify.engine.content import Content
from verify.engine.record import Record, SmcEvent
from verify.terms import build as t
from verify.terms.term import Term

RETRIEVE, RETRIEVE_RESP = (0x84000074, 0xC4000074), 0x84000075
HANDLE, ENTRY_COUNT, ENTRIES, ENTRY, COMPOSITE = 8, 28, 32, 16, 4


def described(record: Record) -> list[Term]:
    """About each answer with a description in EL2's RX buffer."""
    result = []
    for event in record.smcs:
        asked = t.extract(event.arguments[0].term, 31, 0)
        low = t.extract(event.results[0].term, 31, 0)
        answered = t.and_(event.guard, t.or_(*(t.eq(asked, t.const(x, 32)) for x in RETRIEVE)),
                          t.eq(low, t.const(RETRIEVE_RESP, 32)))
        if event.rx is not None and event.tx is not None and event.version is not None and answered is not t.FALSE:
            is_one = t.eq(t.extract(event.version, 31, 16), t.const(1, 16))
            result.append(t.implies(t.and_(answered, is_one), _sound(record, event, event.tx, event.rx, event.version)))
    return result


def _sound(record: Record, event: SmcEvent, tx: Content, rx: Content, version: Term) -> Term:
    """The handle that was asked for, the host as sender, one entry behind the header, its composite behind that."""
    def read(offset: Term, size: int) -> Term:
        return record.word(rx, offset, size)

    total, length = (t.zext(t.extract(event.results[k].term, 31, 0), 64) for k in (1, 2))
    is_first = t.eq(version, t.const(0x10000, 32))
    said = t.zext(read(_at(ENTRIES), 4), 64)
    entry = t.ite(is_first, _at(ENTRIES), said)
    composite = t.zext(read(_plus(entry, COMPOSITE), 4), 64)
    ranges = t.zext(read(_plus(composite, 4), 4), 64)
    end = t.binary("add", _plus(composite, 16), t.binary("mul", ranges, t.const(16, 64)))
    return t.and_(
        t.eq(read(_at(HANDLE), 8), record.word(tx, _at(HANDLE), 8)),
        t.eq(read(_at(0), 2), t.const(0, 16)), t.eq(read(_at(ENTRY_COUNT), 4), t.const(1, 32)),
        t.or_(is_first, t.and_(_is_aligned(entry), t.ule(_at(48), entry))), t.ule(_plus(entry, ENTRY), length),
        _is_aligned(composite), t.ule(_plus(entry, ENTRY), composite), t.ule(_plus(composite, 16), length),
        t.eq(end, total))


def _at(offset: int) -> Term:
    return t.const(offset, 64)


def _plus(offset: Term, more: int) -> Term:
    return t.binary("add", offset, _at(more))


def _is_aligned(offset: Term) -> Term:
    return t.eq(t.extract(offset, 3, 0), t.const(0, 4))
