"""What a first fragment may say when EL2 sends it on (DEN0077A v1.0 5.11–5.12, v1.1 10, v1.2 11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

from verify.rules import Clause, Part, Scene, Truth, all_of, any_of, part, require, rule

from . import ids
from .layout import ENTRY_FLAGS, LAYOUTS, PAGE_SIZES, PERMISSIONS, RECEIVER, Layout, Message, Range
from .memory_calls import FRAG_TX, SENDS, SHARE, asks, made, message, sent, taken_at

DESCRIPTOR = ids.clause("v1.0 5.12, v1.1 10.3, v1.2 11")
COMPOSITE = ids.clause("v1.0 5.11, v1.2 11.2")
NONE = Clause("", "a property of any mediator", "the public mediators and SPMCs")
HOST_ID = 0

Condition = tuple[str, Callable[[Message], Truth]]


def _by_function(scene: Scene, *conditions: Condition) -> Iterator[Part]:
    """Parts by function, of what all layouts have in common."""
    for name, functions in SENDS:
        yield _accepted(scene, name, functions, None, conditions)


def _by_layout(scene: Scene, layouts: tuple[Layout, ...], *conditions: Condition) -> Iterator[Part]:
    """Parts by function and layout, of what entries say; entries that lie elsewhere are MEM-07's."""
    for name, functions in SENDS:
        for layout in layouts:
            yield _accepted(scene, f"{name}, {layout.name}", functions, layout, conditions, lambda m: m.has_entry)


def _accepted(
    scene: Scene, label: str, functions: tuple[int, ...], layout: Layout | None, conditions: tuple[Condition, ...],
    concerned: Callable[[Message], Truth] | None = None,
) -> Part:
    """A concerned message is sent only if each condition holds of it. No layout: conditions that are alike in all."""
    exists = scene.truth(True) if layout is None else layout.agreed_for(scene, functions)
    messages = [(found, happens if concerned is None else happens & concerned(found)) for smc, happens in sent(scene)
                for found in (message(smc, layout or LAYOUTS[0]),)]
    given = asks(scene, functions) & exists & any_of(happens for _, happens in messages)
    return part(label, given, [
        require(text, all_of(happens.implies(holds(found)) for found, happens in messages), "smc")
        for text, holds in conditions], function=label.partition(",")[0], exists=exists)


@rule("FFA-MEM-05", "Layout chosen by the negotiated version", DESCRIPTOR, force="spec", confidence="high")
def layout_by_version(scene: Scene) -> Iterator[Part]:
    """A region is sent only under a version that has a layout, and that stays while EL2 looks at it.

    Clause: DEN0077A v1.0 section 5.12, v1.1 section 10.3.
    Reading: 1.x with bit 31 clear. One read of the version in a call that sends a region; more only once an
        acquire-read of the negotiated flag gave true, for then it stays.
    Applies to: every version.
    Not covered: which layout EL2 takes (MEM-08 shows it by its effect); a read that runs several times.
    """
    versions = [access for access in scene.accesses if access.bound == "version" and not access.is_write]
    for name, functions in SENDS:
        sends = asks(scene, functions) & any_of(happens for _, happens in sent(scene))
        yield part(name, sends, [
            require("the version is some 1.x", scene.pre.version.bits_(31, 16) == 1, "smc"),
            require("the version is read once, or agreed",
                    all_of(~(x.happens & y.happens) | (x.after_negotiated & y.after_negotiated)
                           for x, y in combinations(versions, 2)), "smc"),
        ], function=name)


@rule("FFA-MEM-06", "Borrower count", DESCRIPTOR, force="policy", confidence="high")
def one_borrower(scene: Scene) -> Iterator[Part]:
    """A region is sent to exactly one borrower.

    Clause: DEN0077A v1.0 section 5.12 (one at least); exactly one is pKVM's policy.
    Reading: the header's count of entries is 1.
    Applies to: every version.
    Not covered: the status code of the refusal (ERR-05).
    """
    yield from _by_function(scene, ("there is one borrower", lambda m: m.entry_count == 1))


@rule("FFA-MEM-07", "EMAD offset and size", DESCRIPTOR, force="spec", confidence="high")
def entry_place(scene: Scene) -> Iterator[Part]:
    """The entries lie behind the header, aligned, of a size that the version knows, inside the fragment.

    Clause: DEN0077A v1.1 section 10.3.
    Reading: offset ≥ 48 and a multiple of 16; size 16, from 1.2 on 16 or 32; offset + size ≤ w2 without wrapping.
    Applies to: 1.1 and later.
    Not covered: more entries than one (MEM-06); the same of a RETRIEVE_RESP (MEM-24).
    """
    conditions: tuple[Condition, ...] = (
        ("the entries are inside the fragment",
         lambda m: m.entries + m.entry_size.widened(64) <= m.length.widened(64)),
        ("the entries follow the header", lambda m: m.entries >= m.layout.header),
        ("the entries are aligned to 16 bytes", lambda m: m.entries % 16 == 0),
        ("the entries have a size of this version", lambda m: m.entry_size.one_of(m.layout.entry_sizes)),
    )
    for name, functions in SENDS:
        for layout in LAYOUTS[1:]:
            yield _accepted(scene, f"{name}, {layout.name}", functions, layout, conditions)


