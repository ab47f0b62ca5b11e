"""May a conforming SPMC give an odd answer? Then rules judge the call at the trust levels that expect such an SPMC.

A refusal leaves the SPMC as it was, and so do answers that only tell something: whatever it answers later, it may. Of
other answers nothing is claimed, for the one that answers later does not know of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from verify.engine import told
from verify.engine.record import Record, SmcEvent
from verify.engine.value import Integer
from verify.interpret.events import SmcDone
from verify.interpret.spmc import ERROR, FEATURES, ID_GET, NOT_SUPPORTED, PARTITION_INFO_GET, VERSION
from verify.prove.trust import SPMC, axioms
from verify.terms import build as t
from verify.terms.evaluate import substitute

WORD = 0xFFFFFFFF
TELLING = (FEATURES, ID_GET, PARTITION_INFO_GET)
_ORIGIN = t.const(0, 16)


def conforms(done: SmcDone, level: str, spmc: int, agreed: int, room: int) -> bool:
    """Of an SMC's answer. `spmc`: the SPMC's version; `agreed`: EL2's; `room`: the size of EL2's RX buffer, if any."""
    if level == "L0":
        return True
    if not _keeps(done.arguments[0] & 0xFFFEFFFF, done.results[0] & WORD):
        return False
    known = {told.MAPPED: t.truth(done.told.is_mapped), told.ASKED: t.truth(done.told.is_asked)}
    record = Record("odd.", rx_size=t.const(room, 64) if room else None)
    record.smcs.append(SmcEvent(t.TRUE, _integers(done.arguments), _integers(done.results), done.span, done.is_forward,
                                (), 0, ghost=tuple(known.items()), version=t.const(agreed, 32)))
    said = substitute(axioms(record, level), {str(SPMC.data): t.const(spmc, 32)})
    return all(one is t.TRUE for one in said)


def _keeps(function: int, answer: int) -> bool:
    """It leaves the SPMC's state as it is."""
    return answer == ERROR or function in TELLING or (function == VERSION and answer == NOT_SUPPORTED)


def _integers(values: Sequence[int]) -> tuple[Integer, ...]:
    return tuple(Integer(t.const(one, 64), _ORIGIN) for one in values)
