"""What EL3 may answer, by trust level.

L0: anything. L2: a conforming SPMC; bits 63:32 of SMC32 results are arbitrary all the same. Each axiom names the rule
that binds the SPMC to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from verify.engine import told
from verify.engine.record import Record, SmcEvent
from verify.errors import InputError
from verify.prove.described import described
from verify.terms import build as t
from verify.terms.term import Term

LEVELS = ("L0", "L1", "L2")
VERSION, FEATURES, ID_GET = 0x84000063, 0x84000064, 0x84000069
SUCCESS, ERROR, NOT_SUPPORTED = 0x84000061, 0x84000060, 0xFFFFFFFF
INVALID_PARAMETERS = 0xFFFFFFFE


@dataclass(frozen=True, slots=True)
class Axiom:
    """`rule`: what a conforming SPMC is bound by. `says`: about the answers to calls of `function` (None: of any)."""

    rule: str
    function: int | None
    levels: tuple[str, ...]
    says: Callable[[SmcEvent], Term]


def _low(event: SmcEvent, k: int) -> Term:
    return t.extract(event.results[k].term, 31, 0)


def _is(term: Term, value: int) -> Term:
    return t.eq(term, t.const(value, term.bits))


def _asked(event: SmcEvent) -> Term:
    """The function, without the SVE hint."""
    return told.identifier(event.arguments)


def _version(event: SmcEvent) -> Term:
    """A version 1.x, or NOT_SUPPORTED."""
    return t.or_(_is(_low(event, 0), NOT_SUPPORTED), _is(t.extract(event.results[0].term, 31, 16), 1))


SPMC = t.var("spmc.version", 32)
"""Its highest version, the same in every answer; NOT_SUPPORTED where there is no SPMC."""
NO_SPMC = t.eq(SPMC, t.const(NOT_SUPPORTED, 32))


def _own_version(event: SmcEvent) -> Term:
    """Its own version; or the requested one where that is lower; or it refuses a lower one's interface."""
    asked = t.extract(event.arguments[1].term, 31, 0)
    lower = t.ult(t.extract(asked, 15, 0), t.extract(SPMC, 15, 0))
    is_one = _is(t.extract(asked, 31, 16), 1)
    own = t.or_(t.eq(_low(event, 0), SPMC), t.and_(lower, t.eq(_low(event, 0), asked)))
    return t.and_(t.or_(own, _is(_low(event, 0), NOT_SUPPORTED)), t.or_(own, NO_SPMC, lower, t.not_(is_one)))


def _bit_31(event: SmcEvent) -> Term:
    """A version with bit 31 set is none."""
    return t.or_(_is(t.extract(event.arguments[1].term, 31, 31), 0), _is(_low(event, 0), NOT_SUPPORTED))


def _nothing(event: SmcEvent) -> Term:
    """Without an SPMC every call of FF-A is unknown."""
    return t.or_(t.not_(t.and_(_is_ffa(event), NO_SPMC)), _is(_low(event, 0), NOT_SUPPORTED))


def _is_ffa(event: SmcEvent) -> Term:
    return told.is_ffa(_asked(event))


def _some_frame(event: SmcEvent) -> Term:
    """w0 names a function of FF-A, or is NOT_SUPPORTED; FFA_VERSION has its own axioms."""
    low = _low(event, 0)
    is_version = _is(_asked(event), VERSION)
    return t.or_(t.not_(_is_ffa(event)), is_version, told.is_ffa(low), _is(low, NOT_SUPPORTED))


def _preserved(event: SmcEvent) -> Term:
    """An SMC32 leaves x8 to x17 as they were, unless it is an FFA_RUN that ends with RESP2 (CC-10)."""
    resumed = t.and_(_is(_asked(event), RUN), _is(_low(event, 0), RESP2))
    is_narrow = _is(t.extract(event.arguments[0].term, 30, 30), 0)
    count = min(18, len(event.arguments))
    kept = (t.eq(event.results[k].term, event.arguments[k].term) for k in range(8, count))
    return t.or_(t.not_(is_narrow), resumed, t.and_(*kept))


def _version_rest(event: SmcEvent) -> Term:
    return t.and_(*(_is(_low(event, k), 0) for k in range(1, 8)))


