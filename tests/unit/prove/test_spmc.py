"""The executable SPMC satisfies every axiom of trust level L2, on random requests."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest

from verify.engine import told
from verify.engine.content import Content, Unknown, Written
from verify.engine.record import Record, SmcEvent
from verify.engine.retrieval import CONFORMS, answered
from verify.engine.value import Integer
from verify.interpret.descriptors import Descriptor
from verify.interpret.environment import Mailbox
from verify.interpret.memory import Memory, Snapshot
from verify.interpret.spmc import Spmc
from verify.ir.span import NOWHERE
from verify.prove.trust import AXIOMS, axioms
from verify.terms import build as t
from verify.terms.evaluate import substitute
from verify.terms.term import Term

ORIGIN = t.const(0, 16)
MAILBOX = 4096
RELEASE, MAP, UNMAP, INFO, RETRIEVE, RECLAIM, FRAG_RX, FRAG_TX = (
    0x84000065, 0xC4000066, 0x84000067, 0x84000068, 0xC4000074, 0x84000077, 0x8400007A, 0x8400007B)
SENDS = (0x84000072, 0xC4000072, 0x84000073, 0xC4000073)
SUCCESS, RESPONSE = 0x84000061, 0x84000075


def integers(values: Sequence[int]) -> tuple[Integer, ...]:
    return tuple(Integer(t.const(x, 64), ORIGIN) for x in values)


def test_axioms_hold_of_its_answers() -> None:
    rng = random.Random(1)
    functions = [axiom.function for axiom in AXIOMS if axiom.function] + [0x8400006F, 0xC400008D, 0x84000099]
    for _ in range(3000):
        spmc = Spmc(version=rng.choice((0x10000, 0x10001, 0x10002)))
        arguments = [rng.choice(functions), rng.choice((0x10000, 0x10001, 0x10002, 0x20000, rng.getrandbits(64))),
                     *(rng.getrandbits(64) for _ in range(16))]
        results = spmc.smc(arguments, False)
        record = Record("t.")
        record.smcs.append(SmcEvent(
            t.TRUE, integers(arguments), integers(results), NOWHERE, False, (), 0,
            ghost=tuple(told.at_boot().items())))
        own = {"spmc.version": t.const(spmc.version, 32)}
        said = substitute(axioms(record, "L2"), own)
        broken = [number for number, term in enumerate(said) if term is not t.TRUE]
        assert not broken, (broken, [hex(x) for x in arguments], [hex(x) for x in results])


def content(snapshot: Snapshot | None) -> Content:
    """For the axioms: the bytes that are not zero, in words."""
    result: Content = Unknown("")
    assert snapshot is not None
    for at in sorted({offset & ~7 for offset, byte in snapshot.content.items() if byte}):
        result = Written(result, t.const(at, 64), t.const(snapshot.read(at, 8), 64))
    return result


class Run:
    """Random calls of EL2's on one SPMC; half of them make sense."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.memory = Memory(lambda name, offset: 0)
        tx, rx = (self.memory.allocate(name, MAILBOX, b"") for name in ("tx", "rx"))
        self.mailbox = Mailbox(self.memory, tx, rx)
        self.version = self.rng.choice((0x10000, 0x10001, 0x10002))
        self.spmc = Spmc(mailbox=self.mailbox, version=self.version, largest=self.rng.choice((1, 96, 1 << 20)))
        self.record = Record("t.", rx_size=t.const(MAILBOX, 64))
        self.kinds: set[tuple[int, int]] = set()
        self.told = told.at_boot()
        self.message = b""
        self.at = 0

    def write(self, content: bytes) -> None:
        assert self.mailbox.tx is not None
        for index, byte in enumerate(content[:MAILBOX]):
            self.memory.store(self.mailbox.tx + index, byte, 1)

    def ask(self, *arguments: int) -> list[int]:
        padded = [*arguments, *[0] * (18 - len(arguments))]
        tx = content(self.mailbox.sent())
        results = list(self.spmc.smc(padded, False))
        self.record.smcs.append(SmcEvent(
            t.TRUE, integers(padded), integers(results), NOWHERE, False, (), 0, tx, content(self.mailbox.received()),
            ghost=tuple(self.told.items()), version=t.const(self.version, 32)))
        told.tell(self.told, integers(padded), integers(results))
        self.kinds.add((arguments[0], results[0] & 0xFFFFFFFF))
        return results

    def handle(self) -> int:
        return self.rng.choice([*self.spmc.ledger.open, self.rng.getrandbits(64)])

    def send(self) -> None:
        rng = self.rng
        ranges = [((0x10000 + rng.randrange(1 << 20)) << 12, rng.randrange(1, 9)) for _ in range(rng.randrange(1, 9))]
        descriptor = Descriptor(self.version, ranges, receiver=rng.choice((0x8001, 0x8002)))
        if not rng.randrange(4):
            name = rng.choice(("sender", "flags", "emad_count", "composite_offset", "range_count", "total_pages"))
            descriptor = replace(descriptor, **{name: rng.choice((0, 1, 2, 64, 0xFFF0))})
        self.message = bytes(descriptor)
        self.at = rng.choice((len(self.message), descriptor.composite + 16, descriptor.composite + 32))
        self.write(self.message[:self.at])
        self.ask(rng.choice(SENDS), len(self.message), self.at)
        while self.at < len(self.message) and rng.randrange(4):
            self.go_on()

    def go_on(self) -> None:
        piece = self.message[self.at:self.at + 16 * self.rng.choice((0, 1, 1, 2, 2, 9))]
        self.at += len(piece)
        self.write(piece)
        self.ask(FRAG_TX, self.spmc.ledger.following - self.rng.choice((1, 1, 1, 2)), 0, len(piece))

    def retrieve(self) -> None:
        """As a hypervisor does it."""
        handle = self.handle()
        header = 32 if self.version == 0x10000 else 48
        self.write(bytes(8) + handle.to_bytes(8, "little") + bytes(header - 16))
        answer = self.ask(RETRIEVE, header, header)
        if answer[0] != RESPONSE:
            return
        at, total = answer[2], answer[1]
        while at < total and self.rng.randrange(16):
            self.ask(RELEASE)
            answer = self.ask(FRAG_RX, handle & 0xFFFFFFFF, handle >> 32, at)
            assert answer[0] == FRAG_TX
            at += answer[3]
        self.ask(RELEASE)

    def one(self) -> None:
        rng = self.rng
        handle = self.handle()
        match rng.randrange(10):
            case 0:
                self.ask(MAP, rng.choice((0, 0x10000, 0x10010)), 0x20000, rng.choice((0, 1, 1, 1)))
            case 1 if not rng.randrange(4):
                self.ask(UNMAP, rng.choice((0, 0, 1)))
            case 2:
                self.ask(INFO, *rng.choice(((), (0, 0, 0, 0, 1), (1, 2, 3, 4), (9,))))
            case 3:
                self.ask(RELEASE)
            case 4:
                self.ask(RECLAIM, handle & 0xFFFFFFFF, handle >> 32, rng.choice((0, 0, 0, 8)))
            case 5:
                self.ask(FRAG_RX, handle & 0xFFFFFFFF, handle >> 32, 16 * rng.randrange(8))
            case 6 | 7:
                self.send()
            case 8:
                self.go_on()
            case _:
                self.retrieve()


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    result = [Run(seed) for seed in range(60)]
    for run in result:
        for _ in range(12):
            run.one()
    return result


