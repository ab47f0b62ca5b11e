"""FFA_MEM_SHARE and FFA_MEM_LEND: registers, lengths, the copy of the message (DEN0077A v1.0 11.1–11.3, v1.2 16)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from verify.rules import BufferAccess, Clause, Part, Require, Scene, Truth, all_of, any_of, no, part, require, rule

from . import ids
from .layout import LAYOUTS, SMALL_ENTRY
from .memory_calls import (
    BUSY,
    DENIED,
    DONATE,
    FRAG_RX,
    FRAG_TX,
    INVALID,
    NO_MEMORY,
    RELINQUISH,
    RETRIEVE_RESP,
    SENDS,
    asks,
    only_if,
    refused,
    sent,
)

REGISTERS = ids.clause("v1.0 11.1–11.3, v1.2 16.1–16.3")
NONE = Clause("", "a property of any mediator", "the public mediators and SPMCs")
OP_PAUSE, OP_RESUME = 0x84000078, 0x84000079
TRANSFERS = (*SENDS, ("FFA_MEM_FRAG_TX", (FRAG_TX,)))


def no_address(scene: Scene) -> Truth:
    """x3 of an SMC64, w3 of an SMC32: bits 63:32 of the latter's arguments are not looked at (CC-05)."""
    return (scene.call.w(3) == 0) & (~scene.call.is64 | (scene.call.x(3) == 0))


def _sends(scene: Scene) -> Truth:
    return any_of(happens for _, happens in sent(scene))


@rule("FFA-MEM-01", "Transmission registers", REGISTERS, force="spec", confidence="high")
def transmission_registers(scene: Scene) -> Iterator[Part]:
    """A memory region is sent on only if the registers are well formed, and with exactly the host's lengths.

    Clause: DEN0077A v1.0 sections 11.1–11.3; lengths are multiples of 16 as the layout has it.
    Reading: x3 = 0 (w3 of an SMC32), w4 = 0 (the TX buffer is used), 0 < w2 ≤ w1, both multiples of 16. What is not
        sent is refused with INVALID_PARAMETERS if a register is at fault (NO_MEMORY too, if the total is too large:
        MEM-04), else with INVALID_PARAMETERS, NO_MEMORY, BUSY or DENIED.
    Applies to: every version; FFA_MEM_SHARE and FFA_MEM_LEND in both conventions.
    Not covered: w5–w7 of the call (reserved).
    """
    call, sends = scene.call, _sends(scene)
    for name, functions in SENDS:
        asked = asks(scene, functions)
        yield from _transmitted(scene, name, functions)
        fault = ~(no_address(scene) & (call.w(4) == 0) & ~(call.w(2) == 0) & (call.w(2) <= call.w(1)))
        large = call.w(1).widened(64) > scene.descriptor_size
        yield part(f"{name}, a register at fault", asked & fault, [
            require("refused with INVALID_PARAMETERS", refused(scene, INVALID) | (large & refused(scene, NO_MEMORY)),
                    "x0"),
            require("nothing is sent", scene.silent, "smc"),
        ], function=name)
        yield part(f"{name}, refused", asked & ~sends, [
            require("an error that a send may have", refused(scene, INVALID, NO_MEMORY, BUSY, DENIED), "x0")],
            function=name)


