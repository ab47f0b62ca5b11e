"""Which calls the mediator decides, and that each ends exactly once."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Scene, all_of, part, require, rule

from ..ffa import ids
from ..ffa.calls import by_function, is_ffa

DEN0028 = Clause("DEN0028", "function identifiers", ids.VIA)


@rule("FFA-CC-02", "Which calls belong to FF-A", DEN0028, force="policy", confidence="high")
def calls_that_belong_to_ffa(scene: Scene) -> Iterator[Part]:
    """A fast call to owner 4 with function number 0x60 to 0xFF is FF-A's and no other call is.

    Clause: DEN0028, function identifiers; the range is that of pKVM's header.
    Reading: a call outside the range goes on to EL3 as the host made it, and leaves EL2's FF-A state alone.
    Applies to: every version.
    Not covered: that EL2 decides a call inside the range is POL-01; calls that another handler of EL2 takes.
    """
    yield part("outside the range", ~is_ffa(scene), [
        require("EL2 does not answer it as an FF-A call", scene.result.forwarded),
        require("no SMC of EL2's own", ~scene.emitted, "smc"),
        require("EL2's FF-A state stays", scene.unchanged, "version"),
    ], function="no FF-A function")


@rule("FFA-CC-04", "The convention bit is part of the identity", DEN0028, force="spec", confidence="high")
def convention_bit(scene: Scene) -> Iterator[Part]:
    """A function number in a convention in which it is not defined gives NOT_SUPPORTED.

    Clause: the function tables of DEN0077A, second-hand.
    Reading: after negotiation; before it, VER-10 says what happens.
    Applies to: every version; function numbers that exist in one convention only.
    Not covered: that a denied function is denied in both conventions: MSG-06, POL-02 and POL-05 name those functions.
    """
    for name, functions in (("SMC64 form of an SMC32 function", ids.smc64(ids.SMC32_ONLY)),
                            ("SMC32 form of an SMC64 function", ids.smc32(ids.SMC64_ONLY))):
        yield part(name, scene.call.is_(*functions) & scene.pre.negotiated, [
            require("refused with NOT_SUPPORTED", scene.result.refused(ids.NOT_SUPPORTED)),
        ])


@rule("FFA-CC-12", "Exactly one completion", Clause("DEN0028", "SMC results", ids.VIA),
      force="security", confidence="high")
def exactly_one_completion(scene: Scene) -> Iterator[Part]:
    """A call is either answered by EL2 or forwarded: never both, and forwarding changes nothing on the way.

    Clause: none; the contract between EL2's trap handler and the FF-A proxy.
    Reading: a forwarded call reaches EL3 with x0 to x17 as the host left them (without the SVE hint or with it).
    Applies to: every version.
    Not covered: that R0 is made by EL2 or q0 is SEC-02; locks other than those of the proxy.
    """
    for name, premise in by_function(scene):
        forwarded = [
            require("x0 is the host's function ID",
                    all_of((~smc.made | ((smc.w(0) == scene.call.function) | (smc.x(0) == scene.call.x(0))))
                           for smc in scene.forwards), "outcome"),
            *(require(f"x{k} is the host's",
                      all_of(~smc.made | (smc.x(k) == scene.call.x(k)) for smc in scene.forwards), "outcome")
              for k in range(1, 18)),
            require("EL2's FF-A state stays", scene.result.handled | scene.unchanged, "version"),
            require("no SMC of EL2's own besides", scene.result.handled | ~scene.emitted, "smc"),
        ]
        yield part(f"{name}: forwarding", premise, forwarded, function=name)
        yield part(f"{name}: locks", premise, [
            require("no lock is held afterwards", ~scene.locks_held, "lock"),
        ], function=name)
