"""What happens in a call, in order: the host's writes, page tables, copies, SMCs, warnings, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from errno import errorcode
from itertools import pairwise
from typing import Any

from verify.interpret.events import BufferDone, LockDone, Ordered, SmcDone, TransferDone, WarnDone
from verify.interpret.memory import HOST, HOST_BASE
from verify.interpret.session import CallDone
from verify.interpret.world import (
    FOREIGN,
    OWN,
    PIN,
    SHARE_FFA,
    SHARE_HYP,
    SHARED_FFA,
    SHARED_HYP,
    UNPIN,
    UNSHARE_FFA,
    UNSHARE_HYP,
    PagesThen,
)
from verify.ir.span import Span
from verify.report import content, extent, numbers
from verify.report.decode import Names, number_of
from verify.rules.binding import Binding

STATES = {
    OWN: "the host's own", SHARED_FFA: "shared with the secure world", SHARED_HYP: "shared with EL2",
    FOREIGN: "somebody else's",
}
ACTIONS = {
    SHARE_HYP: "share with EL2", UNSHARE_HYP: "unshare from EL2", SHARE_FFA: "share with the secure world",
    UNSHARE_FFA: "take back from the secure world", PIN: "pin", UNPIN: "unpin",
}
TRANSACTIONS = (numbers.DONATE, numbers.LEND, numbers.SHARE, numbers.RETRIEVE_REQ)
OWN_TX, OWN_RX, OWN_DESCRIPTOR = "EL2's TX buffer", "EL2's RX buffer", "EL2's descriptor buffer"
LOCK = "lock"
WORD = 0xFFFFFFFF

Event = dict[str, Any]


@dataclass(slots=True)
class Teller:
    """Tells the calls of a run one after another; knows what the host's memory and EL2's RX buffer held before."""

    names: Names
    binding: Binding | None = None
    page: int | None = None
    decisive: tuple[str, int] | None = None
    """File and line of the place that a finding is about."""
    _host: dict[int, int] = field(default_factory=dict)
    _rx: Mapping[int, int] = field(default_factory=dict)
    _shown: list[str] = field(default_factory=list)
    """What the host's message says, told already."""

    def tell(self, done: CallDone) -> list[Event]:
        self._shown = []
        return list(self._events(done))

    def _events(self, done: CallDone) -> Iterator[Event]:
        places = Places(done, self.binding)
        for address, written in sorted(done.host.before.items()):
            yield self._host_writes(done, places, address, dict(enumerate(written)), "")
        looks, order, last = list(done.host.looks), done.log.order, _last_access(done, places)
        for number, event in enumerate(order):
            if isinstance(event, BufferDone):
                if event.buffer == HOST and not event.is_write and looks:
                    seen = looks.pop(0)
                    if seen:
                        yield self._host_writes(done, places, event.offset, seen, "just before EL2 looks, ")
                is_told = self.decisive == (event.span.file, event.span.line) or places.is_outside(event)
                if event is not last:
                    yield from _access(event, order[max(number - 1, 0):number + 2], places, is_told)
            else:
                yield from self._other(event, done, places, order[number:])
        if done.ended is not None:
            told = _event("ends", f"the call ends: {ending(done, self.binding)}", done.ended.span, done.ended.function)
            yield told if last is None else {**told, "accesses": [places.touched(last)]}

    def _other(self, event: Ordered, done: CallDone, places: Places, rest: list[Ordered]) -> Iterator[Event]:
        match event:
            case SmcDone():
                yield self._smc(event, done, places, any(self._reads_answer(item) for item in rest))
            case TransferDone():
                yield _event("page-tables", transfer(event, self.page), event.span, event.function)
            case WarnDone():
                yield _event("warn", "WARN_ON: its condition is true", event.span, event.function)
            case LockDone():
                text = f"{'take' if event.is_acquire else 'give back'} {event.path}"
                yield _event(LOCK, text, event.span, event.function)

    def _host_writes(
        self, done: CallDone, places: Places, address: int, written: Mapping[int, int], when: str
    ) -> Event:
        self._host.update((address + at, byte) for at, byte in written.items())
        message = {} if address != places.host_tx else self._message(done, places, address, written)
        told = message.get("details")
        if told is None:
            told = content.dump({address + at: byte for at, byte in written.items()})
        self._shown = told
        text = f"{when}the host writes {len(written):#x} bytes to {places.host(address)}"
        pieces = content.pieces({address + at: byte for at, byte in written.items()})
        return {**_event("host-writes", text), **message, "details": told,
                "writes": [{"at": f"{piece.at:#x}", "bytes": piece.content.hex()} for piece in pieces]}

    def _message(
        self, done: CallDone, places: Places, address: int, written: Mapping[int, int]
    ) -> dict[str, Any]:
        """What the host writes to its TX buffer, by the call that it makes then."""
        length = fragment_length(done.before)
        known = _first({at - address: byte for at, byte in self._host.items() if at >= address}, length)
        held, version = {**known, **written}, self._version(done)
        lines = message(done.before, held, version)
        return {} if lines is None else {
            "details": lines, "layout": _sent_layout(done.before, held, version, places.mailbox)}

    def _version(self, done: CallDone) -> int:
        """The agreed one; 0 if it is not known."""
        return 0 if self.binding is None else dict(done.state_before).get(self.binding.version, 0)

    def _reads_answer(self, event: Ordered) -> bool:
        return (isinstance(event, BufferDone) and not event.is_write and self.binding is not None
                and event.buffer == self.binding.own_rx)

    def _smc(self, event: SmcDone, done: CallDone, places: Places, is_read: bool) -> Event:
        """`is_read`: EL2 looks at its RX buffer later."""
        verb = "forwarded" if event.is_forward else "EL2 asks"
        text = f"{verb}: {self.names.call(event.arguments)} → {self.names.answer(event.arguments, event.results)}"
        details: list[str] = []
        if event.tx is not None:
            sent = message(event.arguments, _first(event.tx.content, fragment_length(event.arguments)),
                           self._version(done))
            if sent is not None and sent != self._shown and number_of(event.arguments[0]) != numbers.RETRIEVE_REQ:
                details += ["EL2's TX buffer holds", *(f"  {line}" for line in sent)]
        found: Event = _event("smc", text, event.span, event.function)
        if event.rx is not None:
            changed = {at: byte for at, byte in event.rx.content.items() if self._rx.get(at, 0) != byte}
            self._rx = event.rx.content
            left = received(event, self._version(done))
            found.update(_received_layout(event, self._version(done), places.mailbox))
            left = (content.dump(changed) if is_read else []) if left is None else left
            details += ["EL3 leaves in EL2's RX buffer", *(f"  {line}" for line in left)] if left else []
            found["writes"] = [{"at": f"{piece.at:#x}", "bytes": piece.content.hex()}
                               for piece in content.pieces(changed)]
        found["details"] = details
        return found