def _transmitted(scene: Scene, name: str, functions: tuple[int, ...]) -> Iterator[Part]:
    """What is sent on: when, and with which registers."""
    call, sent_on = scene.call, asks(scene, functions) & _sends(scene)
    yield part(f"{name}, accepted", sent_on, [
        only_if("the address is zero", no_address(scene), sent(scene)),
        only_if("the page count is zero", call.w(4) == 0, sent(scene)),
        only_if("the fragment is not empty", ~(call.w(2) == 0), sent(scene)),
        only_if("the fragment is at most the total", call.w(2) <= call.w(1), sent(scene)),
        only_if("the total length is a multiple of 16", call.w(1) % 16 == 0, sent(scene)),
        only_if("the fragment's length is a multiple of 16", call.w(2) % 16 == 0, sent(scene)),
    ], function=name)
    yield part(f"{name}, as emitted", sent_on, [
        require("the same kind of transaction",
                all_of(happens.implies(smc.w(0).one_of(functions)) for smc, happens in sent(scene)), "smc"),
        require("the host's total length",
                all_of(happens.implies(smc.x(1) == call.w(1).widened(64)) for smc, happens in sent(scene)), "smc"),
        require("the host's fragment length",
                all_of(happens.implies(smc.x(2) == call.w(2).widened(64)) for smc, happens in sent(scene)), "smc"),
        *(require("x3–x7 are zero", all_of(happens.implies(smc.x(k) == 0) for smc, happens in sent(scene)), "smc")
          for k in range(3, 8)),
    ], function=name)


def _reads_host(scene: Scene) -> list[BufferAccess]:
    return [access for access in scene.buffer_accesses if access.buffer.startswith("host")]


@rule("FFA-MEM-02", "Fragment fits the mailbox; copied once before parsing", NONE, force="security", confidence="high")
def copied_once(scene: Scene) -> Iterator[Part]:
    """Host memory is looked at by one copy of the fragment into EL2's TX buffer, under the buffers' lock.

    Clause: none; the host may write its memory while EL2 reads it.
    Reading: every access to host memory in these calls is a copy out of it, from the registered page's start, as long
        as the fragment, no longer than the mailbox, with the lock held and the mailbox registered; there is one. EL2's
        TX buffer is written from its start, by as much. Without a mailbox the call is refused and nothing is sent.
    Applies to: FFA_MEM_SHARE, FFA_MEM_LEND, FFA_MEM_FRAG_TX.
    Not covered: nothing.
    """
    host = _reads_host(scene)
    writes = [access for access in scene.buffer_accesses if access.buffer == "EL2's TX" and access.is_write]
    for name, functions in TRANSFERS:
        asked = asks(scene, functions)
        length = scene.call.w(3 if functions == (FRAG_TX,) else 2).widened(64)
        yield part(f"{name}, the copy", asked & any_of(access.happens for access in host), [
            require("host memory is only copied from",
                    no(x.happens for x in host if x.is_write or not x.is_copy), "access"),
            require("as much as the fragment has",
                    all_of(x.happens.implies(x.length == length) for x in host), "access"),
            require("no more than a mailbox holds",
                    all_of(x.happens.implies(x.length <= scene.mailbox_size) for x in host), "access"),
            require("under the buffers' lock", all_of(x.happens.implies(x.locked) for x in host), "access"),
            require("the mailbox is registered", scene.pre.has_tx, "access"),
            require("from its start", all_of(x.happens.implies(x.offset == scene.pre.tx_at) for x in host), "access"),
            require("once", all_of(~(x.happens & y.happens) for x, y in combinations(host, 2))
                    & no(x.happens & x.repeats for x in host), "access"),
            require("EL2's TX buffer holds the copy and nothing else is written there",
                    all_of(x.happens.implies((x.offset == 0) & (x.length == length)) for x in writes), "access"),
        ], function=name)
        yield part(f"{name}, no mailbox", asked & ~scene.pre.has_tx, [
            require("refused", refused(scene, INVALID, NO_MEMORY, BUSY, DENIED), "x0"),
            require("nothing is sent", scene.silent, "smc"),
        ], function=name)


