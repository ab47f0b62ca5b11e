"""FFA_MEM_RECLAIM: EL2 asks the SPMC what a handle stands for, and takes its pages back (DEN0077A v1.0 11.7, 12.2)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Scene, Smc, Truth, all_of, any_of, no, part, require, rule

from . import ids
from .layout import COMPOSITE_HEADER, HANDLE, LAYOUTS, RANGE_SIZE, SMALL_ENTRY, Layout, Message
from .memory_calls import (
    FRAG_RX,
    FRAG_TX,
    RECLAIM,
    RETRIEVE_RESP,
    SHARED_FFA,
    asks,
    frame,
    made,
    only_if,
    taken_back_without_failure,
)

RECLAIMING = ids.clause("v1.0 11.7, v1.2 16.7")
RETRIEVING = ids.clause("v1.0 11.4, v1.1 16.4")
NONE = Clause("", "a property of any mediator", "the public mediators and SPMCs")
RX_RELEASE = 0x84000065
HOST_ID = 0
NAME = "FFA_MEM_RECLAIM"


def _reclaims(scene: Scene) -> list[tuple[Smc, Truth]]:
    return list(made(scene, RECLAIM))


def _reclaimed(scene: Scene) -> Truth:
    """The SPMC gave the region back."""
    return any_of(happens & (smc.qw(0) == ids.SUCCESS) for smc, happens in _reclaims(scene))


def _responses(scene: Scene) -> list[tuple[Smc, Truth]]:
    """The SPMC describes the region: its first fragment is in EL2's RX buffer."""
    return [(smc, happens & (smc.qw(0) == RETRIEVE_RESP)) for smc, happens in made(scene, *ids.MEM_RETRIEVE_REQ)]


def _response(smc: Smc, layout: Layout) -> Message:
    return Message(smc.rx, smc.qw(2), layout)


@rule("FFA-MEM-22", "RECLAIM input", RECLAIMING, force="spec", confidence="high")
def reclaim_input(scene: Scene) -> Iterator[Part]:
    """A region is reclaimed only with flags that exist, and under the host's handle.

    Clause: DEN0077A v1.0 section 11.7.
    Reading: of w3 bits 0 (zero memory) and 1 (time slicing) may be set; STRICT asks for zeros in w4–w7 as well.
    Applies to: every version.
    Not covered: that the handle is known and the host's (the SPMC answers INVALID_PARAMETERS or DENIED).
    """
    call, asked = scene.call, asks(scene, (RECLAIM,))
    goes = asked & any_of(happens for _, happens in _reclaims(scene))
    spare = range(4, 8) if scene.profile == "STRICT" else ()
    yield part("accepted", goes, [
        only_if("no flag but zero memory and time slicing", call.w(3).masked(0xFFFFFFFC) == 0, _reclaims(scene)),
        *(only_if("reserved registers are zero", call.w(k) == 0, _reclaims(scene)) for k in spare),
    ], function=NAME)
    yield part("as emitted", goes, [
        *(require("the host's handle and flags", all_of(
            happens.implies(smc.x(k) == call.w(k).widened(64)) for smc, happens in _reclaims(scene)), "smc")
          for k in (1, 2, 3)),
        *(require("x4–x7 are zero", all_of(happens.implies(smc.x(k) == 0) for smc, happens in _reclaims(scene)), "smc")
          for k in range(4, 8)),
    ], function=NAME)


