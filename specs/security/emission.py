"""What EL2 sends to EL3, and what it copies to the host."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Scene, Smc, Truth, Word, any_of, part, require, rule
from verify.rules.memory import EL2_TX

from ..ffa import ids
from ..ffa.calls import by_function
from ..ffa.mediation import (
    FRAG_RX,
    FRAG_TX,
    HOST_MEMORY,
    LEND,
    RECLAIM,
    RETRIEVE,
    RX_RELEASE,
    SHARE,
    accesses,
    sends,
)

VETTING = Clause("", "a property of any mediator", "the head of pKVM's proxy")
NONE = Clause("", "a property of any mediator")
OWN: dict[str, tuple[int, ...]] = {
    "FFA_VERSION": (ids.VERSION, ids.ID_GET, ids.FEATURES),
    "FFA_RXTX_MAP": (ids.RXTX_MAP, ids.RXTX_UNMAP),
    "FFA_RXTX_UNMAP": (ids.RXTX_UNMAP,),
    "FFA_PARTITION_INFO_GET": (ids.PARTITION_INFO_GET, RX_RELEASE),
    "FFA_MEM_SHARE": SHARE,
    "FFA_MEM_LEND": LEND,
    "FFA_MEM_RECLAIM": (*RETRIEVE, RX_RELEASE, FRAG_RX, RECLAIM),
    "FFA_MEM_FRAG_TX": (FRAG_TX,),
}
"""What serves a call; every other one is sent on under its own ID, or not at all."""
USED = {
    ids.VERSION: 1, ids.ID_GET: 0, ids.FEATURES: 2, ids.RXTX_MAP: 3, ids.RXTX_UNMAP: 1, RX_RELEASE: 1,
    SHARE[0]: 4, SHARE[1]: 4, LEND[0]: 4, LEND[1]: 4, RETRIEVE[0]: 4, RETRIEVE[1]: 4, FRAG_RX: 4, FRAG_TX: 4,
    RECLAIM: 3,
}
"""How many parameters a function has; the others are reserved."""
ANNOUNCED = {2: (*SHARE, *LEND, *RETRIEVE), 3: (FRAG_TX,)}
"""Register with the length of what EL3 reads from EL2's TX buffer."""


@rule("FFA-SEC-03", "Nothing unvetted is emitted", VETTING, force="security", confidence="high")
def only_what_serves(scene: Scene) -> Iterator[Part]:
    """EL2 sends what serves the call and nothing else, and no reserved parameter carries anything.

    Clause: none; a property of any mediator.
    Reading: a table of SMCs by call, without the SVE hint; a failing FFA_MEM_FRAG_TX may not reclaim by a handle that
        the host names.
    Applies to: every version.
    Not covered: the single parameters, which the rules of each call judge; that refused calls send nothing (BUF, MEM,
        POL); what may be forwarded (POL-01).
    """
    for name, premise in by_function(scene):
        allowed = OWN.get(name)
        yield part(name, premise, [
            require("EL2 sends only what serves the call", ~smc.made | _serves(scene, smc, allowed), "smc")
            for smc in scene.smcs
        ], name)
        yield part(f"{name}: reserved parameters", premise, [
            require("reserved parameters are zero", ~sends(smc, function) | _zero_from(smc, used + 1), "smc")
            for smc in scene.smcs for function, used in USED.items()
        ], name)


def _serves(scene: Scene, smc: Smc, allowed: tuple[int, ...] | None) -> Truth:
    sent = smc.w(0).masked(0xFFFEFFFF)
    return sent == scene.call.function if allowed is None else sent.one_of(allowed)


def _zero_from(smc: Smc, first: int) -> Truth:
    return ~any_of(~(smc.x(k) == 0) for k in range(first, 8))


@rule("FFA-SEC-10", "Old EL2 bytes are not sent to anyone", NONE, force="security", confidence="med")
def no_old_bytes(scene: Scene) -> Iterator[Part]:
    """What EL3 is told to read was written in the same call, and the host gets only what EL3 has just written.

    Clause: none; a property of any mediator.
    Reading: the announced length is at most what this call wrote to EL2's TX buffer, from its beginning. EL3 writes no
        descriptors where only their number was asked for, at 1.0 too, whose flags a newer SPMC may know.
    Applies to: every version.
    Not covered: how much of EL2's RX buffer EL3 has written (DSC-10); bytes beyond the announced length, at which a
        conforming SPMC does not look.
    """
    written = [one for one in accesses(scene, EL2_TX) if one.is_write]

    def fresh(length: Word) -> Truth:
        return any_of(one.happens & (one.offset == 0) & (length.widened(64) <= one.length) for one in written)

    for name, premise in by_function(scene):
        announced = [(sends(smc, *functions), smc.w(register))
                     for smc in scene.smcs for register, functions in ANNOUNCED.items()]
        yield part(f"{name}: to EL3", premise, [
            require("EL3 reads what this call wrote", ~made | (length == 0) | fresh(length), "smc")
            for made, length in announced
        ], name)
    counted = any_of(sends(smc, ids.PARTITION_INFO_GET) & (smc.w(5).bits_(0, 0) == 1) for smc in scene.smcs)
    yield part("to the host", scene.call.is_(ids.PARTITION_INFO_GET) & counted, [
        require("nothing is copied where EL3 was asked for a number", ~one.happens | (one.length == 0), "access")
        for one in accesses(scene, *HOST_MEMORY) if one.is_write
    ], "FFA_PARTITION_INFO_GET", exists=scene.call.is_(ids.PARTITION_INFO_GET) & counted)
