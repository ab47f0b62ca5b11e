"""Scenes: what registers, buffers and answers have to hold to get past a handler's first checks."""

from __future__ import annotations

import struct
from array import array
from random import Random

from tests.differential.pools import ONES, Pools
from tests.differential.shape import (
    ANSWER_WORDS,
    CONTENT_WORDS,
    Shape,
    pointers,
)

Words = list[int]
PAGE_4K = 4096


class Scenes:
    """The scenes that matter for one function."""

    def __init__(self, shape: Shape, name: str, pools: Pools, rng: Random) -> None:
        self._shape = shape
        self._rng = rng
        self._function = shape.unit.functions[name]
        self._constants = shape.unit.constants
        reached = pools.reached(name)
        self.usable = [scene for scene, is_usable in (
            (self._handshake, "hyp_ffa_post_init" in reached), (self._mapping, "do_ffa_rxtx_map" in reached),
            (self._descriptor, pools.reads_memory(name))) if is_usable]

    def apply(self, words: Words) -> None:
        self._rng.choice(self.usable)(words)

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

    def _mapping(self, words: Words) -> None:
        """Aligned buffers of the right length, not yet mapped; or buffers to unmap."""
        page, rng = self._shape.page, self._rng
        self._set(words, 1, "has_version_negotiated")
        if rng.random() < 0.2:
            self._call(words, "FFA_RXTX_UNMAP")
            self._registers(words, [0])
            return
        self._call(words, "FFA_FN64_RXTX_MAP")
        self._registers(words, [rng.randrange(1 << 20) * page, rng.randrange(1 << 20) * page, page // PAGE_4K])
        if rng.random() < 0.8:
            self._set(words, 0, "host_buffers.tx", "host_buffers.rx")
        self._script(words, [[self._constants["FFA_SUCCESS"], 0, 0, 0]])

    def _descriptor(self, words: Words) -> None:
        """A memory region descriptor in both buffers, with registers and answers that go with it."""
        rng, page = self._rng, self._shape.page
        self._set(words, 1, "has_version_negotiated")
        version_at = self._shape.static_at("hyp_ffa_version")
        content, length = self._region(words[version_at] if version_at else 0)
        for at in (self._shape.tx_at, self._shape.rx_at):
            words[at:at + CONTENT_WORDS] = content
        longer = length + rng.choice((0, 0, 16, 64, page))
        kind = rng.randrange(4)
        if kind == 0:
            self._call(words, "FFA_MEM_FRAG_TX")
            self._registers(words, [0, 0, rng.choice((length & ~15, 16 * rng.randrange(12))), 0])
        elif kind == 1:
            self._call(words, "FFA_MEM_RECLAIM", "FFA_PARTITION_INFO_GET")
            self._registers(words, [rng.getrandbits(32), 0, 0, 0, rng.getrandbits(1)])
        else:
            self._call(words, "FFA_MEM_SHARE", "FFA_FN64_MEM_SHARE", "FFA_MEM_LEND", "FFA_FN64_MEM_LEND")
            self._registers(words, [longer, length, 0, 0])
        if rng.random() < 0.8:
            self._script(words, self._conversation(kind, longer, length))

    def _conversation(self, kind: int, whole: int, length: int) -> list[list[int]]:
        """EL3's answers while memory is shared or reclaimed: (a0, a1, a2, a3) each."""
        constants, rng = self._constants, self._rng
        done = [constants["FFA_SUCCESS"], 0, 0, 0]
        failed = [constants["FFA_ERROR"], 0, rng.choice((ONES, ONES - 2, 2)), 0]
        more = [constants["FFA_MEM_FRAG_RX"], 0, 0, rng.choice((length, length, 0))]
        if kind != 1:
            return rng.choice(([done] * 3, [more, done], [failed, done], [failed, failed]))
        respond = [constants["FFA_MEM_RETRIEVE_RESP"], rng.choice((whole, length)), length, 0]
        fragment = [constants["FFA_MEM_FRAG_TX"], 0, 0, rng.choice((16, 32, max(whole - length, 16)))]
        listed = [constants["FFA_SUCCESS"], 0, rng.randrange(4), rng.choice((8, 24))]
        return rng.choice((
            [listed], [respond, done, done, done], [respond, done, failed], [respond, done, failed, failed],
            [respond, done, fragment, done, done, done], [respond, done, fragment, done, fragment, done, done]))

    def _offsets(self, struct_name: str) -> dict[str, int]:
        return {field.path: field.offset for field in self._shape.unit.layouts[f"struct {struct_name}"].fields}

    def _region(self, version: int) -> tuple[list[int], int]:
        """(words, length) of a descriptor with one receiver and a few ranges."""
        rng, page = self._rng, self._shape.page
        region, attributes = self._offsets("ffa_mem_region"), self._offsets("ffa_mem_region_attributes")
        composite, each = self._offsets("ffa_composite_mem_region"), self._offsets("ffa_mem_region_addr_range")
        data = bytearray(8 * CONTENT_WORDS)
        listed = 48 if version > 0x10000 and "ep_mem_offset" in region else region.get("ep_mem_offset", 32)
        at = listed + rng.choice((16, 32, 32, 48))
        count = rng.randrange(6)
        for offset, value in (
                (region["ep_count"], rng.choice((1, 1, 1, 2))), (region.get("ep_mem_offset", 28), listed),
                (listed + attributes["composite_off"], rng.choice((at, at, at, at, at + 8, 0, page, 0xFFFFFFF8))),
                (at + composite["addr_range_cnt"], count if rng.random() < 0.95 else 300),
                (at + composite["total_pg_cnt"], count)):
            struct.pack_into("<I", data, offset, value)
        struct.pack_into("<H", data, region["sender_id"], rng.choice((0, 0, 0, 0, 0, 1)))
        for k in range(count):
            start = at + 16 + 16 * k
            address = rng.choice((rng.randrange(1 << 20) * page, rng.getrandbits(48)))
            struct.pack_into("<Q", data, start + each["address"], address)
            struct.pack_into("<I", data, start + each["pg_cnt"], rng.choice((1, 4, 16, page // PAGE_4K)))
        length = at + 16 + 16 * count + rng.choice((0, 0, 0, 0, 8, 16))
        return list(struct.unpack(f"<{CONTENT_WORDS}Q", data)), length


def random_words(rng: Random, count: int) -> list[int]:
    return array("Q", rng.randbytes(8 * count)).tolist()
