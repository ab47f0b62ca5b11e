"""Direct messages (DEN0077A v1.0 sections 10.2–10.3, v1.1 section 15.2, v1.2 sections 15.4–15.5)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, all_of, any_of, part, require, rule

from . import ids
from .calls import below, denied_quietly, served, serves_req2

DIRECT = ids.clause("v1.1 15.2", "Arm's compliance suite")
REQ2 = ids.clause("v1.2 15.4", "Arm's compliance suite and the seed thread")
HOST_ID = 0
"""pKVM runs the host as the only normal-world endpoint, with the hypervisor's own ID."""


@rule("FFA-MSG-01", "Sender identity is the caller's", DIRECT, REQ2, force="spec", confidence="high")
def sender_identity(scene: Scene) -> Iterator[Part]:
    """A direct request in another endpoint's name is refused with INVALID_PARAMETERS and goes nowhere.

    Clause: DEN0077A direct messages; the receiver relies on the hypervisor for the sender's ID.
    Reading: w1 bits 31:16 are the sender; the host's ID is 0. Judged where the call is served at all.
    Applies to: every version; REQ2 from 1.2 on.
    Not covered: the receiver (MSG-02).
    """
    requests = {
        "REQ": (ids.DIRECT_REQ, served(scene, ids.DIRECT_REQ)),
        "REQ64": (ids.DIRECT_REQ64, served(scene, ids.DIRECT_REQ64)),
        "REQ2": (ids.DIRECT_REQ2, serves_req2(scene)),
    }
    for name, (function, exists) in requests.items():
        foreign = ~(scene.call.w(1).bits_(31, 16) == HOST_ID)
        window = scene.pre.negotiated & (scene.pre.at_least(1, 2) if name == "REQ2" else scene.pre.negotiated)
        label = {"REQ": "FFA_MSG_SEND_DIRECT_REQ", "REQ64": "FFA_MSG_SEND_DIRECT_REQ64"}.get(
            name, "FFA_MSG_SEND_DIRECT_REQ2")
        yield part(name, scene.call.is_(function) & window & foreign, [
            require("refused with INVALID_PARAMETERS", scene.result.refused(ids.INVALID_PARAMETERS), "outcome"),
            require("nothing goes to EL3", scene.silent, "smc"),
        ], function=label, exists=exists)
        sent = [*scene.smcs, *scene.forwards]
        yield part(f"{name}: sender as given", scene.call.is_(function) & window & ~foreign, [
            require("the request that is sent has the same sender",
                    all_of(~smc.made | (smc.w(1).bits_(31, 16) == scene.call.w(1).bits_(31, 16)) for smc in sent),
                    "smc"),
        ], function=label, exists=exists)


@rule("FFA-MSG-04", "Payload is passed unchanged", DIRECT, REQ2, force="spec", confidence="high")
def payload(scene: Scene) -> Iterator[Part]:
    """What reaches the receiver is what the host wrote: w1 and the payload registers, and nothing else.

    Clause: DEN0077A direct messages; the compliance suite compares payloads.
    Reading: requests use w1 and w2, then x3–x7 (w for SMC32); REQ2 uses w1 and x2–x17. Responses come back unchanged:
        x0–x17 for REQ2, else x0–x7 (w for SMC32). What x8–x17 hold then is the calling convention's business (CC-06).
    Applies to: every version; REQ2 from 1.2 on.
    Not covered: bits that the layout reserves.
    """
    for name, function, first, last in (
        ("REQ", ids.DIRECT_REQ, 3, 7), ("REQ64", ids.DIRECT_REQ64, 3, 7), ("REQ2", ids.DIRECT_REQ2, 2, 17),
    ):
        exists = serves_req2(scene) if name == "REQ2" else served(scene, function)
        asked = scene.call.is_(function) & exists
        sent = [*scene.smcs, *scene.forwards]
        narrow = name == "REQ"
        same = [
            require("the request's payload is the host's",
                    all_of(~smc.made | (smc.w(k) == scene.call.w(k) if narrow else smc.x(k) == scene.call.x(k))
                           for smc in sent), f"smc x{k}") for k in range(first, last + 1)
        ]
        back = [
            require("the response is what EL3 answered",
                    all_of(~smc.made | (scene.result.w(k) == smc.qw(k) if narrow else scene.result.x(k) == smc.q(k))
                           for smc in sent), f"x{k}")
            for k in range(18 if name == "REQ2" else 8)
        ]
        yield part(f"{name}: request", asked, [
            require("w1 is the host's", all_of(~smc.made | (smc.w(1) == scene.call.w(1)) for smc in sent), "smc x1"),
            *same], function=f"FFA_MSG_SEND_DIRECT_{name}", exists=exists)
        yield part(f"{name}: response", asked, back, function=f"FFA_MSG_SEND_DIRECT_{name}", exists=exists)


