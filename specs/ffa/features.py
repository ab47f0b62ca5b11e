"""FFA_FEATURES and functions that come with a version (DEN0077A v1.0 section 8.2, v1.1 section 9.7)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, Truth, Word, all_of, any_of, part, require, rule

from . import ids
from .calls import below, denied_quietly

FEATURES = ids.clause("v1.0 8.2", "Arm's compliance suite and public implementations")
FEATURE_IDS = ids.clause("v1.1 9.7", "Arm's compliance suite")


@rule("FFA-DSC-02", "Argument of FFA_FEATURES", FEATURES, FEATURE_IDS, force="spec", confidence="high")
def features_argument(scene: Scene) -> Iterator[Part]:
    """What is asked with bit 31 set is a function, else a feature ID of 8 bits; what is unknown is NOT_SUPPORTED.

    Clause: DEN0077A v1.0 section 8.2, v1.1 section 9.7.
    Reading: EL2 never answers SUCCESS by itself to a feature ID with reserved bits or an unknown number, or to a
        function in a convention that it does not have; such a call is refused, or forwarded for the SPMC to refuse.
        What EL2 asks for itself, in other calls than FFA_FEATURES, is a function that exists or a feature ID.
    Applies to: 1.0 for functions, 1.1 and later for feature IDs.
    Not covered: what EL2 asks at boot; what the SPMC answers to a forwarded FFA_FEATURES; input properties in w2.
    """
    asked = scene.call.w(1)
    refused = scene.result.is_error(ids.NOT_SUPPORTED)
    known = asked.one_of((1, 2, 3, 4))
    anything = scene.call.is_(ids.FEATURES) & scene.pre.negotiated
    yield part("unknown feature ID", anything & (asked.bits_(31, 31) == 0) & ~known, [
        require("refused, or left to the SPMC", scene.result.forwarded | refused, "x0"),
    ], function="FFA_FEATURES")
    yield part("unknown function", anything & (asked.bits_(31, 31) == 1) & ~_is_defined(asked), [
        require("refused, or left to the SPMC", scene.result.forwarded | refused, "x0"),
    ], function="FFA_FEATURES")
    own = [smc for smc in scene.smcs if not (smc.w(0) == ids.FEATURES).is_impossible]
    asks = ~scene.call.is_(ids.FEATURES) & any_of(smc.made & (smc.w(0) == ids.FEATURES) for smc in own)
    yield part("what EL2 asks", asks, [
        require("it exists", all_of(
            (smc.made & (smc.w(0) == ids.FEATURES)).implies(_is_defined(smc.w(1)) | smc.w(1).one_of((1, 2, 3, 4)))
            for smc in own), "smc"),
    ], function="FFA_VERSION", exists=asks)


def _is_defined(asked: Word) -> Truth:
    narrow = (asked.bits_(31, 8) == 0x840000) & ~asked.bits_(7, 0).one_of(ids.SMC64_ONLY)
    wide = (asked.bits_(31, 8) == 0xC40000) & ~asked.bits_(7, 0).one_of(ids.SMC32_ONLY)
    return (narrow | wide) & any_of(asked.bits_(7, 0) == number for number in ids.NAMES)


@rule("FFA-DSC-03", "Result of FFA_FEATURES", FEATURES, force="spec", confidence="high")
def features_result(scene: Scene) -> Iterator[Part]:
    """Success: FFA_SUCCESS, w1 zero, properties in w2 and w3. Failure: NOT_SUPPORTED with the rest zero.

    Clause: DEN0077A v1.0 section 8.2; the compliance suite checks the reserved registers.
    Reading: of answers that EL2 makes itself.
    Applies to: every version.
    Not covered: x4 to x7 (CC-08); the property words of single functions (DSC-04, DSC-05).
    """
    result = scene.result
    answered = scene.call.is_(ids.FEATURES) & scene.pre.negotiated & result.handled
    success, error = result.w(0) == ids.SUCCESS, result.w(0) == ids.ERROR
    yield part("success or error", answered, [require("w0 is FFA_SUCCESS or FFA_ERROR", success | error, "x0")],
               function="FFA_FEATURES")
    yield part("success", answered & success, [
        require("w1 is zero", result.w(1) == 0),
    ], function="FFA_FEATURES", exists=answered & success)
    yield part("failure", answered & error, [
        require("w2 is NOT_SUPPORTED", result.is_error(ids.NOT_SUPPORTED), "x2"),
        require("w3 is zero", result.w(3) == 0, "x3"),
    ], function="FFA_FEATURES", exists=answered & error)


@rule("FFA-DSC-07", "Version-gated functions", FEATURES, force="policy", confidence="high")
def version_gates(scene: Scene) -> Iterator[Part]:
    """A function that the agreed version does not have is NOT_SUPPORTED, and so is FFA_FEATURES of it.

    Clause: the function tables of DEN0077A 1.1 to 1.3, second-hand.
    Reading: FF-A numbers 0x7D–0x89 need 1.1, 0x8A–0x8E need 1.2, 0x8F, 0x90 and 0x94–0x97 need 1.3. FFA_FEATURES may
        be left to the SPMC, which has agreed on the same version.
    Applies to: agreed versions below the one that brings the function.
    Not covered: REQ2 and RESP2, which MSG-08 judges.
    """
    for minor, numbers in ids.SINCE.items():
        functions = tuple(
            f for f in ids.smc32(numbers) + ids.smc64(numbers) if f not in (ids.DIRECT_REQ2, ids.DIRECT_RESP2))
        old = below(scene, minor)
        yield part(f"calls of 1.{minor}", scene.call.is_(*functions) & old, [
            require("refused with NOT_SUPPORTED", denied_quietly(scene, ids.NOT_SUPPORTED), "x0"),
        ], exists=scene.call.is_(*functions) & old)
        asked = scene.call.is_(ids.FEATURES) & scene.call.w(1).one_of(functions)
        yield part(f"FFA_FEATURES of 1.{minor}", asked & old, [
            require("refused with NOT_SUPPORTED, or left to the SPMC",
                    scene.result.forwarded | scene.result.refused(ids.NOT_SUPPORTED), "x0"),
        ], function="FFA_FEATURES", exists=asked & old)
