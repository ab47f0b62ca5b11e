"""What an agreed version is, and what there is without one (DEN0077A 1.2 section 13.2)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Scene, Truth, any_of, part, require, rule

from . import ids
from .calls import asks_version, by_function
from .version import IMMUTABILITY, refused

ANY = Clause("", "a property of any mediator", "the seed thread")


@rule("FFA-VER-09", "When the negotiation window closes", IMMUTABILITY, force="contested", confidence="high",
      profiles=("BASE", "SEED", "UP618"))
def window_closes(scene: Scene) -> Iterator[Part]:
    """The first FFA_VERSION that succeeds settles the version.

    Clause: DEN0077A 1.2 section 13.2.2 lets the window close later, at the first other call.
    Reading: BASE, SEED, UP618: what pKVM does. STRICT has no parts: a mediator that closes earlier than the text allows
        is told apart by its other profiles and is not at fault, for its SPMC's window is closed by EL2 itself.
    Applies to: every version.
    Not covered: an open window under STRICT, where VER-07 already asks for NOT_SUPPORTED.
    """
    succeeded = asks_version(scene) & scene.result.handled & (scene.result.w(0).bits_(31, 31) == 0)
    yield part("closed", succeeded, [
        require("a version is agreed", scene.post.negotiated, "negotiated"),
    ], function="FFA_VERSION")


def _asked_and_answered(scene: Scene) -> Truth:
    """In this call the SPMC was asked about the version that EL2 has now, and has it."""
    now = scene.post.version
    return any_of(
        smc.made & (smc.w(0) == ids.VERSION) & (smc.w(1) == now) & (smc.qw(0).bits_(31, 16) == 1)
        & (smc.qw(0).bits_(15, 0) >= now.bits_(15, 0))
        for smc in scene.smcs)


@rule("FFA-VER-14", "Layout coherence", ANY, force="security", confidence="high")
def agreed_versions(scene: Scene) -> Iterator[Part]:
    """An agreed version is between 1.0 and the highest that EL2 offers, and the SPMC has said yes to it.

    Clause: none; derived from the layouts that change between 1.0 and 1.1.
    Reading: of the call that makes the agreement: that it is always FFA_VERSION and that nothing changes it afterwards
        is VER-10's and VER-06's. The SPMC said yes at boot, to a version that EL2 still has, or in that call.
    Applies to: every version.
    Not covered: that initialisation takes the lower one of its own and the SPMC's version, for rules speak of calls;
        the layout by which descriptors are read (MEM-05).
    """
    version = scene.post.version
    agreed = asks_version(scene) & ~scene.pre.negotiated & scene.post.negotiated
    yield part("range", agreed, [
        require("the version is one that EL2 offers",
                (version.bits_(31, 16) == 1) & (version <= scene.max_version), "version"),
    ], function="FFA_VERSION")
    yield part("the SPMC's yes", agreed, [
        require("the SPMC has the version", (version == scene.pre.version) | _asked_and_answered(scene), "version"),
    ], function="FFA_VERSION")


@rule("FFA-VER-15", "A proxy that did not initialise refuses everything", ANY, force="security", confidence="high")
def without_initialisation(scene: Scene) -> Iterator[Part]:
    """Where initialisation found no version, every call is refused, nothing is sent and nothing changes.

    Clause: none; EL2 has neither a version nor mailboxes then.
    Reading: EL2's version is 0. FFA_VERSION is answered −1, other calls −1 or FFA_ERROR with a negative code: VER-10
        asks for INVALID_PARAMETERS of what is not negotiated.
    Applies to: mediators that go on without a version.
    Not covered: which code it is (VER-10); the frames of REQ2 and RESP2 (MSG-10); that EL2's mailboxes
        are not there (RXTX_MAP is refused like the rest).
    """
    nothing = scene.pre.version == 0
    error = (scene.result.w(0) == ids.ERROR) & (scene.result.w(2).bits_(31, 31) == 1)
    for name, premise in by_function(scene):
        answer = refused(scene) if name == "FFA_VERSION" else refused(scene) | (scene.result.handled & error)
        if name.endswith(("REQ2", "RESP2")):
            answer = scene.result.handled
        yield part(name, premise & nothing, [
            require("refused", answer, "x0"),
            require("no SMC", scene.silent, "smc"),
            require("EL2's FF-A state stays", scene.unchanged, "version"),
        ], exists=premise & nothing)
