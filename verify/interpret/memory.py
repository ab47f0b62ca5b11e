"""Memory of one run: every object in a slot of its own, far from the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from verify.ir.span import Span

SLOT_BITS = 32
OFFSET = (1 << SLOT_BITS) - 1
HOST_BASE = 1 << 56
"""Where EL2 sees the host's physical memory: virtual address = HOST_BASE + physical address."""
HOST = "host memory"
GAP = 4
"""Slots that are left free around EL2's buffers: a 32-bit offset too many does not reach another object."""

Fill = Callable[[str, int], int]
"""(object name, offset) → the byte that uninitialised memory happens to hold."""
Bytes = Mapping[int, int]
"""Offset → byte."""


class Fault(Exception):
    """Undefined behaviour, or something that the interpreter does not model; the text says which.

    `kind` is the name of what was violated, empty where nothing was but the interpreter does not know on. `span` and
    `function` say where it happened, once it has left the function.
    """

    def __init__(self, text: str, kind: str = "") -> None:
        super().__init__(text)
        self.kind = kind
        self.span: Span | None = None
        self.function = ""


@dataclass(slots=True)
class Slot:
    """`is_buffer`: EL2's own, or the host's memory: accesses to it are events."""

    name: str
    size: int
    content: dict[int, int] = field(default_factory=dict)
    alive: bool = True
    is_zeroed: bool = False
    """Bytes that were never written are 0, not what unused memory holds."""
    is_buffer: bool = False
    is_gap: bool = False
    """Between parts of a whole that was split."""
    taken: Snapshot | None = None
    """Of what it holds now, if somebody asked since it last changed."""

    def copy(self) -> Slot:
        """What is gone, or a gap, never changes."""
        if not self.alive or self.is_gap:
            return self
        return Slot(self.name, self.size, dict(self.content), True, self.is_zeroed, self.is_buffer, False, self.taken)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The bytes of a buffer at one moment; those that are missing are 0."""

    content: Bytes
    size: int

    def read(self, offset: int, size: int) -> int:
        """Little endian."""
        return sum(self.content.get(offset + k, 0) << (8 * k) for k in range(size))

    def bytes(self, offset: int, size: int) -> bytes:
        return bytes(self.content.get(offset + k, 0) for k in range(size))


class Memory:
    """Bytes that were never written are absent and read as `fill` says.

    `lenient`: reads outside an object yield what `fill` says of the object "outside". `looks`: what EL2's next looks
    at host memory find, relative to where they look; the host writes it there just before.
    """

    def __init__(self, fill: Fill, lenient: bool = False) -> None:
        self._fill = fill
        self._slots: list[Slot] = []
        self._host = Slot(HOST, 1 << 64, is_zeroed=True, is_buffer=True)
        self.lenient = lenient
        self.looks: deque[Bytes] = deque()
        self.guard: Callable[[int, int], None] | None = None
        """(physical address, size) of each access to host memory; raises Fault."""
        self.changes = 0
        """How often something was written that had not been there, or may not have been."""

    def allocate(self, name: str, size: int, content: bytes | None = None) -> int:
        """Address of a new object; `content` None leaves it uninitialised, a short one is followed by zeros."""
        slot = Slot(name, size)
        if content is not None:
            slot.content, slot.is_zeroed = dict(enumerate(content)), True
        self._slots.append(slot)
        return len(self._slots) << SLOT_BITS

    def free(self, address: int) -> None:
        slot = self._slots[(address >> SLOT_BITS) - 1]
        slot.alive, slot.content, slot.taken = False, {}, None

    def split(self, address: int, cuts: Iterable[tuple[str, int, int]]) -> list[int]:
        """An object as several: (name, start, size) each → its address. The whole is gone then."""
        whole, result = self._slots[(address >> SLOT_BITS) - 1], []
        self._slots += [Slot("nothing", 0, is_gap=True) for _ in range(GAP)]
        for name, start, size in cuts:
            part = self.allocate(name, size, b"")
            slot = self._slots[-1]
            slot.content = {k - start: byte for k, byte in whole.content.items() if start <= k < start + size}
            slot.is_buffer = True
            self._slots += [Slot("nothing", 0, is_gap=True) for _ in range(GAP)]
            result.append(part)
        whole.alive = False
        return result

    def alive(self) -> list[Slot]:
        """Every object that is there, host memory last."""
        return [*(slot for slot in self._slots if slot.alive and not slot.is_gap), self._host]

    def home(self, address: int) -> tuple[Slot, int] | None:
        """The object that an address belongs to, and the offset, which may be outside of it.

        What lies between two parts of a whole is behind the first of them.
        """
        if address >= HOST_BASE:
            return self._host, address - HOST_BASE
        index = (address >> SLOT_BITS) - 1
        if not 0 <= index < len(self._slots):
            return None
        while index and self._slots[index].is_gap:
            index -= 1
        return self._slots[index], address - (index + 1 << SLOT_BITS)

    def find(self, address: int, size: int) -> tuple[Slot, int]:
        """The object and offset behind [address, address + size); raises Fault."""
        slot, offset = self._alive(address)
        if slot is self._host:
            if self.guard is not None:
                self.guard(offset, size)
        elif offset + size > slot.size:
            raise Fault(f"access to bytes {offset}..{offset + size - 1} of {slot.name}, which has {slot.size}",
                        "invalid-pointer")
        return slot, offset

    def _alive(self, address: int) -> tuple[Slot, int]:
        found = self.home(address)
        if found is None:
            raise Fault(f"access to address {address:#x}, which is no object", "invalid-pointer")
        if not found[0].alive:
            raise Fault(f"access to {found[0].name} after its scope ended", "invalid-pointer")
        return found

    def _source(self, address: int, size: int) -> tuple[Slot, int]:
        """What is read; the host may write just before."""
        if address >= HOST_BASE and self.looks:
            self.write_host(address - HOST_BASE, self.looks.popleft())
        return self._alive(address) if self.lenient and address < HOST_BASE else self.find(address, size)

    def write_host(self, at: int, content: Bytes) -> None:
        """The host's own write, at a physical address."""
        self.changes += 1
        self._host.content.update((at + offset, byte) for offset, byte in content.items())

    def read_host(self, at: int, size: int) -> bytes:
        return Snapshot(self._host.content, self._host.size).bytes(at, size)

    def peek(self, home: tuple[Slot, int], size: int) -> bytes:
        """What an object holds, without a look that others would notice."""
        slot, offset = home
        here, content = range(offset, offset + size), slot.content
        try:
            return bytes([content[index] for index in here])
        except KeyError:
            return bytes([content[index] if index in content else self._absent(slot, index) for index in here])

    def content(self, address: int, size: int) -> bytes:
        """What an object holds that is there."""
        return self.peek(self.find(address, size), size)

    def own(self, address: int, size: int) -> int:
        """What lies inside of an object of EL2's that is there, without a look that others would notice."""
        slot = self._slots[(address >> SLOT_BITS) - 1]
        return int.from_bytes(self.peek((slot, address & OFFSET), size), "little")

    def load(self, address: int, size: int) -> int:
        slot, offset = self._source(address, size)
        content = slot.content
        result = 0
        for index in range(size):
            byte = content.get(offset + index)
            if byte is None:
                byte = self._absent(slot, offset + index)
            result |= byte << (8 * index)
        return result

    def _absent(self, slot: Slot, offset: int) -> int:
        if offset >= slot.size:
            return self._fill("outside", offset)
        return 0 if slot.is_zeroed else self._fill(slot.name, offset)

    def store(self, address: int, value: int, size: int) -> None:
        slot, offset = self.find(address, size)
        slot.taken = None
        for index in range(size):
            byte = (value >> (8 * index)) & 0xFF
            if slot.content.get(offset + index) != byte:
                slot.content[offset + index] = byte
                self.changes += 1

    def copy(self, target: int, source: int, size: int) -> None:
        """Uninitialised bytes stay uninitialised, where the target can be."""
        if size == 0:
            if source >= HOST_BASE and self.looks:
                self.looks.popleft()
                self.changes += 1
            return
        (origin, start), (into, at) = self._source(source, size), self.find(target, size)
        into.taken = None
        self.changes += 1
        moved = {index: origin.content.get(start + index) for index in range(size)}
        for index, byte in moved.items():
            if byte is None and (origin.is_zeroed or into.is_zeroed or start + index >= origin.size):
                into.content[at + index] = self._absent(origin, start + index)
            elif byte is None:
                into.content.pop(at + index, None)
            else:
                into.content[at + index] = byte

    def snapshot(self, address: int) -> Snapshot:
        slot, _ = self.find(address, 0)
        if slot.taken is None:
            slot.taken = Snapshot(dict(slot.content), slot.size)
        return slot.taken

    def update(self, address: int, content: Bytes) -> None:
        """Somebody else writes to an object; what does not fit is lost."""
        slot, _ = self.find(address, 0)
        slot.taken = None
        self.changes += 1
        slot.content.update((k, byte) for k, byte in content.items() if k < slot.size)
