"""Nothing of EL2 reaches the host (two runs that differ only in EL2's secrets answer alike)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Scene, independent, part, provenance, rule

from ..ffa.calls import by_function

NONE = Clause("", "a property of any mediator", "the seed thread")


@rule("FFA-SEC-01", "No EL2 memory reaches the host", NONE, force="security", confidence="high")
def no_stack_in_results(scene: Scene) -> Iterator[Part]:
    """After a call the host's registers do not depend on what EL2's stack held, or on what lies outside an object.

    Clause: none; two-run non-interference over uninitialised memory and over what reads find outside their object.
    Reading: x0 to x30; same host registers, same EL2 state, same answers of EL3.
    Applies to: every version.
    Not covered: host-readable memory (with the memory handlers); what an earlier call put into a static, which both
        runs find there.
    """
    for name, premise in by_function(scene):
        yield part(name, premise, [
            independent("the host's registers do not depend on EL2's stack", scene.result.x(k)) for k in range(31)
        ])


@rule("FFA-SEC-02", "Result provenance", NONE, force="security", confidence="high")
def result_provenance(scene: Scene) -> Iterator[Part]:
    """Each result is made of the host's registers, the FF-A state and EL3's answers; never of EL2's addresses.

    Clause: none; two-run non-interference over EL2's addresses and unrelated statics.
    Reading: FF-A state is the version, the agreement, whether buffers are registered, and flags (0 or 1) that
        their locks protect.
    Applies to: every version.
    Not covered: host-readable memory (with the memory handlers); the stack is SEC-01's.
    """
    for name, premise in by_function(scene):
        yield part(name, premise, [
            provenance("the host's registers do not depend on EL2's addresses", scene.result.x(k)) for k in range(31)
        ])