class Places:
    """Buffers by their names."""

    def __init__(self, done: CallDone, binding: Binding | None) -> None:
        self._sizes = dict(done.buffers)
        self._own: dict[str, str] = {}
        self._mailboxes: list[tuple[int, str]] = []
        self.host_tx: int | None = None
        self.mailbox: int | None = None
        """The size of each mailbox."""
        if binding is None:
            return
        self._own = {binding.own_tx: OWN_TX, binding.own_rx: OWN_RX, binding.descriptor: OWN_DESCRIPTOR}
        state = {**dict(done.state_after), **{k: v for k, v in done.state_before if v}}
        self.mailbox = self._sizes.get(binding.own_tx)
        for path, name in ((binding.host_tx, "its TX buffer"), (binding.host_rx, "its RX buffer")):
            if state.get(path, 0) >= HOST_BASE:
                self._mailboxes.append((state[path] - HOST_BASE, name))
                if path == binding.host_tx:
                    self.host_tx = state[path] - HOST_BASE

    def host(self, address: int) -> str:
        for start, name in self._mailboxes:
            if 0 <= address - start < (self.mailbox or 0):
                return name + (f" + {address - start:#x}" if address > start else "")
        return f"its memory at {address:#x}"

    def name(self, buffer: str, offset: int) -> str:
        if buffer == HOST:
            return self.host(offset).replace("its memory", "host memory").replace("its", "the host's")
        return self._own.get(buffer, buffer) + (f" + {offset:#x}" if offset else "")

    def is_outside(self, event: BufferDone) -> bool:
        size = self._sizes.get(event.buffer)
        return size is not None and event.length > 0 and event.offset + event.length > size

    def touched(self, event: BufferDone) -> dict[str, Any]:
        """`size`: of the buffer, where it has one."""
        is_host, size = event.buffer == HOST, self._sizes.get(event.buffer)
        return {"writes": event.is_write, "buffer": HOST if is_host else self._own.get(event.buffer, event.buffer),
                "at": f"{event.offset:#x}", "bytes": f"{event.length:#x}",
                **({} if size is None or is_host else {"size": f"{size:#x}"})}

    def access(self, event: BufferDone) -> str:
        """`EL2 reads 0x4 bytes at offset 0x1000 of EL2's TX buffer, which has 0x1000`."""
        verb, of = ("writes", "to") if event.is_write else ("reads", "of")
        if self.is_outside(event):
            return (f"EL2 {verb} {event.length:#x} bytes at offset {event.offset:#x} of "
                    f"{self._own.get(event.buffer, event.buffer)}, which has {self._sizes[event.buffer]:#x}")
        return f"EL2 {verb} {event.length:#x} bytes {of} {self.name(event.buffer, event.offset)}"


def _first(held: Mapping[int, int], length: int | None) -> dict[int, int]:
    return {at: byte for at, byte in held.items() if at < (length or 0)}


def _event(kind: str, text: str, span: Span | None = None, function: str = "") -> Event:
    where = {} if span is None else {"function": function, "file": span.file, "line": span.line}
    return {"kind": kind, "text": text, **where}


