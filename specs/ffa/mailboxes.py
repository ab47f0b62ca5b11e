"""FFA_RXTX_MAP and FFA_RXTX_UNMAP: the host's mailbox pair (DEN0077A v1.0 sections 4.2.2, 8.4 and 8.5)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, Truth, any_of, no, part, require, rule
from verify.rules.memory import OWN, SHARE_HYP

from . import ids
from .mediation import (
    DENIED,
    accepted,
    covers,
    held_in_place,
    is_mailbox,
    memory_kept,
    quietly,
    refusal,
    sends,
    sent,
    sent_once,
    served,
    succeeded,
    was_lost,
)

MAP = ids.clause("v1.0 8.4", "Arm's compliance suite and public implementations")
UNMAP = ids.clause("v1.0 8.5", "Arm's compliance suite and public implementations")
OWN_RULE = ids.clause("", "a property of any mediator")
NAME, UNMAP_NAME = "FFA_RXTX_MAP", "FFA_RXTX_UNMAP"


def asks_map(scene: Scene) -> Truth:
    return served(scene, ids.RXTX_MAP)


def aligned(scene: Scene) -> Truth:
    return (scene.call.x(1) % scene.page_size == 0) & (scene.call.x(2) % scene.page_size == 0)


def at_zero(scene: Scene) -> Truth:
    return (scene.call.x(1) == 0) | (scene.call.x(2) == 0)


def right_size(scene: Scene) -> Truth:
    """As many pages of 4K as EL2's own mailboxes have."""
    return scene.call.w(3).widened(64) * 4096 == scene.mailbox_size


def overlap(scene: Scene) -> Truth:
    tx, rx = scene.call.x(1), scene.call.x(2)
    return (tx - rx < scene.mailbox_size) | (rx - tx < scene.mailbox_size)


@rule("FFA-BUF-01", "Alignment, and the two buffers are different memory", MAP, force="spec", confidence="high")
def alignment(scene: Scene) -> Iterator[Part]:
    """Mailboxes begin at page boundaries and do not overlap; what else is asked for changes nothing.

    Clause: DEN0077A v1.0 sections 4.2.2.3 and 8.4; Hafnium and TF-A refuse address 0 too.
    Reading: pages of EL2's size, after negotiation. Misaligned: INVALID_PARAMETERS, and nothing happens. Overlapping:
        an error, and every step is undone. STRICT: address 0 is refused; whether there is memory is the machine's.
    Applies to: every version.
    Not covered: a mailbox that wraps around the end of the address space: no memory lies there.
    """
    asks = asks_map(scene)
    yield part("misaligned", asks & right_size(scene) & ~aligned(scene), quietly(scene, ids.INVALID_PARAMETERS), NAME)
    yield part("overlapping", asks & right_size(scene) & aligned(scene) & overlap(scene) & ~scene.pre.has_tx, [
        require("no success", ~succeeded(scene), "x0"),
        *memory_kept(scene),
    ], NAME)
    if scene.profile == "STRICT":
        yield part("address 0", asks & right_size(scene) & at_zero(scene), quietly(scene, ids.INVALID_PARAMETERS), NAME)


@rule("FFA-BUF-02", "Page count", MAP, force="spec", confidence="high")
def page_count(scene: Scene) -> Iterator[Part]:
    """The number of pages is in w3[5:0] and not zero; the rest of w3 is zero; else INVALID_PARAMETERS.

    Clause: DEN0077A v1.0 section 8.4.
    Reading: pages of 4K, after negotiation. EL2 relays through mailboxes of one size, so that any other is refused.
    Applies to: every version.
    Not covered: w4 to w7, which nobody is known to check; the form that a hypervisor uses for its VMs.
    """
    asks, count = asks_map(scene), scene.call.w(3)
    for name, wrong in (
        ("no pages", count.bits_(5, 0) == 0), ("reserved bits", ~(count.bits_(31, 6) == 0)),
        ("another size than EL2's", ~right_size(scene)),
    ):
        yield part(name, asks & wrong, quietly(scene, ids.INVALID_PARAMETERS), NAME)


@rule("FFA-BUF-03", "A second registration is refused", MAP, force="spec", confidence="high")
def second_registration(scene: Scene) -> Iterator[Part]:
    """While a pair is registered another FFA_RXTX_MAP is DENIED and changes nothing.

    Clause: DEN0077A v1.0 section 8.4.
    Reading: of calls whose other parameters are right. Registered is what EL2 knows under its lock.
    Applies to: every version.
    Not covered: whether the SPMC has EL2's own pair mapped (BUF-06).
    """
    right = right_size(scene) & aligned(scene) & ~at_zero(scene)
    yield part("refused", asks_map(scene) & right & scene.pre.has_tx, quietly(scene, DENIED), NAME)


@rule("FFA-BUF-04", "Only pages the caller owns exclusively can become mailboxes", MAP,
      force="spec", confidence="high")