@rule("FFA-MEM-03", "Smallest first fragment", REGISTERS, force="security", confidence="high")
def smallest_fragment(scene: Scene) -> Iterator[Part]:
    """A first fragment holds the header and an entry, and EL2 reads nothing of its TX buffer beyond the fragment.

    Clause: DEN0077A v1.0 section 11.1; derived: what lies beyond is of earlier messages.
    Reading: w2 ≥ header + 16 for the version when a region is sent; each direct read of EL2's TX buffer ends within w2.
    Applies to: every version.
    Not covered: 16 bytes more for the composite (MEM-09); entries of 32 bytes (MEM-07).
    """
    reads = [x for x in scene.buffer_accesses if x.buffer == "EL2's TX" and not x.is_write]
    length = scene.call.w(2).widened(64)
    for name, functions in SENDS:
        for layout in LAYOUTS:
            asked = asks(scene, functions) & layout.agreed(scene)
            yield part(f"{name}, {layout.name}", asked & _sends(scene), [
                only_if("the fragment holds a header and an entry", length >= layout.header + SMALL_ENTRY,
                        sent(scene))],
                function=name, exists=layout.agreed_for(scene, functions))
            yield part(f"{name}, {layout.name}, reads", asked & any_of(x.happens for x in reads), [
                require("EL2 parses only what was copied",
                        all_of(x.happens.implies(x.end <= length.widened(65)) for x in reads), "access")],
                function=name, exists=layout.agreed_for(scene, functions))


@rule("FFA-MEM-04", "Total length is bounded by what reclaim can hold", NONE, force="security", confidence="high")
def bounded_total(scene: Scene) -> Iterator[Part]:
    """A region whose descriptor EL2 could not take back later is refused with NO_MEMORY.

    Clause: none; the descriptor of a region that is reclaimed comes back whole.
    Reading: w1 above the descriptor buffer's size: nothing is sent, and NO_MEMORY, or INVALID_PARAMETERS where another
        register is at fault or no mailbox is registered, or DENIED or BUSY.
    Applies to: every version.
    Not covered: a descriptor that the SPMC returns longer than it was sent (MEM-24).
    """
    call = scene.call
    large = call.w(1).widened(64) > scene.descriptor_size
    sound = (call.x(3) == 0) & (call.w(4) == 0) & (call.w(2) <= call.w(1)) & (call.w(2) >= 128)
    fits = call.w(2).widened(64) <= scene.mailbox_size
    for name, functions in SENDS:
        yield part(name, asks(scene, functions) & large, [
            require("nothing is sent", scene.silent, "smc"),
            require("refused", refused(scene, NO_MEMORY, INVALID, BUSY, DENIED), "x0"),
            require("with NO_MEMORY, if that is all that is wrong",
                    (sound & fits & scene.pre.has_tx).implies(refused(scene, NO_MEMORY)), "x0"),
        ], function=name)


@rule("FFA-MEM-28", "Memory functions a host may not use", NONE, force="policy", confidence="high")
def unused_functions(scene: Scene) -> Iterator[Part]:
    """What pKVM does not mediate is NOT_SUPPORTED, and nothing of it goes to EL3.

    Clause: none; policy: EL2 would still believe that a donated page is the host's.
    Reading: after negotiation; DONATE and RETRIEVE_REQ in both conventions, RETRIEVE_RESP, RELINQUISH, OP_PAUSE,
        OP_RESUME and FRAG_RX.
    Applies to: every version.
    Not covered: other conventions of the SMC32-only ones (CC-04).
    """
    for name, functions in (
        ("FFA_MEM_DONATE", DONATE), ("FFA_MEM_RETRIEVE_REQ", ids.MEM_RETRIEVE_REQ),
        ("FFA_MEM_RETRIEVE_RESP", (RETRIEVE_RESP,)), ("FFA_MEM_RELINQUISH", (RELINQUISH,)),
        ("FFA_MEM_OP_PAUSE", (OP_PAUSE,)), ("FFA_MEM_OP_RESUME", (OP_RESUME,)), ("FFA_MEM_FRAG_RX", (FRAG_RX,)),
    ):
        yield part(name, asks(scene, functions), _denied(scene))


def _denied(scene: Scene) -> list[Require]:
    return [
        require("refused with NOT_SUPPORTED", scene.result.refused(ids.NOT_SUPPORTED), "x0"),
        require("nothing goes to EL3", scene.silent, "smc"),
    ]
