"""Well-formed transactions that nobody else refuses are carried out: sharing, lending, taking back.

The simplest region there is, of one range in one fragment, that any mediator of these functions takes.
"""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Content, Part, Scene, Smc, Truth, Word, all_of, any_of, part, require, rule
from verify.rules.memory import EL2_TX

from . import ids
from .calls import served
from .layout import (
    COMPOSITE_HEADER,
    ENTRY_FLAGS,
    ENTRY_SIZE,
    FFA_PAGE,
    HANDLE,
    LAYOUTS,
    PAGE_SIZES,
    PERMISSIONS,
    RANGE_SIZE,
    RECEIVER,
    Layout,
    Message,
)
from .mediation import HOST_MEMORY, RX_RELEASE, accesses, sends, succeeded
from .memory_calls import RECLAIM, RETRIEVE_RESP, SENDS, accepted, frame, sent
from .memory_reclaim import RECLAIMING
from .memory_send import REGISTERS
from .service import KNOWN, is_success, nobody_refuses, pages_allowed, put_off, rest_is_zero

NORMAL, READ_WRITE, HOST_ID = 0x2F, 2, 0
"""Attributes of normal, write-back, inner shareable memory; data access."""
ALLOCATED_BY_US = 1 << 31
"""In the upper half of a handle: a hypervisor made it."""
SERVED = LAYOUTS[:3]
"""1.0 to 1.2: what later ones add nobody knows yet."""


def _entry(layout: Layout) -> int:
    return layout.entry_sizes[-1]


def _length(layout: Layout) -> int:
    """Of the simplest message."""
    return layout.header + _entry(layout) + COMPOSITE_HEADER + RANGE_SIZE


def _is_simplest(scene: Scene, content: Content, length: Word, layout: Layout) -> Truth:
    """One borrower, one range of whole pages of EL2's, nothing left out and nothing in between; any handle, any tag."""
    m = Message(content, length, layout)
    entry, composite = layout.header, layout.header + _entry(layout)
    said = [m.sender == HOST_ID, m.content.u8(2) == NORMAL, m.content.u8(3) == 0, m.entry_count == 1,
            content.u16(entry + RECEIVER).bits_(15, 15) == 1, content.u8(entry + PERMISSIONS) == READ_WRITE,
            content.u8(entry + ENTRY_FLAGS) == 0, content.u32(entry + 4) == composite,
            content.u32(composite + 4) == 1, content.u64(composite + 8) == 0]
    said += [content.u64(entry + at) == 0 for at in range(8, _entry(layout), 8)]
    if layout.says_where:
        said += [m.entry_size == _entry(layout), m.entries == layout.header, content.u32(36) == 0, content.u64(40) == 0]
    else:
        said.append(content.u32(ENTRY_SIZE) == 0)
    address, pages = content.u64(composite + 16), content.u32(composite + 24)
    size = pages.widened(64) * FFA_PAGE
    whole = any_of((scene.page_size == one) & (address % one == 0) & (size % one == 0) for one in PAGE_SIZES)
    said += [content.u32(composite) == pages, content.u32(composite + 28) == 0, ~(pages == 0), whole,
             address < KNOWN, address + size <= KNOWN]
    return all_of(said)


def _asks_for_simplest(scene: Scene, layout: Layout) -> Truth:
    """By the registers: a message of that length, which a pair of mailboxes and EL2's buffers hold."""
    call, length = scene.call, _length(layout)
    fits = (scene.mailbox_size >= length) & (scene.descriptor_size >= length)
    return (call.x(1) == length) & (call.x(2) == length) & rest_is_zero(scene, 3) & scene.pre.has_tx & fits


def _is_there(scene: Scene, layout: Layout) -> Truth:
    """EL2 has copied such a message of the host's to its TX buffer, with reserved fields zero."""
    def sound(content: Content) -> Truth:
        plain = (content.u32(4) == 0) & (content.u64(HANDLE) == 0)
        return plain & _is_simplest(scene, content, scene.call.w(2), layout)

    return any_of(one.happens & (one.offset == 0) & (one.length == _length(layout)) & sound(one.written)
                  for one in accesses(scene, EL2_TX) if one.is_write and one.is_copy)


def _says_so_plainly(smc: Smc) -> Truth:
    """With a handle of the SPMC's own, zeros elsewhere, and nothing above 32 bits."""
    narrow = all_of(smc.q(k) < KNOWN for k in range(8)) & all_of(smc.q(k) == 0 for k in range(4, 8))
    whole = (smc.q(0) == ids.SUCCESS) & (smc.q(1) == 0) & (smc.q(3) < ALLOCATED_BY_US)
    more = (smc.q(0) == ids.MEM_FRAG_RX) & (smc.q(2) < ALLOCATED_BY_US)
    return narrow & (whole | more)