@rule("FFA-MEM-23", "The hypervisor's own RETRIEVE_REQ", RETRIEVING, force="spec", confidence="high")
def own_retrieve(scene: Scene) -> Iterator[Part]:
    """EL2 asks for a region by a header with its handle and zeros, as long as the version has it.

    Clause: DEN0077A v1.1 section 16.4 (a hypervisor's retrieve).
    Reading: w1 = w2 = length of the header, x3–x7 zero; an arbitrary byte of it that is not the handle's is zero (the
        host's ID is 0). Only FFA_MEM_RECLAIM makes EL2 ask.
    Applies to: every version.
    Not covered: which convention is used for it (both are defined).
    """
    call, index = scene.call, scene.index
    asked = asks(scene, (RECLAIM,))
    for layout in LAYOUTS:
        found = list(made(scene, *ids.MEM_RETRIEVE_REQ))
        given = asked & layout.agreed(scene) & any_of(happens for _, happens in found)
        other = (index < layout.header) & ((index < HANDLE) | (index >= HANDLE + 8))
        yield part(layout.name, given, [
            require("the total is a header of this version",
                    all_of(happens.implies(smc.w(1) == layout.header) for smc, happens in found), "smc"),
            require("the fragment is the whole of it",
                    all_of(happens.implies(smc.w(2) == smc.w(1)) for smc, happens in found), "smc"),
            require("x3–x7 are zero", all_of(
                happens.implies(all_of(smc.x(k) == 0 for k in range(3, 8))) for smc, happens in found), "smc"),
            require("the handle is the host's", all_of(happens.implies(
                (smc.tx.u32(HANDLE) == call.w(1)) & (smc.tx.u32(HANDLE + 4) == call.w(2))) for smc, happens in found),
                "smc"),
            require("every other byte is zero",
                    all_of((happens & other).implies(smc.tx.u8(index) == 0) for smc, happens in found), "smc"),
        ], function=NAME, exists=layout.agreed_for(scene, (RECLAIM,)))
    yield part("other calls", ~scene.call.is_(RECLAIM), [
        require("EL2 asks for no region", no(happens for _, happens in made(scene, *ids.MEM_RETRIEVE_REQ)), "smc")],
        function="other functions")


@rule("FFA-MEM-24", "Validate RETRIEVE_RESP before use", RETRIEVING, force="security", confidence="high")
def validated_response(scene: Scene) -> Iterator[Part]:
    """A region is reclaimed only after a description of it that is sound, and EL2 parses only what it announces.

    Clause: DEN0077A v1.0 section 11.4; derived: EL2 gives back the pages that the description lists.
    Reading: header + entry ≤ w2 ≤ the mailbox, w2 ≤ w1 ≤ the descriptor buffer, entry and composite as in MEM-07 and
        MEM-09, the handle echoed, the host as sender. Direct reads of EL2's RX buffer end within w2. A description that
        leads to no reclaim is released and the host sees an error.
    Applies to: every version.
    Not covered: the count of entries.
    """
    asked, answers = asks(scene, (RECLAIM,)), _responses(scene)
    goes = any_of(happens for _, happens in _reclaims(scene))
    yield part("a response", asked & goes, [
        require("the SPMC described the region first", any_of(happens for _, happens in answers), "smc"),
        require("what is announced fits EL2's RX buffer", all_of(
            happens.implies(smc.qw(2).widened(64) <= scene.mailbox_size) for smc, happens in answers), "smc"),
        require("the fragment is at most the total",
                all_of(happens.implies(smc.qw(2) <= smc.qw(1)) for smc, happens in answers), "smc"),
        require("the total fits the descriptor buffer", all_of(
            happens.implies(smc.qw(1).widened(64) <= scene.descriptor_size) for smc, happens in answers), "smc"),
    ], function=NAME)
    for layout in LAYOUTS:
        yield from _validated(scene, layout, answers, goes)
    released = any_of(happens for _, happens in made(scene, RX_RELEASE))
    yield part("a description that is not used", asked & ~goes & any_of(happens for _, happens in answers), [
        require("EL2 releases its RX buffer", released, "smc"),
        require("the host sees an error", frame(scene, ids.ERROR), "x0"),
    ], function=NAME)
    yield part("no description", asked & no(happens for _, happens in answers), [
        require("nothing is reclaimed", ~goes, "smc"),
        require("the host sees an error", frame(scene, ids.ERROR), "x0"),
    ], function=NAME)


