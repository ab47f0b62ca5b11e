"""Memory as rules speak of it: buffers and what is done to them, one arbitrary page, what EL3 reads of a message.

What holds of *the* page holds of every page: it is any page of the machine, and no rule may choose it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from verify.rules.words import Output, Truth, Word, number
from verify.terms import build as t
from verify.terms.term import Term

OWN, SHARED_FFA, SHARED_HYP, FOREIGN = range(4)
"""States of a physical page: the host's own; the host's, shared with the secure world; the host's, shared with EL2;
somebody else's (a guest's, EL2's, a device's)."""
PAGE_STATE_BITS = 2

EL2_TX, EL2_RX, DESCRIPTOR, HOST_TX, HOST_RX, HOST = (
    "EL2's TX", "EL2's RX", "descriptor buffer", "host's TX", "host's RX", "host memory")
"""Names of buffers. `HOST` is host memory that is neither of the two mailbox pages."""

SHARE_HYP, UNSHARE_HYP, SHARE_FFA, UNSHARE_FFA, PIN, UNPIN = (
    "share-hyp", "unshare-hyp", "share-ffa", "unshare-ffa", "pin", "unpin")

NO, YES = Truth(t.FALSE), Truth(t.TRUE)

Read = Callable[[Term, int], Term]
"""(64-bit offset, size in bytes) → what is there, little endian."""


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a buffer at one moment. `outputs`: what the mediator decided there."""

    read: Read
    outputs: tuple[Output, ...] = ()

    def u8(self, offset: Word | int) -> Word:
        return self._at(offset, 1)

    def u16(self, offset: Word | int) -> Word:
        return self._at(offset, 2)

    def u32(self, offset: Word | int) -> Word:
        return self._at(offset, 4)

    def u64(self, offset: Word | int) -> Word:
        return self._at(offset, 8)

    def _at(self, offset: Word | int, size: int) -> Word:
        place = number(offset, 64) if isinstance(offset, int) else offset.widened(64)
        return Word(self.read(place.term, size), self.outputs)


def _nothing(offset: Term, size: int) -> Term:
    return t.const(0, 8 * size)


NO_CONTENT = Content(_nothing)


@dataclass(frozen=True, slots=True)
class BufferAccess:
    """`length` bytes (64 bits) at `offset` of a buffer are read or written; `locked`: the buffers' lock is held.

    `is_copy`: by memcpy, which looks at each byte once; a direct access to host memory may do so several times.
    `repeats`: it stands for any number of iterations of a loop. `written`: what is written, from its first byte on.
    """

    buffer: str
    is_write: bool
    is_copy: bool
    happens: Truth
    offset: Word
    length: Word
    locked: Truth
    repeats: Truth = NO
    written: Content = NO_CONTENT
    own: Truth = NO
    """EL2 has not looked at the call's parameters yet."""

    @property
    def end(self) -> Word:
        """The first offset behind it, in 65 bits: it cannot wrap."""
        return self.offset.widened(65) + self.length.widened(65)


@dataclass(frozen=True, slots=True)
class LockStep:
    """A lock is taken. `lock`: "version", "buffers", or its path; `inside`: those that are held then, by name."""

    lock: str
    taken: Truth
    inside: Mapping[str, Truth]


@dataclass(frozen=True, slots=True)
class Hazard:
    """Undefined behaviour, or what no mediator may do, at one program site.

    Kinds: invalid-pointer, shift-range, division-by-zero, build-bug, bug, branch-on-uninitialised,
    lock-held-already, unlock-of-a-free-lock, wrap (of arithmetic that makes a size, offset or count), endless-loop.
    """

    kind: str
    happens: Truth


@dataclass(frozen=True, slots=True)
class Transfer:
    """EL2 asks the page tables to change or to check the state of a range of pages.

    `covers`: the arbitrary page is in the range; `found`: its state just before.
    """

    action: str
    made: Truth
    succeeded: Truth
    covers: Truth
    found: Word
    locked: Truth
    blamed: Truth = YES
    """It failed because of the arbitrary page. What fails has some page to blame, which the arbitrary one may be."""


@dataclass(frozen=True, slots=True)
class Page:
    """The arbitrary page. `number`: its page frame number (64 bits). `before` and `after`: its states.

    `disturbed`: others than this call changed its state meanwhile. `pinned`: EL2 holds it in place.
    """

    number: Word
    before: Word
    after: Word
    pinned_before: Truth
    pinned_after: Truth
    disturbed: Truth


NO_PAGE = Page(number(0, 64), number(0, PAGE_STATE_BITS), number(0, PAGE_STATE_BITS), *[Truth(t.FALSE)] * 3)
