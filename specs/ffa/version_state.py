"""FFA_VERSION: what happens to EL2's version and to the SPMC's (DEN0077A 1.2 section 13.2, 1.1 section 18.6.4)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, Truth, Word, all_of, any_of, blame, no, part, require, rule

from . import ids
from .calls import asks_version, by_function, is_ffa, well_formed_request, well_formed_version
from .mediation import sends
from .version import IMMUTABILITY, NEGOTIATION, refused, settled

DOWNGRADE = ids.clause("v1.1 18.6.4", "the seed thread")


@rule("FFA-VER-06", "A negotiated version never changes", IMMUTABILITY, force="spec", confidence="high")
def version_is_immutable(scene: Scene) -> Iterator[Part]:
    """After a version is agreed, no call changes it and no call takes the agreement back.

    Clause: DEN0077A 1.2 section 13.2.2.
    Reading: over any sequence of calls: if the version is agreed before a call, it is the same after it.
    Applies to: every version.
    Not covered: what EL2 asks of the SPMC afterwards (VER-13).
    """
    same = scene.post.version == scene.pre.version
    for name, premise in by_function(scene):
        yield part(name, premise & scene.pre.negotiated, [
            require("the version is the agreed one", same, "version"),
            require("it stays agreed", scene.post.negotiated, "negotiated"),
        ])
    yield part("no FF-A function", ~is_ffa(scene) & scene.pre.negotiated, [
        require("the version is the agreed one", same, "version"),
        require("it stays agreed", scene.post.negotiated, "negotiated"),
    ])


@rule("FFA-VER-10", "No service before negotiation", NEGOTIATION, force="policy", confidence="high")
def no_service_before_negotiation(scene: Scene) -> Iterator[Part]:
    """Before a version is agreed every other FF-A call is refused, sends nothing and changes nothing.

    Clause: DEN0077A 1.2 section 13.2; the status code is contested.
    Reading: INVALID_PARAMETERS; STRICT accepts NOT_SUPPORTED as well.
    Applies to: every version.
    Not covered: the rest of the frame (ERR-01, and MSG-10 for REQ2 and RESP2).
    """
    answer = scene.result.is_error(ids.INVALID_PARAMETERS)
    if scene.profile == "STRICT":
        answer = answer | scene.result.is_error(ids.NOT_SUPPORTED)
    for name, premise in by_function(scene):
        if name == "FFA_VERSION":
            continue
        yield part(name, premise & ~scene.pre.negotiated, [
            require("refused", scene.result.handled & answer, "x0"),
            require("no SMC", scene.silent, "smc"),
            require("EL2's version stays", scene.unchanged, "version"),
        ])


@rule("FFA-VER-13", "EL2 obeys immutability toward the SPMC", IMMUTABILITY, force="spec", confidence="high")
def asks_no_version_again(scene: Scene) -> Iterator[Part]:
    """EL2 asks the SPMC for no version once it has asked it for anything else.

    Clause: DEN0077A 1.2 section 13.2.2, which binds EL2 as a caller of the SPMC.
    Reading: over all SMCs since boot, initialisation's and forwarded ones included: no FFA_VERSION after another
        function of FF-A. How EL3 answered either does not matter.
    Applies to: every version.
    Not covered: the order within initialisation, for rules speak of calls.
    """
    for name, premise in by_function(scene):
        asks = [sends(smc, ids.VERSION) for smc in (*scene.smcs, *scene.forwards)]
        late = [sends(smc, ids.VERSION) & smc.asked for smc in (*scene.smcs, *scene.forwards)]
        yield part(name, premise & any_of(asks), [
            require("nothing else was asked before FFA_VERSION", blame(no(late), "smc", late), "smc"),
        ], exists=premise & any_of(asks))


def _accepting(scene: Scene, answer: Word) -> Truth:
    """s32(q0) > 0, major 1, and a minor that covers the request."""
    return (answer.bits_(31, 16) == 1) & (answer.bits_(15, 0) >= scene.call.w(1).bits_(15, 0))


@rule("FFA-VER-11", "The SPMC has to agree to a downgrade", DOWNGRADE, NEGOTIATION, force="spec", confidence="high")
def spmc_agrees_to_downgrade(scene: Scene) -> Iterator[Part]:
    """Before EL2 agrees on a lower minor it asks the SPMC, and any negative answer is a refusal.

    Clause: DEN0077A 1.1 section 18.6.4: without the 1.0 interface NOT_SUPPORTED is answered.
    Reading: exactly one FFA_VERSION with the requested version and zero arguments; a negative answer is one
        whose 32-bit value is negative, whatever bits 63:32 of x0 are; an answer below the request is a refusal too.
        A refusal needs no question where the SPMC must not be asked for a version any more (VER-13).
    Applies to: every version.
    Not covered: what EL2 asks the SPMC besides (FFA_ID_GET, FFA_FEATURES).
    """
    lower = scene.call.w(1).bits_(15, 0) < scene.pre.minor
    given = well_formed_request(scene) & well_formed_version(scene) & lower & ~scene.pre.negotiated
    asking = [(smc, smc.made & (smc.w(0) == ids.VERSION)) for smc in scene.smcs]
    once = any_of(asks & all_of(~other for _, other in asking if other is not asks) for _, asks in asking)
    yield part("the SPMC is asked", given, [
        require("exactly one FFA_VERSION goes to the SPMC", once | settled(scene), "smc"),
        require("with the requested version",
                all_of(~asks | (smc.w(1) == scene.call.w(1)) for smc, asks in asking), "smc"),
        *(require("its other arguments are zero", all_of(~asks | (smc.x(k) == 0) for smc, asks in asking), "smc")
          for k in range(2, 8)),
    ], function="FFA_VERSION")
    no = any_of(asks & ~_accepting(scene, smc.qw(0)) for smc, asks in asking)
    yield part("a negative answer is a refusal", given & no, [
        require("answered NOT_SUPPORTED", refused(scene), "x0"),
        require("EL2's version stays", scene.unchanged, "version"),
    ], function="FFA_VERSION")
    yield part("never forwarded", asks_version(scene), [
        require("FFA_VERSION is not forwarded", scene.result.handled, "outcome")], function="FFA_VERSION")


@rule("FFA-VER-12", "A failing FFA_VERSION changes nothing", NEGOTIATION, force="security", confidence="high")
def failure_changes_nothing(scene: Scene) -> Iterator[Part]:
    """If FFA_VERSION is answered with a negative code, EL2's version and the agreement are as before.

    Clause: none; derived: host and EL2 must not disagree about what is agreed.
    Reading: negative is bit 31 of w0. A version that is put back before the lock is given back was not changed, as long
        as none is agreed: who reads it without the lock looks at the agreement first.
    Applies to: every version.
    Not covered: the SPMC's own version.
    """
    failed = scene.result.handled & (scene.result.w(0).bits_(31, 31) == 1)
    yield part("unchanged", asks_version(scene) & failed, [
        require("EL2's version stays", scene.version_kept, "version"),
        require("the agreement stays as it was", scene.agreement_kept, "negotiated"),
    ], function="FFA_VERSION")
