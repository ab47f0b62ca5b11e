"""What holds of the host's mailboxes between calls, and who may use EL2's (DEN0077A v1.0 section 8.3)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, all_of, any_of, blame, no, part, require, rule
from verify.rules.memory import DESCRIPTOR, EL2_RX, EL2_TX, SHARE_FFA, SHARE_HYP, UNSHARE_FFA, UNSHARE_HYP

from . import ids
from .calls import by_function
from .mediation import (
    FRAG_RX,
    FRAG_TX,
    HOST_MEMORY,
    LEND,
    RETRIEVE,
    RX_RELEASE,
    SHARE,
    accesses,
    held_in_place,
    is_mailbox,
    is_mailbox_of,
    sends,
    served,
    was_lost,
)

RELEASE = ids.clause("v1.0 8.3", "public implementations and tests")
OWN_RULE = ids.clause("", "a property of any mediator")
USES = (ids.PARTITION_INFO_GET, *SHARE, *LEND, *RETRIEVE, FRAG_RX, FRAG_TX)
"""SMCs for which EL3 reads EL2's TX buffer or writes its RX buffer."""
MOVES = (SHARE_HYP, UNSHARE_HYP, SHARE_FFA, UNSHARE_FFA)


@rule("FFA-BUF-06", "Mailbox invariant", OWN_RULE, force="security", confidence="high")
def mailbox_invariant(scene: Scene) -> Iterator[Part]:
    """TX and RX are registered together or not at all; a registered page is shared with EL2 and pinned.

    Clause: none; a property of any mediator.
    Reading: kept by every call. Who reads or writes a mailbox, or makes EL3 use EL2's pair, has seen under the lock
        that a pair is registered. EL3 has EL2's own pair mapped exactly while one is, as its answers to FFA_RXTX_MAP
        and FFA_RXTX_UNMAP have it. A page that an earlier call gave away is that call's finding. What EL2 does with its
        own pair before it looks at a call's parameters, as where it maps it once for all, is its own business.
    Applies to: every version.
    Not covered: an SPMC that maps or unmaps without being asked.
    """
    for name, premise in by_function(scene):
        yield part(f"{name}: both or none", premise & scene.pre.has_tx.iff(scene.pre.has_rx), [
            require("TX is registered exactly if RX is", scene.post.has_tx.iff(scene.post.has_rx), "mailbox"),
        ], name)
        in_step = scene.pre.mapped.iff(scene.pre.has_tx) & no(
            smc.own & sends(smc, ids.RXTX_MAP) for smc in scene.smcs if not smc.own.is_impossible)
        yield part(f"{name}: EL2's pair", premise & in_step, [
            require("EL3 has EL2's pair mapped exactly if the host's is registered",
                    scene.post.mapped.iff(scene.post.has_tx), "mapped"),
        ], name)
        uses = [one.happens & ~one.own for one in accesses(scene, *HOST_MEMORY, EL2_TX, EL2_RX, DESCRIPTOR)]
        uses += [sends(smc, *USES) & ~smc.own for smc in scene.smcs]
        unused = blame(no(uses), "use", uses)
        yield part(f"{name}: use", premise, [
            require("buffers are used only while a pair is registered", scene.pre.has_tx | unused, "use"),
        ], name)
    for name, at, is_set in (("TX", scene.post.tx_at, scene.post.has_tx), ("RX", scene.post.rx_at, scene.post.has_rx)):
        mine = is_set & (scene.frame(at) == scene.page.number) & ~was_lost(scene)
        yield part(f"{name} page", served(scene, ids.RXTX_MAP) & mine, [
            require("the page is shared with EL2 and pinned", held_in_place(scene) | scene.page.disturbed, "page"),
        ], "FFA_RXTX_MAP")