def _maps(event: SmcEvent) -> Term:
    """A second pair is refused."""
    return t.or_(t.not_(_mapped(event)), _is(_low(event, 0), ERROR))


def _unmaps(event: SmcEvent) -> Term:
    """The caller's own pair is given up when it is asked for, and only a pair that is mapped."""
    own = _is(t.extract(event.arguments[1].term, 31, 0), 0)
    return t.and_(t.or_(_mapped(event), _fails(event, INVALID_PARAMETERS)),
                  t.or_(t.not_(_mapped(event)), t.not_(own), _is(_low(event, 0), SUCCESS)))


def _needs_buffers(event: SmcEvent) -> Term:
    """What goes through a pair of buffers fails without one."""
    return t.or_(_mapped(event), _is(_low(event, 0), ERROR))


def _lists(event: SmcEvent) -> Term:
    """A list of partitions comes in a buffer; their number does not."""
    counts = _is(t.extract(event.arguments[5].term, 0, 0), 1)
    return t.or_(counts, _needs_buffers(event))


def _mapped(event: SmcEvent) -> Term:
    return dict(event.ghost)[told.MAPPED]


def _frame(event: SmcEvent) -> Term:
    return t.or_(_is(_low(event, 0), SUCCESS), _is(_low(event, 0), ERROR))


def _own_id(event: SmcEvent) -> Term:
    """The hypervisor is endpoint 0."""
    return t.or_(_is(_low(event, 0), ERROR), _is(_low(event, 2), 0))


def _error(event: SmcEvent) -> Term:
    """FFA_ERROR carries one of FF-A's codes in w2; w1 and w3 to w7 are zero."""
    code = t.ule(t.const((1 << 32) - 10, 32), _low(event, 2))
    rest = (_is(_low(event, k), 0) for k in (1, 3, 4, 5, 6, 7))
    return t.or_(t.not_(_is(_low(event, 0), ERROR)), t.and_(code, *rest))


def _one_of(*answers: int) -> Callable[[SmcEvent], Term]:
    return lambda event: t.or_(*(_is(_low(event, 0), answer) for answer in answers))


def _wide_one_of(*answers: int) -> Callable[[SmcEvent], Term]:
    """A call made as SMC64 is answered in 64-bit registers."""
    return lambda event: t.or_(*(_is(event.results[0].term, answer) for answer in answers))


def _ids(event: SmcEvent) -> tuple[Term, Term]:
    """(sender, receiver) of a direct request."""
    return t.extract(event.arguments[1].term, 31, 16), t.extract(event.arguments[1].term, 15, 0)


def _receiver(event: SmcEvent) -> Term:
    """A request to its sender, or to a normal-world endpoint other than the hypervisor's host, is refused."""
    sender, to = _ids(event)
    nobody = t.and_(_is(sender, 0), _is(t.extract(to, 15, 15), 0))
    return t.or_(t.not_(t.or_(t.eq(sender, to), nobody)), _fails(event, INVALID_PARAMETERS))


def _fails(event: SmcEvent, code: int) -> Term:
    return t.and_(_is(_low(event, 0), ERROR), _is(_low(event, 2), code))


def _exchanged(event: SmcEvent) -> Term:
    """A response names the receiver as its sender; RESP2 leaves w2 and w3 zero."""
    sender, to = _ids(event)
    wide = _is(_low(event, 0), RESP2)
    responds = t.or_(wide, *(_is(_low(event, 0), answer) for answer in (RESP, RESP64)))
    zero = t.and_(_is(_low(event, 2), 0), _is(_low(event, 3), 0))
    return t.or_(t.not_(responds), t.and_(t.eq(_low(event, 1), t.concat(to, sender)), t.or_(t.not_(wide), zero)))


def _run(event: SmcEvent) -> Term:
    """Only a secure endpoint runs; w2 is reserved."""
    foreign = _is(t.extract(event.arguments[1].term, 31, 31), 0)
    reserved = t.not_(_is(t.extract(event.arguments[2].term, 31, 0), 0))
    return t.and_(t.or_(t.not_(foreign), _fails(event, INVALID_PARAMETERS)),
                  t.or_(t.not_(reserved), _is(_low(event, 0), ERROR)))


