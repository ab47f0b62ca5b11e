"""Layout of inputs and records, in 64-bit words; native/runner.c has the other half."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from verify.interpret.memory import SLOT_BITS
from verify.ir.expr import POINTER
from verify.ir.function import Function, Unit

ARGUMENTS, ANSWERS, OUTS, ARENAS, ARENA_WORDS, CONTENT_WORDS = 9, 12, 32, 2, 36, 64
ANSWER_WORDS, EVENT_WORDS, ARENA_BYTES = 18, 22, 4096
GOES_ON = 1 << 32
"""In word 0 of an input: statics, locks and EL2's memory are as the input before left them."""
STIRRED = 0x000000F00FFFF000
"""Bits that change in a buffer when others write it: ranges stay on page boundaries at every page size."""
PRIME = (1 << 61) - 1
HASH_A, HASH_B, HASH_C = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93
ADDRESS_OFFSET = 1 << 44
PATTERN = 0xFE
"""What gcc's -ftrivial-auto-var-init=pattern repeats."""
PAGES, HOST_TX, HOST_RX, FIRST_ARENA = range(4)
KINDS = {
    "__pkvm_host_share_hyp": 3, "__pkvm_host_unshare_hyp": 4, "__pkvm_host_share_ffa": 5,
    "__pkvm_host_unshare_ffa": 6, "hyp_pin_shared_mem": 7, "hyp_unpin_shared_mem": 8,
}
SMC, FORWARD = 1, 2


@dataclass(frozen=True)
class Shape:
    """Where everything is for one tree and page size."""

    unit: Unit
    page_shift: int
    proxy_pages: int

    @cached_property
    def functions(self) -> tuple[str, ...]:
        return tuple(name for name, function in self.unit.functions.items() if function.in_tree)

    @cached_property
    def statics(self) -> tuple[tuple[str, int], ...]:
        """(C path, size in bytes) of every scalar member of a static."""
        return tuple(
            (f"{name}.{field.path}" if field.path else name, 8 if field.bits == POINTER else field.bits // 8)
            for name, item in self.unit.statics.items() for field in item.fields)

    @cached_property
    def static_index(self) -> dict[str, int]:
        return {path: index for index, (path, _) in enumerate(self.statics)}

    # -- inputs ----------------------------------------------------------------------------------------------

    @cached_property
    def statics_at(self) -> int:
        return 1 + ARGUMENTS

    @cached_property
    def answers_at(self) -> int:
        """The number of answers; the answers follow."""
        return self.statics_at + len(self.statics)

    @cached_property
    def outs_at(self) -> int:
        return self.answers_at + 1 + ANSWERS * ANSWER_WORDS

    def arena_at(self, index: int) -> int:
        return self.outs_at + OUTS + index * ARENA_WORDS

    @cached_property
    def tx_at(self) -> int:
        return self.arena_at(ARENAS)

    @cached_property
    def rx_at(self) -> int:
        return self.tx_at + CONTENT_WORDS

    @cached_property
    def stir_at(self) -> int:
        """What others write into the buffers meanwhile; 0: nothing."""
        return self.rx_at + CONTENT_WORDS

    @cached_property
    def left_at(self) -> int:
        """For so many SMCs there follow CONTENT_WORDS words each, that EL3 leaves in EL2's RX."""
        return self.stir_at + 1

    @cached_property
    def words(self) -> int:
        """Without those."""
        return self.left_at + 1

    def static_at(self, path: str) -> int | None:
        index = self.static_index.get(path)
        return None if index is None else self.statics_at + index

    # -- memory ----------------------------------------------------------------------------------------------

    @cached_property
    def page(self) -> int:
        return 1 << self.page_shift

    @cached_property
    def places(self) -> tuple[tuple[int, int], ...]:
        """(address, size) of each static in a new machine: one slot for each object, in order."""
        return tuple(
            ((slot << SLOT_BITS) + field.offset, 8 if field.bits == POINTER else field.bits // 8)
            for slot, item in enumerate(self.unit.statics.values(), 1) for field in item.fields)

    def base(self, region: int) -> int:
        """The regions are what a new machine allocates first, after the statics."""
        return (len(self.unit.statics) + 1 + region) << SLOT_BITS

    def size(self, region: int) -> int:
        if region == PAGES:
            return self.proxy_pages * self.page
        return self.page if region < FIRST_ARENA else ARENA_BYTES

    @cached_property
    def defines(self) -> dict[str, int]:
        """What the C side has to know."""
        return {
            "PAGE_SHIFT": self.page_shift, "PROXY_PAGES": self.proxy_pages, "FIRST_SLOT": self.base(0) >> SLOT_BITS,
            "ARGUMENTS": ARGUMENTS, "ANSWERS": ANSWERS, "OUTS": OUTS, "ARENAS": ARENAS, "ARENA_WORDS": ARENA_WORDS,
            "CONTENT_WORDS": CONTENT_WORDS, "ADDRESS_OFFSET": ADDRESS_OFFSET, "HASH_A": HASH_A, "HASH_B": HASH_B,
            "HASH_C": HASH_C, "STIRRED": STIRRED, "PRIME": PRIME,
        }


def pointers(function: Function) -> list[int]:
    """Positions of the pointer parameters, in the order of their arenas."""
    return [index for index, parameter in enumerate(function.parameters) if parameter.bits == POINTER]