@rule("FFA-SRV-04", "Memory is shared and lent", REGISTERS, force="spec", confidence="med")
def memory_is_shared(scene: Scene) -> Iterator[Part]:
    """A well-formed region of the host's own pages goes to the SPMC, and the host sees success where the SPMC took it.

    Clause: DEN0077A v1.0 sections 11.1 and 11.3: the reasons for an error, none of which is there.
    Reading: one range of whole pages below 4 GiB in one fragment, one secure borrower, normal memory, read and write,
        no flags, reserved fields zero; a pair is registered. Where the registers are right EL2 looks at the message;
        where the message that EL2 copies to its TX buffer is right, the page tables allow it and the SPMC answers
        FFA_SUCCESS, so does EL2. What the SPMC accepts is told, whatever it was. BUSY, NO_MEMORY and RETRY may be
        answered any time.
    Applies to: 1.0 to 1.2, in each convention that is there.
    Not covered: a message that EL2 reads elsewhere than in its TX buffer; later fragments: whether a transaction is
        open a mediator may know better.
    """
    reads = any_of(one.happens for one in accesses(scene, *HOST_MEMORY) if not one.is_write)
    for name, functions in SENDS:
        exists = any_of(served(scene, function) for function in functions)
        for layout in SERVED:
            asked = exists & layout.is_(scene.pre.version) & _asks_for_simplest(scene, layout)
            yield part(f"{name}, {layout.name}: registers", asked, [
                require("the message is looked at", reads | put_off(scene), "x0"),
            ], name, exists=exists & layout.is_(scene.pre.version))
            given = asked & _is_there(scene, layout) & nobody_refuses(scene)
            yield part(f"{name}, {layout.name}: message", given, [
                require("the region is shared", succeeded(scene) | put_off(scene), "x0"),
            ], name, exists=exists & layout.is_(scene.pre.version))
        took = any_of(happens & accepted(smc) & _says_so_plainly(smc) for smc, happens in sent(scene))
        error = frame(scene, ids.ERROR)
        back = any_of(sends(smc, RECLAIM) for smc in scene.smcs)
        yield part(f"{name}: accepted", exists & took & pages_allowed(scene), [
            require("the host is told that the SPMC took it", ~error | back, "x0"),
        ], name, exists=exists & took)


def _answers_well(scene: Scene, smc: Smc, layout: Layout) -> Truth:
    """As a conforming SPMC that has the region: a description of it in one piece, and success."""
    length = _length(layout)
    described = ((smc.q(0) == RETRIEVE_RESP) & (smc.q(1) == length) & (smc.q(2) == length)
                 & _is_simplest(scene, smc.rx, smc.qw(2), layout)
                 & (smc.rx.u32(HANDLE) == scene.call.w(1)) & (smc.rx.u32(HANDLE + 4) == scene.call.w(2)))
    retrieves = sends(smc, *ids.MEM_RETRIEVE_REQ)
    return (retrieves & described) | (sends(smc, RX_RELEASE, RECLAIM) & is_success(smc))


@rule("FFA-SRV-05", "Memory is taken back", RECLAIMING, force="spec", confidence="med")
def memory_is_taken_back(scene: Scene) -> Iterator[Part]:
    """The host is told of success where the SPMC has described a region and given it up.

    Clause: DEN0077A v1.0 section 11.7.
    Reading: flags and reserved registers zero, a pair is registered. The SPMC has described the region to EL2, in one
        piece, with its handle: one range of whole pages below 4 GiB, one secure borrower. The page tables allow it and
        the SPMC answers all that it is asked. BUSY, NO_MEMORY and RETRY may be answered at any time.
    Applies to: 1.0 to 1.2, where the function is there.
    Not covered: a handle that EL2 refuses before it asks the SPMC: a mediator may know that the host has none such;
        descriptions in several pieces; that the region's pages do return (MEM-27: no others do).
    """
    exists, call = served(scene, RECLAIM), scene.call
    names = (call.x(1) < KNOWN) & (call.x(2) < KNOWN) & rest_is_zero(scene, 3) & scene.pre.has_tx
    for layout in SERVED:
        fits = (scene.mailbox_size >= _length(layout)) & (scene.descriptor_size >= _length(layout))
        asked = any_of(sends(smc, *ids.MEM_RETRIEVE_REQ) for smc in scene.smcs)
        well = all_of(~smc.made | _answers_well(scene, smc, layout) for smc in scene.smcs)
        given = exists & layout.is_(scene.pre.version) & names & fits & asked & well & pages_allowed(scene)
        yield part(layout.name, given, [
            require("the host is told so", succeeded(scene) | put_off(scene), "x0"),
        ], "FFA_MEM_RECLAIM", exists=exists & layout.is_(scene.pre.version))
