"""One input on the interpreter, with the record that native/runner.c would write."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from tests.differential.shape import (
    ADDRESS_OFFSET,
    ANSWER_WORDS,
    ARENA_WORDS,
    ARENAS,
    CONTENT_WORDS,
    EVENT_WORDS,
    FIRST_ARENA,
    FORWARD,
    GOES_ON,
    HASH_A,
    HASH_B,
    HASH_C,
    HOST_TX,
    KINDS,
    OUTS,
    PAGES,
    PATTERN,
    PRIME,
    SMC,
    STIRRED,
    Shape,
)
from verify.interpret.events import Log
from verify.interpret.machine import Machine
from verify.interpret.memory import Fault

ONES = (1 << 64) - 1
Words = Sequence[int]


@dataclass(slots=True)
class Script:
    """EL3 and the outside functions, from the input; keeps the record of what they were asked."""

    shape: Shape
    words: Words
    machine: Machine | None = None
    events: list[int] = field(default_factory=list)
    told: list[tuple[int, int, int]] = field(default_factory=list)
    """(kind, function ID of an SMC, result) of each event."""
    answers_used: int = 0
    outs_used: int = 0

    def fill(self, name: str, offset: int) -> int:
        return PATTERN

    def smc(self, arguments: Sequence[int], is_forward: bool) -> Sequence[int]:
        self._event(FORWARD if is_forward else SMC, arguments)
        used, count = self.answers_used, self.words[self.shape.answers_at]
        self.answers_used += 1
        at = self.shape.answers_at + 1 + used * ANSWER_WORDS
        answer = [ONES, *[0] * 17] if used >= count else self.words[at:at + ANSWER_WORDS]
        self.told.append((FORWARD if is_forward else SMC, arguments[0], answer[0]))
        if used < self.words[self.shape.left_at]:
            assert self.machine is not None
            left = _bytes(self.words, self.shape.words + used * CONTENT_WORDS, CONTENT_WORDS) or bytes(8 * CONTENT_WORDS)
            _pages(self.shape, self.machine).update(enumerate(left, self.shape.page))
        return answer

    def outside(self, name: str, arguments: Sequence[int], page_shift: int) -> int:
        if name == "hyp_virt_to_phys":
            return (arguments[0] + ADDRESS_OFFSET) & ONES
        if name == "hyp_phys_to_virt":
            return (arguments[0] - ADDRESS_OFFSET) & ONES
        self._event(KINDS[name], (*arguments, *[0] * (18 - len(arguments))))
        self.outs_used += 1
        result = self.words[self.shape.outs_at + self.outs_used - 1] if self.outs_used <= OUTS else 0
        self.told.append((KINDS[name], 0, result))
        return result

    def _event(self, kind: int, arguments: Sequence[int]) -> None:
        machine, shape = self.machine, self.shape
        assert machine is not None
        pages = _pages(shape, machine)
        is_smc = kind in (SMC, FORWARD)
        announced = int.from_bytes(_packed(pages), "little") % PRIME if is_smc else 0
        self.events += (kind, self.held(), len(machine.log.warns), announced, *arguments)
        if stir := self.words[shape.stir_at]:
            mask = _stirred(stir, len(self.events) // EVENT_WORDS)
            _change(machine.memory.find(shape.base(HOST_TX), 1)[0].content, 0, mask)
            if is_smc and self.answers_used:
                _change(pages, shape.page, mask)

    def held(self) -> int:
        assert self.machine is not None
        return sum(1 << self.shape.static_index[path] for path in self.machine.held)


@dataclass(slots=True)
class Ran:
    """The record, without its length; `fault` says why the interpreter stopped; `events` are in the record too."""

    record: list[int]
    fault: str | None
    log: Log
    script: Script


class Runner:
    """Inputs of one tree and page size, one after the other; one that GOES_ON finds the machine as it was left."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._machine: Machine | None = None

    def run(self, words: Words) -> Ran:
        shape, script = self._shape, Script(self._shape, words)
        machine = self._machine if words[0] & GOES_ON else None
        if machine is None:
            machine = self._machine = Machine(shape.unit, script, shape.page_shift, trace=False)
            _set_up(shape, machine, words)
        else:
            machine.environment, machine.log = script, Log()
            _go_on(shape, machine, words)
        script.machine = machine
        name = shape.functions[words[0] & ~GOES_ON]
        parameters = shape.unit.functions[name].parameters
        try:
            result = machine.call(name, words[1:1 + len(parameters)]) or 0
        except Fault as problem:
            return Ran([1, *script.events], str(problem), machine.log, script)
        record = [0, result, *self.statics()]
        for index in range(ARENAS):
            record += _words(machine, shape.base(FIRST_ARENA + index))
        record += (_hash(shape, machine), len(machine.log.warns), script.held())
        return Ran(record + script.events, None, machine.log, script)

    def statics(self) -> list[int]:
        """As they are now; they have to be there."""
        assert self._machine is not None
        return [self._machine.memory.load(address, size) for address, size in self._shape.places]