def fragment_length(registers: tuple[int, ...]) -> int | None:
    """Bytes in the TX buffer that a call speaks of; None for one that has no message there."""
    number = number_of(registers[0] & WORD)
    if number in TRANSACTIONS:
        return registers[2] & WORD
    return registers[3] & WORD if number == numbers.FRAG_TX else None


def message(registers: tuple[int, ...], held: Mapping[int, int], version: int) -> list[str] | None:
    """What the message of a call says, if it has one."""
    length = fragment_length(registers)
    if length is None or version >> 16 != 1:
        return None
    if number_of(registers[0] & WORD) == numbers.FRAG_TX:
        return content.fragment(held, length)
    return content.transaction(held, length, version, registers[1] & WORD)


def _sent_layout(registers: tuple[int, ...], held: Mapping[int, int], version: int, room: int | None) -> Event:
    """Of a message, by the call that sends it."""
    length = fragment_length(registers) or 0
    if number_of(registers[0] & WORD) == numbers.FRAG_TX:
        return extent.fragment(length, room)
    return extent.transaction(held, length, version, registers[1] & WORD, room)


def _received_layout(event: SmcDone, version: int, room: int | None) -> Event:
    """Of a descriptor that EL3 leaves in EL2's RX buffer, if it is one."""
    w = [value & WORD for value in event.results]
    if event.rx is None or version >> 16 != 1 or number_of(w[0]) != numbers.RETRIEVE_RESP:
        return {}
    return {"layout": extent.transaction(_first(event.rx.content, w[2]), w[2], version, w[1], room)}


def received(event: SmcDone, version: int) -> list[str] | None:
    """What an answer says of EL2's RX buffer, if it does."""
    if event.rx is None or version >> 16 != 1:
        return None
    w = [value & WORD for value in event.results]
    match number_of(w[0]), number_of(event.arguments[0] & WORD):
        case numbers.RETRIEVE_RESP, _:
            return content.transaction(_first(event.rx.content, w[2]), w[2], version, w[1])
        case numbers.FRAG_TX, numbers.FRAG_RX:
            return content.fragment(_first(event.rx.content, w[3]), w[3])
        case numbers.SUCCESS, numbers.PARTITION_INFO_GET if not event.arguments[5] & 1:
            size = w[3] or 8
            return content.partitions(_first(event.rx.content, w[2] * size), w[2], size)
    return None


def _access(event: BufferDone, around: list[Ordered], places: Places, is_told: bool) -> Iterator[Event]:
    """Copies, and whatever touches host memory; a read and the write of what was read are one copy.

    `around`: with the events just before and after. `is_told`: however ordinary it looks.
    """
    pairs = [(a, b) for a, b in pairwise(around)
             if isinstance(a, BufferDone) and isinstance(b, BufferDone) and _is_one_copy(a, b)]
    if any(first is event for first, _ in pairs) and not places.is_outside(event):
        return
    if not (event.is_copy or event.buffer == HOST or is_told):
        return
    source = next((first for first, second in pairs if second is event), None)
    if source is not None and not places.is_outside(event) and not places.is_outside(source):
        text = (f"EL2 copies {event.length:#x} bytes from {places.name(source.buffer, source.offset)} "
                f"to {places.name(event.buffer, event.offset)}")
        touched = [source, event]
    else:
        text, touched = places.access(event), [event]
    yield {**_event("access", text, event.span, event.function), "accesses": [places.touched(one) for one in touched]}


def _is_one_copy(first: BufferDone, second: BufferDone) -> bool:
    return (first.is_copy and second.is_copy and not first.is_write and second.is_write
            and (first.span, first.length) == (second.span, second.length))


def transfer(event: TransferDone, page: int | None = None) -> str:
    """`share with the secure world: pages 0x90000..0x90002 → 0`."""
    last = event.first + event.count - 1
    pages = f"pages {event.first:#x}..{last:#x}" if event.count > 1 else f"page {event.first:#x}"
    result = "0" if event.result == 0 else f"-{errorcode.get(-event.result, str(-event.result))}"
    was = f"; page {page:#x} was {STATES[event.before.state(page)]}" if page is not None and event.covers(page) else ""
    return f"{ACTIONS[event.action]}: {pages if event.count else 'no page'} → {result}{was}"


def ending(done: CallDone, binding: Binding | None) -> str:
    """How a call ended that did not return: what EL2 does, and of which kind that is."""
    ended = done.ended
    if ended is None:
        return ""
    places = Places(done, binding)
    last = _last_access(done, places)
    text = ended.text if last is None else places.access(last)
    return f"{text} [{ended.kind}]" if ended.kind else text


def _last_access(done: CallDone, places: Places) -> BufferDone | None:
    """The access outside of a buffer that ended the call; a copy is two, of which either may be it."""
    for event in reversed(done.log.order[-2:]):
        if (isinstance(event, BufferDone) and done.ended is not None and event.span == done.ended.span
                and places.is_outside(event)):
            return event
    return None


def page_then(pages: PagesThen, page: int) -> str:
    return STATES[pages.state(page)] + (", pinned" if pages.is_pinned(page) else "")
