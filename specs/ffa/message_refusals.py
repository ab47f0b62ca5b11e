"""How a refused REQ2 or RESP2 is answered (DEN0077A v1.2 sections 15.4–15.5)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Require, Scene, any_of, independent, part, require, rule

from . import ids
from .calls import below, serves_req2
from .messages import HOST_ID, REQ2


def _frame(scene: Scene, *codes: int) -> list[Require]:
    result = scene.result
    return [
        require("the answer is FFA_ERROR with its code", any_of(result.refused(code) for code in codes), "x0"),
        require("x1 is zero", result.x(1) == 0),
        *(require("x3–x7 are zero", result.x(k) == 0) for k in range(3, 8)),
        *(independent("x0–x17 do not depend on EL2's stack", result.x(k)) for k in range(18)),
    ]


@rule("FFA-MSG-10", "Refused REQ2/RESP2 shows a proper error", REQ2, force="security", confidence="high")
def refused_frames(scene: Scene) -> Iterator[Part]:
    """Every refused REQ2 or RESP2 is answered with an FFA_ERROR frame and nothing of EL2's.

    Clause: DEN0077A 1.2 sections 15.4 and 15.5, FFA_ERROR.
    Reading: before negotiation INVALID_PARAMETERS (STRICT accepts NOT_SUPPORTED as well, as VER-10 does), below 1.2
        NOT_SUPPORTED, a foreign sender INVALID_PARAMETERS, RESP2 always NOT_SUPPORTED.
    Applies to: mediators that serve REQ2.
    Not covered: x8–x17 by value (CC-09).
    """
    neg, v12 = scene.pre.negotiated, scene.pre.at_least(1, 2)
    req2, resp2 = scene.call.is_(ids.DIRECT_REQ2), scene.call.is_(ids.DIRECT_RESP2)
    offered = serves_req2(scene)
    old = below(scene, 2)
    foreign = ~(scene.call.w(1).bits_(31, 16) == HOST_ID)
    early = [ids.INVALID_PARAMETERS] + [ids.NOT_SUPPORTED] * (scene.profile == "STRICT")
    for name, given, codes in (
        ("REQ2 before negotiation", req2 & ~neg, early),
        ("REQ2 below 1.2", req2 & old, [ids.NOT_SUPPORTED]),
        ("REQ2 with a foreign sender", req2 & neg & v12 & foreign, [ids.INVALID_PARAMETERS]),
        ("RESP2 before negotiation", resp2 & ~neg, early),
        ("RESP2 after negotiation", resp2 & neg, [ids.NOT_SUPPORTED]),
    ):
        label = "FFA_MSG_SEND_DIRECT_" + name.partition(" ")[0]
        yield part(name, given, _frame(scene, *codes), function=label, exists=offered)