def _set_up(shape: Shape, machine: Machine, words: Words) -> None:
    for index, (address, size) in enumerate(shape.places):
        value = words[shape.statics_at + index]
        if value:
            machine.memory.store(address, value, size)
    for region in range(FIRST_ARENA + ARENAS):
        address = machine.allocate(f"region {region}", shape.size(region), b"")
        assert address == shape.base(region)
    if any(words[shape.tx_at:shape.stir_at]):
        _pages(shape, machine).update(_ZEROS)
    _go_on(shape, machine, words)


def _go_on(shape: Shape, machine: Machine, words: Words) -> None:
    """What an input brings to a machine: the registers, the host's TX, EL2's RX."""
    for index in range(ARENAS):
        content = machine.memory.find(shape.base(FIRST_ARENA + index), 1)[0].content
        content.clear()
        content.update(enumerate(_bytes(words, shape.arena_at(index), ARENA_WORDS)))
    for region, start, at in ((HOST_TX, 0, shape.tx_at), (PAGES, shape.page, shape.rx_at)):
        content = machine.memory.find(shape.base(region), 1)[0].content
        given = _bytes(words, at, CONTENT_WORDS)
        if given or content:
            content.update(enumerate(given or bytes(8 * CONTENT_WORDS), start))


def _pages(shape: Shape, machine: Machine) -> dict[int, int]:
    return machine.memory.find(shape.base(PAGES), 1)[0].content


def _stirred(stir: int, count: int) -> bytes:
    return array("Q", [stir * (count + k) & STIRRED for k in range(CONTENT_WORDS)]).tobytes()


def _change(content: dict[int, int], start: int, mask: bytes) -> None:
    content.update({at: content.get(at, 0) ^ byte for at, byte in enumerate(mask, start) if byte})


def _packed(content: dict[int, int]) -> bytes:
    """The first CONTENT_WORDS words."""
    if not content:
        return b""
    try:
        return bytes(_all_content(content))
    except KeyError:
        return bytes([content.get(k, 0) for k in range(8 * CONTENT_WORDS)])


def _bytes(words: Words, at: int, count: int) -> bytes:
    if not any(words[at:at + count]):
        return b""
    return array("Q", words[at:at + count]).tobytes()


_all_bytes = itemgetter(*range(8 * ARENA_WORDS))
_ZEROS = dict.fromkeys(range(8 * CONTENT_WORDS), 0)
_all_content = itemgetter(*range(8 * CONTENT_WORDS))


def _words(machine: Machine, address: int) -> list[int]:
    content = machine.memory.find(address, 1)[0].content
    if not content:
        return [0] * ARENA_WORDS
    try:
        return array("Q", bytes(_all_bytes(content))).tolist()
    except KeyError:
        return array("Q", bytes([content.get(k, 0) for k in range(8 * ARENA_WORDS)])).tolist()


def _hash(shape: Shape, machine: Machine) -> int:
    return hash_of({region: machine.memory.find(shape.base(region), 1)[0].content for region in range(FIRST_ARENA + ARENAS)})


def hash_of(contents: Mapping[int, Mapping[int, int]]) -> int:
    """Of all regions, over the words that are not zero; what the record has in full is left out."""
    result = 0
    for region, content in contents.items():
        skip = 8 * ARENA_WORDS if region >= FIRST_ARENA else 0
        if len(content) <= skip and (not content or max(content) < skip):
            continue
        found: dict[int, int] = {}
        for offset, byte in filter(itemgetter(1), content.items()):
            if offset >= skip:
                found[offset >> 3] = found.get(offset >> 3, 0) | byte << 8 * (offset & 7)
        for index, word in found.items():
            mixed = (word + index * HASH_A + region * HASH_B) * HASH_C & ONES
            result ^= mixed ^ mixed >> 29
    return result
