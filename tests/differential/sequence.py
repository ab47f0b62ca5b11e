"""A counterexample, from boot on, as inputs of the native program; and how what it does there is compared."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.differential.history import REGISTERS, Call, make_input, without_addresses
from tests.differential.shape import ADDRESS_OFFSET, CONTENT_WORDS, FIRST_ARENA, GOES_ON, HOST_RX, HOST_TX, PAGES, Shape
from verify.interpret.events import Log
from verify.interpret.memory import HOST
from verify.interpret.session import CallDone
from verify.prove.histories import RXTX_MAP
from verify.prove.outcome import Episode

CONTENT = 8 * CONTENT_WORDS
NAMED = 0xFFFEFFFF
"""Of x0: the bits that name the function."""


class NotCarried(Exception):
    """An input holds less than the counterexample needs; the text says what is missing."""


@dataclass(slots=True)
class _Host:
    """The host's memory between calls, and where its TX mailbox lies."""

    content: dict[int, int] = field(default_factory=dict)
    tx: int | None = None

    def sends(self, done: CallDone) -> bytes:
        """What the call finds in the mailbox. Raises NotCarried."""
        for address, written in done.host.before.items():
            self.content.update(enumerate(written, address))
        for offset, byte in self._looks(done):
            if self.content.get(offset, byte) != byte and self._was_seen(done, offset):
                raise NotCarried("the host writes between two looks")
            self.content[offset] = byte
        if self.tx is None:
            return bytes(CONTENT)
        if any(byte and self.tx + CONTENT <= at < self.tx + (1 << 16) for at, byte in self.content.items()):
            raise NotCarried("the message is too long")
        return bytes(self.content.get(self.tx + k, 0) for k in range(CONTENT))

    def _looks(self, done: CallDone) -> Iterator[tuple[int, int]]:
        seen = [event for event in done.log.buffers if event.buffer == HOST and not event.is_write]
        for event, written in zip(seen, done.host.looks, strict=False):
            yield from ((event.offset + k, byte) for k, byte in written.items())

    def _was_seen(self, done: CallDone, offset: int) -> bool:
        seen = [event for event in done.log.buffers if event.buffer == HOST and not event.is_write]
        return sum(event.offset <= offset < event.offset + event.length for event in seen) > 1


def inputs(shape: Shape, episode: Episode, init: str) -> list[list[int]]:
    """Boot and every call. Raises NotCarried."""
    boot = _input(shape, init, shape.base(PAGES), Log(smcs=list(episode.boot_smcs)))
    for path, value in episode.boot:
        at = shape.static_at(path)
        assert at is not None
        boot[at] = value
    host, result = _Host(), [boot]
    for done in episode.calls:
        words = _input(shape, shape.unit.entry, shape.base(FIRST_ARENA), done.log)
        words[0] |= GOES_ON
        words[shape.arena_at(0):shape.arena_at(0) + REGISTERS] = native_registers(shape, done)
        words[shape.tx_at:shape.rx_at] = array("Q", host.sends(done)).tolist()
        before = result[-1]
        words[shape.rx_at:shape.stir_at] = before[-CONTENT_WORDS:] if before[shape.left_at] else (
            before[shape.rx_at:shape.stir_at])
        result.append(words)
        if done.before[0] & NAMED == RXTX_MAP and done.registers[0] == 0x84000061:
            host.tx = done.before[1]
    return result


def _input(shape: Shape, name: str, argument: int, log: Log) -> list[int]:
    words = make_input(shape, name, argument, log)
    if words is None:
        raise NotCarried("too many answers")
    if any(smc.rx is not None and any(byte and at >= CONTENT for at, byte in smc.rx.content.items())
           for smc in log.smcs):
        raise NotCarried("EL3 leaves too much")
    return words


def native_registers(shape: Shape, done: CallDone) -> list[int]:
    """x0 to x30 of the host's call; its mailboxes are elsewhere natively, on the same place of a page."""
    values = list(done.before)
    if values[0] & NAMED == RXTX_MAP:
        for register, region in ((1, HOST_TX), (2, HOST_RX)):
            values[register] = shape.base(region) + ADDRESS_OFFSET + values[register] % shape.page
    return values


def is_same(shape: Shape, done: CallDone, native: Call, filled: int) -> bool:
    """Registers, SMCs, warnings and locks; what was never written holds something else natively.

    After a call that faults only what EL2 told EL3 until then counts.
    """
    asked = [without_addresses(smc.arguments) for smc in done.log.smcs]
    told = list(native.smcs[:len(asked)]) if done.fault else list(native.smcs)
    if [len(x) for x in told] != [len(x) for x in asked]:
        return False
    pairs = [pair for one, other in zip(asked, told, strict=True) for pair in zip(one, other, strict=True)]
    if done.fault is None:
        mapped = dict(zip(native_registers(shape, done), done.before, strict=True))
        pairs += [(value, mapped.get(other, other) if value != other else other)
                  for value, other in zip(done.registers, native.registers, strict=True)]
        if (len(done.log.warns), bool(done.held)) != (native.warnings, native.is_locked):
            return False
    return all(value in (other, filled) or other == filled for value, other in pairs)
