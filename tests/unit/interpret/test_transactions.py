"""The small SPMC's mailboxes and transactions, asked directly: what FF-A says of each answer."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from verify.interpret.descriptors import V1_0, V1_1, V1_2, Descriptor
from verify.interpret.environment import Mailbox
from verify.interpret.memory import Memory
from verify.interpret.spmc import Spmc

ERROR, SUCCESS = 0x84000060, 0x84000061
VERSION, RELEASE, MAP, UNMAP, INFO = 0x84000063, 0x84000065, 0xC4000066, 0x84000067, 0x84000068
SHARE, LEND, RETRIEVE, RESPONSE = 0xC4000073, 0xC4000072, 0xC4000074, 0x84000075
RECLAIM, FRAG_RX, FRAG_TX = 0x84000077, 0x8400007A, 0x8400007B
INVALID, NO_MEMORY, BUSY, DENIED = (code & 0xFFFFFFFF for code in (-2, -3, -4, -6))
HANDLE = 0x1001
PAGES = ((0x90000000, 1), (0x90004000, 3), (0xA0000000, 2))


class Caller:
    """EL2, as far as the SPMC sees it."""

    def __init__(self, version: int = V1_1, is_mapped: bool = True, largest: int = 1 << 20) -> None:
        self.memory = Memory(lambda name, offset: 0)
        self.tx, self.rx = (self.memory.allocate(name, 4096, b"") for name in ("tx", "rx"))
        self.spmc = Spmc(mailbox=Mailbox(self.memory, self.tx, self.rx), version=V1_2, largest=largest)
        assert self.ask(VERSION, version)[0] == version
        if is_mapped:
            assert self.ask(MAP, 0x10000, 0x20000, 1)[0] == SUCCESS

    def ask(self, *arguments: int) -> list[int]:
        return list(self.spmc.smc([*arguments, *[0] * (18 - len(arguments))], False))[:8]

    def send(self, content: bytes, *arguments: int) -> list[int]:
        for index, byte in enumerate(content):
            self.memory.store(self.tx + index, byte, 1)
        return self.ask(*arguments)

    def share(self, content: bytes, first: int | None = None, function: int = SHARE) -> list[int]:
        return self.send(content[:first], function, len(content), len(content) if first is None else first)

    def fragment(self, content: bytes, handle: int = HANDLE) -> list[int]:
        return self.send(content, FRAG_TX, handle, 0, len(content))

    def retrieve(self, handle: int = HANDLE, length: int = 48) -> list[int]:
        return self.send(bytes(8) + handle.to_bytes(8, "little") + bytes(length - 16), RETRIEVE, length, length)

    def received(self, length: int) -> bytes:
        return self.memory.snapshot(self.rx).bytes(0, length)


def refused(answer: list[int]) -> int:
    assert answer[0] == ERROR
    return answer[2]


def test_one_pair_of_buffers() -> None:
    caller = Caller()
    assert refused(caller.ask(MAP, 0x10000, 0x20000, 1)) == DENIED
    assert refused(caller.ask(UNMAP, 1 << 16)) == INVALID
    assert caller.ask(UNMAP)[0] == SUCCESS
    assert refused(caller.ask(UNMAP)) == INVALID
    assert refused(caller.ask(MAP, 0x10000, 0x10000, 1)) == INVALID
    assert refused(caller.ask(MAP, 0x10010, 0x20000, 1)) == INVALID
    assert refused(caller.ask(MAP, 0x10000, 0x20000, 0)) == INVALID
    assert caller.ask(MAP, 0x10000, 0x20000, 1)[0] == SUCCESS


@pytest.mark.parametrize(("version", "size"), [(V1_0, 8), (V1_1, 24), (V1_2, 24)])
def test_partition_info(version: int, size: int) -> None:
    caller = Caller(version)
    answer = caller.ask(INFO)
    assert answer == [SUCCESS, 0, 2, 0 if version == V1_0 else size, 0, 0, 0, 0]
    assert caller.received(2) == b"\x01\x80"
    assert caller.received(size + 2)[size:] == b"\x02\x80"
    assert caller.received(4096)[2 * size:] == bytes(4096 - 2 * size)
    assert refused(caller.ask(INFO)) == BUSY
    assert caller.ask(RELEASE)[0] == SUCCESS
    assert refused(caller.ask(RELEASE)) == DENIED
    assert caller.ask(INFO, 1, 2, 3, 4)[2] == 1


def test_partition_info_needs_a_buffer_unless_it_counts() -> None:
    caller = Caller(is_mapped=False)
    assert refused(caller.ask(INFO)) == BUSY
    assert refused(caller.ask(INFO, 9)) == INVALID
    assert caller.ask(INFO, 0, 0, 0, 0, 1)[:4] == [SUCCESS, 0, 2, 0]
    assert refused(caller.ask(RELEASE)) == DENIED


@pytest.mark.parametrize("version", [V1_0, V1_1, V1_2])
@pytest.mark.parametrize("function", [SHARE, LEND])
def test_share_and_reclaim(version: int, function: int) -> None:
    caller = Caller(version)
    assert caller.share(bytes(Descriptor(version, PAGES)), function=function) == [SUCCESS, 0, HANDLE, 0, 0, 0, 0, 0]
    assert refused(caller.share(bytes(Descriptor(version, PAGES[:1])))) == DENIED
    assert refused(caller.ask(RECLAIM, HANDLE, 0, 4)) == INVALID
    assert refused(caller.ask(RECLAIM, HANDLE, 1)) == INVALID
    assert caller.ask(RECLAIM, HANDLE)[0] == SUCCESS
    assert refused(caller.ask(RECLAIM, HANDLE)) == INVALID
    assert caller.share(bytes(Descriptor(version, PAGES[:1])))[2] == HANDLE + 1


def test_fragments() -> None:
    caller = Caller()
    content = bytes(Descriptor(V1_1, PAGES))
    assert caller.share(content, 96) == [FRAG_RX, HANDLE, 0, 96, 0, 0, 0, 0]
    assert refused(caller.retrieve()) == INVALID
    assert caller.fragment(content[96:112]) == [FRAG_RX, HANDLE, 0, 112, 0, 0, 0, 0]
    assert caller.fragment(content[112:]) == [SUCCESS, 0, HANDLE, 0, 0, 0, 0, 0]
    assert refused(caller.fragment(content[112:])) == INVALID


def test_a_fragment_that_does_not_fit_ends_the_transaction() -> None:
    caller = Caller()
    content = bytes(Descriptor(V1_1, PAGES))
    caller.share(content, 96)
    assert refused(caller.fragment(bytes(48))) == INVALID
    assert refused(caller.fragment(content[96:])) == INVALID


@pytest.mark.parametrize("version", [V1_0, V1_1, V1_2])
@pytest.mark.parametrize("largest", [1, 64, 1 << 20])
def test_what_is_retrieved_is_what_was_shared(version: int, largest: int) -> None:
    caller = Caller(version, largest=largest)
    sent = bytes(Descriptor(version, PAGES))
    caller.share(sent)
    answer = caller.retrieve()
    assert answer[:2] == [RESPONSE, len(sent)]
    total, found = answer[1], caller.received(answer[2])
    assert refused(caller.ask(FRAG_RX, HANDLE, 0, len(found))) == (INVALID if len(found) == total else BUSY)
    while len(found) < total:
        assert caller.ask(RELEASE)[0] == SUCCESS
        assert refused(caller.ask(FRAG_RX, HANDLE, 0, len(found) - 16)) == INVALID
        answer = caller.ask(FRAG_RX, HANDLE, 0, len(found))
        assert answer[:3] == [FRAG_TX, HANDLE, 0]
        found += caller.received(answer[3])
    assert found == bytes(Descriptor(version, PAGES, handle=HANDLE, flags=8))
    assert refused(caller.retrieve()) == BUSY


ONE = Descriptor(V1_1, PAGES[:1])
LIES: Mapping[str, Descriptor] = {
    "a sender": Descriptor(V1_1, PAGES, sender=1),
    "a handle": Descriptor(V1_1, PAGES, handle=1),
    "zeroed memory": Descriptor(V1_1, PAGES, flags=1),
    "the NS bit": Descriptor(V1_1, PAGES, attributes=0x6F),
    "a receiver in the normal world": Descriptor(V1_1, PAGES, receiver=0),
    "nobody": Descriptor(V1_1, PAGES, emad_count=0),
    "EMADs of another size": Descriptor(V1_1, PAGES, emad_size=24),
    "EMADs in the header": Descriptor(V1_1, PAGES, emad_offset=32),
    "EMADs behind the end": Descriptor(V1_1, PAGES, emad_offset=0xFFFFFFF0),
    "no composite": Descriptor(V1_1, PAGES, composite_offset=0),
    "a composite in the EMAD": Descriptor(V1_1, PAGES, composite_offset=48),
    "too many ranges": Descriptor(V1_1, PAGES, range_count=4),
    "too few pages": Descriptor(V1_1, PAGES, total_pages=5),
    "an empty range": Descriptor(V1_1, ((0x90000000, 0),)),
    "an unaligned range": Descriptor(V1_1, ((0x90000010, 1),)),
    "a range twice": Descriptor(V1_1, (PAGES[0], PAGES[0])),
    "a range beyond memory": Descriptor(V1_1, (((1 << 52) - 4096, 2),)),
    "reserved bytes of a range": Descriptor(V1_1, PAGES[:1], patches={80 + 12: b"\1"}),
}


@pytest.mark.parametrize("name", LIES)
def test_refused_descriptors(name: str) -> None:
    caller = Caller()
    assert refused(caller.share(bytes(LIES[name]))) == INVALID
    assert caller.share(bytes(ONE))[0] == SUCCESS


def test_the_sender_says_where_the_access_descriptor_is() -> None:
    caller = Caller()
    assert caller.share(bytes(Descriptor(V1_1, PAGES, emad_at=64)))[0] == SUCCESS
    assert caller.spmc.ledger.open[HANDLE].ranges == PAGES


@pytest.mark.parametrize("arguments", [
    (112, 96 + 32), (100, 100), (96, 40), (96, 0), (1 << 20, 8192), (96, 96, 0x90000000), (96, 96, 0, 1),
])
def test_lengths_and_buffers(arguments: tuple[int, ...]) -> None:
    assert refused(Caller().send(bytes(ONE), SHARE, *arguments)) == INVALID
