"""Which pages the SPMC learns of, and what EL2 did to them before (DEN0077A v1.0 5.6–5.12, v1.1 10, v1.2 11)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Scene, Smc, Truth, all_of, any_of, part, require, rule

from . import ids
from .calls import by_function
from .layout import LAYOUTS
from .memory_calls import (
    DENIED,
    FRAG_RX,
    FRAG_TX,
    LEND,
    OWN,
    SENDS,
    SHARE,
    SHARED_FFA,
    accepted,
    asks,
    by_granule,
    frame,
    made,
    sent,
    taken,
    taken_back_without_failure,
)

NONE = Clause("", "a property of any mediator", "the public mediators and SPMCs")
STATES = ids.clause("v1.0 5.6–5.9, v1.2 11")

Reading = list[tuple[Smc, Truth]]
"""SMCs, and that the SPMC takes from one a range with the arbitrary page in it."""


def _readings(scene: Scene, only_whole: bool) -> Iterator[tuple[str, str, Truth, Truth, Reading]]:
    """(part, function, exists, premise, reading) for each call that sends ranges and each layout."""
    for name, functions in SENDS:
        for layout in LAYOUTS:
            given = asks(scene, functions) & layout.agreed(scene)
            if given.is_impossible:  # as in most calls that were run
                continue
            yield f"{name}, {layout.name}", name, layout.agreed_for(scene, functions), given, [
                (smc, happens & read & by_granule(scene, range_, only_whole))
                for smc, happens in sent(scene) for range_, read in (taken(scene, smc, layout),)]
    yield "FFA_MEM_FRAG_TX", "FFA_MEM_FRAG_TX", scene.truth(True), asks(scene, (FRAG_TX,)), [
        (smc, happens & read & by_granule(scene, range_, only_whole))
        for smc, happens in made(scene, FRAG_TX) for range_, read in (taken(scene, smc, None),)]


@rule("FFA-MEM-08", "Mediator and SPMC parse the same bytes", NONE, force="security", confidence="high")
def same_parse(scene: Scene) -> Iterator[Part]:
    """Every page of a range that a conforming SPMC takes from the bytes that are sent is one that EL2 has just vetted.

    Clause: none; derived: EL2 speaks for the pages that it vetted, and the SPMC maps those that it reads.
    Reading: an arbitrary page in an arbitrary range of the SPMC's reading is shared with the secure world by this very
        call when the SMC is made. The SPMC reads with the layout of the agreed version, the first entry's composite,
        and stays inside the announced length; from a later fragment it takes every range. Ranges are whole pages of
        EL2's granule here; others are MEM-16's and MEM-11's.
    Applies to: every version; 1.0 has no offset to disagree about and is held to the same.
    Not covered: what a second entry names (MEM-06 refuses it); that the SPMC uses the agreed version (VER-13).
    """
    for name, function, exists, given, reading in _readings(scene, only_whole=True):
        vetted = all_of(takes.implies((smc.page_state == SHARED_FFA) & smc.by_us) for smc, takes in reading)
        yield part(name, given & any_of(takes for _, takes in reading), [
            require("a page that the SPMC takes from the message is one that EL2 vetted in this call", vetted, "smc"),
        ], function=function, exists=exists)


@rule("FFA-MEM-16", "Every range is vetted before the SPMC hears of it", STATES, force="security", confidence="high")
def vetted_before(scene: Scene) -> Iterator[Part]:
    """When a fragment is emitted, every page that its ranges touch was the host's own and is shared by this call.

    Clause: DEN0077A v1.0 sections 5.6–5.9: only the exclusive owner shares or lends; EL2 keeps the host to it.
    Reading: an arbitrary page that an arbitrary range touches with any byte, whatever the granule: EL2 shared it in
        this call, found it OWN, and holds the buffers' lock. A second range over the same page cannot have found it
        OWN: its share fails (contract of the page tables). No other call sends a range, and none is forwarded.
    Applies to: every version.
    Not covered: ranges that no SPMC may take (misaligned to 4096 bytes, empty, wrapping): MEM-11.
    """
    for name, function, exists, given, reading in _readings(scene, only_whole=False):
        yield part(name, given & any_of(takes for _, takes in reading), [
            require("each page that a sent range touches is shared, by this call",
                    all_of(takes.implies((smc.page_state == SHARED_FFA) & smc.by_us) for smc, takes in reading), "smc"),
            require("the page was the host's own just before",
                    all_of(takes.implies(smc.page_found == OWN) for smc, takes in reading), "smc"),
            require("the buffers' lock is held when the fragment is sent",
                    all_of(takes.implies(smc.locked) for smc, takes in reading), "smc"),
        ], function=function, exists=exists)
    mine = scene.call.is_(*SHARE, *LEND, FRAG_TX)
    sends = [happens for _, happens in (*sent(scene), *made(scene, FRAG_TX))]
    yield part("other calls send no ranges", ~mine, [
        require("neither FFA_MEM_SHARE, FFA_MEM_LEND nor FFA_MEM_FRAG_TX is emitted", ~any_of(sends), "smc")],
        function="other functions")
    yield part("never forwarded", mine, [
        require("EL2 handles what names pages", scene.result.handled, "outcome")], function="FFA_MEM_*")


@rule("FFA-MEM-29", "Page and handle life cycle", STATES, force="spec", confidence="high")
def life_cycle(scene: Scene) -> Iterator[Part]:
    """A page becomes shared by a fragment that the SPMC took, and leaves that state by a reclaim only.

    Clause: DEN0077A v1.0 sections 5.6–5.9.
    Reading: an arbitrary page that nobody else changed meanwhile, for each call of the host. A page that is shared
        already cannot be shared again: DENIED. No request to take pages back fails (MEM-17, MEM-21). LEND leaves the
        host's own access in place, as pKVM has it. Where the host is told SUCCESS or FRAG_RX, with zeros above 32
        bits (ERR-07), the SPMC may have mapped what this call shared before it asked.
    Applies to: every version.
    Not covered: how long a handle is valid (the SPMC answers INVALID_PARAMETERS after its reclaim); which handle a page
        was shared through (MEM-27).
    """
    page, shares = scene.page, scene.call.is_(*SHARE, *LEND, FRAG_TX)
    quiet = ~page.disturbed & taken_back_without_failure(scene)
    for name, premise in by_function(scene):
        if name != "FFA_MEM_RECLAIM":
            yield part(f"{name}, stays shared", premise & quiet & (page.before == SHARED_FFA), [
                require("a shared page stays shared", page.after == SHARED_FFA, "page")], function=name)
    took = [happens & (accepted(smc) if kind else smc.qw(0).one_of((ids.SUCCESS, FRAG_RX)))
            for kind, found in ((True, sent(scene)), (False, list(made(scene, FRAG_TX)))) for smc, happens in found]
    yield part("becomes shared", quiet & ~(page.before == SHARED_FFA) & (page.after == SHARED_FFA), [
        require("by a call that shares", shares, "page"),
        require("and the SPMC took the fragment", any_of(took), "page"),
        require("it was the host's own", page.before == OWN, "page"),
    ], function="FFA_MEM_*")
    for name, functions in (*SENDS, ("FFA_MEM_FRAG_TX", (FRAG_TX,))):
        denied = any_of(x.made & x.covers & ~x.succeeded & ~(x.found == OWN)
                        for x in scene.transfers if x.action == "share-ffa")
        taken_back = taken_back_without_failure(scene)
        yield part(f"{name}, not the host's own", asks(scene, functions) & denied & taken_back, [
            require("refused with DENIED", scene.result.refused(DENIED), "x0")], function=name)
    plainly = all_of(scene.result.x(k) < 1 << 32 for k in range(4))
    told = (frame(scene, ids.SUCCESS) | frame(scene, FRAG_RX)) & plainly
    for name, functions in (*SENDS, ("FFA_MEM_FRAG_TX", (FRAG_TX,))):
        fragments = made(scene, FRAG_TX) if functions == (FRAG_TX,) else sent(scene)
        given = any_of(happens & (smc.page_state == SHARED_FFA) & smc.by_us for smc, happens in fragments)
        yield part(f"{name}, the host is told so", asks(scene, functions) & told & given & ~page.disturbed, [
            require("a page that this call shared stays shared", page.after == SHARED_FFA, "page")], function=name)
