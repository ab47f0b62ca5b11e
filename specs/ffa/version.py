"""FFA_VERSION: what a single request is answered (DEN0077A 1.2 section 13.2)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, Truth, all_of, any_of, independent, part, require, rule

from . import ids
from .calls import asks_version, well_formed_request, well_formed_version

NEGOTIATION = ids.clause("13.2.1", "the seed thread and Arm's compliance suite")
IMMUTABILITY = ids.clause("13.2.2", "Arm's compliance suite")
INCOMPATIBLE = ids.clause("v1.0 8.1.2", "Arm's compliance suite")


def refused(scene: Scene) -> Truth:
    return scene.result.handled & (scene.result.w(0) == ids.REFUSED)


def spmc_agrees(scene: Scene) -> Truth:
    """Every SMC that EL2 makes while it negotiates is answered as a willing SPMC would."""
    return spmc_serves(scene) & all_of(
        ~(smc.made & (smc.w(0) == ids.VERSION)) | (smc.qw(0).bits_(15, 0) >= smc.w(1).bits_(15, 0))
        for smc in scene.smcs)


def spmc_serves(scene: Scene) -> Truth:
    """FFA_ID_GET and FFA_FEATURES succeed, and FFA_VERSION, if EL2 asks at all, gives some version 1.x."""
    return all_of(~smc.made | (
        ((smc.w(0) == ids.VERSION) & (smc.qw(0).bits_(31, 16) == 1))
        | (~(smc.w(0) == ids.VERSION) & (smc.qw(0) == ids.SUCCESS) & (smc.qw(2) == 0))
    ) for smc in scene.smcs)


@rule("FFA-VER-01", "Bit 31 of the requested version must be zero", NEGOTIATION, force="spec", confidence="high")
def bit_31(scene: Scene) -> Iterator[Part]:
    """A request with bit 31 set is refused with NOT_SUPPORTED, changes nothing and sends nothing.

    Clause: DEN0077A section 13.2.1; public implementations and tests agree.
    Reading: w1, whatever the negotiation state is.
    Applies to: every version before 1.3's query flags.
    Not covered: 1.3 alpha's other code for malformed flags.
    """
    yield part("refused", asks_version(scene) & (scene.call.w(1).bits_(31, 31) == 1), [
        require("answered NOT_SUPPORTED", refused(scene), "x0"),
        require("EL2's version stays", scene.unchanged, "version"),
        require("no SMC", scene.silent, "smc"),
    ], function="FFA_VERSION")


@rule("FFA-VER-02", "Shape of the FFA_VERSION completion", NEGOTIATION, force="spec", confidence="high")
def completion_shape(scene: Scene) -> Iterator[Part]:
    """FFA_VERSION answers a version or a negative code in w0; w1 to w7 are zero.

    Clause: results of FFA_VERSION; the compliance suite checks x1 to x7.
    Reading: a version has bit 31 clear and a major of at least 1. The call is SMC32: its caller looks at w registers.
    Applies to: every version.
    Not covered: which negative codes exist beyond −1 and −3; the upper halves (SEC-01 says whose data they may hold).
    """
    answered = asks_version(scene) & scene.result.handled
    version = (scene.result.w(0).bits_(31, 31) == 0) & (scene.result.w(0).bits_(30, 16) >= 1)
    code = scene.result.w(0).one_of((0xFFFFFFFF, 0xFFFFFFFD))
    yield part("w0", answered, [require("w0 is a version or a negative code", version | code, "x0")],
               function="FFA_VERSION")
    yield part("x1–x3", answered, [
        require("w1–w3 are zero", scene.result.w(k) == 0, f"x{k}") for k in range(1, 4)], function="FFA_VERSION")
    yield part("x4–x7", answered, [
        require("w4–w7 are zero", scene.result.w(k) == 0, f"x{k}") for k in range(4, 8)], function="FFA_VERSION")
    yield part("independence", answered, [
        independent("x1–x7 do not depend on EL2's stack", scene.result.x(k)) for k in range(1, 8)],
        function="FFA_VERSION")


@rule("FFA-VER-03", "Incompatible major", INCOMPATIBLE, force="spec", confidence="high")
def incompatible_major(scene: Scene) -> Iterator[Part]:
    """A request for another major version is refused with NOT_SUPPORTED, changes nothing and sends nothing.

    Clause: DEN0077A v1.0 section 8.1.2.
    Reading: the major is w1 bits 30:16 and the only one there is, is 1. Bit 31 is VER-01's.
    Applies to: every version.
    Not covered: a callee with a greater major may name it; none exists.
    """
    wrong = asks_version(scene) & ~(scene.call.w(1).bits_(30, 16) == 1)
    yield part("refused", wrong, [
        require("answered NOT_SUPPORTED", refused(scene), "x0"),
        require("EL2's version stays", scene.unchanged, "version"),
        require("no SMC", scene.silent, "smc"),
    ], function="FFA_VERSION")


def settled(scene: Scene) -> Truth:
    """Refused without asking the SPMC, which was asked for something besides a version before."""
    return scene.pre.asked & refused(scene) & scene.silent


@rule("FFA-VER-04", "Compatible request", NEGOTIATION, force="spec", confidence="high")
def compatible_request(scene: Scene) -> Iterator[Part]:
    """The first request for a minor that EL2 and the SPMC have is answered with that minor or a higher one.

    Clause: DEN0077A 1.2 section 13.2.1: minor versions of one major work together.
    Reading: the SPMC agrees where EL2 asks it: FFA_VERSION, FFA_ID_GET with the hypervisor's ID 0, and
        FFA_FEATURES with 4K buffers, each seen through the 32 bits that an SMC32 result has; and once more of an SPMC
        that leaves zeros above them.
    Applies to: every version.
    Not covered: an SPMC that wants larger buffers; a refusal where EL2 asks the SPMC nothing and has asked it for
        something besides a version before: it must not ask for another version (VER-13).
    """
    within = scene.call.w(1).bits_(15, 0) <= scene.pre.minor
    given = well_formed_request(scene) & well_formed_version(scene) & within & ~scene.pre.negotiated
    yield part("answered", given & spmc_agrees(scene), [
        require("answered with a version of major 1", (scene.result.w(0).bits_(31, 16) == 1) | settled(scene), "x0"),
        require("its minor is at least the one asked for",
                (scene.result.w(0).bits_(15, 0) >= scene.call.w(1).bits_(15, 0)) | settled(scene), "x0"),
    ], function="FFA_VERSION")
    plainly = all_of(~smc.made | ((smc.q(0) < 1 << 32) & (smc.q(2) < 1 << 32)) for smc in scene.smcs)
    yield part("answered an SPMC with zeros above", given & spmc_agrees(scene) & plainly, [
        require("answered with a version of major 1", (scene.result.w(0).bits_(31, 16) == 1) | settled(scene), "x0"),
    ], function="FFA_VERSION")


@rule("FFA-VER-05", "Request above what the callee has", NEGOTIATION, force="spec", confidence="high")
def request_above(scene: Scene) -> Iterator[Part]:
    """The first request for a minor above EL2's is answered with EL2's highest version, not with an error.

    Clause: DEN0077A v1.0 section 8.1.2 and 1.2 section 13.2.1.
    Reading: EL2's version before the call is the highest that mediator and SPMC offer together.
    Applies to: every version.
    Not covered: an SPMC that refuses FFA_ID_GET or FFA_FEATURES, in this call or in one before (see VER-04).
    """
    above = scene.call.w(1).bits_(15, 0) > scene.pre.minor
    given = well_formed_request(scene) & well_formed_version(scene) & above & ~scene.pre.negotiated
    yield part("answered", given & spmc_serves(scene), [
        require("answered with EL2's version", (scene.result.w(0) == scene.pre.version) | settled(scene), "x0"),
    ], function="FFA_VERSION")


@rule("FFA-VER-07", "Lower minor requested after negotiation", IMMUTABILITY, force="contested", confidence="high")
def lower_after_negotiation(scene: Scene) -> Iterator[Part]:
    """Once a version is agreed, a request for a lower minor is refused with NOT_SUPPORTED.

    Clause: DEN0077A 1.2 section 13.2.2.
    Reading: BASE: the agreed version is answered. SEED, UP618, STRICT: NOT_SUPPORTED; nothing changes, nothing
        is sent.
    Applies to: every version.
    Not covered: nothing.
    """
    lower = scene.call.w(1).bits_(15, 0) < scene.pre.minor
    given = well_formed_request(scene) & well_formed_version(scene) & lower & scene.pre.negotiated
    if scene.profile == "BASE":
        answer = require("answered with the agreed version", scene.result.w(0) == scene.pre.version, "x0")
    else:
        answer = require("answered NOT_SUPPORTED", refused(scene), "x0")
    yield part("answer", given, [answer], function="FFA_VERSION")
    yield part("effects", given, [
        require("EL2's version stays", scene.unchanged, "version"),
        require("no SMC", scene.silent, "smc"),
    ], function="FFA_VERSION")


@rule("FFA-VER-08", "Equal or higher minor requested after negotiation", IMMUTABILITY,
      force="spec", confidence="high")
def equal_or_higher_after_negotiation(scene: Scene) -> Iterator[Part]:
    """Once a version is agreed, asking for it again gives it; asking for more gives it or NOT_SUPPORTED.

    Clause: DEN0077A 1.2 section 13.2.2; "higher" is contested between implementations.
    Reading: never another version than the agreed one.
    Applies to: every version.
    Not covered: nothing.
    """
    agreed = scene.result.w(0) == scene.pre.version
    settled = well_formed_request(scene) & well_formed_version(scene) & scene.pre.negotiated
    yield part("equal", settled & (scene.call.w(1) == scene.pre.version), [
        require("answered with the agreed version", agreed, "x0")], function="FFA_VERSION")
    higher = scene.call.w(1).bits_(15, 0) > scene.pre.minor
    yield part("higher", settled & higher, [
        require("answered with the agreed version or NOT_SUPPORTED", any_of([agreed, refused(scene)]), "x0"),
    ], function="FFA_VERSION")
