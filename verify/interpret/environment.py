"""What is around EL2's code: EL3, outside functions, and what uninitialised memory holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from verify.interpret.memory import HOST_BASE, SLOT_BITS, Fault

PHYSICAL = (1 << 48) - 1
MASK = (1 << 64) - 1
EPERM, EBUSY = 1, 16


class Environment(Protocol):
    def smc(self, arguments: Sequence[int], is_forward: bool) -> Sequence[int]:
        """x0..x17 as EL3 leaves them."""

    def outside(self, name: str, arguments: Sequence[int], page_shift: int) -> int:
        """The result of a function that is not part of the unit; raises Fault if it is not known."""

    def fill(self, name: str, offset: int) -> int:
        """A byte of uninitialised memory."""


@dataclass(slots=True)
class Surroundings:
    """Outside functions with the page states that they keep, and a repeated byte in unused memory."""

    pattern: int = 0xAA
    unused: dict[tuple[str, int], int] = field(default_factory=dict)
    """Bytes of unused memory that a counterexample asks for, by object and offset."""
    physical: dict[int, int] = field(default_factory=dict)
    """Physical addresses that a counterexample asks for, by the virtual address of the object."""
    shared: set[int] = field(default_factory=set)
    lent: set[int] = field(default_factory=set)
    pinned: dict[int, int] = field(default_factory=dict)

    def fill(self, name: str, offset: int) -> int:
        return self.unused.get((name, offset), self.pattern)

    def outside(self, name: str, arguments: Sequence[int], page_shift: int) -> int:
        match name:
            case "hyp_virt_to_phys":
                base = arguments[0] >> SLOT_BITS << SLOT_BITS
                return self.physical.get(base, base & PHYSICAL) + arguments[0] - base & MASK
            case "hyp_phys_to_virt":
                return (HOST_BASE + (arguments[0] & PHYSICAL)) & MASK
            case "__pkvm_host_share_hyp":
                return self._share(self.shared, arguments[0], 1)
            case "__pkvm_host_unshare_hyp":
                if arguments[0] in self.pinned:
                    return -EBUSY
                return self._unshare(self.shared, arguments[0], 1)
            case "__pkvm_host_share_ffa":
                return self._share(self.lent, arguments[0], arguments[1])
            case "__pkvm_host_unshare_ffa":
                return self._unshare(self.lent, arguments[0], arguments[1])
            case "hyp_pin_shared_mem" | "hyp_unpin_shared_mem":
                return self._pin(name, arguments, page_shift)
        raise Fault(f"call of {name}, whose meaning is not known")

    def _share(self, pages: set[int], first: int, count: int) -> int:
        if count > 1 << 20:
            return -EPERM
        wanted = set(range(first, first + count))
        if wanted & (self.shared | self.lent):
            return -EPERM
        pages |= wanted
        return 0

    def _unshare(self, pages: set[int], first: int, count: int) -> int:
        wanted = set(range(first, first + count)) if count <= 1 << 20 else {-1}
        if not wanted <= pages:
            return -EPERM
        pages -= wanted
        return 0

    def _pin(self, name: str, arguments: Sequence[int], page_shift: int) -> int:
        first = ((arguments[0] - HOST_BASE) & PHYSICAL) >> page_shift
        last = ((arguments[1] - HOST_BASE - 1) & PHYSICAL) >> page_shift
        pages = range(first, last + 1)
        step = 1 if name == "hyp_pin_shared_mem" else -1
        if step == 1 and any(page not in self.shared for page in pages):
            return -EPERM
        for page in pages:
            self.pinned[page] = self.pinned.get(page, 0) + step
            if self.pinned[page] <= 0:
                del self.pinned[page]
        return 0


@dataclass(slots=True)
class Scripted(Surroundings):
    """EL3 answers from a list, in order; afterwards every answer is NOT_SUPPORTED."""

    answers: list[Sequence[int]] = field(default_factory=list)
    used: int = 0

    def smc(self, arguments: Sequence[int], is_forward: bool) -> Sequence[int]:
        self.used += 1
        if self.used <= len(self.answers):
            return self.answers[self.used - 1]
        return [(1 << 64) - 1, *[0] * 17]
