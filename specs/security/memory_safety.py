"""What the mediator may do with memory: each access inside its object, each loop to an end, one look at the host's."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import BufferAccess, Clause, Part, Require, Scene, any_of, part, require, rule
from verify.rules.memory import EL2_TX

from ..ffa.calls import by_function
from ..ffa.mediation import HOST_MEMORY, accesses

MEMORY = Clause("", "a property of any mediator", "fixes of pKVM's proxy")
FETCH = Clause("", "a property of any mediator", "pKVM and Xen copy once")
UNDEFINED = ("invalid-pointer", "shift-range", "division-by-zero", "branch-on-uninitialised", "build-bug")


def _none(scene: Scene, text: str, *kinds: str) -> list[Require]:
    return [require(text, ~one.happens, "hazard") for one in scene.hazards if one.kind in kinds]


@rule("FFA-SEC-07", "Single fetch", FETCH, force="security", confidence="high")
def single_fetch(scene: Scene) -> Iterator[Part]:
    """Each byte of host memory is read at most once in a call, by a copy.

    Clause: none; a property of any mediator.
    Reading: host memory changes at any time, so that what is checked and what is used must be the same copy. A direct
        access may be several reads; a read in a loop happens again.
    Applies to: every version.
    Not covered: that host registers come from the saved context, which no host memory holds.
    """
    reads = [one for one in accesses(scene, *HOST_MEMORY) if not one.is_write]
    for name, premise in by_function(scene):
        yield part(name, premise, [
            *(require("host memory is read by a copy", ~one.happens | scene.truth(one.is_copy), "access")
              for one in reads),
            *(require("no byte of host memory is read twice", ~one.happens | ~one.repeats | (one.length == 0), "access")
              for one in reads),
            *(_apart(first, second) for number, second in enumerate(reads) for first in reads[:number]),
        ], name)


def _apart(first: BufferAccess, second: BufferAccess) -> Require:
    """They do not overlap; neither wraps."""
    before, after = first.end <= second.offset.widened(65), second.end <= first.offset.widened(65)
    return require("no byte of host memory is read twice", ~second.happens | ~first.happens | before | after, "access")


@rule("FFA-SEC-08", "Arithmetic", MEMORY, force="security", confidence="high")
def arithmetic(scene: Scene) -> Iterator[Part]:
    """Sums and products that become a size, an offset or a count do not wrap in their C type.

    Clause: none; a property of any mediator.
    Reading: of lengths of copies, offsets of accesses, and page counts; a sum whose wrapping is tested is no sum.
    Applies to: every version.
    Not covered: page frame numbers, whose ranges the page-table functions check; differences.
    """
    for name, premise in by_function(scene):
        yield part(name, premise, _none(scene, "no size, offset or count wraps", "wrap"), name)


@rule("FFA-SEC-09", "Bounds of every descriptor access", MEMORY, force="security", confidence="high")
def bounds(scene: Scene) -> Iterator[Part]:
    """Every access lies in a mailbox, the descriptor buffer or a variable, and in a message below its end.

    Clause: none; a property of any mediator.
    Reading: of every load, store and copy, and of what else C leaves undefined. The host's message is what this call
        has written to EL2's TX buffer: nothing beyond is looked at.
    Applies to: every version.
    Not covered: the end of a message of the SPMC's (MEM-24 to MEM-26).
    """
    written = [one for one in accesses(scene, EL2_TX) if one.is_write]
    reads = [one for one in accesses(scene, EL2_TX) if not one.is_write and not one.is_copy]
    for name, premise in by_function(scene):
        yield part(name, premise, _none(scene, "every access is inside its object", *UNDEFINED), name)
        yield part(f"{name}: message", premise, [
            require("only what this call wrote is parsed", ~read.happens | any_of(
                one.happens & (one.offset <= read.offset) & (read.end <= one.end) for one in written), "access")
            for read in reads
        ], name)


@rule("FFA-SEC-12", "Termination", MEMORY, force="security", confidence="high")
def termination(scene: Scene) -> Iterator[Part]:
    """Every loop ends.

    Clause: none; a property of any mediator.
    Reading: something that cannot shrink for ever shrinks in each iteration.
    Applies to: every version.
    Not covered: how soon it ends; waiting for a lock.
    """
    for name, premise in by_function(scene):
        yield part(name, premise, _none(scene, "every loop ends", "endless-loop"), name)
