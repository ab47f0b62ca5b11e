"""Functions that pKVM keeps from the host."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, part, require, rule

from . import ids

NOTIFICATIONS = ids.clause("v1.1 16 and 9.7", "the seed thread and the merged series")
CONSOLE = ids.clause("v1.2 13.12", "the seed thread")


@rule("FFA-POL-02", "Notifications are off until mediated, in both conventions", NOTIFICATIONS,
      force="policy", confidence="high")
def notifications_off(scene: Scene) -> Iterator[Part]:
    """Notification functions are NOT_SUPPORTED in every form, and FFA_FEATURES says so.

    Clause: DEN0077A v1.1 notifications; pKVM does not mediate them.
    Reading: after negotiation; functions 0x7D–0x83, the SMC64 form of 0x83, and 1.3's 0x94–0x97. BASE, from before
        the series that decided this, is exempt.
    Applies to: profiles SEED, UP618 and STRICT.
    Not covered: notifications through other calls.
    """
    if scene.profile == "BASE":
        return
    refused = scene.result.refused(ids.NOT_SUPPORTED)
    for name, functions in (
        ("SMC32", tuple(range(0x8400007D, 0x84000084))), ("SMC64", (ids.NOTIFICATION_INFO_GET64,)),
        ("1.3", ids.NOTIFICATIONS_1_3),
    ):
        yield part(name, scene.call.is_(*functions) & scene.pre.negotiated, [
            require("refused with NOT_SUPPORTED", refused, "outcome")], function="FFA_NOTIFICATION_*")
        asked = scene.call.is_(ids.FEATURES) & scene.pre.negotiated & scene.call.w(1).one_of(functions)
        yield part(f"FFA_FEATURES of {name}", asked, [
            require("refused with NOT_SUPPORTED", refused, "outcome")], function="FFA_FEATURES")
    interrupts = scene.call.is_(ids.FEATURES) & scene.pre.negotiated & scene.call.w(1).one_of((1, 2))
    yield part("FFA_FEATURES of the notification interrupts", interrupts, [
        require("refused with NOT_SUPPORTED", refused, "outcome")], function="FFA_FEATURES")


@rule("FFA-POL-05", "FFA_CONSOLE_LOG", CONSOLE, force="policy", confidence="high")
def console_log(scene: Scene) -> Iterator[Part]:
    """FFA_CONSOLE_LOG of the host is NOT_SUPPORTED in both conventions.

    Clause: DEN0077A 1.2 section 13.12.
    Reading: after negotiation. BASE, from before the series that decided this, is exempt.
    Applies to: profiles SEED, UP618 and STRICT.
    Not covered: the character counts of a mediator that offers the call.
    """
    if scene.profile == "BASE":
        return
    for name, function in (("SMC32", ids.CONSOLE_LOG), ("SMC64", ids.CONSOLE_LOG64)):
        yield part(name, scene.call.is_(function) & scene.pre.negotiated, [
            require("refused with NOT_SUPPORTED", scene.result.refused(ids.NOT_SUPPORTED), "outcome"),
        ], function="FFA_CONSOLE_LOG")