def _validated(
    scene: Scene, layout: Layout, answers: list[tuple[Smc, Truth]], goes: Truth,
) -> Iterator[Part]:
    """By one version's layout."""
    asked, agreed = asks(scene, (RECLAIM,)), layout.agreed(scene)
    found = [(smc, _response(smc, layout), happens) for smc, happens in answers]
    yield part(layout.name, asked & agreed & goes, [
        require("the fragment holds a header and an entry", all_of(happens.implies(
            (m.entries >= layout.header) & m.has(m.entries, SMALL_ENTRY)) for _, m, happens in found), "smc"),
        require("the composite is behind the entry and inside the total", all_of(happens.implies(
            (m.composite >= m.entries + SMALL_ENTRY)
            & (m.composite + COMPOSITE_HEADER <= smc.qw(1).widened(64))) for smc, m, happens in found), "smc"),
        require("the handle is the host's", all_of(happens.implies(
            (smc.rx.u32(HANDLE) == scene.call.w(1)) & (smc.rx.u32(HANDLE + 4) == scene.call.w(2)))
            for smc, _, happens in found), "smc"),
        require("the sender is the host", all_of(happens.implies(m.sender == HOST_ID) for _, m, happens in found),
                "smc"),
    ], function=NAME, exists=layout.agreed_for(scene, (RECLAIM,)))
    reads = [x for x in scene.buffer_accesses if x.buffer == "EL2's RX" and not x.is_write and not x.is_copy]
    looks = agreed & any_of(x.happens for x in reads)
    yield part(f"{layout.name}, reads", asked & looks, [
        require("EL2 parses only what the SPMC announced", all_of(
            (x.happens & happens).implies(x.end <= smc.qw(2).widened(65))
            for x in reads for smc, happens in answers), "access"),
    ], function=NAME, exists=asked & looks)


@rule("FFA-MEM-25", "The fragment loop", ids.clause("v1.0 12.2"), force="security", confidence="high")
def fragment_loop(scene: Scene) -> Iterator[Part]:
    """Each further fragment of a description is sound before it is used, and stays inside the total.

    Clause: DEN0077A v1.0 section 12.2.
    Reading: an arbitrary round: 0 < w3 ≤ the mailbox, w3 a multiple of 16, offset + w3 ≤ the total, the handle echoed.
        It is asked for by the host's handle, in the hypervisor's name (0). What is written to the descriptor buffer
        lies within the total.
    Applies to: every version.
    Not covered: that the loop ends (SEC-12: it follows from w3 > 0); RX_RELEASE after each round (BUF-09).
    """
    asked, answers, call = asks(scene, (RECLAIM,)), _responses(scene), scene.call
    goes = any_of(happens for _, happens in _reclaims(scene))
    rounds = [(smc, happens & (smc.qw(0) == FRAG_TX)) for smc, happens in made(scene, FRAG_RX)]
    yield part("a round", asked & goes & any_of(happens for _, happens in rounds), [
        require("the fragment is not empty", all_of(happens.implies(~(smc.qw(3) == 0)) for smc, happens in rounds),
                "smc"),
        require("the fragment fits EL2's RX buffer", all_of(
            happens.implies(smc.qw(3).widened(64) <= scene.mailbox_size) for smc, happens in rounds), "smc"),
        require("the fragment consists of whole ranges",
                all_of(happens.implies(smc.qw(3) % 16 == 0) for smc, happens in rounds), "smc"),
        require("the fragment ends within the total", all_of(
            (happens & first).implies(
                smc.w(3).widened(64) + smc.qw(3).widened(64) <= answer.qw(1).widened(64))
            for smc, happens in rounds for answer, first in answers), "smc"),
        require("the handle is the host's", all_of(happens.implies(
            (smc.qw(1) == scene.call.w(1)) & (smc.qw(2) == scene.call.w(2))) for smc, happens in rounds), "smc"),
    ], function=NAME)
    asks_for = list(made(scene, FRAG_RX))
    yield part("as asked", asked & any_of(happens for _, happens in asks_for), [
        *(require("of the host's handle", all_of(happens.implies(smc.w(k) == call.w(k)) for smc, happens in asks_for),
                  "smc") for k in (1, 2)),
        require("in the hypervisor's name", all_of(happens.implies(smc.w(4) == HOST_ID) for smc, happens in asks_for),
                "smc"),
    ], function=NAME)
    writes = [x for x in scene.buffer_accesses if x.buffer == "descriptor buffer" and x.is_write]
    yield part("the copies", asked & any_of(x.happens for x in writes), [
        require("the copy ends within the total", all_of(
            (x.happens & first).implies(x.end <= answer.qw(1).widened(65))
            for x in writes for answer, first in answers), "access"),
    ], function=NAME)


