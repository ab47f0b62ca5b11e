"""The reference mediator at work: from reset, with a conforming SPMC, in numbers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.mediators.trees import REFERENCE, files
from verify.frontend.unit import lower_tree
from verify.interpret.descriptors import Descriptor
from verify.interpret.session import CallDone, HostWrites, Session
from verify.interpret.spmc import Spmc
from verify.interpret.world import OWN, SHARED_FFA, SHARED_HYP
from verify.ir.function import Unit

VERSION, FEATURES, RX_RELEASE, MAP, UNMAP, INFO = 0x84000063, 0x84000064, 0x84000065, 0xC4000066, 0x84000067, 0x84000068
SHARE, SHARE64, LEND64, RECLAIM, FRAG_RX, FRAG_TX = 0x84000073, 0xC4000073, 0xC4000072, 0x84000077, 0x8400007A, 0x8400007B
ERROR, SUCCESS = 0x84000060, 0x84000061
INVALID, NO_MEMORY, BUSY, DENIED, ABORTED = -2, -3, -4, -6, -8
TX, RX, FIRST = 0x400, 0x401, 0x1000
"""Page frames: the host's mailboxes, and the first page that is shared."""


@pytest.fixture(scope="module")
def unit() -> Unit:
    return lower_tree(files(REFERENCE))


