"""What the host can break: assertions of EL2, and half-done calls."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Scene, Truth, all_of, any_of, part, require, rule
from verify.rules.memory import OWN, SHARED_FFA, UNPIN, UNSHARE_FFA, UNSHARE_HYP

from ..ffa.calls import asks_version, by_function
from ..ffa.mediation import failed, gives_rx_back, page_kept, pins_kept, registration_kept

NONE = Clause("", "a property of any mediator")
GIVES_BACK = (UNSHARE_FFA, UNSHARE_HYP, UNPIN)
ROLLBACK = Clause("", "a property of any mediator", "the head of pKVM's proxy")


@rule("FFA-SEC-11", "The host cannot trigger a hypervisor panic", NONE, force="security", confidence="med")
def no_panic(scene: Scene) -> Iterator[Part]:
    """With a conforming SPMC no WARN_ON is true, whatever the host does.

    Clause: none; a true WARN_ON ends nVHE's hypervisor in kernels of that time.
    Reading: every WARN_ON and BUG that a call comes by. Where EL3 may answer anything, many of them can be true.
    Applies to: every version.
    Not covered: kernels in which a WARN_ON at EL2 is harmless.
    """
    to_blame = blamed(scene)
    for name, premise in by_function(scene):
        yield part(name, premise, [
            *(require("no WARN_ON is true", ~happens | ~to_blame, "warn") for happens in scene.warns),
            *(require("no BUG is reached", ~one.happens, "hazard") for one in scene.hazards if one.kind == "bug"),
        ], name)


def blamed(scene: Scene) -> Truth:
    """No request about pages fails, or the arbitrary page is to blame for one: the first that does not give pages back
    to the host, else the last that does not take some.

    A request that fails has some page to blame; what holds whichever that is, holds.
    """
    fails = [(one, one.made & ~one.succeeded) for one in scene.transfers]
    gives = [(one, failure) for one, failure in fails if one.action in GIVES_BACK]
    takes = [(one, failure) for one, failure in fails if one.action not in GIVES_BACK]
    found = all_of([])
    for one, failure in [*takes, *reversed(gives)]:
        found = (failure & one.blamed) | (~failure & found)
    return found


def _negative(scene: Scene) -> Truth:
    """FFA_VERSION shows a code in w0."""
    return asks_version(scene) & scene.result.handled & (scene.result.w(0).bits_(31, 31) == 1)


@rule("FFA-SEC-13", "Failure atomicity across EL2 and SPMC", ROLLBACK, force="security", confidence="high")
def failure_atomicity(scene: Scene) -> Iterator[Part]:
    """A call that shows the host an error leaves pages, pins, registration, version, agreement and EL2's RX buffer as
    they were.

    Clause: none; a property of any mediator.
    Reading: an FFA_ERROR frame, or a negative code of FFA_VERSION. FFA_MEM_FRAG_TX may leave pages of the host's shared
        with the secure world: EL2 has forgotten the earlier fragments. RX: what the SPMC put there in this call EL2
        has released.
    Applies to: every version.
    Not covered: pages that cannot be given back, which EL2 asserts not to happen (SEC-11); version and agreement after
        a failing FFA_VERSION (VER-12); what the SPMC still has shared (MEM-17), which needs its state.
    """
    for name, premise in by_function(scene):
        stuck = any_of(one.made & ~one.succeeded for one in scene.transfers if one.action == UNSHARE_FFA)
        error = premise & (_negative(scene) if name == "FFA_VERSION" else failed(scene))
        pages = page_kept(scene) | stuck
        if name == "FFA_MEM_FRAG_TX":
            pages = pages | ((scene.page.before == OWN) & (scene.page.after == SHARED_FFA))
        claims = [
            require("no page changes its state", pages, "page"),
            require("no page is pinned or unpinned", pins_kept(scene), "page"),
            require("the registration stays as it was", registration_kept(scene), "mailbox"),
            require("EL2's RX buffer is given back", gives_rx_back(scene), "smc"),
        ]
        if name != "FFA_VERSION":
            claims.append(require("EL2's FF-A state stays", scene.unchanged, "version"))
        yield part(name, error, claims, name, exists=error)
