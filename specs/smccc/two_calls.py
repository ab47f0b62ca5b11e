"""Bits of the host's registers that must not matter: two calls that differ in them alone end alike."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import IDENTIFIER, UPPERS, Clause, Part, Require, Scene, part, rule, unaffected

from ..ffa import ids
from ..ffa.calls import by_function

IDENTIFIERS = Clause("DEN0028", "function identifiers", ids.VIA)
NARROW = Clause("DEN0028", "SMC32 arguments", "Xen and Arm's compliance suite")


IN_MEMORY = ("FFA_RXTX_MAP", "FFA_RXTX_UNMAP", "FFA_PARTITION_INFO_GET", "FFA_MEM_SHARE", "FFA_MEM_LEND",
             "FFA_MEM_RECLAIM", "FFA_MEM_FRAG_TX")
"""What these do depends on memory and loops, of which two runs are not compared."""


def _asked_of_el3(scene: Scene, by: str) -> Iterator[Require]:
    """The same SMCs, with the same parameters as far as EL3 looks at them."""
    for smc in scene.smcs:
        wide = smc.x(0).bits_(30, 30) == 1
        yield unaffected("the same SMCs go to EL3", smc.made, by, "smc")
        for k in range(1, 18):
            if k < 8:
                yield unaffected("EL3 is asked the same", smc.w(k).only_if(smc.made), by, f"smc x{k}")
            yield unaffected("EL3 is asked the same", smc.x(k).only_if(smc.made & wide), by, f"smc x{k}")


@rule("FFA-CC-01", "Function identifier decoding", IDENTIFIERS, force="spec", confidence="high")
def identifier_decoding(scene: Scene) -> Iterator[Part]:
    """Bits 63:32 of x0 and the SVE hint name no function: calls that differ in them alone end alike.

    Clause: DEN0028: w0 holds the function identifier, and its bit 16 is a hint.
    Reading: the same outcome, the same SMCs of EL2's but for their function identifiers, the same registers x0 to x17
        and the same FF-A state. A caller that refuses a wide x0 before FF-A sees it is outside.
    Applies to: every version.
    Not covered: the meaning of the other bits (CC-02, CC-03, CC-04); the SVE hint of SMCs that EL2 makes itself;
        functions of mailboxes and memory, where two runs are not compared yet.
    """
    for name, premise in by_function(scene):
        if name in IN_MEMORY:
            continue
        yield part(name, premise, [
            unaffected("the same outcome", scene.result.handled, IDENTIFIER, "outcome"),
            *_asked_of_el3(scene, IDENTIFIER),
            *(unaffected("the same results", scene.result.x(k), IDENTIFIER, f"x{k}") for k in range(18)),
            unaffected("the same version", scene.post.version, IDENTIFIER, "version"),
            unaffected("the same agreement", scene.post.negotiated, IDENTIFIER, "negotiated"),
        ])


@rule("FFA-CC-05", "SMC32 arguments are 32-bit", NARROW, force="spec", confidence="high")
def narrow_arguments(scene: Scene) -> Iterator[Part]:
    """What an SMC32 call does depends neither on bits 63:32 of x1 to x7 nor on x8 to x17.

    Clause: DEN0028: arguments of SMC32 calls are w registers.
    Reading: the same outcome, the same SMCs of EL2's as far as EL3 looks at them (w1–w7 of an SMC32), the same w0 to w7
        and the same FF-A state.
    Applies to: every version.
    Not covered: that x8 to x17 are preserved (CC-06); what EL3 makes of the same bits in a call that is forwarded;
        functions of mailboxes and memory, where two runs are not compared yet.
    """
    for name, premise in by_function(scene):
        if name in IN_MEMORY:
            continue
        narrow = premise & ~scene.call.is64
        yield part(name, narrow, [
            unaffected("the same outcome", scene.result.handled, UPPERS, "outcome"),
            *_asked_of_el3(scene, UPPERS),
            *(unaffected("the same results", scene.result.w(k), UPPERS, f"x{k}") for k in range(8)),
            unaffected("the same version", scene.post.version, UPPERS, "version"),
            unaffected("the same agreement", scene.post.negotiated, UPPERS, "negotiated"),
        ], exists=narrow)
