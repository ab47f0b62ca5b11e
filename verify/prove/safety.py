"""Memory safety of every access, for any input, any content of shared memory and any number of iterations.

Each obligation of the engine is proved or left open. An open one is a candidate: nothing has replayed it.
"""

from __future__ import annotations

from dataclasses import dataclass

from verify.engine.record import Obligation
from verify.prove.guarantee import check_guarantee
from verify.prove.invariants import (
    RECLAIMED,
    Invariants,
    find_invariants,
    known,
    page_sizes,
    reclaimed,
)
from verify.prove.target import HARMLESS, Target
from verify.solve.query import Solver
from verify.terms.term import Term


@dataclass(frozen=True, slots=True)
class Checked:
    """All that one line of one function has to keep of one kind."""

    kind: str
    function: str
    file: str
    line: int
    is_proved: bool


@dataclass(frozen=True, slots=True)
class Safety:
    """`lost`: file:line and construct of what is not modelled, and what a call does not keep for other CPUs; nothing is
    said of what comes after it. What is proved rests on what is open: undefined behaviour has no bounds."""

    level: str
    checked: tuple[Checked, ...]
    lost: tuple[tuple[str, str], ...]
    invariants: tuple[str, ...]
    assumptions: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        return not self.lost and all(item.is_proved for item in self.checked)


def check_safety(target: Target, level: str, solver: Solver) -> Safety:
    """The target must have been made with `memory`."""
    found = find_invariants(target, level, solver)
    guarantee = check_guarantee(target, found, level, solver)
    record = target.step.record
    held = proved(target, found, level, solver)
    places: dict[tuple[str, str, str, int], bool] = {}
    for item, holds in zip(record.obligations, held, strict=True):
        key = (item.span.file, item.function, item.kind, item.span.line)
        places[key] = places.get(key, True) and holds
    checked = tuple(Checked(kind, function, file, line, holds)
                    for (file, function, kind, line), holds in sorted(places.items(), key=lambda x: (x[0][0], x[0][3])))
    places_lost = {(f"{b.span.file}:{b.span.line}", b.construct) for b in record.boundaries}
    if guarantee.problem:
        places_lost.add((guarantee.place or "other CPUs", guarantee.construct or guarantee.problem))
    lost = tuple(sorted(places_lost))
    return Safety(level, checked, lost, found.names, (RECLAIMED,) if reclaimed(target, level) else ())


def blocks(item: Obligation) -> bool:
    """Does nothing hold after it is broken? Not so of what is defined all the same, nor of a read elsewhere, nor where
    there is no after."""
    return item.kind not in HARMLESS and not item.is_read and not item.stops


def proved(target: Target, found: Invariants, level: str, solver: Solver) -> tuple[bool, ...]:
    """Of each obligation of one call, by its index in the record: does it follow, whatever the call and the state?

    First of unknown words, then of what they mean. A later one rests on no earlier one.
    """
    obligations = target.step.record.obligations
    guards: dict[int, list[int]] = {}
    for number, item in enumerate(obligations):
        guards.setdefault(id(item.guard), []).append(number)
    result = [False] * len(obligations)
    for numbers in guards.values():
        claims = [obligations[k].holds for k in numbers]
        guard = obligations[numbers[0]].guard
        given = known(target, level, guard, found, claims)
        for number, holds in zip(numbers, _follow(target, solver, given, guard, claims), strict=True):
            result[number] = holds
    return tuple(result)


def _follow(target: Target, solver: Solver, given: list[Term], guard: Term, claims: list[Term]) -> list[bool]:
    """Which claims follow: first of words as unknown numbers, then of what these mean."""
    answers = solver.implied(given, claims, page_sizes())
    left = [k for k, holds in enumerate(answers) if not holds]
    if left and (meanings := target.step.record.exact.definitions([guard, *(claims[k] for k in left)])):
        again = solver.implied([*given, *meanings], [claims[k] for k in left], page_sizes())
        for k, holds in zip(left, again, strict=True):
            answers[k] = holds
    return answers