ABSENT = (0x8400007C, 0x84000087, 0xC4000087, 0x84000088, 0xC4000088, 0x84000089, 0xC4000089, 0x8400008C)
"""Functions of the secure world, and of its instances with EL3."""


def _absent(event: SmcEvent) -> Term:
    """They do not exist for a normal-world caller."""
    asked = t.extract(event.arguments[1].term, 31, 0)
    return t.or_(t.not_(t.or_(*(_is(asked, one) for one in ABSENT))), _fails(event, NOT_SUPPORTED))


def _sent(event: SmcEvent) -> Term:
    """SUCCESS is about a whole region only, FRAG_RX about a part, of which it asks for what follows."""
    total, first = (t.extract(event.arguments[k].term, 31, 0) for k in (1, 2))
    is_whole, asks = t.eq(total, first), _is(_low(event, 0), FRAG_RX)
    return t.and_(t.or_(is_whole, t.not_(_is(_low(event, 0), SUCCESS))),
                  t.or_(t.not_(asks), t.and_(t.not_(is_whole), t.eq(_low(event, 3), first))))


def _echoes(event: SmcEvent) -> Term:
    """What an answer about a fragment says is about the handle that was named."""
    is_one = t.or_(_is(_low(event, 0), FRAG_RX), _is(_low(event, 0), FRAG_TX))
    return t.or_(t.not_(is_one), t.and_(
        *(t.eq(_low(event, k), t.extract(event.arguments[k].term, 31, 0)) for k in (1, 2))))


def _whole_ranges(event: SmcEvent) -> Term:
    """Descriptions and their fragments have lengths that are multiples of 16."""
    first = t.and_(*(_is(t.extract(event.results[k].term, 3, 0), 0) for k in (1, 2)))
    more = _is(t.extract(event.results[3].term, 3, 0), 0)
    return t.and_(t.or_(t.not_(_is(_low(event, 0), RETRIEVE_RESP)), first),
                  t.or_(t.not_(_is(_low(event, 0), FRAG_TX)), more))


def _success(event: SmcEvent) -> Term:
    """FFA_SUCCESS has w1 zero."""
    return t.or_(t.not_(_is(_low(event, 0), SUCCESS)), _is(_low(event, 1), 0))


