"""What each call owes to the other CPUs: it writes the version under its lock only, and never once it is agreed."""

from __future__ import annotations

from dataclasses import dataclass

from verify.engine.value import Integer
from verify.prove.invariants import Invariants, surroundings
from verify.prove.target import Target
from verify.solve.query import Solver, Unsatisfiable
from verify.terms import build as t
from verify.terms.term import Term


@dataclass(frozen=True, slots=True)
class Guarantee:
    """`problem` is empty where every call keeps what the others rely on."""

    problem: str


def check_guarantee(target: Target, found: Invariants, level: str, solver: Solver) -> Guarantee:
    """The rely of `engine.access` as the guarantee of a step."""
    base = surroundings(target, found, level)
    for text, broken in _breaches(target):
        if not isinstance(solver.ask([*base, broken]), Unsatisfiable):
            return Guarantee(text)
    return Guarantee("")


def _breaches(target: Target) -> list[tuple[str, Term]]:
    binding, record = target.binding, target.step.record
    flag = target.step.pre[binding.negotiated].term
    agreed = t.ne(flag, t.const(0, flag.bits))
    result = []
    for event in record.accesses:
        if not event.is_write or not isinstance(event.value, Integer):
            continue
        place = f"{event.span.file}:{event.span.line}"
        held = dict(event.locks).get(binding.version_lock, t.FALSE)
        result.append((f"{place} writes without {binding.version_lock}", t.and_(event.guard, t.not_(held))))
        changed = t.not_(t.eq(event.value.term, target.step.pre[event.path].term))
        result.append((f"{place} writes after negotiation", t.and_(event.guard, agreed, changed)))
    acquired = [event.guard for event in record.locks if event.path == binding.version_lock and event.is_acquire]
    for index, first in enumerate(acquired):
        for second in acquired[index + 1 :]:
            result.append((f"{binding.version_lock} is taken twice in one call", t.and_(first, second)))
    return result