class Host:
    """A host that has agreed on a version and registered its mailboxes."""

    def __init__(self, unit: Unit, version: int = 0x10002, shift: int = 12, is_mapped: bool = True) -> None:
        self.spmc, self.shift, self.version = Spmc(), shift, version
        self.session = Session(unit, self.spmc, shift, trace=False)
        self.session.machine.set_static("kvm_host_psci_config.smccc_version", 0x10002)
        assert self.session.initialise() == 0
        assert self.call(VERSION, version).registers[0] == version
        if is_mapped:
            assert self.code(MAP, TX << shift, RX << shift, (1 << shift) // 4096) == 0

    def call(self, *registers: int, message: bytes = b"") -> CallDone:
        done = self.session.call(registers, HostWrites({TX << self.shift: message} if message else {}))
        assert (done.fault, done.held, done.log.warns) == (None, (), [])
        return done

    def code(self, *registers: int, message: bytes = b"") -> int:
        """0 for FFA_SUCCESS, else FFA_ERROR's code."""
        done = self.call(*registers, message=message)
        assert done.registers[0] in (ERROR, SUCCESS)
        return done.registers[2] - (1 << 32) if done.registers[0] == ERROR else 0

    def states(self, *pages: int) -> list[int]:
        return [self.session.environment.world.now().state(page) for page in pages]

    def describe(self, *ranges: tuple[int, int], **fields: object) -> bytes:
        """`ranges`: page frame, number of pages of EL2's size."""
        size = (1 << self.shift) // 4096
        found = [(frame << self.shift, count * size) for frame, count in ranges]
        return bytes(Descriptor(self.version, found, **fields))  # type: ignore[arg-type]

    def share(self, message: bytes, function: int = SHARE64) -> CallDone:
        return self.call(function, len(message), len(message), message=message)


def smcs(done: CallDone) -> list[int]:
    return [smc.arguments[0] for smc in done.log.smcs]


def handle(done: CallDone) -> tuple[int, int]:
    at = 2 if done.registers[0] == SUCCESS else 1
    return done.registers[at], done.registers[at + 1]


@pytest.mark.parametrize("shift", [12, 14, 16])
@pytest.mark.parametrize("version", [0x10000, 0x10001, 0x10002])
@pytest.mark.parametrize("function", [SHARE, SHARE64, LEND64])
def test_memory_goes_and_comes_back(unit: Unit, version: int, shift: int, function: int) -> None:
    host = Host(unit, version, shift)
    done = host.share(host.describe((FIRST, 2), (FIRST + 7, 1)), function)
    assert done.registers[0] == SUCCESS
    assert smcs(done) == [function]
    pages = (FIRST, FIRST + 1, FIRST + 2, FIRST + 7)
    assert host.states(*pages) == [SHARED_FFA, SHARED_FFA, OWN, SHARED_FFA]
    assert host.code(RECLAIM, *handle(done)) == 0
    assert host.states(*pages) == [OWN] * 4
    assert host.code(RECLAIM, *handle(done)) == INVALID


def test_mailboxes(unit: Unit) -> None:
    host = Host(unit, is_mapped=False)
    good = (TX << 12, RX << 12, 1)
    for bad in ((0, RX << 12, 1), (TX << 12, (RX << 12) + 8, 1), (*good[:2], 2), (*good[:2], 0x41), (good[0], good[0], 1),
                (1 << 60, RX << 12, 1)):
        assert host.code(MAP, *bad) == INVALID
    assert host.code(UNMAP) == INVALID
    assert host.code(MAP, *good) == 0
    assert host.states(TX, RX) == [SHARED_HYP, SHARED_HYP]
    assert host.code(MAP, *good) == DENIED
    assert host.share(host.describe((TX, 1))).registers[2] == 2**32 + DENIED
    assert host.code(UNMAP, 1) == INVALID
    assert host.code(UNMAP) == 0
    assert host.states(TX, RX) == [OWN, OWN]
    assert host.code(UNMAP) == INVALID
    assert host.code(MAP, *good) == 0


def test_a_page_that_is_taken_is_no_mailbox(unit: Unit) -> None:
    host = Host(unit)
    assert host.share(host.describe((FIRST, 1))).registers[0] == SUCCESS
    assert host.code(UNMAP) == 0
    done = host.call(MAP, TX << 12, FIRST << 12, 1)
    assert done.registers[2] == 2**32 + INVALID
    assert smcs(done) == []
    assert host.states(TX, FIRST) == [OWN, SHARED_FFA]
    host.spmc.script = [[ERROR, 0, 2**32 + NO_MEMORY, *[0] * 15]]
    assert host.code(MAP, TX << 12, RX << 12, 1) == NO_MEMORY
    assert host.states(TX, RX) == [OWN, OWN]


def test_partitions(unit: Unit) -> None:
    host = Host(unit)
    done = host.call(INFO)
    assert done.registers[:4] == (SUCCESS, 0, 2, 24)
    assert smcs(done) == [INFO, RX_RELEASE]
    found = bytes(host.session.machine.memory.load((1 << 56) + (RX << 12) + k, 1) for k in range(48))
    assert found == b"".join(item.describe(0x10002) for item in host.spmc.partitions)
    assert host.code(INFO) == BUSY
    assert host.call(INFO, 0, 0, 0, 0, 1).registers[:4] == (SUCCESS, 0, 2, 0)
    assert host.code(RX_RELEASE, 1) == INVALID
    assert host.code(RX_RELEASE) == 0
    assert host.code(RX_RELEASE) == DENIED
    assert host.code(INFO) == 0
    assert host.code(UNMAP) == 0
    assert host.code(RX_RELEASE) == DENIED
    assert host.code(INFO) == BUSY


def test_partitions_of_1_0(unit: Unit) -> None:
    host = Host(unit, 0x10000)
    assert host.code(INFO, 0, 0, 0, 0, 1) == INVALID
    assert host.call(INFO).registers[:4] == (SUCCESS, 0, 2, 0)


def fragments(host: Host, count: int) -> list[bytes]:
    """A message of so many fragments, of two ranges each after the first."""
    message = host.describe(*((FIRST + 2 * k, 1) for k in range(2 * count - 1)))
    first = len(message) - 32 * (count - 1)
    return [message[:first], *(message[at:at + 32] for at in range(first, len(message), 32))]


def begin(host: Host, pieces: Sequence[bytes]) -> CallDone:
    return host.call(SHARE64, sum(map(len, pieces)), len(pieces[0]), message=pieces[0])


def go_on(host: Host, done: CallDone, piece: bytes) -> CallDone:
    assert done.registers[0] == FRAG_RX
    return host.call(FRAG_TX, *handle(done), len(piece), message=piece)


@pytest.mark.parametrize("version", [0x10000, 0x10001, 0x10002])
def test_fragments(unit: Unit, version: int) -> None:
    host = Host(unit, version)
    host.spmc.largest = 64
    pieces = fragments(host, 3)
    done = begin(host, pieces)
    assert done.registers[3] == len(pieces[0])
    done = go_on(host, done, pieces[1])
    assert host.code(RECLAIM, *handle(done)) == DENIED
    assert begin(host, pieces).registers[2] == 2**32 + BUSY
    done = go_on(host, done, pieces[2])
    assert done.registers[0] == SUCCESS
    pages = [FIRST + k for k in range(10)]
    assert host.states(*pages) == [SHARED_FFA, OWN] * 5
    back = host.call(RECLAIM, *handle(done))
    assert back.registers[0] == SUCCESS
    assert smcs(back).count(FRAG_RX) >= 2
    assert host.states(*pages) == [OWN] * 10


def test_a_wrong_fragment_changes_nothing(unit: Unit) -> None:
    host = Host(unit)
    pieces = fragments(host, 2)
    done = begin(host, pieces)
    known = handle(done)
    shared = host.describe((FIRST, 1))[-16:]
    for registers, piece, code in (
        ((known[0] + 1, known[1], 32), pieces[1], INVALID), ((*known, 24), pieces[1], INVALID),
        ((*known, 0), pieces[1], INVALID), ((*known, 48), pieces[1] + shared, INVALID),
        ((*known, 32, 1), pieces[1], INVALID), ((*known, 32), pieces[1][:16] + shared, DENIED),
        ((*known, 32), pieces[1][:24] + bytes(8), INVALID),
    ):
        failed = host.call(FRAG_TX, *registers, message=piece)
        assert failed.registers[2] == 2**32 + code
        assert smcs(failed) == []
        assert host.states(FIRST, FIRST + 2, FIRST + 4) == [SHARED_FFA, OWN, OWN]
    assert go_on(host, done, pieces[1]).registers[0] == SUCCESS


def test_a_fragment_that_el3_refuses_ends_it(unit: Unit) -> None:
    host = Host(unit)
    pieces = fragments(host, 2)
    done = begin(host, pieces)
    host.spmc.script = [[ERROR, 0, 2**32 + NO_MEMORY, *[0] * 15]]
    assert go_on(host, done, pieces[1]).registers[2] == 2**32 + NO_MEMORY
    assert host.states(FIRST, FIRST + 2, FIRST + 4) == [SHARED_FFA, OWN, OWN]
    assert go_on(host, done, pieces[1]).registers[2] == 2**32 + INVALID


HOSTILE = {
    "another sender": {"sender": 1}, "a receiver of the normal world": {"receiver": 2}, "a handle": {"handle": 5},
    "two receivers": {"emad_count": 2}, "no receiver": {"emad_count": 0}, "receivers elsewhere": {"emad_offset": 64},
    "receivers before memory": {"emad_offset": 0xFFFFFFF0}, "a long entry": {"emad_size": 64},
    "the composite in the header": {"composite_offset": 16}, "no composite": {"composite_offset": 0},
    "the composite behind the message": {"composite_offset": 4096}, "the composite on byte 8": {"composite_offset": 88},
    "more ranges than there are": {"range_count": 3}, "no ranges": {"range_count": 0}, "other pages": {"total_pages": 9},
    "device memory": {"attributes": 0x10}, "the NS bit": {"attributes": 0x6F}, "clear": {"flags": 1},
    "instructions": {"permissions": 6}, "no access": {"permissions": 0}, "flags of a borrower": {"emad_flags": 1},
    "a reserved word": {"patches": {44: b"\1"}},
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_messages(unit: Unit, what: str) -> None:
    host = Host(unit)
    done = host.share(host.describe((FIRST, 1), **HOSTILE[what]))
    assert done.registers[2] == 2**32 + INVALID
    assert smcs(done) == []
    assert host.states(FIRST) == [OWN]


def test_ranges_that_are_none(unit: Unit) -> None:
    host = Host(unit, shift=14)
    for address, count in ((FIRST << 14, 0), (FIRST << 14, 1), ((FIRST << 14) + 4096, 4), (1 << 48, 4),
                           ((1 << 64) - (1 << 14), 4), ((1 << 48) - (1 << 14), 8)):
        message = bytes(Descriptor(host.version, [(FIRST + 9 << 14, 4), (address, count)]))
        assert host.share(message).registers[2] == 2**32 + INVALID
        assert host.states(FIRST, FIRST + 1, FIRST + 9) == [OWN] * 3


def test_a_page_is_shared_once(unit: Unit) -> None:
    host = Host(unit)
    assert host.share(host.describe((FIRST, 2), (FIRST + 1, 1))).registers[2] == 2**32 + DENIED
    assert host.states(FIRST, FIRST + 1) == [OWN, OWN]


def test_there_is_room_for_two(unit: Unit) -> None:
    host = Host(unit)
    done = [host.share(host.describe((FIRST + k, 1))) for k in range(3)]
    assert [item.registers[0] for item in done] == [SUCCESS, SUCCESS, ERROR]
    assert done[2].registers[2] == 2**32 + NO_MEMORY
    assert host.code(RECLAIM, *handle(done[0])) == 0
    assert host.states(FIRST, FIRST + 1) == [OWN, SHARED_FFA]
    assert host.share(host.describe((FIRST + 2, 1))).registers[0] == SUCCESS


def test_what_el3_says_wrong_is_taken_back(unit: Unit) -> None:
    host = Host(unit)
    message = host.describe((FIRST, 1))
    for said, code in (([ERROR, 0, 2**32 - 4], BUSY), ([ERROR, 0, 1], ABORTED), ([FRAG_RX, 1, 0, len(message)], ABORTED),
                       ([SUCCESS, 1, 2, 3], ABORTED), ([2**64 - 1], ABORTED), ([0x84000062], ABORTED)):
        host.spmc.script = [[*said, *[0] * (18 - len(said))]]
        assert host.share(message).registers[2] == 2**32 + code
        assert host.states(FIRST) == [OWN]
    assert host.share(message).registers[0] == SUCCESS