@rule("FFA-BUF-09", "RX ownership machine and RX_RELEASE", RELEASE, force="spec", confidence="high")
def rx_ownership(scene: Scene) -> Iterator[Part]:
    """The host's FFA_RX_RELEASE does not reach EL3 while EL2 uses its own RX buffer.

    Clause: DEN0077A v1.0 section 8.3; the serialisation is derived.
    Reading: it goes to EL3 under the buffers' lock, or not at all.
    Applies to: every version.
    Not covered: DENIED where the caller does not own RX, and the other steps of the ownership machine, which need the
        SPMC's state; the VM ID in w1.
    """
    release = served(scene, RX_RELEASE)
    yield part("serialised", release, [
        require("FFA_RX_RELEASE goes to EL3 under the buffers' lock",
                all_of(~smc.made | smc.locked for smc in (*scene.forwards, *scene.smcs)), "outcome"),
    ], "FFA_RX_RELEASE")


@rule("FFA-BUF-10", "Registered pages do not move", OWN_RULE, force="security", confidence="high")
def pages_stay(scene: Scene) -> Iterator[Part]:
    """While a pair is registered no call changes the state of its pages.

    Clause: none; Hafnium refuses to share mailbox pages.
    Reading: of calls through the proxy, under the contracts of the page-table functions. A request that would share
        such a page or give it back fails. Of FFA_RXTX_UNMAP it holds for what is still registered afterwards. A page
        that an earlier call gave away is that call's finding.
    Applies to: every version.
    Not covered: other hypercalls of the host, which the pin keeps off.
    """
    stays = require("the page stays shared with EL2 and pinned", held_in_place(scene) | scene.page.disturbed, "page")
    for name, premise in by_function(scene):
        held = premise & is_mailbox(scene) & ~was_lost(scene)
        if name == "FFA_RXTX_UNMAP":
            left = held & is_mailbox_of(scene, scene.post)
            yield part(name, left, [stays], name, exists=left)
            continue
        takes = any_of(one.made & one.succeeded & one.covers for one in scene.transfers if one.action in MOVES)
        yield part(name, held, [
            stays, require("no range with the page is shared or given back", ~takes, "pages"),
        ], name)


@rule("FFA-BUF-11", "EL2 speaks of its own mailboxes", OWN_RULE, force="security", confidence="high")
def own_pair(scene: Scene) -> Iterator[Part]:
    """What EL2 registers with EL3 is its own pair, TX as TX and RX as RX, no more of it than there is; what it unmaps
    and releases is no other endpoint's.

    Clause: none; EL3 reads and writes what is registered, and lies behind no page table of EL2's.
    Reading: x1 and x2 of FFA_RXTX_MAP are the physical addresses of EL2's buffers, whole pages of 4K apart, and w3 is
        at most as many such pages as they have. The IDs in w1 of FFA_RXTX_UNMAP and FFA_RX_RELEASE are the
        hypervisor's, 0.
    Applies to: every version; SMCs that EL2 makes itself.
    Not covered: what initialisation sends; that all other code of EL2's leaves these pages alone.
    """
    maps = (ids.RXTX_MAP, ids.RXTX_MAP & ~(1 << 30))
    is_known = ~(scene.own_tx_at == 0) & ~(scene.own_rx_at == 0)
    registers = [(smc, is_known & sends(smc, *maps)) for smc in scene.smcs if not sends(smc, *maps).is_impossible]
    given = any_of(made for _, made in registers)
    yield part("registered", given, [
        one for smc, made in registers for one in (
            require("TX is EL2's own", made.implies(smc.x(1) == scene.own_tx_at), "smc"),
            require("RX is EL2's own", made.implies(smc.x(2) == scene.own_rx_at), "smc"),
            require("they are whole pages apart", made.implies((smc.x(2) - smc.x(1)) % 4096 == 0), "smc"),
            require("no more than there is",
                    made.implies(smc.w(3).widened(64) * 4096 <= scene.mailbox_size), "smc"),
        )], "FFA_RXTX_MAP", exists=given)
    for name, premise in by_function(scene):
        foreign = [sends(smc, RX_RELEASE, ids.RXTX_UNMAP) & ~(smc.w(1) == 0) for smc in scene.smcs]
        yield part(f"{name}: given back", premise, [require("EL2 names itself", ~one, "smc") for one in foreign], name)
