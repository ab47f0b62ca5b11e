"""What EL3 was told since boot, as far as EL2's own pair of buffers and the version go: state that no static keeps.

`mapped`: the SPMC has EL2's pair mapped: the last FFA_RXTX_MAP or FFA_RXTX_UNMAP that it answered by FFA_SUCCESS was a
map. `asked`: some function of FF-A besides FFA_VERSION was asked. Both are read off the SMCs alone. The buffers' lock
protects the first. The second only grows; where no version is agreed yet, other CPUs let it grow only while the
version's lock is free. Where some call does not keep to that, others may change it at any time (`Shared.unruly`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from verify.engine.record import Record
from verify.engine.value import Integer
from verify.terms import build as t
from verify.terms.term import Term

LOOKED = "looked"
"""This call has looked at its parameters, x1 and on: until then, what EL2 asks EL3 is its own business."""
MAPPED, ASKED, LEFT, FOUND = "mapped", "asked", "mapped.left", "asked.found"
"""`LEFT`: mapped, as this call leaves it, whatever others do later. `FOUND`: asked, as the version's lock was taken."""
KEPT = (MAPPED, ASKED)
"""What calls carry over."""
VERSION, SUCCESS = 0x84000063, 0x84000061
MAPS, UNMAPS = (0x84000066, 0xC4000066), (0x84000067,)


def at_boot() -> dict[str, Term]:
    return dict.fromkeys((MAPPED, ASKED, LEFT, FOUND), t.FALSE)


def at_a_call(prefix: str) -> dict[str, Term]:
    """Anything, by names that sequences of calls link."""
    mapped, asked = (t.var(variable(prefix, name), 0) for name in KEPT)
    return {MAPPED: mapped, ASKED: asked, LEFT: mapped, FOUND: asked, LOOKED: t.FALSE}


def look(ghost: dict[str, Term], guard: Term, offset: Term, length: Term) -> None:
    """Bytes of the host's saved registers are read where the guard holds."""
    if LOOKED not in ghost or (offset.is_const and length.is_const and offset.value + length.value <= 8):
        return
    ghost[LOOKED] = t.or_(ghost[LOOKED], guard)


def is_own(ghost: Mapping[str, Term]) -> Term:
    return t.not_(ghost[LOOKED]) if LOOKED in ghost else t.FALSE


def variable(prefix: str, name: str) -> str:
    return f"{prefix}s.$told.{name}"


def later(record: Record, known: Term, name: str, origin: Term) -> Term:
    """Another CPU may have told EL3 something since."""
    fresh = record.unknown(f"other.told.{name}", 0, origin).term
    if name == ASKED:
        record.quiet.append(t.not_(fresh))
        return t.or_(known, fresh)
    record.quiet.append(t.eq(fresh, known))
    return fresh


def tell(ghost: dict[str, Term], arguments: Sequence[Integer], results: Sequence[Integer]) -> None:
    """What an SMC with this answer makes of it."""
    function = identifier(arguments)
    done = t.eq(t.extract(results[0].term, 31, 0), t.const(SUCCESS, 32))
    maps, unmaps = t.and_(done, _is_one(function, MAPS)), t.and_(done, _is_one(function, UNMAPS))
    for name in (MAPPED, LEFT):
        ghost[name] = t.ite(maps, t.TRUE, t.ite(unmaps, t.FALSE, ghost[name]))
    ghost[ASKED] = t.or_(ghost[ASKED], is_other(function))


def identifier(arguments: Sequence[Integer]) -> Term:
    """The function that an SMC asks for (32 bits), without the SVE hint."""
    return t.binary("and", t.extract(arguments[0].term, 31, 0), t.const(0xFFFEFFFF, 32))


def is_about_buffers(function: Term) -> Term:
    return _is_one(function, (*MAPS, *UNMAPS))


def _is_one(function: Term, known: Sequence[int]) -> Term:
    return t.or_(*(t.eq(function, t.const(one, 32)) for one in known))


def is_other(function: Term) -> Term:
    """A function of FF-A, but not FFA_VERSION."""
    return t.and_(is_ffa(function), t.not_(t.eq(function, t.const(VERSION, 32))))


def is_ffa(function: Term) -> Term:
    """A function ID (32 bits, without the SVE hint) of FF-A's range, in either convention."""
    kind = t.binary("and", function, t.const(0xBFFFFF00, 32))
    return t.and_(t.eq(kind, t.const(0x84000000, 32)), t.ule(t.const(0x60, 8), t.extract(function, 7, 0)))


def kept(ghost: Mapping[str, Term]) -> tuple[tuple[str, Term], ...]:
    """What invariants speak of."""
    return tuple((name, ghost[name]) for name in KEPT if name in ghost)
