"""Nothing of EL2 reaches the host (two runs that differ only in EL2's secrets answer alike)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Scene, Truth, Word, any_of, either, independent, number, part, provenance, rule
from verify.rules.memory import BufferAccess

from ..ffa.calls import by_function
from ..ffa.mediation import HOST_MEMORY, accesses

NONE = Clause("", "a property of any mediator", "the seed thread")
NOTHING = 256


def _written(scene: Scene) -> list[BufferAccess]:
    return [one for one in accesses(scene, *HOST_MEMORY) if one.is_write]


def _writes(scene: Scene) -> Truth:
    return any_of(one.happens for one in _written(scene))


def _byte(scene: Scene, one: BufferAccess) -> Word:
    """Any byte of what EL2 writes there, or that it writes none."""
    inside = one.happens & (scene.index.widened(64) < one.length)
    return either(inside, one.written.u8(scene.index).widened(16), number(NOTHING, 16))


@rule("FFA-SEC-01", "No EL2 memory reaches the host", NONE, force="security", confidence="high")
def no_stack_in_results(scene: Scene) -> Iterator[Part]:
    """After a call the host's registers do not depend on what EL2's stack held, or on what lies outside an object.

    Clause: none; two-run non-interference over uninitialised memory and over what reads find outside their object.
    Reading: x0 to x30; same host registers, same EL2 state, same answers of EL3. What EL2 writes to the host's memory
        does not depend on it either; nor do the version and the agreement that EL2 keeps, by which it could reach the
        host with a later call: there two runs are compared that send the same, for what is sent is judged with the
        registers.
    Applies to: every version.
    Not covered: other statics that a call leaves behind, which both runs find there; of the mailboxes speak BUF-04 and
        BUF-06.
    """
    for name, premise in by_function(scene):
        yield part(name, premise, [
            independent("the host's registers do not depend on EL2's stack", scene.result.x(k)) for k in range(31)
        ])
    shown, writes = "what EL2 writes to the host's memory does not depend on EL2's stack", _writes(scene)
    yield part("host memory", writes, [
        independent(shown, _byte(scene, one), "access", alike=True) for one in _written(scene)
    ], exists=writes)
    yield part("what EL2 keeps", scene.truth(True), [
        independent("the version does not depend on EL2's stack", scene.post.version, alike=True),
        independent("nor does the agreement", scene.post.negotiated, alike=True),
    ])


@rule("FFA-SEC-02", "Result provenance", NONE, force="security", confidence="high")
def result_provenance(scene: Scene) -> Iterator[Part]:
    """Each result is made of the host's registers, the FF-A state and EL3's answers; never of EL2's addresses.

    Clause: none; two-run non-interference over EL2's addresses and unrelated statics.
    Reading: FF-A state is the version, the agreement, whether buffers are registered, and flags (0 or 1) that
        their locks protect.
    Applies to: every version.
    Not covered: the stack, which is SEC-01's.
    """
    for name, premise in by_function(scene):
        yield part(name, premise, [
            provenance("the host's registers do not depend on EL2's addresses", scene.result.x(k)) for k in range(31)
        ])
    yield part("host memory", _writes(scene), [
        provenance("what EL2 writes to the host's memory does not depend on EL2's addresses", _byte(scene, one),
                   "access")
        for one in _written(scene)
    ], exists=_writes(scene))
