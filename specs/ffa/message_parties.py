"""Who may send what to whom, and how direct requests end (DEN0077A v1.0 sections 9 and 10, v1.2 section 15)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, Truth, all_of, any_of, part, require, rule

from . import ids
from .calls import served, serves_req2
from .messages import DIRECT, HOST_ID, REQ2

SIGNALS = ids.clause("v1.0 9.2 and 10.2", "public implementations")
REQUESTS = (("REQ", ids.DIRECT_REQ), ("REQ64", ids.DIRECT_REQ64), ("REQ2", ids.DIRECT_REQ2))
SECURE = 1
"""Bit 15 of an endpoint's ID."""


def _exists(scene: Scene, function: int) -> Truth:
    return serves_req2(scene) if function == ids.DIRECT_REQ2 else served(scene, function)


@rule("FFA-MSG-02", "Receiver", DIRECT, REQ2, force="spec", confidence="high")
def receiver(scene: Scene) -> Iterator[Part]:
    """A direct request to its own sender, or to a normal-world endpoint that does not exist, is refused.

    Clause: DEN0077A direct messages; the compliance suite sends requests to their sender.
    Reading: the host gets INVALID_PARAMETERS, from EL2 or from the SPMC: where EL2 leaves it to the SPMC, the SPMC's
        conformance (L2) makes it so. The host is the only normal-world endpoint.
    Applies to: requests that are served; REQ2 from 1.2 on.
    Not covered: DENIED and BUSY, which only the SPMC knows about.
    """
    sender, to = scene.call.w(1).bits_(31, 16), scene.call.w(1).bits_(15, 0)
    for name, function in REQUESTS:
        asked = scene.call.is_(function) & _exists(scene, function)
        nobody = (sender == HOST_ID) & ~(to == HOST_ID) & ~(to.bits_(15, 15) == SECURE)
        for label, wrong in (("to the sender", sender == to), ("to the normal world", nobody)):
            yield part(f"{name} {label}", asked & wrong, [
                require("the host gets INVALID_PARAMETERS", scene.result.is_error(ids.INVALID_PARAMETERS), "x0"),
            ], function=f"FFA_MSG_SEND_DIRECT_{name}", exists=_exists(scene, function))


@rule("FFA-MSG-03", "Framework messages are not for endpoints", DIRECT, force="spec", confidence="high")
def framework_messages(scene: Scene) -> Iterator[Part]:
    """A direct request of the host with anything in w2 is refused with INVALID_PARAMETERS and goes nowhere.

    Clause: DEN0077A direct messages: w2 is zero (1.0), or bit 31 makes a message of the framework (from 1.1 on).
    Reading: the framework's messages are the hypervisor's to send; the other bits are reserved.
    Applies to: FFA_MSG_SEND_DIRECT_REQ in both conventions, where it is served.
    Not covered: what each framework message means; REQ2, whose x2 is the UUID.
    """
    for name, function in REQUESTS[:2]:
        exists = served(scene, function)
        yield part(name, scene.call.is_(function) & scene.pre.negotiated & ~(scene.call.w(2) == 0), [
            require("refused with INVALID_PARAMETERS", scene.result.refused(ids.INVALID_PARAMETERS), "outcome"),
            require("nothing goes to EL3", scene.silent, "smc"),
        ], function=f"FFA_MSG_SEND_DIRECT_{name}", exists=exists)


@rule("FFA-MSG-09", "RESP2 completion", REQ2, force="spec", confidence="high")
def wide_responses(scene: Scene) -> Iterator[Part]:
    """A RESP2 reaches the host whole, and nothing above x17 changes.

    Clause: DEN0077A 1.2 section 15.5.
    Reading: IDs in w1, payload in x4–x17, as EL3 answered. That w2 and w3 are zero and the IDs exchanged is the SPMC's.
    Applies to: completions of FFA_MSG_SEND_DIRECT_REQ2.
    Not covered: completions of REQ2 that are no RESP2: CC-09 says what x8–x17 hold.
    """
    sent = [*scene.smcs, *scene.forwards]
    ends = [smc.made & (smc.qw(0) == ids.DIRECT_RESP2) for smc in sent]
    ended = serves_req2(scene) & any_of(ends)

    def same(k: int) -> Truth:
        pairs = zip(ends, sent, strict=True)
        if k < 2:
            return all_of(~end | (scene.result.w(k) == smc.qw(k)) for end, smc in pairs)
        return all_of(~end | (scene.result.x(k) == smc.q(k)) for end, smc in pairs)

    yield part("RESP2", ended, [
        require("w0 and w1 are EL3's", same(0), "x0"),
        require("w0 and w1 are EL3's", same(1), "x1"),
        *(require("the payload is EL3's", same(k), f"x{k}") for k in range(4, 18)),
        *(require("x18–x30 are the host's", scene.result.x(k) == scene.call.x(k)) for k in range(18, 31)),
    ], function="FFA_MSG_SEND_DIRECT_REQ2", exists=ended)


@rule("FFA-MSG-12", "FFA_INTERRUPT and FFA_YIELD towards the host", SIGNALS, force="spec", confidence="high")
def signals_as_calls(scene: Scene) -> Iterator[Part]:
    """FFA_INTERRUPT and FFA_YIELD of the host are NOT_SUPPORTED and go nowhere.

    Clause: DEN0077A v1.0 sections 9.2 and 10.2; both are answers at this instance.
    Reading: after negotiation, in both conventions (the SMC64 forms are 1.3's).
    Applies to: every version.
    Not covered: as answers they carry what the SPMC says (CC-07 passes it on); no layout of theirs binds a mediator.
    """
    for name, functions in (("FFA_INTERRUPT", (ids.INTERRUPT, ids.INTERRUPT64)),
                            ("FFA_YIELD", (ids.YIELD, ids.YIELD64))):
        yield part(name, scene.call.is_(*functions) & scene.pre.negotiated, [
            require("refused with NOT_SUPPORTED", scene.result.refused(ids.NOT_SUPPORTED), "outcome"),
            require("nothing goes to EL3", scene.silent, "smc"),
        ])
