"""Scenes: what registers, buffers and answers have to hold to get past a handler's first checks."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from random import Random

from tests.differential.descriptors import PAGE_4K, Descriptors
from tests.differential.pools import ONES, Pools
from tests.differential.shape import (
    ADDRESS_OFFSET,
    ANSWER_WORDS,
    CONTENT_WORDS,
    HOST_RX,
    HOST_TX,
    Shape,
    pointers,
)

Words = list[int]
HANDLERS = ((0, "do_ffa_mem_frag_tx"), (1, "do_ffa_mem_reclaim"), (1, "do_ffa_part_get"), (2, "__do_ffa_mem_xfer"))
"""Which kind of message a handler expects."""


class Scenes:
    """The scenes that matter for one function."""

    def __init__(self, shape: Shape, name: str, pools: Pools, rng: Random) -> None:
        self._shape = shape
        self._rng = rng
        self._function = shape.unit.functions[name]
        self._constants = shape.unit.constants
        self._descriptors = Descriptors(shape, rng)
        self._identifiers = pools.identifiers
        reached = pools.reached(name)
        self._kinds = [kind for kind, handler in HANDLERS if handler in reached] or [0, 1, 2]
        self.usable = [scene for scene, is_usable in (
            (self._handshake, "hyp_ffa_post_init" in reached), (self._mapping, "do_ffa_rxtx_map" in reached),
            (self._asking, "do_ffa_features" in reached), (self._descriptor, pools.reads_memory(name))) if is_usable]

    def apply(self, words: Words) -> None:
        self._rng.choice(self.usable)(words)

    def apply_to(self, words: Words, statics: Sequence[int]) -> None:
        """Mostly what gets a host further that left these statics."""
        value = {path: now for (path, _), now in zip(self._shape.statics, statics, strict=True)}
        if self._rng.random() < 0.2:
            self.apply(words)
        elif not value.get("has_version_negotiated", 1):
            self._handshake(words)
        elif value.get("host_buffers.tx"):
            self._descriptor(words)
        else:
            self._mapping(words)

    # -- parts -----------------------------------------------------------------------------------------------

    def _call(self, words: Words, *names: str) -> None:
        """The host calls one of these functions, where the function under test is told which."""
        identifier = self._constants[self._rng.choice(names)]
        for index, parameter in enumerate(self._function.parameters):
            if parameter.name.startswith("func"):
                words[1 + index] = identifier
        for index in range(len(pointers(self._function))):
            words[self._shape.arena_at(index)] = identifier

    def _registers(self, words: Words, values: list[int]) -> None:
        """x1, x2, … of every saved context."""
        for index in range(len(pointers(self._function))):
            at = self._shape.arena_at(index) + 1
            words[at:at + len(values)] = values

    def _set(self, words: Words, value: int, *paths: str) -> None:
        for path in paths:
            at = self._shape.static_at(path)
            if at is not None:
                words[at] = value

    def _script(self, words: Words, rows: list[list[int]]) -> None:
        at = self._shape.answers_at
        words[at] = len(rows)
        for index, row in enumerate(rows):
            start = at + 1 + index * ANSWER_WORDS
            words[start:start + ANSWER_WORDS] = row + random_words(self._rng, ANSWER_WORDS - len(row))

    # -- scenes ----------------------------------------------------------------------------------------------

    def _handshake(self, words: Words) -> None:
        """Negotiation of a version, with an EL3 that goes along for a while."""
        rng = self._rng
        done = self._constants["FFA_SUCCESS"]
        self._call(words, "FFA_VERSION")
        self._registers(words, [rng.choice((0x10000, 0x10001, 0x10002, 0x10003))])
        self._set(words, rng.choice((0x10000, 0x10001, 0x10002)), "hyp_ffa_version")
        self._set(words, int(rng.random() < 0.3), "has_version_negotiated")
        version = [rng.choice((0x10000, 0x10001, 0x10002, ONES, 0xFFFFFFFF)), 0, 0, 0]
        identity = [done, 0, rng.choice((0, 0, 0, 1)), 0]
        rows = [identity, [done, 0, rng.choice((0, 0, 1, 2, 3)), 0]]
        self._script(words, [version, *rows] if rng.random() < 0.5 else rows)

    def _asking(self, words: Words) -> None:
        """Is this function there?"""
        self._set(words, 1, "has_version_negotiated")
        self._call(words, "FFA_FEATURES")
        self._registers(words, [self._rng.choice(self._identifiers), 0])

    def _mapping(self, words: Words) -> None:
        """Aligned buffers of the right length, not yet mapped; or buffers to unmap."""
        page, rng = self._shape.page, self._rng
        self._set(words, 1, "has_version_negotiated")
        if rng.random() < 0.2:
            self._call(words, "FFA_RXTX_UNMAP")
            self._registers(words, [0])
            return
        self._call(words, "FFA_FN64_RXTX_MAP")
        wild = [rng.randrange(1 << 20) * page, rng.randrange(1 << 20) * page]
        own = [self._shape.base(region) + ADDRESS_OFFSET for region in (HOST_TX, HOST_RX)]
        self._registers(words, [*rng.choice((wild, own, own)), page // PAGE_4K])
        if rng.random() < 0.8:
            self._set(words, 0, "host_buffers.tx", "host_buffers.rx")
        done, refused = ([self._constants[name], 0, code, 0] for name, code in (("FFA_SUCCESS", 0), ("FFA_ERROR", ONES - 2)))
        self._script(words, [rng.choice((done, done, done, refused)), done])

    def _descriptor(self, words: Words) -> None:
        """A memory region descriptor in both buffers, with registers and answers that go with it."""
        rng = self._rng
        self._set(words, 1, "has_version_negotiated")
        version_at = self._shape.static_at("hyp_ffa_version")
        content, place = self._descriptors.one(words[version_at] if version_at else 0)
        length = self._near(place.length)
        kind = rng.choice(self._kinds)
        if kind == 0:
            content, length = self._descriptors.fragment()
            self._call(words, "FFA_MEM_FRAG_TX")
            self._registers(words, [rng.getrandbits(32), rng.getrandbits(32), self._near(length), rng.getrandbits(16)])
        elif kind == 1:
            self._call(words, "FFA_MEM_RECLAIM", "FFA_PARTITION_INFO_GET")
            self._registers(words, [rng.getrandbits(32), 0, 0, 0, rng.getrandbits(1)])
        for at in (self._shape.tx_at, self._shape.rx_at):
            words[at:at + CONTENT_WORDS] = content
        whole = length + rng.choice((0, 0, 16, 64, self._shape.page))
        if kind == 2:
            self._call(words, "FFA_MEM_SHARE", "FFA_FN64_MEM_SHARE", "FFA_MEM_LEND", "FFA_FN64_MEM_LEND")
            self._registers(words, [self._near(whole), length, *rng.choice(([0, 0], [0, 0], [0, 0], [1, 0], [0, 1]))])
        if rng.random() < 0.8:
            rows = self._spoilt(self._conversation(kind, whole, place.length))
            self._script(words, rows)
            if kind == 1 and rng.random() < 0.4:
                self._leave(words, content, len(rows))

    def _leave(self, words: Words, content: list[int], count: int) -> None:
        """EL3 leaves the descriptor with its first answer, and ranges with the others."""
        words[self._shape.left_at] = count
        words += content
        for _ in range(count - 1):
            words += self._descriptors.fragment()[0]

    def _near(self, length: int) -> int:
        """Mostly the length itself; or off by a byte or a range, or at an edge of a buffer."""
        rng = self._rng
        if rng.random() < 0.7:
            return length
        edge = rng.choice((length, length, length, self._shape.page, (self._shape.proxy_pages - 2) * self._shape.page))
        return max(0, edge + rng.choice((-32, -16, -8, -1, 0, 1, 8, 16)))

    def _conversation(self, kind: int, whole: int, length: int) -> list[list[int]]:
        """EL3's answers while memory is shared or reclaimed: (a0, a1, a2, a3) each."""
        constants, rng = self._constants, self._rng
        done = [constants["FFA_SUCCESS"], 0, 0, 0]
        failed = [constants["FFA_ERROR"], 0, rng.choice((ONES, ONES - 2, 2)), 0]
        more = [constants["FFA_MEM_FRAG_RX"], 0, 0, rng.choice((length, length, 0))]
        if kind != 1:
            return rng.choice(([done] * 3, [more, done], [failed, done], [failed, done], [failed, failed]))
        listed = [constants["FFA_SUCCESS"], 0, rng.randrange(4), rng.choice((8, 24))]
        respond = [constants["FFA_MEM_RETRIEVE_RESP"], rng.choice((whole, length)), length, 0]
        return rng.choice((
            [listed], [respond, done, done, done], [respond, done, failed], [respond, done, failed, failed],
            self._retrieved(length), self._retrieved(length), self._retrieved(length)))

    def _retrieved(self, length: int) -> list[list[int]]:
        """A descriptor that comes in fragments, then the reclaim; the last fragment ends with it, or nearly."""
        constants, rng = self._constants, self._rng
        done = [constants["FFA_SUCCESS"], 0, 0, 0]
        sizes = [length if rng.random() < 0.5 else min(length, rng.choice((48, 64, 96)))]
        sizes += [rng.choice((16, 16, 32, 48, 0, 8)) for _ in range(rng.choice((1, 1, 2, 3)))]
        whole = sum(sizes) + rng.choice((0, 0, 0, 0, -8, -1, 1, 16))
        rows = [[constants["FFA_MEM_RETRIEVE_RESP"], whole, sizes[0], 0], done]
        for size in sizes[1:]:
            rows += [[constants["FFA_MEM_FRAG_TX"], 0, 0, size], done]
        return [*rows, rng.choice((done, done, done, [constants["FFA_ERROR"], 0, ONES - 2, 0]))]

    def _spoilt(self, rows: list[list[int]]) -> list[list[int]]:
        """In some, one register of one answer is not what it should be."""
        rng = self._rng
        if rng.random() < 0.3:
            row = rng.randrange(len(rows))
            rows[row] = list(rows[row])
            register = rng.randrange(4)
            rows[row][register] = rng.choice((
                0, ONES, rows[row][register] ^ 1 << rng.randrange(64), rows[row][register] + rng.choice((1, 8, 16)) & ONES,
                self._shape.page + rng.choice((0, 1)), rng.getrandbits(32), self._constants["FFA_ERROR"]))
        return rows


def random_words(rng: Random, count: int) -> list[int]:
    return array("Q", rng.randbytes(8 * count)).tolist()
