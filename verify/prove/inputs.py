"""What a counterexample is made of, in places that can be changed one by one: numbers of 32 bits, for the most part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from verify.interpret.events import SmcDone, newly_left
from verify.interpret.intervals import LIMIT
from verify.interpret.memory import HOST, Bytes
from verify.interpret.session import NO_WRITES, CallDone, HostWrites
from verify.prove.outcome import Episode

WORD = 0xFFFFFFFF
FORWARD = -1
"""Asked: what the host asks, sent on."""
SIZE = 4
"""Bytes of memory that are changed together."""


class Kind(IntEnum):
    """Whose a place is, and where. The host's come last, since everything else is what they meet."""

    BOOT = 0
    PAGES = 1
    ANSWER = 2
    LEFT = 3
    MEMORY = 4
    LOOK = 5
    REGISTER = 6


HOSTS = (Kind.MEMORY, Kind.LOOK, Kind.REGISTER)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """`call`: 0 is boot, the host's calls count from 1. `item` and `at` by kind:

    BOOT: neither, `name` is the static's path. PAGES: page frames [item, at), as they are at first. ANSWER: half `at`
    (1: bits 63:32) of register `at // 2` of the answer to SMC `item`. LEFT: bytes `at` … of EL2's RX buffer with that
    answer. MEMORY: bytes at the physical address `at`. LOOK: bytes `at` … of what EL2's look number `item` finds.
    REGISTER: half of the host's register, as in ANSWER. SMCs and looks count from 0 in each call.
    """

    call: int
    kind: Kind
    item: int = 0
    at: int = 0
    name: str = ""

    @property
    def is_hosts(self) -> bool:
        return self.kind in HOSTS


@dataclass(frozen=True, slots=True)
class CallInputs:
    """One call; boot has no registers. `copied`: bytes that each look reads. `asked`: what each answer is to."""

    registers: tuple[int, ...] = ()
    before: Bytes = field(default_factory=dict)
    looks: tuple[Bytes, ...] = ()
    copied: tuple[int, ...] = ()
    answers: tuple[tuple[int, ...], ...] = ()
    left: tuple[Bytes, ...] = ()
    asked: tuple[int, ...] = ()

    @property
    def host(self) -> HostWrites:
        return HostWrites({at: bytes([byte]) for at, byte in self.before.items()}, self.looks) if (
            self.before or self.looks) else NO_WRITES


@dataclass(frozen=True, slots=True)
class Inputs:
    """`pages`: (first, end, state) at first. `calls[0]` is boot."""

    boot: tuple[tuple[str, int], ...]
    pages: tuple[tuple[int, int, int], ...]
    calls: tuple[CallInputs, ...]

    def without(self, call: int) -> Inputs:
        """Without this call of the host."""
        return replace(self, calls=(*self.calls[:call], *self.calls[call + 1:]))


def inputs_of(episode: Episode) -> Inputs:
    rx: dict[int, int] = {}
    boot = _answered(CallInputs(), episode.boot_smcs, rx)
    calls = tuple(_answered(_asked(done), tuple(done.log.smcs), rx) for done in episode.calls)
    initial = episode.calls[-1].pages[1].initial
    pages = tuple((first, end, state) for first, end, state in initial.pieces(0, LIMIT) if state is not None)
    return Inputs(episode.boot, pages, (boot, *calls))


def _asked(done: CallDone) -> CallInputs:
    before = {at + k: byte for at, written in done.host.before.items() for k, byte in enumerate(written)}
    seen = [event.length for event in done.log.buffers if event.buffer == HOST and not event.is_write]
    return CallInputs(done.before, before, done.host.looks, tuple(seen[:len(done.host.looks)]))


def _answered(call: CallInputs, smcs: tuple[SmcDone, ...], rx: dict[int, int]) -> CallInputs:
    return replace(call, answers=tuple(smc.results for smc in smcs), left=tuple(newly_left(smc, rx) for smc in smcs),
                   asked=tuple(FORWARD if smc.is_forward else function(smc.arguments[0]) for smc in smcs))


