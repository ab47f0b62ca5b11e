"""What a concrete call does, for reports and for replay."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from verify.interpret.memory import Bytes, Snapshot
from verify.interpret.world import PagesThen
from verify.ir.span import Span


@dataclass(frozen=True, slots=True)
class Told:
    """Of the SMCs since boot: has the SPMC EL2's pair of buffers mapped; was a function besides FFA_VERSION asked?"""

    is_mapped: bool = False
    is_asked: bool = False

    def after(self, asked: int, answer: int) -> Told:
        """x0 of an SMC and of its answer."""
        function, is_done = asked & 0xFFFEFFFF, answer & 0xFFFFFFFF == 0x84000061
        number = function & ~0x40000000
        is_mapped = self.is_mapped
        if is_done and number == 0x84000066:
            is_mapped = True
        elif is_done and function == 0x84000067:
            is_mapped = False
        return Told(is_mapped, self.is_asked or (is_ffa(function) and function != 0x84000063))


def is_ffa(function: int) -> bool:
    """A number of FF-A's, SMC32 or SMC64."""
    return 0x84000060 <= function & ~0x40000000 <= 0x840000FF


NOTHING_TOLD = Told()


@dataclass(frozen=True, slots=True)
class SmcDone:
    """An SMC that EL2 made; `function` is the innermost function of the tree.

    `tx` is what EL2's TX buffer held then, `rx` what EL2's RX buffer held afterwards, where there are such buffers.
    `transfers` of the call's page-table calls were made before it; `pages` are the pages then.
    """

    arguments: tuple[int, ...]
    results: tuple[int, ...]
    is_forward: bool
    span: Span
    function: str
    held: tuple[str, ...] = ()
    tx: Snapshot | None = None
    rx: Snapshot | None = None
    pages: PagesThen | None = None
    transfers: int = 0
    told: Told = NOTHING_TOLD
    """What EL3 had been told before."""
    is_own: bool = False
    """The call's parameters had not been looked at."""


def newly_left(done: SmcDone, known: dict[int, int]) -> Bytes:
    """What EL3 writes to EL2's RX buffer with this answer; `known`: what it left there before, which is kept."""
    if done.rx is None:
        return {}
    new = {at: byte for at, byte in done.rx.content.items() if known.get(at, 0) != byte}
    known.update(new)
    return new


@dataclass(frozen=True, slots=True)
class AccessDone:
    """A scalar member of a static was read or written; `held` are the locks held then."""

    path: str
    is_write: bool
    order: str
    value: int
    held: tuple[str, ...]
    span: Span
    function: str


@dataclass(frozen=True, slots=True)
class BufferDone:
    """`length` bytes at `offset` of a buffer were read or written, by memcpy or memset if `is_copy`.

    `buffer`: the first static that points to it, or "host memory", whose offsets are physical addresses. The access
    may have ended in a fault. `written`: the bytes of a write that did not.
    """

    buffer: str
    is_write: bool
    is_copy: bool
    offset: int
    length: int
    held: tuple[str, ...]
    span: Span
    function: str
    written: bytes = b""
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class TransferDone:
    """The page tables were asked to do something to `count` pages from page frame `first` on; 0 or a negative errno.

    `before` are the pages just before it.
    """

    action: str
    first: int
    count: int
    result: int
    before: PagesThen
    held: tuple[str, ...]
    span: Span
    function: str

    def covers(self, page: int) -> bool:
        return self.first <= page < self.first + self.count


@dataclass(frozen=True, slots=True)
class LockDone:
    """A lock was taken or given back; `held` are those that were held just before."""

    path: str
    is_acquire: bool
    held: tuple[str, ...]
    span: Span
    function: str


@dataclass(frozen=True, slots=True)
class WarnDone:
    """The condition of a WARN_ON was true."""

    span: Span
    function: str


Ordered = SmcDone | BufferDone | TransferDone | LockDone | WarnDone


@dataclass(frozen=True, slots=True)
class FaultDone:
    """How a call ended where it did not return; `kind` as obligations are named, empty for what is not modelled."""

    kind: str
    text: str
    span: Span
    function: str


@dataclass(frozen=True, slots=True)
class Step:
    """A source line that ran; `values` are the named scalars that it set."""

    span: Span
    function: str
    values: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Log:
    """Events of one call, in program order; `order` are those of several kinds together."""

    smcs: list[SmcDone] = field(default_factory=list)
    accesses: list[AccessDone] = field(default_factory=list)
    buffers: list[BufferDone] = field(default_factory=list)
    transfers: list[TransferDone] = field(default_factory=list)
    locks: list[LockDone] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    warns: list[Span] = field(default_factory=list)
    wraps: list[Span] = field(default_factory=list)
    """Sums and products that did not fit their type, whatever they are used for."""
    blocks: set[tuple[str, str]] = field(default_factory=set)
    """(function, block) pairs that were entered."""
    edges: set[tuple[str, str, str]] = field(default_factory=set)
    order: list[Ordered] = field(default_factory=list)

    def wrote(self, written: bytes) -> None:
        """The last event, a write, is done."""
        done = replace(self.buffers[-1], written=written)
        self.buffers[-1] = self.order[-1] = done

    def first(self, most: int) -> Log:
        """No more than so many events of each kind."""
        return Log(self.smcs[:most], self.accesses[:most], self.buffers[:most], self.transfers[:most],
                   self.locks[:most], self.steps[:most], self.warns[:most], self.wraps[:most], self.blocks, self.edges,
                   self.order[:most])

    def add(self, event: Ordered) -> None:
        self.order.append(event)
        match event:
            case SmcDone():
                self.smcs.append(event)
            case BufferDone():
                self.buffers.append(event)
            case TransferDone():
                self.transfers.append(event)
            case LockDone():
                self.locks.append(event)
            case WarnDone():
                self.warns.append(event.span)
