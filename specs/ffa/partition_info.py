"""FFA_PARTITION_INFO_GET and its register form (DEN0077A v1.0 section 8.6, v1.1 section 13.8, v1.2 section 13.9)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, Smc, Truth, Word, all_of, any_of, either, part, require, rule
from verify.rules.memory import EL2_RX

from . import ids
from .mediation import (
    BUSY,
    HOST_MEMORY,
    RX_RELEASE,
    accesses,
    failed,
    is_1_0,
    refusal,
    sends,
    sent,
    served,
    succeeded,
)

INFO = ids.clause("v1.0 8.6 and v1.1 13.8", "Arm's compliance suite and public implementations")
REGS = ids.clause("v1.2 13.9.1", "the seed thread and Arm's compliance suite")
NAME = "FFA_PARTITION_INFO_GET"
LEAST = {"1.0": 8, "1.1": 24}
"""Bytes of a descriptor: exactly so many in 1.0, at least so many later."""


def asks_info(scene: Scene) -> Truth:
    return served(scene, ids.PARTITION_INFO_GET)


def relayed(smc: Smc) -> Truth:
    return sends(smc, ids.PARTITION_INFO_GET)


def count_only(scene: Scene) -> Truth:
    """The host wants a number and no descriptors; 1.0 has no such flag."""
    return scene.pre.at_least(1, 1) & (scene.call.w(5).bits_(0, 0) == 1)


def _size(scene: Scene, smc: Smc) -> Word:
    """What all descriptors take, in 64 bits, where 32 times 32 bits cannot wrap."""
    count, each = smc.qw(2).widened(64), smc.qw(3).widened(64)
    return either(is_1_0(scene), count * LEAST["1.0"], count * each)


def _copies(scene: Scene) -> list[tuple[Truth, Word, Word]]:
    """(written?, where to, how much) of what EL2 writes to the host."""
    return [(one.happens, one.offset, one.length) for one in accesses(scene, *HOST_MEMORY) if one.is_write]


@rule("FFA-DSC-09", "PARTITION_INFO_GET input", INFO, force="spec", confidence="high")
def info_input(scene: Scene) -> Iterator[Part]:
    """EL2 sends the UUID and the flags on as they are, with zeros above; 1.0 has no flags.

    Clause: DEN0077A v1.0 section 8.6, v1.1 section 13.8.
    Reading: w1 to w5 go on, x6 and x7 are zero. At 1.0 a flag of the host's is refused or not sent: a newer SPMC may
        take it for one of its own.
    Applies to: every version.
    Not covered: an unknown UUID, and reserved flags from 1.1 on: both are the SPMC's to refuse.
    """
    asks = asks_info(scene)
    yield part("parameters", asks, [
        *(require("w1–w5 go on with zeros above",
                  all_of(~relayed(smc) | (smc.x(k) == scene.call.w(k).widened(64)) for smc in scene.smcs),
                  "smc") for k in range(1, 5)),
        require("w1–w5 go on with zeros above",
                all_of(~relayed(smc) | (smc.x(5) == scene.call.w(5).widened(64)) | (is_1_0(scene) & (smc.x(5) == 0))
                       for smc in scene.smcs), "smc"),
        *(require("x6 and x7 are zero", all_of(~relayed(smc) | (smc.x(k) == 0) for smc in scene.smcs), "smc")
          for k in (6, 7)),
    ], NAME)
    yield part("no flags at 1.0", asks & is_1_0(scene) & ~(scene.call.w(5) == 0), [
        require("no flag goes to the SPMC", all_of(~relayed(smc) | (smc.w(5) == 0) for smc in scene.smcs), "smc"),
    ], NAME)


@rule("FFA-DSC-10", "PARTITION_INFO_GET result and copy", INFO, force="security", confidence="high")
def info_copy(scene: Scene) -> Iterator[Part]:
    """EL2 copies exactly count times size bytes of its RX buffer to the host's, and only where they fit.

    Clause: DEN0077A v1.1 section 13.8; the product is computed without wrap.
    Reading: a descriptor has 8 bytes at 1.0, else as many as w3 says, at least 24. The host is told of descriptors
        that it got, or of their number alone where it asks for that.
    Applies to: every version.
    Not covered: x4 to x7 (CC-08); what the descriptors say.
    """
    asks, copies, known = asks_info(scene), _copies(scene), is_1_0(scene) | scene.pre.at_least(1, 1)
    exact = [(copy, any_of(relayed(smc) & (smc.qw(0) == ids.SUCCESS) & (copy[2] == _size(scene, smc))
                           for smc in scene.smcs)) for copy in copies]
    yield part("copy", asks & known, [
        *(require("count times size bytes are copied", ~happens | right, "access") for (happens, _, _), right in exact),
        *(require("they fit a mailbox", ~happens | (length <= scene.mailbox_size), "access")
          for happens, _, length in copies),
        *(require("to the host's RX buffer", ~happens | (at == scene.pre.rx_at), "access")
          for happens, at, _ in copies),
        *(require("from the beginning of EL2's",
                  ~one.happens | (scene.truth(one.is_copy) & (one.offset == 0)), "access")
          for one in accesses(scene, EL2_RX) if not one.is_write),
    ], NAME)
    told = asks & known & succeeded(scene) & ~count_only(scene) & ~(scene.result.w(2) == 0)
    yield part("descriptors", told, [
        require("the host is told of the descriptors that it got",
                any_of(happens & right for (happens, _, _), right in exact), "x2"),
        require("a descriptor has the size of its version", is_1_0(scene) | (scene.result.w(3) >= LEAST["1.1"]), "x3"),
    ], NAME)
    yield part("count only", asks & count_only(scene), [
        require("nothing is copied", ~happens, "access") for happens, _, _ in copies
    ], NAME)


@rule("FFA-DSC-11", "RX ownership around PARTITION_INFO_GET", INFO, force="spec", confidence="high")
def info_ownership(scene: Scene) -> Iterator[Part]:
    """Without a registered buffer the call is BUSY; where EL2 got descriptors and shows an error, it releases RX.

    Clause: DEN0077A v1.0 section 8.6.
    Reading: BUSY comes from EL2 itself, which asks nobody. Descriptors: the SPMC's SUCCESS to a call without the flag
        for the count alone, with at least one descriptor.
    Applies to: every version.
    Not covered: that RX stays the host's until FFA_RX_RELEASE, and BUSY for a second call meanwhile: the SPMC's.
    """
    asks = asks_info(scene)
    yield part("no buffer", asks & ~scene.pre.has_rx, [
        refusal(scene, BUSY),
        require("no SMC", scene.silent, "smc"),
    ], NAME)
    got = any_of(relayed(smc) & (smc.qw(0) == ids.SUCCESS) & (smc.w(5).bits_(0, 0) == 0) & ~(smc.qw(2) == 0)
                 for smc in scene.smcs)
    yield part("an error after descriptors", asks & got & failed(scene), [
        require("EL2 releases its RX buffer", sent(scene, RX_RELEASE), "smc"),
    ], NAME, exists=asks & got & failed(scene))


@rule("FFA-DSC-12", "PARTITION_INFO_GET_REGS", REGS, force="spec", confidence="high")
def info_in_registers(scene: Scene) -> Iterator[Part]:
    """The register form is refused, or relayed with all of x0 to x17.

    Clause: DEN0077A v1.2 section 13.9.1; optional for a Non-secure endpoint.
    Reading: after negotiation.
    Applies to: 1.2 and later; earlier versions are DSC-07's.
    Not covered: tags and indices, which are the SPMC's; that FFA_FEATURES says the same (DSC-01).
    """
    asks = served(scene, ids.PARTITION_INFO_GET_REGS) & scene.pre.at_least(1, 2)
    whole = any_of(smc.made & all_of(scene.result.x(k) == smc.q(k) for k in range(18)) for smc in scene.smcs)
    yield part("call", asks, [
        require("refused with NOT_SUPPORTED, or relayed whole",
                scene.result.refused(ids.NOT_SUPPORTED) | scene.result.forwarded | whole, "x0"),
    ], "FFA_PARTITION_INFO_GET_REGS", exists=asks)