def exclusive_pages(scene: Scene) -> Iterator[Part]:
    """A mailbox page was the host's own before, and is shared with EL2 and pinned afterwards; others are left alone.

    Clause: DEN0077A v1.0 section 8.4.
    Reading: under the contracts of the page-table functions. The host's own: when it is shared with EL2.
    Applies to: every version.
    Not covered: that the page stays so until it is unmapped is BUF-10.
    """
    asks, done = asks_map(scene), succeeded(scene)
    mine = covers(scene, scene.call.x(1)) | covers(scene, scene.call.x(2))
    shares = [one for one in scene.transfers if one.action == SHARE_HYP]
    yield part("success", asks & done & mine, [
        require("the page was the host's own when it was shared with EL2",
                any_of(one.made & one.succeeded & one.covers & (one.found == OWN) for one in shares), "page"),
        require("the page is shared with EL2 and pinned", held_in_place(scene) | scene.page.disturbed, "page"),
        require("EL2 knows the mailboxes that were asked for",
                scene.post.has_tx & scene.post.has_rx & (scene.post.tx_at == scene.call.x(1))
                & (scene.post.rx_at == scene.call.x(2)), "mailbox"),
    ], NAME)
    yield part("other pages", asks & ~mine, [
        require("no page is touched but those that were asked for",
                no(one.made & one.covers for one in scene.transfers), "pages")], NAME)
    fails = any_of(one.made & ~one.succeeded for one in shares)
    yield part("no such page", asks & fails, [refusal(scene, ids.INVALID_PARAMETERS)], NAME)


@rule("FFA-BUF-05", "Registration is all-or-nothing", OWN_RULE, force="security", confidence="high")
def all_or_nothing(scene: Scene) -> Iterator[Part]:
    """A failing FFA_RXTX_MAP leaves pages, pins and registration as they were, and EL2's pair unmapped.

    Clause: none; a property of any mediator.
    Reading: EL2's own pair is unmapped exactly where EL3 had mapped it in the same call.
    Applies to: every version.
    Not covered: that EL3 does unmap it when it is asked to.
    """
    asks = asks_map(scene)
    maps = any_of(sends(smc, ids.RXTX_MAP) & accepted(smc) for smc in scene.smcs)
    refuses = any_of(sends(smc, ids.RXTX_MAP) & ~accepted(smc) for smc in scene.smcs)
    yield part("failure", asks & scene.result.handled & ~succeeded(scene), [
        *memory_kept(scene),
        require("EL2's pair is unmapped where it had been mapped", ~maps | sent(scene, ids.RXTX_UNMAP), "smc"),
        require("and only there", maps | ~sent(scene, ids.RXTX_UNMAP), "smc"),
    ], NAME)
    yield part("EL3 refuses EL2's pair", asks & refuses, [require("no success", ~succeeded(scene), "x0")], NAME)
    yield part("success", asks & succeeded(scene), [
        require("EL3 has mapped EL2's pair", maps, "smc"),
        require("and still has", ~sent(scene, ids.RXTX_UNMAP), "smc"),
    ], NAME)


@rule("FFA-BUF-07", "UNMAP input", UNMAP, force="spec", confidence="high")
def unmap_input(scene: Scene) -> Iterator[Part]:
    """FFA_RXTX_UNMAP with another ID than the caller's, or without a registered pair, is INVALID_PARAMETERS.

    Clause: DEN0077A v1.0 section 8.5.
    Reading: the ID is in w1[31:16], the host's is 0, and w1[15:0] is reserved.
    Applies to: every version.
    Not covered: w2 to w7.
    """
    asks = served(scene, ids.RXTX_UNMAP)
    yield part("another ID", asks & ~(scene.call.w(1).bits_(31, 16) == 0),
               quietly(scene, ids.INVALID_PARAMETERS), UNMAP_NAME)
    yield part("reserved bits", asks & ~(scene.call.w(1).bits_(15, 0) == 0),
               quietly(scene, ids.INVALID_PARAMETERS), UNMAP_NAME)
    yield part("no pair", asks & ~scene.pre.has_tx, quietly(scene, ids.INVALID_PARAMETERS), UNMAP_NAME)


@rule("FFA-BUF-08", "UNMAP effect", UNMAP, force="security", confidence="high")
def unmap_effect(scene: Scene) -> Iterator[Part]:
    """After FFA_RXTX_UNMAP no pair is registered, its pages are the host's own and unpinned, and EL3 was told once.

    Clause: DEN0077A v1.0 section 8.5; a property of any mediator.
    Reading: of the pair that EL2 knew under its lock; of pages that no earlier call gave away.
    Applies to: every version.
    Not covered: an SPMC that refuses, after which EL2's pair is still mapped (BUF-06); an order of the steps, for
        neither EL2 nor EL3 writes the host's pages while EL2 holds its lock.
    """
    done = served(scene, ids.RXTX_UNMAP) & succeeded(scene)
    yield part("registration", done, [
        require("no pair is registered", ~scene.post.has_tx & ~scene.post.has_rx, "mailbox"),
        require("exactly one FFA_RXTX_UNMAP goes to EL3", sent_once(scene, ids.RXTX_UNMAP), "smc"),
        require("of EL2's own pair",
                ~any_of(sends(smc, ids.RXTX_UNMAP) & ~(smc.w(1) == 0) for smc in scene.smcs), "smc"),
    ], UNMAP_NAME)
    yield part("pages", done & is_mailbox(scene) & ~was_lost(scene), [
        require("the page is the host's own", (scene.page.after == OWN) | scene.page.disturbed, "page"),
        require("the page is not pinned", ~scene.page.pinned_after | scene.page.disturbed, "page"),
    ], UNMAP_NAME)