@rule("FFA-MEM-09", "Composite offset", COMPOSITE, force="spec", confidence="high")
def composite_place(scene: Scene) -> Iterator[Part]:
    """The composite lies behind the entries, aligned, inside the first fragment.

    Clause: DEN0077A v1.0 section 5.12, table of the endpoint memory access descriptor.
    Reading: offset not 0, a multiple of 16, at least the end of the (one) entry, offset + 16 ≤ w2.
    Applies to: every version.
    Not covered: that all entries name the same composite: there is one (MEM-06).
    """
    yield from _by_layout(
        scene, LAYOUTS,
        ("the composite has a place", lambda m: ~(m.composite == 0)),
        ("the composite's header is inside the fragment", lambda m: m.has(m.composite, 16)),
        ("the composite is behind the entries", lambda m: m.composite >= m.entries + m.entry_size.widened(64)),
        ("the composite is aligned to 16 bytes", lambda m: m.composite % 16 == 0),
    )


@rule("FFA-MEM-10", "Counts in the composite agree with the lengths", COMPOSITE, force="spec", confidence="high")
def counts_agree(scene: Scene) -> Iterator[Part]:
    """The number of ranges is what the total length has room for, and not zero.

    Clause: DEN0077A v1.0 section 5.11.
    Reading: composite + 16 + 16·count = w1; count ≥ 1; the fragment ends between two ranges.
    Applies to: every version.
    Not covered: that the page counts add up to the total: a sum over ranges (the SPMC checks it).
    """
    yield from _by_layout(
        scene, LAYOUTS,
        ("no range straddles the fragment's end", lambda m: (m.length.widened(64) - m.composite) % 16 == 0),
        ("there is a range", lambda m: ~(m.range_count == 0)),
    )
    for name, functions in SENDS:
        for layout in LAYOUTS:
            messages = [(found, smc.w(1).widened(64), happens & found.has_entry) for smc, happens in sent(scene)
                        for found in (message(smc, layout),)]
            given = asks(scene, functions) & layout.agreed(scene) & any_of(happens for _, _, happens in messages)
            exact = all_of(happens.implies(m.composite + 16 + m.range_count.widened(64) * 16 == total)
                           for m, total, happens in messages)
            yield part(f"{name}, {layout.name}, total", given, [
                require("the ranges fill the total length", exact, "smc")],
                function=name, exists=layout.agreed_for(scene, functions))


def _range_conditions(scene: Scene, range_: Range, happens: Truth) -> Iterator[tuple[str, Truth]]:
    whole = any_of((scene.page_size == size) & range_.is_whole(size) for size in PAGE_SIZES)
    yield "ranges consist of whole pages of EL2's granule", happens.implies(whole)
    yield "ranges are aligned to 4096 bytes", happens.implies(range_.address % 4096 == 0)
    yield "ranges have pages", happens.implies(~(range_.pages == 0))
    yield "the reserved word of a range is zero", happens.implies(range_.reserved == 0)


def _ranges(
    scene: Scene, label: str, function: str, given: Truth, found: list[tuple[Range, Truth]], exists: Truth
) -> Part:
    texts: dict[str, Truth] = {}
    for range_, happens in found:
        for text, holds in _range_conditions(scene, range_, happens):
            texts[text] = texts[text] & holds if text in texts else holds
    return part(label, given & any_of(happens for _, happens in found), [
        require(text, holds, "smc") for text, holds in texts.items()], function=function, exists=exists)


@rule("FFA-MEM-11", "Page ranges", COMPOSITE, force="spec", confidence="high")
def page_ranges(scene: Scene) -> Iterator[Part]:
    """Every range that is sent consists of whole pages, at least one.

    Clause: DEN0077A v1.0 section 5.11, table of the constituent memory region descriptor.
    Reading: an arbitrary range of the fragment: address a multiple of 4096 and of EL2's granule, as is its length;
        pages ≥ 1; the reserved word is zero.
    Applies to: every version.
    Not covered: that it neither wraps nor leaves physical memory: the page tables refuse what is no memory (contract).
    """
    for name, functions in SENDS:
        for layout in LAYOUTS:
            asked = asks(scene, functions) & layout.agreed(scene)
            if asked.is_impossible:  # as in most calls that were run
                continue
            found = [(range_, happens & here) for smc, happens in sent(scene)
                     for range_, here in (taken_at(scene, smc, layout),)]
            yield _ranges(scene, f"{name}, {layout.name}", name, asked, found, layout.agreed_for(scene, functions))
    later = [(range_, happens & here) for smc, happens in made(scene, FRAG_TX)
             for range_, here in (taken_at(scene, smc, None),)]
    yield _ranges(scene, "FFA_MEM_FRAG_TX", "FFA_MEM_FRAG_TX", asks(scene, (FRAG_TX,)), later, scene.truth(True))


