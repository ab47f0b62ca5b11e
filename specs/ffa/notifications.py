"""What a mediator has to check that does offer notifications (DEN0077A v1.1 section 17)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, Truth, Word, all_of, any_of, part, require, rule

from . import ids
from .calls import served
from .messages import HOST_ID

IDENTITIES = ids.clause("v1.1 17.1 to 17.7", "the notification series on the mailing list")
NARROW = (
    ("BITMAP_CREATE", ids.NOTIFICATION_BITMAP_CREATE), ("BITMAP_DESTROY", ids.NOTIFICATION_BITMAP_DESTROY),
    ("BIND", ids.NOTIFICATION_BIND), ("UNBIND", ids.NOTIFICATION_UNBIND), ("SET", ids.NOTIFICATION_SET),
    ("GET", ids.NOTIFICATION_GET),
)


def _refused(scene: Scene, name: str, function: int, wrong: Truth) -> Part:
    exists = served(scene, function)
    return part(name, scene.call.is_(function) & scene.pre.negotiated & wrong, [
        require("refused with INVALID_PARAMETERS", scene.result.refused(ids.INVALID_PARAMETERS), "outcome"),
        require("nothing goes to EL3", scene.silent, "smc"),
    ], function=f"FFA_NOTIFICATION_{name}", exists=exists)


@rule("FFA-POL-03", "If notifications are forwarded: identities", IDENTITIES, force="security", confidence="high")
def notification_identities(scene: Scene) -> Iterator[Part]:
    """The host creates, binds, sets and gets notifications in its own name only.

    Clause: DEN0077A v1.1 section 17, second-hand.
    Reading: the host's place is w1 bits 31:16 in SET and bits 15:0 elsewhere; any other ID is INVALID_PARAMETERS and
        goes nowhere.
    Applies to: mediators that serve the function.
    Not covered: the other party's ID, which the SPMC knows.
    """
    for name, function in NARROW:
        high, low = (31, 16) if name == "SET" else (15, 0)
        yield _refused(scene, name, function, ~(scene.call.w(1).bits_(high, low) == HOST_ID))


def _any_bit(words: list[Word]) -> Truth:
    return any_of(~(word == 0) for word in words)


def _reserved(scene: Scene, name: str) -> Truth:
    """Something is in a field that has to be zero, or a bitmap is empty."""
    w = scene.call.w
    above = {"BITMAP_CREATE": 3, "BITMAP_DESTROY": 2, "GET": 3}.get(name, 5)
    rest = _any_bit([w(k) for k in range(above, 8)])
    empty = (w(3) == 0) & (w(4) == 0)
    match name:
        case "BITMAP_CREATE" | "BITMAP_DESTROY":
            return rest | ~(w(1).bits_(31, 16) == 0)
        case "BIND":
            return rest | empty | ~(w(2).bits_(31, 1) == 0)
        case "UNBIND":
            return rest | empty | ~(w(2) == 0)
        case "SET":
            nobody = (w(2).bits_(0, 0) == 0) & ~(w(2).bits_(31, 16) == 0)
            return rest | empty | nobody | ~(w(2).bits_(15, 2) == 0)
    return rest | ~(w(2).bits_(31, 4) == 0)


@rule("FFA-POL-04", "If notifications are forwarded: reserved parameters", IDENTITIES, force="contested",
      confidence="high")
def notification_parameters(scene: Scene) -> Iterator[Part]:
    """Fields that notification functions reserve are zero, and a bitmap names something.

    Clause: DEN0077A v1.1 section 17, second-hand; whether a hypervisor has to look is contested.
    Reading: anything else is INVALID_PARAMETERS and goes nowhere. FFA_NOTIFICATION_INFO_GET has no input: w1–w7, or
        x1–x7 (from 1.2 on x1–x17) of the SMC64 form, are zero.
    Applies to: mediators that serve the function.
    Not covered: the number of vCPUs and which there are, which the SPMC knows.
    """
    for name, function in NARROW:
        yield _refused(scene, name, function, _reserved(scene, name))
    x = scene.call.x
    later = scene.pre.at_least(1, 2) & _any_bit([x(k) for k in range(8, 18)])
    yield _refused(scene, "INFO_GET", ids.NOTIFICATION_INFO_GET,
                   ~all_of(scene.call.w(k) == 0 for k in range(1, 8)))
    yield _refused(scene, "INFO_GET64", ids.NOTIFICATION_INFO_GET64, _any_bit([x(k) for k in range(1, 8)]) | later)
