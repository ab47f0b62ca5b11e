"""The buffers' lock, and that locks are given back, taken once, and taken in one order."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Require, Scene, part, require, rule

from ..ffa.calls import by_function
from ..ffa.mailbox_state import USES
from ..ffa.mediation import RX_RELEASE, sends

LOCK = Clause("", "a property of any mediator", "the comments of pKVM's proxy")
NEVER = Scene.truth(False)
UNBALANCED = ("lock-held-already", "unlock-of-a-free-lock")


@rule("FFA-SEC-05", "Buffer lock", LOCK, force="security", confidence="high")
def buffer_lock(scene: Scene) -> Iterator[Part]:
    """Mailboxes and EL2's buffers are used under the buffers' lock, which is not given back in between.

    Clause: none; a property of any mediator.
    Reading: every read and write of EL2's pair, of its descriptor buffer and of host memory; every SMC of EL2's own for
        which EL3 reads EL2's TX or writes or gives up its RX. A call takes the lock once, so that nothing breaks in
        between an SMC and the copy of its answer.
    Applies to: every version.
    Not covered: what is forwarded (BUF-09 for FFA_RX_RELEASE, POL-08); reads of EL2's own pointers, which no call
        changes.
    """
    for name, premise in by_function(scene):
        yield part(f"{name}: accesses", premise, [
            require("the buffers' lock is held", ~one.happens | one.locked, "access") for one in scene.buffer_accesses
        ], name)
        yield part(f"{name}: SMCs", premise, [
            require("the buffers' lock is held", ~sends(smc, *USES, RX_RELEASE) | smc.locked, "smc")
            for smc in scene.smcs
        ], name)
        yield part(f"{name}: one critical section", premise, _once(scene, "buffers"), name)


def _once(scene: Scene, lock: str) -> list[Require]:
    """No two of its takings happen in one call."""
    taken = [step.taken for step in scene.lock_steps if step.lock == lock]
    return [require("the lock is taken once", ~first | ~second, "lock")
            for number, second in enumerate(taken) for first in taken[:number]]


@rule("FFA-SEC-06", "Lock balance and order", LOCK, force="security", confidence="high")
def lock_balance(scene: Scene) -> Iterator[Part]:
    """Every call gives back what it takes, takes no lock that it holds, and takes the version's lock last.

    Clause: none; a property of any mediator.
    Reading: the proxy's locks. A lock is taken when it is free to this CPU and given back when it is held. The
        buffers' lock is never taken under the version's.
    Applies to: every version.
    Not covered: the locks of the page-table functions, which their contracts hide.
    """
    nested = [step.taken & step.inside.get("version", NEVER) for step in scene.lock_steps if step.lock == "buffers"]
    for name, premise in by_function(scene):
        yield part(f"{name}: balance", premise, [
            require("no lock is held afterwards", ~scene.locks_held, "lock"),
            *(require("a lock is taken when it is free and given back when it is held", ~one.happens, "hazard")
              for one in scene.hazards if one.kind in UNBALANCED),
        ], name)
        yield part(f"{name}: order", premise, [
            require("the buffers' lock is not taken under the version's", ~both, "lock") for both in nested
        ], name)
