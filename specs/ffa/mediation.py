"""Phrases about what EL2 does for a call: what it sends, what it reads and writes, what it leaves as it was."""

from __future__ import annotations

from collections.abc import Iterable

from verify.rules import BufferAccess, Require, Scene, Smc, State, Truth, Word, all_of, any_of, require
from verify.rules.memory import HOST, HOST_RX, HOST_TX, SHARED_HYP

from . import ids

RX_RELEASE, RX_ACQUIRE, SPM_ID_GET = 0x84000065, 0x84000084, 0x84000085
SHARE, LEND = (0x84000073, 0xC4000073), (0x84000072, 0xC4000072)
RETRIEVE, FRAG_RX, FRAG_TX, RECLAIM = ids.MEM_RETRIEVE_REQ, 0x8400007A, 0x8400007B, 0x84000077
BUSY, DENIED = -4, -6
HOST_MEMORY = (HOST, HOST_TX, HOST_RX)


def served(scene: Scene, *functions: int) -> Truth:
    """One of these is called, after negotiation."""
    return scene.call.is_(*functions) & scene.pre.negotiated


def succeeded(scene: Scene) -> Truth:
    return scene.result.handled & (scene.result.w(0) == ids.SUCCESS)


def failed(scene: Scene) -> Truth:
    """EL2 shows the host an FFA_ERROR."""
    return scene.result.handled & (scene.result.w(0) == ids.ERROR)


def sends(smc: Smc, *functions: int) -> Truth:
    """EL2 makes this SMC, and it is one of these."""
    return smc.made & smc.w(0).one_of(functions)


def sent(scene: Scene, *functions: int) -> Truth:
    return any_of(sends(smc, *functions) for smc in scene.smcs)


def gives_rx_back(scene: Scene) -> Truth:
    """What the SPMC put into EL2's RX buffer in this call EL2 released later in it."""
    released, given = any_of([]), list[Truth]()
    for smc in reversed(scene.smcs):
        given.append(_fills_rx(smc).implies(released))
        released = sends(smc, RX_RELEASE) | released
    return all_of(reversed(given))


def _fills_rx(smc: Smc) -> Truth:
    """By an answer that is one in all 64 bits: how EL2 reads others is judged elsewhere (ERR-07)."""
    listed = (smc.q(0) == ids.SUCCESS) & (smc.w(5).bits_(0, 0) == 0) & ~(smc.qw(2) == 0)
    return ((sends(smc, *RETRIEVE) & (smc.q(0) == ids.MEM_RETRIEVE_RESP))
            | (sends(smc, FRAG_RX) & (smc.q(0) == FRAG_TX))
            | (sends(smc, ids.PARTITION_INFO_GET) & listed))


def sent_once(scene: Scene, *functions: int) -> Truth:
    once, never = any_of([]), all_of([])
    for smc in scene.smcs:
        made = sends(smc, *functions)
        once, never = (once & ~made) | (never & made), never & ~made
    return once


def accepted(smc: Smc) -> Truth:
    """EL3 answers FFA_SUCCESS: the whole of x0 to an SMC64, w0 to an SMC32."""
    wide = smc.w(0).bits_(30, 30) == 1
    return (wide & (smc.q(0) == ids.SUCCESS)) | (~wide & (smc.qw(0) == ids.SUCCESS))


def accesses(scene: Scene, *buffers: str) -> list[BufferAccess]:
    return [access for access in scene.buffer_accesses if access.buffer in buffers]


def is_1_0(scene: Scene) -> Truth:
    return scene.pre.version == 0x10000


def is_mailbox(scene: Scene) -> Truth:
    """The page is one of the host's registered mailbox pages."""
    return is_mailbox_of(scene, scene.pre)


def is_mailbox_of(scene: Scene, state: State) -> Truth:
    """The page is one of those that are registered in this state, before the call or after it."""
    tx = state.has_tx & (scene.frame(state.tx_at) == scene.page.number)
    rx = state.has_rx & (scene.frame(state.rx_at) == scene.page.number)
    return tx | rx


def covers(scene: Scene, address: Word) -> Truth:
    """The page is in the mailbox that begins there; no end of an address space in between."""
    start = scene.frame(address)
    pages = scene.mailbox_size // scene.page_size
    return (start <= scene.page.number) & (scene.page.number - start < pages)


def registration_kept(scene: Scene) -> Truth:
    """EL2 knows the same mailboxes as before."""
    pre, post = scene.pre, scene.post
    tx = pre.has_tx.iff(post.has_tx) & (~pre.has_tx | (pre.tx_at == post.tx_at))
    rx = pre.has_rx.iff(post.has_rx) & (~pre.has_rx | (pre.rx_at == post.rx_at))
    return tx & rx


def page_kept(scene: Scene) -> Truth:
    """Any page has the state that it had, unless others than this call changed it."""
    return scene.page.disturbed | (scene.page.after == scene.page.before)


def pins_kept(scene: Scene) -> Truth:
    return scene.page.disturbed | scene.page.pinned_after.iff(scene.page.pinned_before)


def nothing_changed(scene: Scene) -> list[Require]:
    """No SMC, the same registration, the same pages."""
    return [
        require("no SMC", scene.silent, "smc"),
        *memory_kept(scene),
    ]


def memory_kept(scene: Scene) -> list[Require]:
    return [
        require("the registration stays as it was", registration_kept(scene), "mailbox"),
        require("no page changes its state", page_kept(scene), "page"),
        require("no page is pinned or unpinned", pins_kept(scene), "page"),
    ]


def refusal(scene: Scene, *codes: int) -> Require:
    return require("refused with its code", any_of(scene.result.refused(code) for code in codes), "x0")


def quietly(scene: Scene, *codes: int) -> list[Require]:
    """An error that EL2 gives by itself, and that changes nothing."""
    return [refusal(scene, *codes), *nothing_changed(scene)]


def held_in_place(scene: Scene) -> Truth:
    """The page is shared with EL2, which pins it."""
    return (scene.page.after == SHARED_HYP) & scene.page.pinned_after


def was_lost(scene: Scene) -> Truth:
    """The page is a registered mailbox, and before this call something has taken it away from EL2 all the same."""
    return is_mailbox(scene) & ~((scene.page.before == SHARED_HYP) & scene.page.pinned_before)


def never(happenings: Iterable[Truth], text: str) -> list[Require]:
    """None of them happens; each has its own blame."""
    return [require(text, ~happens) for happens in happenings]