@rule("FFA-MEM-12", "Sender field", DESCRIPTOR, force="spec", confidence="high")
def sender_field(scene: Scene) -> Iterator[Part]:
    """A region is sent in the host's own name.

    Clause: DEN0077A v1.0 section 5.12.
    Reading: the header's sender is 0, the host's ID.
    Applies to: every version.
    Not covered: the status code (DENIED or INVALID_PARAMETERS) of the refusal (ERR-05).
    """
    yield from _by_function(scene, ("the sender is the host", lambda m: m.sender == HOST_ID))


@rule("FFA-MEM-13", "Receiver field", DESCRIPTOR, force="spec", confidence="high", profiles=("STRICT",))
def receiver_field(scene: Scene) -> Iterator[Part]:
    """A region is sent to a secure endpoint.

    Clause: DEN0077A v1.0 section 5.12.3.
    Reading: bit 15 of the receiver is set, so that it is not the sender. It binds a relayer; pKVM leaves it to the
        SPMC, so that STRICT alone asks it of the mediator.
    Applies to: every version.
    Not covered: that the endpoint exists (the SPMC knows).
    """
    yield from _by_layout(
        scene, LAYOUTS,
        ("the receiver is a secure endpoint", lambda m: m.content.u16(m.entries + RECEIVER).bits_(15, 15) == 1))


@rule("FFA-MEM-14", "Flags, handle and reserved fields of a send", DESCRIPTOR, force="spec", confidence="high",
      profiles=("STRICT",))
def send_flags(scene: Scene) -> Iterator[Part]:
    """What a sender has to leave zero is zero.

    Clause: DEN0077A v1.0 section 5.12.4.
    Reading: the handle; flags but bits 0 (not with SHARE) and 1; the entry's flags; the header's reserved bytes. It
        binds a relayer; pKVM leaves it to the SPMC, so that STRICT alone asks it of the mediator.
    Applies to: every version.
    Not covered: time slicing (bit 1) where it is not supported; reserved bytes behind an entry's first eight.
    """
    yield from _by_function(
        scene,
        ("the handle is zero", lambda m: m.handle == 0),
        ("flags are those of a send", lambda m: m.flags.masked(0xFFFFFFFC) == 0),
    )
    shares = asks(scene, SHARE)
    messages = [(message(smc, LAYOUTS[0]), happens) for smc, happens in sent(scene)]
    yield part("FFA_MEM_SHARE, zero memory", shares & any_of(happens for _, happens in messages), [
        require("a share does not ask for zeroed memory",
                all_of(happens.implies(m.flags.bits_(0, 0) == 0) for m, happens in messages), "smc")],
        function="FFA_MEM_SHARE")
    yield from _by_layout(
        scene, LAYOUTS, ("the entry's flags are zero", lambda m: m.content.u8(m.entries + ENTRY_FLAGS) == 0))
    yield from (_named(item, "reserved") for item in _by_layout(
        scene, LAYOUTS[1:],
        ("the header's reserved bytes are zero", lambda m: (m.content.u32(36) == 0) & (m.content.u64(40) == 0))))


def _named(item: Part, suffix: str) -> Part:
    return part(f"{item.name}, {suffix}", item.given, item.then, item.function, item.exists)


@rule("FFA-MEM-15", "Attributes and permissions", DESCRIPTOR, force="spec", confidence="high", profiles=("STRICT",))
def attributes(scene: Scene) -> Iterator[Part]:
    """Attributes and permissions are those of normal memory that a sender may name.

    Clause: DEN0077A v1.0 sections 5.11.2–5.11.4, v1.1 section 10.10.4.1 (NS bit).
    Reading: type 0 (unspecified) or 2 (normal); NS bit and the bits above zero; instruction access unspecified and data
        access specified in SHARE; data access specified in LEND. It binds a relayer; pKVM leaves it to the SPMC, so
        that STRICT alone asks it of the mediator.
    Applies to: every version.
    Not covered: cacheability and shareability by value.
    """
    yield from _by_layout(
        scene, LAYOUTS,
        ("no device memory", lambda m: m.content.u8(2).bits_(5, 4).one_of((0, 2))),
        ("NS bit and reserved attributes are zero", lambda m: m.content.u8(2).bits_(7, 6) == 0),
        ("data access is RO or RW", lambda m: m.content.u8(m.entries + PERMISSIONS).bits_(1, 0).one_of((1, 2))),
    )
    for name, functions in (SENDS[0],):
        for layout in LAYOUTS:
            found = _accepted(scene, f"{name}, {layout.name}", functions, layout, (
                ("instruction access is unspecified in a share",
                 lambda m: m.content.u8(m.entries + PERMISSIONS).bits_(3, 2) == 0),))
            yield _named(found, "instructions")

