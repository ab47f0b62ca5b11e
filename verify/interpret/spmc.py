"""A small conforming SPMC: what EL3 answers where nobody says otherwise.

It satisfies every axiom of trust level L2 (`verify.prove.trust`); a test checks that on random calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import pack

from verify.interpret.descriptors import V1_0, header_size
from verify.interpret.environment import Surroundings
from verify.interpret.transactions import BUSY, DENIED, INVALID, NO_MEMORY, Ledger, Refused, Transaction, need

ERROR, SUCCESS, VERSION, FEATURES = 0x84000060, 0x84000061, 0x84000063, 0x84000064
RX_RELEASE, RXTX_MAP, RXTX_UNMAP, PARTITION_INFO_GET = 0x84000065, 0xC4000066, 0x84000067, 0x84000068
ID_GET, SPM_ID_GET = 0x84000069, 0x84000085
DIRECT_REQ, DIRECT_REQ64, DIRECT_REQ2 = 0x8400006F, 0xC400006F, 0xC400008D
RETRIEVE = (0x84000074, 0xC4000074)
RUN, SECURE = 0x8400006D, 0x8000
"""FFA_RUN, and the bit of a secure endpoint's ID."""
RETRIEVE_RESP, RECLAIM, FRAG_RX, FRAG_TX = 0x84000075, 0x84000077, 0x8400007A, 0x8400007B
NOT_SUPPORTED = 0xFFFFFFFF
ONES = (1 << 64) - 1
BUFFERS = (RX_RELEASE, RXTX_MAP, RXTX_UNMAP, PARTITION_INFO_GET)
SHARES, LENDS = (0x84000073, 0xC4000073), (0x84000072, 0xC4000072)


def frame(*values: int) -> list[int]:
    """x0.. as given, the rest zero."""
    return [*values, *[0] * (18 - len(values))]


def error(code: int = NOT_SUPPORTED) -> list[int]:
    return frame(ERROR, 0, code)


def _halves(handle: int) -> tuple[int, int]:
    return handle & 0xFFFFFFFF, handle >> 32


@dataclass(frozen=True, slots=True)
class Partition:
    """`uuid`: as in w1 to w4."""

    identity: int
    uuid: tuple[int, int, int, int]
    contexts: int = 1
    properties: int = 0x3

    def describe(self, version: int) -> bytes:
        start = pack("<HHI", self.identity, self.contexts, self.properties)
        return start if version <= V1_0 else start + pack("<4I", *self.uuid)


PARTITIONS = (Partition(0x8001, (1, 2, 3, 4)), Partition(0x8002, (5, 6, 7, 8)))


