"""What EL3 answers to a region that is sent, and later fragments (DEN0077A v1.0 11.1–11.3 and 12.2, v1.2 16)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Scene, Smc, Truth, all_of, any_of, no, part, require, rule

from ..security.failure import blamed
from . import ids
from .memory_calls import (
    BUSY,
    DENIED,
    FRAG_RX,
    FRAG_TX,
    INVALID,
    NO_MEMORY,
    SENDS,
    accepted,
    asks,
    frame,
    made,
    only_if,
    refused,
    sent,
    taken_back_without_failure,
    takes_back_shared_pages,
)

FRAGMENTS = ids.clause("v1.0 12.2, v1.2 16.5")
ANSWERS = ids.clause("v1.0 11.1–11.3, v1.2 16.1–16.3")
NONE = Clause("", "a property of any mediator", "the public mediators and SPMCs")


@rule("FFA-MEM-17", "Rollback when the SPMC refuses", NONE, force="security", confidence="high")
def rollback(scene: Scene) -> Iterator[Part]:
    """Where no region was accepted, every page is as it was before the call, and the host sees an error.

    Clause: none; otherwise EL2 and the SPMC disagree about who may use the page.
    Reading: an arbitrary page that nobody else changed meanwhile. Accepted is SUCCESS for a whole region, FRAG_RX with
        the fragment's length as offset for a part. What fails before anything is sent rolls back just so. Every page
        that EL2 takes back was shared by this call: so no such request fails.
    Applies to: every version.
    Not covered: later fragments (MEM-21).
    """
    page = scene.page
    same = require("the page is in the state that it was in", page.after == page.before, "page")
    for name, functions in SENDS:
        asked = asks(scene, functions) & ~page.disturbed & taken_back_without_failure(scene)
        failed = any_of(happens & ~accepted(smc) for smc, happens in sent(scene))
        yield part(f"{name}, refused by the SPMC", asked & failed, [
            same, require("the host sees an error", frame(scene, ids.ERROR), "x0")], function=name)
        yield part(f"{name}, not sent", asked & no(happens for _, happens in sent(scene)), [
            same, require("the host sees an error", frame(scene, ids.ERROR), "x0")], function=name)
        yield takes_back_shared_pages(scene, asks(scene, functions), f"{name}, what is taken back", name)


@rule("FFA-MEM-18", "Completion forms of a send", ANSWERS, force="spec", confidence="high")
def send_completions(scene: Scene) -> Iterator[Part]:
    """The host sees SUCCESS for a whole region only, FRAG_RX for a part only, with what the SPMC said; else an error.

    Clause: DEN0077A v1.0 sections 11.1–11.3 and 12.2.
    Reading: the frame names the handle of the SPMC's answer, and for FRAG_RX the offset w2.
    Applies to: every version.
    Not covered: x4–x7 (CC-08, ERR-04); that EL2 records the handle.
    """
    result = scene.result
    for name, functions in SENDS:
        asked = asks(scene, functions)
        yield part(f"{name}, the frame", asked, [
            require("SUCCESS, FRAG_RX or an error", any_of(
                frame(scene, kind) for kind in (ids.SUCCESS, FRAG_RX, ids.ERROR)), "x0")], function=name)
        for kind, label, registers in ((ids.SUCCESS, "SUCCESS", (2, 3)), (FRAG_RX, "FRAG_RX", (1, 2, 3))):
            answered = [happens & accepted(smc) & (smc.qw(0) == kind) for smc, happens in sent(scene)]
            yield part(f"{name}, {label}", asked & frame(scene, kind), [
                require("the SPMC accepted the region so", any_of(answered), "x0"),
                *(require("the frame says what the SPMC said",
                          any_of(happens & (result.w(k) == smc.qw(k)) for smc, happens in sent(scene)), f"x{k}")
                  for k in registers),
            ], function=name)


@rule("FFA-MEM-19", "FRAG_TX input", FRAGMENTS, force="spec", confidence="high")
def fragment_input(scene: Scene) -> Iterator[Part]:
    """A later fragment is sent on only if its registers are well formed, and as the host gave them.

    Clause: DEN0077A v1.0 section 12.2.3.
    Reading: 0 < w3 ≤ the mailbox, a multiple of 16; w4 = 0 (no sender is named at a virtual instance); STRICT asks for
        zeros in w5–w7 as well. A fragment that is too long or not a multiple of 16 is INVALID_PARAMETERS.
    Applies to: every version.
    Not covered: the mailbox that is not registered (MEM-02).
    """
    call, asked = scene.call, asks(scene, (FRAG_TX,))
    sends = list(made(scene, FRAG_TX))
    goes = asked & any_of(happens for _, happens in sends)
    spare = range(5, 8) if scene.profile == "STRICT" else ()
    yield part("accepted", goes, [
        only_if("the fragment is not empty", ~(call.w(3) == 0), sends),
        only_if("the fragment fits a mailbox", call.w(3).widened(64) <= scene.mailbox_size, sends),
        only_if("the fragment consists of whole ranges", call.w(3) % 16 == 0, sends),
        only_if("no sender is named", call.w(4) == 0, sends),
        *(only_if("reserved registers are zero", call.w(k) == 0, sends) for k in spare),
    ], function="FFA_MEM_FRAG_TX")
    yield part("as emitted", goes, [
        *(require("the host's handle and length", all_of(
            happens.implies(smc.x(k) == call.w(k).widened(64)) for smc, happens in sends), "smc") for k in (1, 2, 3)),
        require("the host's sender, or none", all_of(
            happens.implies((smc.x(4) == call.w(4).widened(64)) | (smc.x(4) == 0)) for smc, happens in sends), "smc"),
        *(require("x5–x7 are zero", all_of(happens.implies(smc.x(k) == 0) for smc, happens in sends), "smc")
          for k in (5, 6, 7)),
    ], function="FFA_MEM_FRAG_TX")
    bad = (call.w(3).widened(64) > scene.mailbox_size) | ~(call.w(3) % 16 == 0)
    yield part("a bad length", asked & bad, [
        require("refused with INVALID_PARAMETERS", refused(scene, INVALID), "x0"),
        require("nothing is sent", scene.silent, "smc"),
    ], function="FFA_MEM_FRAG_TX")


def _answered(smc: Smc) -> Truth:
    return smc.qw(0).one_of((ids.SUCCESS, FRAG_RX))


@rule("FFA-MEM-20", "FRAG_TX belongs to an open transaction", FRAGMENTS, force="spec", confidence="high")
def fragment_of_transaction(scene: Scene) -> Iterator[Part]:
    """The host goes on with a transaction only if the SPMC's answer is about the handle that was named.

    Clause: DEN0077A v1.0 section 12.2.
    Reading: FRAG_RX answered to FRAG_TX echoes the handle in w1 and w2, or the host sees an error. What the host sees
        is SUCCESS, FRAG_RX or an error; SUCCESS and FRAG_RX only if the SPMC said so.
    Applies to: every version.
    Not covered: that the handle is open, how much of it was sent and the offset that is asked for next: a mediator
        without a ledger leaves these to the SPMC, and no state of EL2's tells.
    """
    asked, result = asks(scene, (FRAG_TX,)), scene.result
    sends = list(made(scene, FRAG_TX))
    yield part("the frame", asked, [
        require("SUCCESS, FRAG_RX or an error",
                any_of(frame(scene, kind) for kind in (ids.SUCCESS, FRAG_RX, ids.ERROR)), "x0"),
    ], function="FFA_MEM_FRAG_TX")
    yield part("the answer", asked & (frame(scene, ids.SUCCESS) | frame(scene, FRAG_RX)), [
        require("the SPMC said so", any_of(happens & (result.w(0) == smc.qw(0)) for smc, happens in sends), "x0"),
    ], function="FFA_MEM_FRAG_TX")
    yield part("the handle", asked & frame(scene, FRAG_RX), [
        require("the SPMC asks for more of the handle that was named",
                (result.w(1) == scene.call.w(1)) & (result.w(2) == scene.call.w(2)), "x1"),
    ], function="FFA_MEM_FRAG_TX")


@rule("FFA-MEM-21", "A failing FRAG_TX", FRAGMENTS, force="security", confidence="high")
def failing_fragment(scene: Scene) -> Iterator[Part]:
    """If a later fragment fails, its pages are as before, earlier ones stay shared, and EL2 goes on without a warning.

    Clause: DEN0077A v1.0 section 12.2; derived: a page that the SPMC may have mapped stays shared.
    Reading: the minimum. An arbitrary page that nobody else changed meanwhile; failing is any answer but SUCCESS and
        FRAG_RX, and what EL2 refuses itself. A warning at EL2 ends the machine.
    Applies to: every version.
    Not covered: that all pages of the handle return to the host and the SPMC drops it (the ideal: it needs a ledger).
    """
    page, asked = scene.page, asks(scene, (FRAG_TX,))
    passed = any_of(happens & _answered(smc) for smc, happens in made(scene, FRAG_TX))
    failed = asked & ~passed & ~page.disturbed & taken_back_without_failure(scene)
    yield part("the fragment's pages", failed, [
        require("the page is in the state that it was in", page.after == page.before, "page"),
        require("the host sees an error", frame(scene, ids.ERROR), "x0"),
    ], function="FFA_MEM_FRAG_TX")
    yield takes_back_shared_pages(scene, asked, "what is taken back", "FFA_MEM_FRAG_TX")
    yield part("earlier pages", asked & (page.before == 1) & ~page.disturbed, [
        require("a shared page stays shared", page.after == page.before, "page")], function="FFA_MEM_FRAG_TX")
    yield part("no warning", asked, [
        *(require("no WARN_ON of EL2's fires", ~happens | ~blamed(scene), "warn") for happens in scene.warns)],
        function="FFA_MEM_FRAG_TX")
    yield part("refused", asked & no(happens for _, happens in made(scene, FRAG_TX)), [
        require("an error that a fragment may have", refused(scene, INVALID, NO_MEMORY, BUSY, DENIED), "x0")],
        function="FFA_MEM_FRAG_TX")