ANY = None
REQ, REQ64, REQ2, RUN = 0x8400006F, 0xC400006F, 0xC400008D, 0x8400006D
RESP, RESP64, RESP2, INTERRUPT, YIELD = 0x84000070, 0xC4000070, 0xC400008E, 0x84000062, 0x8400006C
ENDS = (ERROR, INTERRUPT, YIELD, NOT_SUPPORTED)
"""How a direct request may end besides by its response; NOT_SUPPORTED: EL3 does not know it."""
FRAG_RX, FRAG_TX, RETRIEVE_RESP = 0x8400007A, 0x8400007B, 0x84000075
AXIOMS = (
    Axiom("FFA-CC-06", ANY, ("L1", "L2"), _preserved),
    Axiom("FFA-ERR-05", ANY, ("L1", "L2"), _some_frame),
    Axiom("FFA-VER-04", ANY, ("L2",), _nothing),
    Axiom("FFA-VER-04", VERSION, ("L2",), _own_version),
    Axiom("FFA-VER-01", VERSION, ("L2",), _bit_31),
    Axiom("FFA-ERR-01", ANY, ("L1", "L2"), _error),
    *(Axiom("FFA-ERR-04", function, ("L1", "L2"), _success) for function in (
        0x84000068, 0x84000072, 0xC4000072, 0x84000073, 0xC4000073, 0x84000077, 0x8400007B)),
    Axiom("FFA-VER-02", VERSION, ("L1", "L2"), _version),
    Axiom("FFA-VER-02", VERSION, ("L1", "L2"), _version_rest),
    Axiom("FFA-DSC-08", ID_GET, ("L1", "L2"), _frame),
    Axiom("FFA-DSC-08", ID_GET, ("L2",), _own_id),
    Axiom("FFA-DSC-03", FEATURES, ("L1", "L2"), _frame),
    Axiom("FFA-DSC-06", FEATURES, ("L2",), _absent),
    Axiom("FFA-MSG-05", REQ, ("L1", "L2"), _one_of(RESP, *ENDS)),
    Axiom("FFA-MSG-05", REQ64, ("L1", "L2"), _one_of(RESP64, *ENDS)),
    Axiom("FFA-MSG-05", REQ2, ("L1", "L2"), _one_of(RESP2, *ENDS)),
    Axiom("FFA-MSG-05", REQ, ("L2",), _exchanged),
    Axiom("FFA-MSG-05", REQ64, ("L2",), _exchanged),
    Axiom("FFA-MSG-09", REQ2, ("L2",), _exchanged),
    Axiom("FFA-MSG-02", REQ, ("L2",), _receiver),
    Axiom("FFA-MSG-02", REQ64, ("L2",), _receiver),
    Axiom("FFA-MSG-02", REQ2, ("L2",), _receiver),
    Axiom("FFA-MSG-11", RUN, ("L2",), _run),
    Axiom("FFA-BUF-05", 0xC4000066, ("L1", "L2"), _wide_one_of(SUCCESS, ERROR)),
    Axiom("FFA-BUF-08", 0x84000067, ("L1", "L2"), _frame),
    Axiom("FFA-BUF-03", 0xC4000066, ("L2",), _maps),
    Axiom("FFA-BUF-07", 0x84000067, ("L2",), _unmaps),
    Axiom("FFA-BUF-06", 0x84000068, ("L2",), _lists),
    *(Axiom("FFA-BUF-06", function, ("L2",), _needs_buffers) for function in (
        0x84000072, 0xC4000072, 0x84000073, 0xC4000073, 0x84000074, 0xC4000074, FRAG_RX, FRAG_TX)),
    Axiom("FFA-BUF-09", 0x84000065, ("L1", "L2"), _frame),
    Axiom("FFA-DSC-10", 0x84000068, ("L1", "L2"), _frame),
    Axiom("FFA-MEM-18", 0x84000072, ("L1", "L2"), _one_of(SUCCESS, ERROR, FRAG_RX)),
    Axiom("FFA-MEM-18", 0xC4000072, ("L1", "L2"), _wide_one_of(SUCCESS, ERROR, FRAG_RX)),
    Axiom("FFA-MEM-18", 0x84000073, ("L1", "L2"), _one_of(SUCCESS, ERROR, FRAG_RX)),
    Axiom("FFA-MEM-18", 0xC4000073, ("L1", "L2"), _wide_one_of(SUCCESS, ERROR, FRAG_RX)),
    *(Axiom("FFA-MEM-18", function, ("L2",), _sent) for function in (0x84000072, 0xC4000072, 0x84000073, 0xC4000073)),
    *(Axiom("FFA-MEM-20", function, ("L2",), _echoes) for function in (FRAG_TX, FRAG_RX)),
    *(Axiom("FFA-MEM-25", function, ("L2",), _whole_ranges) for function in (FRAG_RX, 0x84000074, 0xC4000074)),
    Axiom("FFA-MEM-24", 0x84000074, ("L1", "L2"), _one_of(RETRIEVE_RESP, ERROR)),
    Axiom("FFA-MEM-24", 0xC4000074, ("L1", "L2"), _wide_one_of(RETRIEVE_RESP, ERROR)),
    Axiom("FFA-MEM-27", 0x84000077, ("L1", "L2"), _frame),
    Axiom("FFA-MEM-25", FRAG_RX, ("L1", "L2"), _one_of(FRAG_TX, ERROR)),
    Axiom("FFA-MEM-19", FRAG_TX, ("L1", "L2"), _one_of(SUCCESS, ERROR, FRAG_RX)),
)


BOOT = "init."
"""Prefix of the initialisation's record. An SPMC that refuses what EL2 offers at boot counts as none, and so does one
on a machine whose SMCCC is too old for EL2 to ask: FF-A needs 1.2 (CC-07)."""


def axioms(record: Record, level: str) -> list[Term]:
    """What holds of every answer in one run; nothing at L0. Kept with the record."""
    if level not in LEVELS:
        raise InputError(f"no trust level {level}; there are {', '.join(LEVELS)}")
    if level not in record.axioms:
        record.axioms[level] = [term for _, term in named_axioms(record, level)]
    return record.axioms[level]