@rule("FFA-MSG-06", "The host never sends a direct response", DIRECT, force="policy", confidence="high")
def no_responses(scene: Scene) -> Iterator[Part]:
    """Direct responses of the host are NOT_SUPPORTED and go nowhere, in every form.

    Clause: DEN0077A v1.1 section 15.2.
    Reading: after negotiation; before it, VER-10 says what happens.
    Applies to: every version.
    Not covered: the frame of RESP2's refusal (MSG-10).
    """
    for name, function in (("RESP", ids.DIRECT_RESP), ("RESP64", ids.DIRECT_RESP64), ("RESP2", ids.DIRECT_RESP2)):
        yield part(name, scene.call.is_(function) & scene.pre.negotiated, [
            require("refused with NOT_SUPPORTED", scene.result.refused(ids.NOT_SUPPORTED), "outcome"),
            require("nothing goes to EL3", scene.silent, "smc"),
        ], function=f"FFA_MSG_SEND_DIRECT_{name}")


@rule("FFA-MSG-07", "REQ2 register layout", REQ2, force="spec", confidence="high")
def req2_layout(scene: Scene) -> Iterator[Part]:
    """The request that EL2 sends has the IDs in w1, bits 63:32 of x1 zero, the UUID in x2–x3, the payload in x4–x17.

    Clause: DEN0077A 1.2 section 15.4.
    Reading: of the request that EL2 sends in place of the host's.
    Applies to: 1.2 and later.
    Not covered: an unknown UUID is the SPMC's to refuse.
    """
    exists = serves_req2(scene)
    ours = [*scene.smcs, *scene.forwards]
    yield part("IDs", exists, [
        require("w0 is FFA_MSG_SEND_DIRECT_REQ2",
                all_of(~smc.made | (smc.w(0).masked(0xFFFEFFFF) == ids.DIRECT_REQ2) for smc in ours), "smc x0"),
        require("w1 is the host's", all_of(~smc.made | (smc.w(1) == scene.call.w(1)) for smc in ours), "smc x1"),
        require("x1 bits 63:32 are zero or the host's", all_of(
            ~smc.made | any_of([smc.x(1).bits_(63, 32) == 0, smc.x(1) == scene.call.x(1)]) for smc in ours), "smc x1"),
    ], function="FFA_MSG_SEND_DIRECT_REQ2", exists=exists)
    for name, registers in (("UUID", (2, 3)), ("payload", tuple(range(4, 18)))):
        yield part(name, exists, [
            require(f"the {name} is the host's",
                    all_of(~smc.made | (smc.x(k) == scene.call.x(k)) for smc in ours), f"smc x{k}")
            for k in registers
        ], function="FFA_MSG_SEND_DIRECT_REQ2", exists=exists)


@rule("FFA-MSG-08", "REQ2 and RESP2 exist only from 1.2", REQ2, force="policy", confidence="high")
def req2_needs_1_2(scene: Scene) -> Iterator[Part]:
    """Below 1.2 FFA_MSG_SEND_DIRECT_REQ2 and RESP2 are NOT_SUPPORTED, and FFA_FEATURES says so.

    Clause: DEN0077A 1.2 section 15.4.
    Reading: by the agreed version.
    Applies to: agreed versions below 1.2.
    Not covered: how the version is read (SEC-04).
    """
    old = below(scene, 2)
    for name, function in (("REQ2", ids.DIRECT_REQ2), ("RESP2", ids.DIRECT_RESP2)):
        yield part(name, scene.call.is_(function) & old, [
            require("refused with NOT_SUPPORTED", denied_quietly(scene, ids.NOT_SUPPORTED), "outcome"),
        ], function=f"FFA_MSG_SEND_DIRECT_{name}")
        asked = scene.call.is_(ids.FEATURES) & (scene.call.w(1) == function)
        yield part(f"FFA_FEATURES of {name}", asked & old, [
            require("refused with NOT_SUPPORTED", scene.result.refused(ids.NOT_SUPPORTED), "outcome"),
        ], function="FFA_FEATURES")
