"""Calls of each handler from many states: ordinary ones and broken ones, and an EL3 that does not conform."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from verify.interpret.descriptors import COMPOSITE, RANGE
from verify.interpret.session import NO_WRITES, HostWrites, Session
from verify.interpret.spmc import Spmc
from verify.interpret.world import FOREIGN, LAST_PAGE, OWN, SHARED_FFA, SHARED_HYP
from verify.prove.histories import DATA, HANDLE, RECLAIM, RX, TX, Call, Writer, histories
from verify.prove.starts import Way, set_smccc
from verify.prove.target import Target, buffer_paths

HANDLERS = {
    "FFA_RXTX_MAP": (0xC4000066,), "FFA_RXTX_UNMAP": (0x84000067,), "FFA_PARTITION_INFO_GET": (0x84000068,),
    "FFA_MEM_SHARE": (0x84000073, 0xC4000073), "FFA_MEM_LEND": (0x84000072, 0xC4000072),
    "FFA_MEM_FRAG_TX": (0x8400007B,), "FFA_MEM_RECLAIM": (0x84000077,), "FFA_RX_RELEASE": (0x84000065,),
    "FFA_VERSION": (0x84000063,), "FFA_FEATURES": (0x84000064,),
    "direct messages": (0x8400006F, 0xC400006F, 0x84000070, 0xC400008D), "others": (0x84000069, 0x8400006D, 0x8400007C, 0x12345678),
}
SENT = {0x84000072: 0x84000073, 0xC4000072: 0xC4000073}
"""Lending is sharing, for a mediator: each is tried from where the other would be called."""
WORDS = (0, 1, 2, 16, 32, 48, 64, 96, 0x1000, 0x1001, 0x10001, 0xFFFFFFF0, 0xFFFFFFFE, 0xFFFFFFFF, TX, RX, DATA)
IDS = (0x84000060, 0x84000061, 0x84000075, 0x8400007A, 0x8400007B)
FIELDS = (*range(48), *range(48, 128, 4))
"""Bytes of a message that are worth breaking."""


@dataclass(slots=True)
class Hostile(Spmc):
    """Conforms until it gets a source of chance; then some words of its answers, and bytes of what it leaves, do not."""

    chance: random.Random | None = None

    def smc(self, arguments: Sequence[int], is_forward: bool) -> Sequence[int]:
        answer, rng = list(Spmc.smc(self, arguments, is_forward)), self.chance
        if rng is None or rng.random() < 0.6:
            return answer
        for _ in range(rng.choice((1, 1, 2))):
            answer[rng.choice((0, 1, 2, 2, 3, 3, rng.randrange(18)))] = rng.choice((
                *IDS, *WORDS, rng.getrandbits(64), answer[0] | rng.getrandbits(32) << 32))
        if self.mailbox is not None:
            self.mailbox.fill({rng.choice(FIELDS): rng.choice((0, 1, 16, 48, rng.randrange(256))) for _ in range(2)})
        return answer


@dataclass(frozen=True, slots=True)
class Begun:
    """A state from which a handler is to be called; `booted`: what EL3 answered to the initialisation."""

    name: str
    session: Session
    booted: tuple[tuple[int, ...], ...]


@dataclass(slots=True)
class Runs:
    """From each state, calls like those of the histories of the memory functions."""

    target: Target = field(repr=False)
    ways: tuple[Way, ...]
    """Page size, SPMC and SMCCC; their calls are not made."""
    versions: tuple[int, ...] = (0x10000, 0x10001, 0x10002)
    _known: dict[tuple[int, int], list[tuple[str, tuple[Call, ...]]]] = field(default_factory=dict)
    _begun: dict[tuple[int, tuple[int, ...], str], Begun | None] = field(default_factory=dict)

    def of(self, name: str, rng: random.Random) -> Iterator[tuple[Begun, Session, Call]]:
        """Without end: a session that nobody else uses, the state that it was made from, and a call of the handler."""
        while True:
            function = rng.choice(HANDLERS[name])
            way, version = rng.randrange(len(self.ways)), rng.choice(self.versions)
            known = self._histories(way, version)
            like = [(title, k, call) for title, calls in known for k, call in enumerate(calls)
                    if call[0][0] in (function, SENT.get(function))]
            if like and rng.random() < 0.9:
                title, count, call = rng.choice(like)
            else:
                title, calls = rng.choice(known)
                count, call = rng.randrange(1, len(calls) + 1), rng.choice([*calls, *_others(rng)])
            begun = self._begin(way, version, title, count)
            if begun is not None:
                session, call = begun.session.fork(), ((function, *call[0][1:]), call[1])
                if rng.random() < 0.75:
                    _disturb(session, rng)
                    call = changed(*call, rng)
                yield begun, session, call

    def _histories(self, way: int, version: int) -> Sequence[tuple[str, tuple[Call, ...]]]:
        shift = self.ways[way].page_shift
        key = (shift, version)
        if key not in self._known:
            sizes = booted(self.target, Way("", page_shift=shift)).buffers
            writer = Writer(version, 1 << shift, sizes[self.target.binding.own_tx])
            found = histories(writer.version, writer.page_size, writer.mailbox)
            self._known[key] = [*((x.name, x.calls) for x in found), *to_the_end(writer)]
        return self._known[key]

    def _begin(self, way: int, version: int, title: str, count: int) -> Begun | None:
        calls = dict(self._histories(way, version))[title][:count]
        key = (way, (version, count), title)
        if key not in self._begun:
            self._begun[key] = begin(self.target, self.ways[way], calls, f"{version:#x}, {title}, {count} calls")
        return self._begun[key]


def to_the_end(writer: Writer) -> Iterator[tuple[str, tuple[Call, ...]]]:
    """Messages whose last range ends with the mailbox, or just behind it."""
    reclaim = writer.call(RECLAIM, HANDLE)
    for count in (1, 2, 3):
        start = writer.mailbox - COMPOSITE - RANGE * count
        whole = replace(writer.descriptor(count), composite_at=start)
        yield f"{count} ranges up to the end", (*writer.start(), writer.send(whole), reclaim)
        longer = replace(writer.descriptor(count + 1), composite_at=start)
        yield f"{count} ranges up to the end, one more", (*writer.start(), *writer.in_fragments(longer, count, 1), reclaim)
        beyond = replace(whole, composite_at=start + RANGE)
        yield f"{count} ranges behind the end", (*writer.start(), writer.send(beyond, writer.mailbox), reclaim)


def booted(target: Target, way: Way) -> Session:
    session = Session(target.unit, Hostile(version=way.spmc), way.page_shift, trace=False, init=target.binding.init,
                      paths=buffer_paths(target.binding))
    set_smccc(session, way.smccc)
    assert session.initialise() == 0
    return session


def begin(target: Target, way: Way, calls: Sequence[Call], name: str) -> Begun | None:
    """None where a call does not return, or keeps a lock: no call begins so, for the engine."""
    session = booted(target, way)
    answers = tuple(smc.results for smc in session.machine.log.smcs)
    returned = list(takewhile(lambda done: done.ended is None and not done.held, (session.call(*call) for call in calls)))
    return Begun(f"{way.name}: {name}", session, answers) if len(returned) == len(calls) else None


def _others(rng: random.Random) -> Iterator[Call]:
    """What the functions without a mailbox are often called with."""
    yield (0, rng.choice((*IDS, *(k for ids in HANDLERS.values() for k in ids)))), NO_WRITES
    yield (0, rng.choice((0x8001, 0x8002, 0x80010000, 1)), 0, rng.getrandbits(64)), NO_WRITES


def _disturb(session: Session, rng: random.Random) -> None:
    """EL3 stops to conform, and pages that the host may share change hands."""
    environment = session.environment
    assert isinstance(environment, Hostile)
    if rng.random() < 0.7:
        environment.chance = rng
    if rng.random() < 0.3:
        environment.largest = rng.choice((16, 112, 128))
    if rng.random() < 0.4:
        shift, then = session.machine.page_shift, environment.world.now()
        shared = [first for first, _, state in then.states.pieces(0, LAST_PAGE) if state == SHARED_FFA]
        page = rng.choice([*shared, TX >> shift, RX >> shift, *((DATA >> shift) + 2 * k for k in range(3))])
        if not then.is_pinned(page):
            environment.world.change(page, rng.choice((OWN, SHARED_FFA, SHARED_HYP, FOREIGN)))


def changed(registers: Sequence[int], host: HostWrites, rng: random.Random) -> Call:
    """The call with, in most cases, a register or bytes of the message that are others."""
    values = [*registers, *[0] * (18 - len(registers))]
    if rng.random() < 0.4:
        values[rng.choice((1, 1, 2, 2, 3, 4, 5, rng.randrange(1, 18)))] = rng.choice((*WORDS, rng.getrandbits(64)))
    if rng.random() < 0.3:
        values = [value | rng.getrandbits(32) << 32 if value < 1 << 32 else value for value in values]
    if rng.random() < 0.1:
        values[0] |= 1 << 16
    before = {}
    for address, content in host.before.items():
        message = bytearray(content)
        for _ in range(rng.choice((0, 0, 1, 2, 3)) if message else 0):
            message[rng.choice(FIELDS) % len(message)] = rng.choice((0, 1, 2, 16, 32, 48, 64, 96, 255))
        before[address] = bytes(message) + rng.randbytes(32)
    return tuple(values), HostWrites(before)
