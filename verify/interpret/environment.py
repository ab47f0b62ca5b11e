"""What is around EL2's code: EL3, outside functions, and what uninitialised memory holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from verify.interpret.memory import HOST_BASE, SLOT_BITS, Bytes, Fault, Memory, Snapshot
from verify.interpret.world import ACTIONS, World, request

MASK = (1 << 64) - 1


class Environment(Protocol):
    def smc(self, arguments: Sequence[int], is_forward: bool) -> Sequence[int]:
        """x0..x17 as EL3 leaves them."""

    def outside(self, name: str, arguments: Sequence[int], page_shift: int) -> int:
        """The result of a function that is not part of the unit; raises Fault if it is not known."""

    def fill(self, name: str, offset: int) -> int:
        """A byte of uninitialised memory."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """EL2's pair, which EL3 reads and writes too: where its buffers lie, if there are such."""

    memory: Memory
    tx: int | None
    rx: int | None

    def sent(self) -> Snapshot | None:
        return None if self.tx is None else self.memory.snapshot(self.tx)

    def received(self) -> Snapshot | None:
        return None if self.rx is None else self.memory.snapshot(self.rx)

    def fill(self, content: Bytes) -> None:
        """EL3 writes to EL2's RX buffer."""
        if self.rx is not None:
            self.memory.update(self.rx, content)


@dataclass(slots=True)
class Surroundings:
    """Outside functions over a world of pages, a repeated byte in unused memory, and nobody at EL3."""

    pattern: int = 0xAA
    unused: dict[tuple[str, int], int] = field(default_factory=dict)
    """Bytes of unused memory that a counterexample asks for, by object and offset."""
    physical: dict[int, int] = field(default_factory=dict)
    """Physical addresses that a counterexample asks for, by the virtual address of the object."""
    parts: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Objects that are parts of another one: address → (address of the whole, offset there)."""
    world: World = field(default_factory=World)
    mailbox: Mailbox | None = None

    def smc(self, arguments: Sequence[int], is_forward: bool) -> Sequence[int]:
        return [MASK, *[0] * 17]

    def fill(self, name: str, offset: int) -> int:
        return self.unused.get((name, offset), self.pattern)

    def outside(self, name: str, arguments: Sequence[int], page_shift: int) -> int:
        match name:
            case "hyp_virt_to_phys":
                return self._physical(arguments[0])
            case "hyp_phys_to_virt":
                return HOST_BASE + arguments[0] & MASK
            case "__pkvm_get_vm_ffa_transfer":
                return 0  # no guest has shared anything
        if name in ACTIONS:
            return self.world.transfer(request(name, arguments, page_shift))
        raise Fault(f"call of {name}, whose meaning is not known")

    def _physical(self, address: int) -> int:
        if address >= HOST_BASE:
            return address - HOST_BASE
        base = address >> SLOT_BITS << SLOT_BITS
        whole, start = self.parts.get(base, (base, 0))
        return self.physical.get(whole, whole) + start + address - base & MASK


@dataclass(slots=True)
class Scripted(Surroundings):
    """EL3 answers from a list, in order; afterwards every answer is NOT_SUPPORTED.

    `again`: it gives the answers from this number on over and over instead. `left`: what it leaves in EL2's RX buffer
    with an answer, by the answer's number, from 0 on.
    """

    answers: list[Sequence[int]] = field(default_factory=list)
    left: Mapping[int, Bytes] = field(default_factory=dict)
    again: int | None = None
    used: int = 0

    def smc(self, arguments: Sequence[int], is_forward: bool) -> Sequence[int]:
        number, self.used = self.used, self.used + 1
        if self.again is not None and number >= len(self.answers):
            number = self.again + (number - self.again) % (len(self.answers) - self.again)
        if self.mailbox is not None and number in self.left:
            self.mailbox.fill(self.left[number])
        if number < len(self.answers):
            return self.answers[number]
        return Surroundings.smc(self, arguments, is_forward)
