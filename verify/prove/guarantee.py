"""What each call owes to the other CPUs: it writes the version under its lock only, and never once it is agreed."""

from __future__ import annotations

from dataclasses import dataclass

from verify.engine.regions import HOST
from verify.engine.transition import pointee
from verify.engine.value import Integer
from verify.prove.invariants import Invariants, surroundings
from verify.prove.target import HARMLESS, Target
from verify.prove.trust import axioms
from verify.solve.query import Solver, Unsatisfiable
from verify.terms import build as t
from verify.terms.term import Term


@dataclass(frozen=True, slots=True)
class Guarantee:
    """`problem` is empty where every call keeps what the others, and every later call, rely on.

    `construct` and `place` say what of the initialisation is not modelled or not safe, if that is the problem.
    """

    problem: str
    construct: str = ""
    place: str = ""


def check_guarantee(target: Target, found: Invariants, level: str, solver: Solver) -> Guarantee:
    """The initialisation is modelled to its end; the rely of `engine.access` is the guarantee of a step."""
    record = target.init.record
    start = [(b.guard, b.construct, b.span) for b in record.boundaries]
    start += [(t.and_(o.guard, t.not_(o.holds)), o.kind, o.span) for o in record.obligations if o.kind not in HARMLESS]
    for guard, construct, span in start:
        if not isinstance(solver.refute([*axioms(record, level), *record.relies, guard]), Unsatisfiable):
            return Guarantee("initialisation", construct, f"{span.file}:{span.line}")
    base = surroundings(target, found, level)
    for text, broken in [*_breaches(target), *_strays(target)]:
        if not isinstance(solver.refute([*base, broken]), Unsatisfiable):
            return Guarantee(text)
    return Guarantee("")


def _strays(target: Target) -> list[tuple[str, Term]]:
    """A static pointer that a call leaves where no state was thought to have it."""
    result = []
    for path, pointer in sorted(target.step.pointers.items()):
        known = pointee(target.init, path)
        for item in pointer.targets:
            offset = known[1] if item.object == HOST else item.offset
            if item.object is not None and (item.object, offset) != known:
                broken = t.and_(target.step.alive, item.guard)
                result.append((f"{path} may point to {item.object}", broken))
    return result


def _breaches(target: Target) -> list[tuple[str, Term]]:
    binding, record = target.binding, target.step.record
    flag = target.step.pre[binding.negotiated].term
    agreed = t.ne(flag, t.const(0, flag.bits))
    result = []
    agreement = {path.partition(".")[0] for path in (binding.version, binding.negotiated)}
    for boundary in record.boundaries:
        if agreement & set(boundary.writes):
            place = f"{boundary.span.file}:{boundary.span.line}"
            result.append((f"{place}: what is not modelled there may write the version", boundary.guard))
    for event in record.accesses:
        if not event.is_write or not isinstance(event.value, Integer):
            continue
        place = f"{event.span.file}:{event.span.line}"
        changed = t.not_(t.eq(event.value.term, target.step.pre[event.path].term))
        result.append((f"{place} writes after negotiation", t.and_(event.guard, agreed, changed)))
    for free, path, span in record.writes:
        lock = target.shared.lock_of[path]
        result.append((f"{span.file}:{span.line} writes {path} without {lock}", free))
    for transfer in record.transfers:
        place = f"{transfer.span.file}:{transfer.span.line}"
        held = dict(transfer.locks).get(binding.buffers_lock, t.FALSE)
        result.append((f"{place} changes the state of pages without {binding.buffers_lock}",
                       t.and_(transfer.guard, t.not_(held))))
    acquired = [event.guard for event in record.locks if event.path == binding.version_lock and event.is_acquire]
    for index, first in enumerate(acquired):
        for second in acquired[index + 1 :]:
            result.append((f"{binding.version_lock} is taken twice in one call", t.and_(first, second)))
    return result
