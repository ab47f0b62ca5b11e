"""Well-formed calls that nobody else refuses are served: mailboxes, partitions, direct messages (DEN0077A v1.0 8–10).

What a mediator does not have it may leave out: NOT_SUPPORTED is no refusal here, and FFA_FEATURES says so too (DSC-01).
"""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, Smc, Truth, all_of, any_of, no, part, require, rule

from . import ids
from .calls import served, serves_req2
from .mailboxes import MAP, UNMAP, aligned, at_zero, overlap, right_size
from .mediation import BUSY, DENIED, HOST_MEMORY, accesses, succeeded
from .messages import DIRECT, HOST_ID, REQ2
from .partition_info import INFO, LEAST, relayed

NO_MEMORY, RETRY = -3, -7
LATER = (BUSY, NO_MEMORY, RETRY)
"""Not now, or no room: reasons that no register shows."""
SPECIAL = (0x8000, 0xFFFF)
"""Mostly the SPMC's ID and the SPMD's, for which there may be no messages."""
KNOWN = 1 << 32
"""No machine has smaller physical addresses than 32 bits; what lies above may be beyond a machine's."""


def put_off(scene: Scene, *codes: int) -> Truth:
    """Refused for a reason that the call's registers do not show."""
    return any_of(scene.result.refused(code) for code in (*LATER, *codes))


def is_success(smc: Smc) -> Truth:
    """In all 64 bits: how EL2 reads other answers is judged elsewhere (ERR-07)."""
    return smc.q(0) == ids.SUCCESS


def pages_allowed(scene: Scene) -> Truth:
    """No request about pages fails: they are in the state that the call needs."""
    return no(one.made & ~one.succeeded for one in scene.transfers)


def nobody_refuses(scene: Scene) -> Truth:
    """Neither the page tables nor EL3, whatever EL2 asks of them."""
    return pages_allowed(scene) & all_of(~smc.made | is_success(smc) for smc in scene.smcs)


def rest_is_zero(scene: Scene, first: int) -> Truth:
    """The registers behind the parameters, up to x7."""
    return all_of(scene.call.x(k) == 0 for k in range(first, 8))


@rule("FFA-SRV-01", "A pair of mailboxes is registered and given back", MAP, UNMAP, force="spec", confidence="med")
def mailboxes_are_served(scene: Scene) -> Iterator[Part]:
    """FFA_RXTX_MAP of two distinct, aligned pages while no pair is registered succeeds, and so does FFA_RXTX_UNMAP of a
    registered pair, unless the page tables or the SPMC refuse.

    Clause: DEN0077A v1.0 sections 8.4 and 8.5: the reasons for an error, none of which is there.
    Reading: buffers of EL2's own size, below 4 GiB, not at 0, reserved registers zero. Every page-table function that
        EL2 calls succeeds, and EL3 answers each SMC with FFA_SUCCESS. BUSY, NO_MEMORY and RETRY may be answered at any
        time, and DENIED by FFA_RXTX_UNMAP: somebody may be using the pair.
    Applies to: every version, where the functions are there.
    Not covered: other sizes; a call that another CPU overtakes.
    """
    exists = served(scene, ids.RXTX_MAP)
    right = right_size(scene) & aligned(scene) & ~at_zero(scene) & ~overlap(scene) & rest_is_zero(scene, 4)
    known = (scene.call.x(1) < KNOWN) & (scene.call.x(2) < KNOWN)
    yield part("FFA_RXTX_MAP", exists & right & known & ~scene.pre.has_tx & nobody_refuses(scene), [
        require("the pair is registered", succeeded(scene) | put_off(scene), "x0"),
    ], "FFA_RXTX_MAP", exists=exists)
    exists = served(scene, ids.RXTX_UNMAP)
    right = (scene.call.x(1) == 0) & rest_is_zero(scene, 2)
    yield part("FFA_RXTX_UNMAP", exists & right & scene.pre.has_tx & nobody_refuses(scene), [
        require("the pair is given back", succeeded(scene) | put_off(scene, DENIED), "x0"),
    ], "FFA_RXTX_UNMAP", exists=exists)