def test_axioms_hold_of_memory_calls(runs: list[Run]) -> None:
    for seed, run in enumerate(runs):
        said = substitute(axioms(run.record, "L2"), {"spmc.version": t.const(run.version, 32)})
        broken = [number for number, term in enumerate(said) if term is not t.TRUE]
        assert not broken, (seed, broken)


def test_the_runs_come_by_every_answer(runs: list[Run]) -> None:
    kinds = set().union(*(run.kinds for run in runs))
    good = {MAP: SUCCESS, UNMAP: SUCCESS, INFO: SUCCESS, RELEASE: SUCCESS, RECLAIM: SUCCESS, RETRIEVE: RESPONSE,
            FRAG_RX: FRAG_TX, FRAG_TX: SUCCESS, **dict.fromkeys(SENDS, SUCCESS)}
    wanted = {*good.items(), *((function, 0x84000060) for function in good),
              *((function, FRAG_RX) for function in (*SENDS, FRAG_TX))}
    assert wanted <= kinds, [(hex(a), hex(b)) for a, b in wanted - kinds]


class Retrieval:
    """One region, fetched piece by piece: what the engine knows of EL2's RX buffer after each answer."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.record = Record("t.")
        self.buffers: dict[str, bytes] = {}

    def ask(self, *arguments: int) -> list[int]:
        results = self.run.ask(*arguments)
        sent, last = self.run.record.smcs[-1], len(self.buffers)
        snapshot = self.run.mailbox.received()
        assert snapshot is not None
        self.buffers[f"rx{last}"] = snapshot.bytes(0, MAILBOX)
        event = replace(sent, rx=Unknown(f"rx{last}"))
        self.record.smcs.append(event)
        answered(self.record, event, last, t.const(self.run.version, 32))
        return results

    def fetch(self) -> None:
        """The whole becomes a buffer too, under the name that the engine has for it."""
        handle = next(iter(self.run.spmc.ledger.open))
        header = 32 if self.run.version == 0x10000 else 48
        self.run.write(bytes(8) + handle.to_bytes(8, "little") + bytes(header - 16))
        whole, total, length = b"", 1, 0
        while len(whole) < total:
            if not whole:
                _, total, length = self.ask(RETRIEVE, header, header)[:3]
            else:
                length = self.ask(FRAG_RX, handle, 0, len(whole))[3]
            whole += self.buffers[f"rx{len(self.buffers) - 1}"][:length]
            self.run.ask(RELEASE)
        self.buffers["t.descriptor0"] = whole


@pytest.mark.parametrize("seed", range(12))
def test_what_is_known_of_a_retrieval_holds(seed: int) -> None:
    run = Run(seed)
    run.ask(MAP, 0x10000, 0x20000, 1)
    while not any(item.is_complete for item in run.spmc.ledger.open.values()):
        run.spmc.ledger.open.clear()
        run.send()
    found = Retrieval(run)
    found.fetch()
    memories = {name: partial(byte_of, content) for name, content in found.buffers.items()}
    facts = [says(t.const(offset, 64)) for _, says in found.record.byte_facts for offset in (0, 7, 8, 15, 16, 47, 95)]
    said = substitute(facts, {str(CONFORMS.data): t.TRUE}, None, memories)
    assert len(facts) >= 14 and all(fact is t.TRUE for fact in said)


def byte_of(content: bytes, offset: Term) -> Term:
    return t.const(content[offset.value] if offset.value < len(content) else 0, 8)