def function(word: int) -> int:
    """The function that an SMC asks for, without the SVE hint."""
    return word & 0xFFFEFFFF


# -- as places -----------------------------------------------------------------------------------------------


def values(inputs: Inputs) -> dict[Place, int]:
    """All places, in their order."""
    found = {Place(0, Kind.BOOT, name=path): number for path, number in inputs.boot}
    found |= {Place(0, Kind.PAGES, first, end): state for first, end, state in inputs.pages}
    for number, call in enumerate(inputs.calls):
        found |= dict(_of_call(number, call))
    return dict(sorted(found.items()))


def _of_call(number: int, call: CallInputs) -> Iterator[tuple[Place, int]]:
    for at, half in enumerate(_halves(call.registers)):
        yield Place(number, Kind.REGISTER, at // 2, at), half
    for smc, (answer, left) in enumerate(zip(call.answers, call.left, strict=True)):
        for at, half in enumerate(_halves(answer)):
            yield Place(number, Kind.ANSWER, smc, at), half
        for at, word in _words(left).items():
            yield Place(number, Kind.LEFT, smc, at), word
    for at, word in _words(call.before).items():
        yield Place(number, Kind.MEMORY, 0, at), word
    for look, found in enumerate(call.looks):
        unsaid = range(0, call.copied[look] if look < len(call.copied) else 0, SIZE)
        for at, word in sorted({**dict.fromkeys(unsaid, 0), **_words(found)}.items()):
            yield Place(number, Kind.LOOK, look, at), word


def _halves(registers: tuple[int, ...]) -> list[int]:
    return [half for value in registers for half in (value & WORD, value >> 32)]


def _words(content: Bytes) -> dict[int, int]:
    """Little endian, aligned; bytes that are not said are 0."""
    starts = sorted({at - at % SIZE for at in content})
    return {start: sum(content.get(start + k, 0) << (8 * k) for k in range(SIZE)) for start in starts}


# -- changed -------------------------------------------------------------------------------------------------


def changed(inputs: Inputs, changes: Mapping[Place, int]) -> Inputs:
    """With other numbers in these places."""
    by_call: dict[int, dict[Place, int]] = {}
    for place, number in changes.items():
        by_call.setdefault(place.call, {})[place] = number
    boot = tuple((path, changes.get(Place(0, Kind.BOOT, name=path), old)) for path, old in inputs.boot)
    pages = tuple((first, end, changes.get(Place(0, Kind.PAGES, first, end), old)) for first, end, old in inputs.pages)
    calls = tuple(_changed(call, by_call[number]) if number in by_call else call
                  for number, call in enumerate(inputs.calls))
    return Inputs(boot, pages, calls)


def _changed(call: CallInputs, changes: Mapping[Place, int]) -> CallInputs:
    registers, before = list(call.registers), dict(call.before)
    looks, left = [dict(look) for look in call.looks], [dict(found) for found in call.left]
    answers = [list(answer) for answer in call.answers]
    for place, number in changes.items():
        match place.kind:
            case Kind.REGISTER:
                _put_half(registers, place.at, number)
            case Kind.ANSWER:
                _put_half(answers[place.item], place.at, number)
            case Kind.LEFT:
                left[place.item].update(_bytes(place.at, number))
            case Kind.MEMORY:
                before.update(_bytes(place.at, number))
            case Kind.LOOK:
                looks[place.item].update(_bytes(place.at, number))
            case Kind.BOOT | Kind.PAGES:
                pass
    return replace(call, registers=tuple(registers), before=before, looks=tuple(looks), left=tuple(left),
                   answers=tuple(map(tuple, answers)))


def _put_half(registers: list[int], at: int, number: int) -> None:
    shift = 32 * (at % 2)
    registers[at // 2] = registers[at // 2] & ~(WORD << shift) | number << shift


def _bytes(at: int, number: int) -> dict[int, int]:
    return {at + k: byte for k, byte in enumerate(number.to_bytes(SIZE, "little"))}
