"""A history that the interpreter ran, with page tables, host memory and a conforming SPMC, run natively too."""

from __future__ import annotations

import subprocess
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from tests.differential.concrete import hash_of
from tests.differential.shape import (
    ADDRESS_OFFSET,
    ANSWER_WORDS,
    ANSWERS,
    ARENA_WORDS,
    ARENAS,
    CONTENT_WORDS,
    EVENT_WORDS,
    FIRST_ARENA,
    FORWARD,
    GOES_ON,
    HOST_RX,
    HOST_TX,
    OUTS,
    PAGES,
    PATTERN,
    SMC,
    Shape,
)
from verify.interpret.events import Log
from verify.interpret.session import CallDone, Session
from verify.interpret.spmc import Spmc
from verify.prove.histories import RX, RXTX_MAP, TX, History

REGISTERS = 31
SMCCC = "kvm_host_psci_config.smccc_version"
SMCCC_VERSION = 0x10002


@dataclass(frozen=True, slots=True)
class Call:
    """What one call came to: its registers, every SMC's function and x1 to x7, warnings, locks; natively or not."""

    registers: tuple[int, ...]
    smcs: tuple[tuple[int, ...], ...]
    warnings: int
    is_locked: bool
    memory: int
    """A hash of all buffers."""


@dataclass(slots=True)
class Recorded:
    """A history on the interpreter, and the inputs that make it happen natively."""

    calls: list[Call]
    inputs: list[list[int]]


def record(shape: Shape, history: History, init: str, spmc_version: int) -> Recorded | None:
    """None where a call faults or needs more than an input holds."""
    session = Session(shape.unit, Spmc(PATTERN, version=spmc_version), shape.page_shift, init=init)
    session.machine.set_static(SMCCC, SMCCC_VERSION)
    if session.initialise() != 0:
        return None
    boot = make_input(shape, init, shape.base(PAGES), session.machine.log)
    at = shape.static_at(SMCCC)
    assert at is not None and boot is not None
    boot[at] = SMCCC_VERSION
    found, sent = Recorded([], [boot]), bytearray(8 * CONTENT_WORDS)
    for registers, host in history.calls:
        done = session.call(registers, host)
        content = host.before.get(TX, b"")
        sent[:len(content)] = content
        words = make_input(shape, shape.unit.entry, shape.base(FIRST_ARENA), done.log)
        if done.fault is not None or words is None or len(sent) > 8 * CONTENT_WORDS:
            return None
        words[0] |= GOES_ON
        words[shape.arena_at(0):shape.arena_at(0) + REGISTERS] = _native(shape, done, done.before)
        words[shape.tx_at:shape.rx_at] = array("Q", bytes(sent)).tolist()
        words[shape.rx_at:shape.stir_at] = found.inputs[-1][-CONTENT_WORDS:] if found.inputs[-1][shape.left_at] else (
            found.inputs[-1][shape.rx_at:shape.stir_at])
        found.inputs.append(words)
        found.calls.append(_done(shape, session, done))
    return found


def _native(shape: Shape, done: CallDone, registers: Sequence[int]) -> list[int]:
    """The host's mailboxes are elsewhere natively."""
    places = {TX: shape.base(HOST_TX) + ADDRESS_OFFSET, RX: shape.base(HOST_RX) + ADDRESS_OFFSET}
    return [places.get(value, value) if done.before[0] == RXTX_MAP else value for value in registers]


def make_input(shape: Shape, name: str, argument: int, log: Log) -> list[int] | None:
    """With what EL3 and the page tables answered, and what EL3 left in EL2's RX."""
    if len(log.smcs) > ANSWERS or len(log.transfers) > OUTS:
        return None
    words = [0] * shape.words
    words[0:2] = [shape.functions.index(name), argument]
    words[shape.answers_at] = len(log.smcs)
    for number, smc in enumerate(log.smcs):
        at = shape.answers_at + 1 + number * ANSWER_WORDS
        words[at:at + ANSWER_WORDS] = smc.results
    words[shape.outs_at:shape.outs_at + len(log.transfers)] = [
        transfer.result & 0xFFFFFFFF for transfer in log.transfers]
    if all(smc.rx is not None for smc in log.smcs):
        words[shape.left_at] = len(log.smcs)
        words += [word for smc in log.smcs if smc.rx is not None
                  for word in array("Q", smc.rx.bytes(0, 8 * CONTENT_WORDS)).tolist()]
    return words


def _done(shape: Shape, session: Session, done: CallDone) -> Call:
    """In the native program's terms."""
    memory, log = session.machine.memory, done.log
    pages: dict[int, int] = {}
    for number, path in enumerate(("hyp_buffers.tx", "hyp_buffers.rx", "ffa_desc_buf.buf")):
        content = memory.find(session.machine.static(path), 1)[0].content
        pages.update((number * shape.page + offset, byte) for offset, byte in content.items())
    contents = {PAGES: pages, **{region: dict(enumerate(memory.read_host(at, 8 * CONTENT_WORDS)))
                                 for region, at in ((HOST_TX, TX), (HOST_RX, RX))}}
    smcs = tuple(without_addresses(smc.arguments) for smc in log.smcs)
    registers = tuple(_native(shape, done, done.registers))
    return Call(registers, smcs, len(log.warns), bool(done.held), hash_of(contents))


def without_addresses(arguments: Sequence[int]) -> tuple[int, ...]:
    """Without addresses: the function, and x1 to x7 of those that have none."""
    return tuple(arguments[:1]) if arguments[0] == RXTX_MAP else tuple(arguments[:8])


def run(shape: Shape, command: Sequence[str], inputs: Sequence[Sequence[int]]) -> list[Call | None]:
    """Natively; None for a fault."""
    given = b"".join(array("Q", words).tobytes() for words in inputs)
    done = subprocess.run(command, input=given, capture_output=True, check=True)
    words, at, result = array("Q", done.stdout).tolist(), 0, list[Call | None]()
    while at < len(words):
        result.append(_record(shape, words[at + 1:at + words[at]]))
        at += words[at]
    return result


def _record(shape: Shape, words: Sequence[int]) -> Call | None:
    if words[0]:
        return None
    arena = 2 + len(shape.statics)
    memory, warnings, held = words[arena + ARENAS * ARENA_WORDS:arena + ARENAS * ARENA_WORDS + 3]
    events = range(arena + ARENAS * ARENA_WORDS + 3, len(words), EVENT_WORDS)
    smcs = tuple(without_addresses(words[at + 4:at + EVENT_WORDS]) for at in events if words[at] in (SMC, FORWARD))
    return Call(tuple(words[arena:arena + REGISTERS]), smcs, warnings, bool(held), memory)