@rule("FFA-MEM-26", "Composite of the reassembled descriptor", NONE, force="security", confidence="high")
def reassembled_composite(scene: Scene) -> Iterator[Part]:
    """A region is reclaimed only if the composite and all its ranges lie inside what was announced.

    Clause: none; derived: what lies behind is of earlier descriptions.
    Reading: composite + 16 ≤ w1; where the first fragment holds the composite's header,
        composite + 16 + 16·count ≤ w1. Offsets are those of the first fragment.
    Applies to: every version.
    Not covered: a composite whose header comes with a later fragment; what EL2 reads afterwards (SEC-09).
    """
    asked, answers = asks(scene, (RECLAIM,)), _responses(scene)
    goes = any_of(happens for _, happens in _reclaims(scene))
    for layout in LAYOUTS:
        found = [(_response(smc, layout), smc.qw(1).widened(64), happens) for smc, happens in answers]
        yield part(layout.name, asked & layout.agreed(scene) & goes, [
            require("the composite's header is inside the total", all_of(
                happens.implies(m.composite + COMPOSITE_HEADER <= total) for m, total, happens in found), "smc"),
            require("the ranges are inside the total", all_of(
                (happens & m.has(m.composite, COMPOSITE_HEADER)).implies(
                    m.composite + COMPOSITE_HEADER + m.range_count.widened(64) * RANGE_SIZE <= total)
                for m, total, happens in found), "smc"),
        ], function=NAME, exists=layout.agreed_for(scene, (RECLAIM,)))


@rule("FFA-MEM-27", "Reclaim order and exactness", NONE, force="security", confidence="high")
def reclaim_order(scene: Scene) -> Iterator[Part]:
    """A page is the host's own again only after the SPMC gave it back; if it did not, no page changes.

    Clause: none; otherwise a page is given to a guest while the secure world still maps it.
    Reading: an arbitrary page that nobody else changed meanwhile: if it leaves the shared state, a RECLAIM with the
        host's handle was answered SUCCESS while it was still shared. Otherwise every page stays as it was, and the host
        sees an error; it sees SUCCESS only if the SPMC said so.
    Applies to: every version.
    Not covered: that the pages are those that became shared through the handle (no ledger: the SPMC lists them).
    """
    page, call = scene.page, scene.call
    asked = asks(scene, (RECLAIM,)) & ~page.disturbed
    own = any_of(
        happens & (smc.qw(0) == ids.SUCCESS) & (smc.page_state == SHARED_FFA) & (smc.w(1) == call.w(1))
        & (smc.w(2) == call.w(2)) for smc, happens in _reclaims(scene))
    yield part("a page returns", asked & (page.before == SHARED_FFA) & ~(page.after == SHARED_FFA), [
        require("the SPMC had given it back", own, "page")], function=NAME)
    yield part("not reclaimed", asked & ~_reclaimed(scene), [
        require("the page is in the state that it was in", page.after == page.before, "page"),
        require("the host sees an error", frame(scene, ids.ERROR), "x0"),
    ], function=NAME)
    yield part("not shared", asked & taken_back_without_failure(scene) & ~(page.before == SHARED_FFA), [
        require("a page that was not shared is left alone", page.after == page.before, "page")], function=NAME)
    yield part("success", asked & frame(scene, ids.SUCCESS), [
        require("the SPMC gave the region back", _reclaimed(scene), "x0")], function=NAME)
    yield part("the frame", asks(scene, (RECLAIM,)), [
        require("SUCCESS or an error", frame(scene, ids.SUCCESS) | frame(scene, ids.ERROR), "x0")], function=NAME)