def _lengths(record: Record) -> list[Term]:
    """FFA-MEM-24, FFA-MEM-25: a conforming SPMC's fragments fit EL2's RX buffer, end within the announced length, and
    are not empty."""
    result: list[Term] = []
    if record.rx_size is None:
        return result
    asked = [(event, t.extract(event.arguments[0].term, 31, 0)) for event in record.smcs]
    room = t.extract(record.rx_size, 31, 0)
    for event, function in asked:
        retrieves = t.or_(_is(function, 0x84000074), _is(function, 0xC4000074))
        answered = t.and_(event.guard, retrieves, _is(_low(event, 0), RETRIEVE_RESP))
        if answered is t.FALSE:
            continue
        total, first = _low(event, 1), _low(event, 2)
        result.append(t.implies(answered, t.and_(t.ule(first, total), t.ule(first, room))))
        for other, asks in asked:
            more = t.and_(answered, other.guard, _is(asks, FRAG_RX), _is(_low(other, 0), FRAG_TX))
            if more is not t.FALSE:
                length, start = _low(other, 3), t.extract(other.arguments[3].term, 31, 0)
                fits = t.and_(t.ule(start, total), t.ule(length, t.binary("sub", total, start)))
                result.append(t.implies(more, t.and_(
                    t.not_(_is(length, 0)), t.ule(length, room), fits)))
    return result


def _partitions(record: Record) -> list[Term]:
    """FFA-DSC-10: no more partitions than there are IDs; descriptors have the size of the version, and they fit."""
    result: list[Term] = []
    if record.rx_size is None:
        return result
    for event in record.smcs:
        answered = t.and_(event.guard, _is(_asked(event), 0x84000068), _is(_low(event, 0), SUCCESS))
        version = event.version
        if answered is t.FALSE or version is None:
            continue
        count, size = _low(event, 2), _low(event, 3)
        numbers_only = _is(t.extract(event.arguments[5].term, 0, 0), 1)
        sizes = t.and_(
            t.implies(_is(version, 0x10000), _is(size, 0)),
            t.implies(t.or_(_is(version, 0x10001), _is(version, 0x10002)), _is(size, 24)),
            t.or_(_is(size, 0), _is(size, 24), _is(size, 48)))
        total = (t.binary("mul", t.zext(count, 64), t.zext(each, 64)) for each in (size, t.const(8, 32)))
        fits = t.and_(*(t.ule(length, record.rx_size) for length in total))
        result.append(t.implies(answered, t.and_(
            t.ule(count, t.const(0xFFFF, 32)), t.or_(numbers_only, t.and_(sizes, fits)))))
    return result


def named_axioms(record: Record, level: str) -> list[tuple[str, Term]]:
    """(rule that binds the SPMC, what it says)"""
    result: list[tuple[str, Term]] = []
    if level == "L2":
        result += [("FFA-MEM-24", fact) for fact in _lengths(record)]
        result += [("FFA-DSC-10", fact) for fact in _partitions(record)]
        result += [("FFA-MEM-07", fact) for fact in described(record)]
    if level == "L2" and record.prefix == BOOT:
        asked_at_boot = t.or_(*(event.guard for event in record.smcs))
        result.append(("FFA-CC-07", t.or_(asked_at_boot, NO_SPMC)))
    for event in record.smcs:
        asked = _asked(event)
        for axiom in AXIOMS:
            if level in axiom.levels:
                applies = event.guard if axiom.function is None else t.and_(event.guard, _is(asked, axiom.function))
                nobody = NO_SPMC if level == "L2" and axiom.function not in (ANY, VERSION) else t.FALSE
                result.append((axiom.rule, t.or_(t.not_(applies), nobody, axiom.says(event))))
        if level == "L2" and record.prefix == BOOT:
            asks = t.and_(event.guard, _is(asked, VERSION))
            said = t.not_(_is(_low(event, 0), NOT_SUPPORTED))
            result.append(("FFA-VER-04", t.or_(t.not_(asks), NO_SPMC, said)))
    return result
