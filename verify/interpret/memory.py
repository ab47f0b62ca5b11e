"""Memory of one run: every object in a slot of its own, far from the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

SLOT_BITS = 32
HOST_BASE = 1 << 56
"""Where EL2 sees the host's physical memory: virtual address = HOST_BASE + physical address."""

Fill = Callable[[str, int], int]
"""(object name, offset) → the byte that uninitialised memory happens to hold."""


class Fault(Exception):
    """Undefined behaviour, or something that the interpreter does not model; the text says which."""


@dataclass(slots=True)
class Slot:
    name: str
    size: int
    content: dict[int, int] = field(default_factory=dict)
    alive: bool = True
    is_zeroed: bool = False
    """Bytes that were never written are 0, not what unused memory holds."""


class Memory:
    """Bytes that were never written are absent and read as `fill` says."""

    def __init__(self, fill: Fill) -> None:
        self._fill = fill
        self._slots: list[Slot] = []
        self._host = Slot("host memory", 1 << 48, is_zeroed=True)

    def allocate(self, name: str, size: int, content: bytes | None = None) -> int:
        """Address of a new object; `content` None leaves it uninitialised, a short one is followed by zeros."""
        slot = Slot(name, size)
        if content is not None:
            slot.content, slot.is_zeroed = dict(enumerate(content)), True
        self._slots.append(slot)
        return len(self._slots) << SLOT_BITS

    def free(self, address: int) -> None:
        self._slots[(address >> SLOT_BITS) - 1].alive = False

    def find(self, address: int, size: int) -> tuple[Slot, int]:
        """The object and offset behind [address, address + size); raises Fault."""
        if address >= HOST_BASE:
            return self._host, address - HOST_BASE
        index, offset = (address >> SLOT_BITS) - 1, address & ((1 << SLOT_BITS) - 1)
        if not 0 <= index < len(self._slots):
            raise Fault(f"access to address {address:#x}, which is no object")
        slot = self._slots[index]
        if not slot.alive:
            raise Fault(f"access to {slot.name} after its scope ended")
        if offset + size > slot.size:
            raise Fault(f"access to bytes {offset}..{offset + size - 1} of {slot.name}, which has {slot.size}")
        return slot, offset

    def load(self, address: int, size: int) -> int:
        slot, offset = self.find(address, size)
        content = slot.content
        result = 0
        for index in range(size):
            byte = content.get(offset + index)
            if byte is None:
                byte = 0 if slot.is_zeroed else self._fill(slot.name, offset + index)
            result |= byte << (8 * index)
        return result

    def store(self, address: int, value: int, size: int) -> None:
        slot, offset = self.find(address, size)
        for index in range(size):
            slot.content[offset + index] = (value >> (8 * index)) & 0xFF

    def copy(self, target: int, source: int, size: int) -> None:
        """Uninitialised bytes stay uninitialised."""
        if size == 0:
            return
        (into, at), (origin, start) = self.find(target, size), self.find(source, size)
        moved = {index: origin.content.get(start + index) for index in range(size)}
        for index, byte in moved.items():
            if byte is None and origin.is_zeroed:
                into.content[at + index] = 0
            elif byte is None:
                into.content.pop(at + index, None)
            else:
                into.content[at + index] = byte
