"""What a conforming SPMC may answer about memory where all that was shared is known: in hunts (FFA-MEM-24, -27).

Proofs know of no ledger: there any region may have been shared before.
"""

from __future__ import annotations

from collections.abc import Mapping

from verify.engine import told
from verify.engine.content import byte
from verify.engine.record import Record, Retrieval, SmcEvent
from verify.prove.trust import SUCCESS
from verify.terms import build as t
from verify.terms.term import Term

RECLAIM = 0x84000077

Regions = Mapping[int, bytes]
"""Handles that were given out and not reclaimed → the description that a retrieval gets; empty until all is sent."""


def conforming(record: Record, regions: Regions) -> list[Term]:
    """Descriptions are of what was sent under a handle, and only known handles are reclaimed."""
    return [*(_retrieved(item, regions) for item in record.retrievals),
            *(_reclaimed(event, regions) for event in record.smcs)]


def _retrieved(item: Retrieval, regions: Regions) -> Term:
    return t.implies(item.answered, t.or_(*(
        t.and_(_is(item.handle, handle), _is(item.total, len(answer)),
               *(_is(byte(item.whole, t.const(k, 64)), value) for k, value in enumerate(answer)))
        for handle, answer in sorted(regions.items()) if answer)))


def _reclaimed(event: SmcEvent, regions: Regions) -> Term:
    low, high = (t.extract(event.arguments[k].term, 31, 0) for k in (1, 2))
    happens = t.and_(event.guard, _is(told.identifier(event.arguments), RECLAIM),
                     _is(t.extract(event.results[0].term, 31, 0), SUCCESS))
    return t.implies(happens, t.or_(*(_is(t.concat(high, low), handle) for handle in sorted(regions))))


def _is(term: Term, value: int) -> Term:
    return t.eq(term, t.const(value, term.bits))
