"""Function identifiers: which of their bits name a function, and what happens to those that name none."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Scene, Truth, any_of, part, require, rule

from ..ffa import ids
from ..ffa.calls import is_ffa

DEN0028 = Clause("DEN0028", "function identifiers", ids.VIA)
RESULTS = Clause("DEN0028", "unknown function identifiers", ids.VIA)


def _has_reserved_bits(scene: Scene) -> Truth:
    """A fast call of owner 4 with FF-A's number and something in bits 23:17."""
    function = scene.call.function
    ours = (function.bits_(31, 31) == 1) & (function.bits_(29, 24) == 4) & (function.bits_(15, 8) == 0)
    return ours & (function.bits_(7, 0) >= 0x60) & ~(function.bits_(23, 17) == 0)


@rule("FFA-CC-03", "No alias of an FF-A function escapes vetting", DEN0028, force="security", confidence="medium")
def no_alias(scene: Scene) -> Iterator[Part]:
    """An identifier with a bit among 23 to 17 is no function: it is refused with NOT_SUPPORTED and goes nowhere.

    Clause: DEN0028: bits 23:17 of a fast call are reserved; the rule is derived from it.
    Reading: NOT_SUPPORTED as FFA_ERROR or as −1 in w0; after negotiation, before it VER-10 says what happens. Numbers
        of functions that share memory are a part of their own.
    Applies to: every version.
    Not covered: firmware that overlooks other bits too (30: CC-04, 16: CC-01; 31, 29:24 and 15:8 make a call another
        owner's).
    """
    refused = scene.result.refused(ids.NOT_SUPPORTED) | (scene.result.handled & (scene.result.w(0) == ids.REFUSED))
    alias = _has_reserved_bits(scene) & scene.pre.negotiated
    sharing = (scene.call.w(0).bits_(7, 0) >= 0x71) & (scene.call.w(0).bits_(7, 0) <= 0x7B)
    for name, numbers in (("aliases of memory functions", sharing), ("aliases of other functions", ~sharing)):
        yield part(name, alias & numbers, [
            require("refused with NOT_SUPPORTED", refused, "outcome"),
            require("nothing goes to EL3", scene.silent, "smc"),
        ])


@rule("FFA-CC-13", "Unknown or unimplemented functions", RESULTS, force="spec", confidence="high")
def unknown_functions(scene: Scene) -> Iterator[Part]:
    """A number of FF-A's range that is no function is NOT_SUPPORTED, without any other effect.

    Clause: DEN0028, results of unknown functions; the compliance suite asks for it through FFA_FEATURES.
    Reading: numbers that no published version defines, in both conventions, after negotiation.
    Applies to: every version.
    Not covered: functions that exist and that the mediator refuses (POL-01 and the rules of each function); a machine
        without FF-A (VER-15).
    """
    number = scene.call.w(0).bits_(7, 0)
    unknown = is_ffa(scene) & ~any_of(number == known for known in ids.NAMES)
    unknown &= scene.call.function.bits_(23, 17) == 0
    for name, wide in (("SMC32", ~scene.call.is64), ("SMC64", scene.call.is64)):
        yield part(name, unknown & wide & scene.pre.negotiated, [
            require("refused with NOT_SUPPORTED", scene.result.refused(ids.NOT_SUPPORTED), "outcome"),
            require("nothing goes to EL3", scene.silent, "smc"),
            require("EL2's FF-A state stays", scene.unchanged, "version"),
        ], function="undefined functions")
