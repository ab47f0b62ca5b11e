"""Frames of FFA_ERROR and FFA_SUCCESS."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, Truth, any_of, part, require, rule

from . import ids
from .calls import by_function, serves_req2

FRAME = ids.clause("FFA_ERROR")
SUCCESS = ids.clause("FFA_SUCCESS")

WITHOUT_RESULTS = {
    "FFA_RX_RELEASE": ids.RX_RELEASE, "FFA_RXTX_MAP": ids.RXTX_MAP, "FFA_RXTX_UNMAP": ids.RXTX_UNMAP,
    "FFA_MEM_RECLAIM": ids.MEM_RECLAIM,
}
WIDE_SUCCESS = (
    ids.NOTIFICATION_INFO_GET64, ids.PARTITION_INFO_GET_REGS,
)


def _own(scene: Scene) -> Truth:
    """EL2 makes the completion and does not relay the answer to a message."""
    message = scene.call.is_(ids.DIRECT_REQ2) & scene.emitted
    return scene.result.handled & ~message


@rule("FFA-ERR-01", "FFA_ERROR frame", FRAME, force="spec", confidence="high")
def error_frame(scene: Scene) -> Iterator[Part]:
    """An FFA_ERROR completion has w1 zero, the code in w2, and w3 to w7 zero.

    Clause: FFA_ERROR; public implementations agree.
    Reading: of errors that EL2 makes; x4 to x7 are CC-08's.
    Applies to: every version.
    Not covered: 1.3 alpha's 64-bit FFA_ERROR; REQ2 and RESP2 where REQ2 is served, which MSG-10 judges.
    """
    for name, premise in by_function(scene):
        judged_elsewhere = serves_req2(scene) if name.endswith(("REQ2", "RESP2")) else None
        error = premise & _own(scene) & (scene.result.w(0) == ids.ERROR)
        yield part(name, error, [
            require("w1 is zero", scene.result.w(1) == 0),
            require("w2 is a negative code", scene.result.w(2).bits_(31, 31) == 1, "x2"),
            require("w3 is zero", scene.result.w(3) == 0),
        ], exists=error, unless=judged_elsewhere)


@rule("FFA-ERR-02", "Width of status codes", FRAME, force="contested", confidence="high")
def code_width(scene: Scene) -> Iterator[Part]:
    """The status code is the low half of x2, a small negative number; STRICT wants the upper half zero.

    Clause: FFA_ERROR; sign or zero extension is contested.
    Reading: BASE, SEED, UP618: w2 as a signed 32-bit number is −1 to −10. STRICT: x2 bits 63:32 are zero too.
    Applies to: every version.
    Not covered: EL2 as consumer of codes (VER-11).
    """
    for name, premise in by_function(scene):
        if name.endswith(("REQ2", "RESP2")):
            continue
        error = premise & _own(scene) & (scene.result.w(0) == ids.ERROR)
        claims = [require("w2 is one of FF-A's codes", scene.result.w(2) >= (1 << 32) - 10, "x2")]
        if scene.profile == "STRICT":
            claims.append(require("x2 bits 63:32 are zero", scene.result.x(2).bits_(63, 32) == 0, "x2"))
        yield part(name, error, claims, exists=error)


@rule("FFA-ERR-04", "FFA_SUCCESS frame", SUCCESS, force="spec", confidence="high")
def success_frame(scene: Scene) -> Iterator[Part]:
    """An FFA_SUCCESS completion has the SMC32 ID and w1 zero; w2 and w3 too, where the function has no results.

    Clause: FFA_SUCCESS; the compliance suite checks the reserved registers.
    Reading: of successes that EL2 makes. The SMC64 ID is for functions with 64-bit results only. No results have
        FFA_RX_RELEASE, FFA_RXTX_MAP, FFA_RXTX_UNMAP and FFA_MEM_RECLAIM; what EL3 said may be passed on.
    Applies to: every version.
    Not covered: x4 to x7 (CC-08); the words that single functions put in w2 and w3.
    """
    for name, premise in by_function(scene):
        own = premise & _own(scene)
        wide = scene.call.is_(*WIDE_SUCCESS)
        success = own & scene.result.w(0).one_of((ids.SUCCESS, ids.SUCCESS64))
        yield part(name, success, [
            require("w0 is the SMC32 FFA_SUCCESS", wide | (scene.result.w(0) == ids.SUCCESS), "x0"),
            require("w1 is zero", scene.result.w(1) == 0),
        ], exists=success)
    for name, function in WITHOUT_RESULTS.items():
        success = scene.call.is_(function) & _own(scene) & (scene.result.w(0) == ids.SUCCESS)
        yield part(f"{name}: no results", success, [
            require("w2 and w3 are zero, or EL3's", (scene.result.w(k) == 0) | _says(scene, k), f"x{k}")
            for k in (2, 3)], name, exists=success)


def _says(scene: Scene, k: int) -> Truth:
    """EL3 answers a success with the same in this register."""
    return any_of(smc.made & (smc.qw(0) == ids.SUCCESS) & (scene.result.w(k) == smc.qw(k)) for smc in scene.smcs)
