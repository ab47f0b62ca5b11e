"""Phrases about memory transactions that many rules share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from verify.rules import Part, Require, Scene, Smc, Transfer, Truth, all_of, any_of, blame, no, part, require

from . import ids
from .layout import PAGE_SIZES, RANGE_SIZE, Layout, Message, Range, fragment_range

SHARE, LEND = (0x84000073, 0xC4000073), (0x84000072, 0xC4000072)
SENDS = (("FFA_MEM_SHARE", SHARE), ("FFA_MEM_LEND", LEND))
DONATE = (0x84000071, 0xC4000071)
RETRIEVE_RESP, RELINQUISH, RECLAIM = 0x84000075, 0x84000076, 0x84000077
FRAG_RX, FRAG_TX = 0x8400007A, 0x8400007B
OWN, SHARED_FFA, SHARED_HYP, FOREIGN = range(4)
"""States of a page."""
UNSHARE_FFA = "unshare-ffa"


def made(scene: Scene, *functions: int) -> Iterator[tuple[Smc, Truth]]:
    """EL2's own SMCs of these functions, with when each is made."""
    for smc in scene.smcs:
        happens = smc.made & smc.w(0).one_of(functions)
        if not happens.is_impossible:
            yield smc, happens


def sent(scene: Scene) -> list[tuple[Smc, Truth]]:
    """First fragments that go to the SPMC."""
    return list(made(scene, *SHARE, *LEND))


def only_if(text: str, holds: Truth, sends: Iterable[tuple[Smc, Truth]]) -> Require:
    """One of these goes to the SPMC only if this holds; if not, the SMC is to blame."""
    return require(text, blame(holds, "smc", [happens for _, happens in sends]), "smc")


def message(smc: Smc, layout: Layout) -> Message:
    return Message(smc.tx, smc.w(2), layout)


def taken_at(scene: Scene, smc: Smc, layout: Layout | None) -> tuple[Range, Truth]:
    """The range with the arbitrary index, and that a reader finds it in the fragment. No layout: a later fragment."""
    if layout is None:
        here = fragment_range(smc.tx, scene.index)
        return here, here.at + RANGE_SIZE <= smc.w(3).widened(64)
    found = message(smc, layout)
    return found.range(scene.index), found.lists(scene.index)


def taken(scene: Scene, smc: Smc, layout: Layout | None) -> tuple[Range, Truth]:
    """The same, and that a conforming SPMC takes it."""
    here, found = taken_at(scene, smc, layout)
    return here, found & here.is_sound


def by_granule(scene: Scene, touched: Range, only_whole: bool) -> Truth:
    """The arbitrary page lies in the range. `only_whole`: one that consists of whole pages of EL2's."""
    return any_of(
        (scene.page_size == size) & touched.touches(scene.page.number, size)
        & (touched.is_whole(size) if only_whole else scene.truth(True))
        for size in PAGE_SIZES)


def asks(scene: Scene, functions: tuple[int, ...]) -> Truth:
    return scene.call.is_(*functions) & scene.pre.negotiated


def refused(scene: Scene, *codes: int) -> Truth:
    return any_of(scene.result.refused(code) for code in codes)


INVALID = ids.INVALID_PARAMETERS
NO_MEMORY, BUSY, DENIED, ABORTED = -3, -4, -6, -8


def frame(scene: Scene, kind: int) -> Truth:
    """EL2 answers with this function in w0."""
    return scene.result.handled & (scene.result.w(0) == kind)


def accepted(smc: Smc) -> Truth:
    """The SPMC takes a whole region, or asks for the rest of a part of one."""
    whole = smc.w(1) == smc.w(2)
    more = (smc.qw(0) == FRAG_RX) & (smc.qw(3) == smc.w(2))
    return (whole & (smc.qw(0) == ids.SUCCESS)) | (~whole & more)


def unshares(scene: Scene) -> list[Transfer]:
    """EL2 takes pages back from the secure world."""
    return [one for one in scene.transfers if one.action == UNSHARE_FFA]


def taken_back_without_failure(scene: Scene) -> Truth:
    """No such request fails. What fails has a page to blame, and that each page allows it is judged for itself."""
    return no(one.made & ~one.succeeded for one in unshares(scene))


def takes_back_shared_pages(scene: Scene, asked: Truth, name: str, function: str) -> Part:
    """The part that says that each page of these requests is shared, so that they succeed."""
    return part(name, asked & any_of(one.made & one.covers for one in unshares(scene)), [
        require("a page that is taken back is shared with the secure world",
                all_of((one.made & one.covers).implies(one.found == SHARED_FFA) for one in unshares(scene)), "pages"),
        require("by this call", ~(scene.page.before == SHARED_FFA) | scene.page.disturbed, "pages"),
    ], function=function)