@rule("FFA-SRV-02", "Partitions are listed", INFO, force="spec", confidence="med")
def partitions_are_listed(scene: Scene) -> Iterator[Part]:
    """The host is told of the partitions that the SPMC lists: how many, and from 1.1 on how long a descriptor is.

    Clause: DEN0077A v1.0 section 8.6, v1.1 section 13.8.
    Reading: a pair is registered, no flag is set, x6 and x7 are zero. The SPMC answers FFA_SUCCESS with descriptors of
        the agreed version's size, which fit a mailbox. BUSY, NO_MEMORY and RETRY may be answered at any time.
    Applies to: 1.0 to 1.2, where the function is there.
    Not covered: the number alone (w5 = 1); descriptors of later versions.
    """
    exists = served(scene, ids.PARTITION_INFO_GET)
    asks = exists & (scene.call.w(5) == 0) & rest_is_zero(scene, 6) & scene.pre.has_rx
    for version, size in ((0x10000, LEAST["1.0"]), (0x10001, LEAST["1.1"]), (0x10002, LEAST["1.1"])):
        answers = [smc for smc in scene.smcs if not relayed(smc).is_impossible]
        sound = all_of(~relayed(smc) | _fits(scene, smc, size, version) for smc in answers)
        told = any_of(relayed(smc) & (scene.result.w(2) == smc.qw(2)) & _is_copied(scene, smc, size)
                      & (scene.truth(version == 0x10000) | (scene.result.w(3) == size)) for smc in answers)
        agreed = scene.pre.version == version
        yield part(f"1.{version & 0xFFFF}", asks & agreed & nobody_refuses(scene) & sound, [
            require("the host sees the SPMC's list", (succeeded(scene) & told) | put_off(scene), "x0"),
        ], "FFA_PARTITION_INFO_GET", exists=exists & agreed)


def _is_copied(scene: Scene, smc: Smc, size: int) -> Truth:
    """The host has got all descriptors."""
    return (smc.qw(2) == 0) | any_of(one.happens & (one.length == smc.q(2) * size)
                                     for one in accesses(scene, *HOST_MEMORY) if one.is_write)


def _fits(scene: Scene, smc: Smc, size: int, version: int) -> Truth:
    """Descriptors of this size, no more than a mailbox holds; 1.0 says no size."""
    said = scene.truth(True) if version == 0x10000 else smc.q(3) == size
    return said & (smc.q(2) * size <= scene.mailbox_size) & (smc.q(2) < KNOWN)


@rule("FFA-SRV-03", "Direct requests reach the SPMC", DIRECT, REQ2, force="spec", confidence="med")
def requests_are_sent(scene: Scene) -> Iterator[Part]:
    """A direct request of the host to a secure endpoint goes to EL3.

    Clause: DEN0077A v1.0 section 10.2, v1.2 section 15.4.
    Reading: the host as sender (ID 0), bit 15 of the receiver set, w2 zero (REQ2 has its UUID there). Which secure
        endpoints there are the SPMC knows; 0x8000 and 0xFFFF, as it and the SPMD are mostly called, are left out. BUSY,
        NO_MEMORY and RETRY may be answered at any time.
    Applies to: requests that are served; REQ2 from 1.2 on.
    Not covered: what becomes of the request; what is sent is MSG-04's and MSG-07's.
    """
    ids_ = scene.call.x(1)
    addressed = (ids_ < KNOWN) & (ids_.bits_(31, 16) == HOST_ID) & (ids_.bits_(15, 15) == 1)
    addressed &= ~ids_.bits_(15, 0).one_of(SPECIAL)
    for name, function in (("REQ", ids.DIRECT_REQ), ("REQ64", ids.DIRECT_REQ64), ("REQ2", ids.DIRECT_REQ2)):
        is_wide = function == ids.DIRECT_REQ2
        exists = serves_req2(scene) if is_wide else served(scene, function)
        plain = scene.truth(True) if is_wide else scene.call.x(2) == 0
        goes = any_of(smc.made & (smc.w(0).masked(0xFFFEFFFF) == function) for smc in (*scene.smcs, *scene.forwards))
        yield part(name, exists & addressed & plain, [
            require("it goes to EL3", goes | put_off(scene), "outcome"),
        ], f"FFA_MSG_SEND_DIRECT_{name}", exists=exists)