@dataclass(slots=True)
class Spmc(Surroundings):
    """`version`: the highest that it has. `script`: answers that come first, in order.

    `largest`: of the first fragment of what it gives back, and of later ones, in bytes; the RX buffer limits it too.
    `is_narrow`: it refuses a version with 32 bits. `is_late`: it refuses what is asked first, and registers any pair
    of buffers later, as none does that conforms.
    """

    version: int = 0x10002
    script: list[Sequence[int]] = field(default_factory=list)
    partitions: tuple[Partition, ...] = PARTITIONS
    largest: int = 1 << 20
    is_narrow: bool = False
    is_late: bool = False
    ledger: Ledger = field(init=False)
    agreed: int = 0
    """The version of the last FFA_VERSION that it accepted; 0: none yet."""
    size: int = 0
    """Of each mailbox buffer; 0: none is registered."""
    is_full: bool = False
    """EL2 owns its RX buffer and has not released it."""
    is_asked: bool = False
    """Anything."""

    def __post_init__(self) -> None:
        self.ledger = Ledger(frozenset(item.identity for item in self.partitions))

    def smc(self, arguments: Sequence[int], is_forward: bool) -> Sequence[int]:
        """An SMC32 leaves x8 to x17 alone (DEN0028 2.6)."""
        if self.script:
            return self.script.pop(0)
        if self.is_late and not self.is_asked:
            self.is_asked = True
            return frame(ONES)
        try:
            answer = self._answer(arguments)
        except Refused as refusal:
            answer = error(refusal.code)
        return answer if arguments[0] & 0x40000000 else [*answer[:8], *arguments[8:18]]

    def _answer(self, arguments: Sequence[int]) -> Sequence[int]:
        function = arguments[0] & 0xFFFEFFFF
        words = [value & 0xFFFFFFFF for value in arguments[:8]]
        if function == VERSION:
            return self._version(words[1])
        if function == FEATURES:
            return self._features(words[1])
        if function in (ID_GET, SPM_ID_GET):
            return frame(SUCCESS, 0, 0 if function == ID_GET else 0x8000)
        if function in (DIRECT_REQ, DIRECT_REQ64, DIRECT_REQ2):
            return self._respond(function, arguments)
        if function == RUN:
            need(arguments[1] & SECURE << 16 != 0)
        if function in BUFFERS:
            return self._buffers(function, words, arguments)
        return self._memory(function, words)

    def _version(self, asked: int) -> Sequence[int]:
        """Its own version for a request of the same major, else NOT_SUPPORTED."""
        if asked >> 16 != 1:
            return frame(NOT_SUPPORTED if self.is_narrow else ONES)
        self.agreed = min(asked, self.version)
        return frame(self.agreed)

    def _features(self, asked: int) -> Sequence[int]:
        known = (VERSION, FEATURES, ID_GET, DIRECT_REQ, DIRECT_REQ64, *BUFFERS, RECLAIM, FRAG_TX, *SHARES, *LENDS)
        return frame(SUCCESS) if asked in known else error()

    def _respond(self, function: int, arguments: Sequence[int]) -> Sequence[int]:
        """The partition answers with the payload that it got, IDs exchanged."""
        ids = arguments[1] & 0xFFFFFFFF
        need(ids >> 16 != ids & 0xFFFF and (ids >> 16 or ids & SECURE) != 0)
        exchanged = (ids & 0xFFFF) << 16 | ids >> 16
        if function == DIRECT_REQ2:
            return frame(0xC400008E, exchanged, 0, 0, *arguments[4:18])
        return frame(function + 1, exchanged, 0, *arguments[3:8])

    # -- mailboxes -------------------------------------------------------------------------------------------

    def _buffers(self, function: int, words: Sequence[int], arguments: Sequence[int]) -> Sequence[int]:
        match function:
            case 0xC4000066:
                tx, rx, size = arguments[1], arguments[2], words[3] * 4096
                need(not self.size, DENIED)
                need(0 < size <= 63 * 4096 and tx % 4096 == 0 and rx % 4096 == 0)
                need(abs(tx - rx) >= size or self.is_late)
                self.size = size
            case 0x84000067:
                need(words[1] == 0 and self.size > 0)
                self.size, self.is_full = 0, False
            case 0x84000065:
                need(words[1] & 0xFFFF == 0)
                need(self.size > 0 and self.is_full, DENIED)
                self.is_full = False
            case _:
                return self._partition_info(words)
        return frame(SUCCESS)

    def _partition_info(self, words: Sequence[int]) -> Sequence[int]:
        version, wanted = self.agreed or self.version, tuple(words[1:5])
        found = [item for item in self.partitions if wanted in (item.uuid, (0, 0, 0, 0))]
        need(bool(found))
        if version > V1_0 and words[5] & 1:
            return frame(SUCCESS, 0, len(found))
        need(self.size > 0 and not self.is_full, BUSY)
        content = b"".join(item.describe(version) for item in found)
        need(len(content) <= self.size, NO_MEMORY)
        self._give(content)
        return frame(SUCCESS, 0, len(found), len(content) // len(found) if version > V1_0 else 0)

    def _give(self, content: bytes) -> None:
        """EL2 gets it in its RX buffer, and owns that until it releases it."""
        self.is_full = True
        if self.mailbox is not None:
            self.mailbox.fill(dict(enumerate(content)))

    def _sent(self, length: int) -> bytes:
        """What EL2's TX buffer holds."""
        need(0 < length <= self.size and length % 16 == 0)
        found = self.mailbox.sent() if self.mailbox is not None else None
        return bytes(length) if found is None else found.bytes(0, length)

    # -- memory transactions ---------------------------------------------------------------------------------

    def _memory(self, function: int, words: Sequence[int]) -> Sequence[int]:
        handle = words[1] | words[2] << 32
        if function in (*SHARES, *LENDS):
            need(words[3] == 0 and words[4] == 0 and words[2] <= words[1] and words[1] % 16 == 0)
            version = self.agreed or self.version
            return self._progress(
                self.ledger.begin(version, words[1], function in LENDS, self._sent(words[2])))
        if function == FRAG_TX:
            need(words[4] == 0)
            return self._progress(self.ledger.go_on(handle, self._sent(words[3])))
        if function == RECLAIM:
            need(words[3] & ~3 == 0)
            self.ledger.reclaim(handle)
            return frame(SUCCESS)
        if function in RETRIEVE:
            return self._retrieve(words)
        if function == FRAG_RX:
            return self._next_fragment(handle, words)
        return error()

    @staticmethod
    def _progress(found: Transaction) -> Sequence[int]:
        if found.is_complete:
            return frame(SUCCESS, 0, *_halves(found.handle))
        return frame(FRAG_RX, *_halves(found.handle), len(found.data))

    def _retrieve(self, words: Sequence[int]) -> Sequence[int]:
        """The hypervisor's own: a header with the handle, no borrowers."""
        need(words[1] == words[2] and words[3] == 0 and words[4] == 0)
        asked = self._sent(words[1])
        need(len(asked) >= header_size(self.agreed or self.version))
        need(asked[0:2] == bytes(2) and asked[28:32] == bytes(4))
        found = self.ledger.complete(int.from_bytes(asked[8:16], "little"))
        need(not self.is_full, BUSY)
        length = min(len(found.answer), self.size, max(self.largest & ~15, found.answer_start))
        self._give(found.answer[:length])
        found.given = length
        return frame(RETRIEVE_RESP, len(found.answer), length)

    def _next_fragment(self, handle: int, words: Sequence[int]) -> Sequence[int]:
        found = self.ledger.complete(handle)
        need(self.size > 0 and words[4] == 0 and found.given is not None and words[3] == found.given)
        start = words[3]
        need(start < len(found.answer), INVALID)
        need(not self.is_full, BUSY)
        piece = found.answer[start:start + min(self.size, max(16, self.largest & ~15))]
        self._give(piece)
        found.given = start + len(piece)
        return frame(FRAG_TX, *_halves(handle), len(piece))
