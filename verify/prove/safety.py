"""Memory safety of every access, for any input, any content of shared memory and any number of iterations.

Each obligation of the engine is proved or left open. An open one is a candidate: nothing has replayed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verify.engine.record import Obligation, contradict
from verify.prove.guarantee import check_guarantee
from verify.prove.invariants import (
    RECLAIMED,
    Invariants,
    cases,
    find_invariants,
    page_sizes,
    reclaimed,
    surroundings,
)
from verify.prove.target import Target
from verify.solve.query import Solver
from verify.terms import build as t
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
    proved = _proved(target, found, level, solver, record.obligations)
    places: dict[tuple[str, str, str, int], bool] = {}
    for item, holds in zip(record.obligations, proved, strict=True):
        key = (item.span.file, item.function, item.kind, item.span.line)
        places[key] = places.get(key, True) and holds
    checked = tuple(Checked(kind, function, file, line, holds)
                    for (file, function, kind, line), holds in sorted(places.items(), key=lambda x: (x[0][0], x[0][3])))
    places_lost = {(f"{b.span.file}:{b.span.line}", b.construct) for b in record.boundaries}
    if guarantee.problem:
        places_lost.add((guarantee.place or "other CPUs", guarantee.construct or guarantee.problem))
    lost = tuple(sorted(places_lost))
    return Safety(level, checked, lost, found.names, (RECLAIMED,) if reclaimed(target, level) else ())


def _proved(
    target: Target, found: Invariants, level: str, solver: Solver, obligations: Sequence[Obligation]
) -> list[bool]:
    """Of each obligation, whether it follows in every case; first of unknown words, then of what they mean."""
    result = [True] * len(obligations)
    for case in cases(target):
        for size in page_sizes():
            here = [k for k, item in enumerate(obligations) if result[k] and not contradict(case, item.guard)]
            given = [*surroundings(target, found, level, case), case, size]
            claims = [t.implies(obligations[k].guard, obligations[k].holds) for k in here]
            for k, holds in zip(here, _answers(target, solver, given, claims), strict=True):
                result[k] = holds
    return result


def _answers(target: Target, solver: Solver, given: list[Term], claims: list[Term]) -> list[bool]:
    answers = solver.implied(given, claims)
    left = [k for k, holds in enumerate(answers) if not holds]
    if left:
        meanings = target.step.record.exact.definitions([claims[k] for k in left])
        if meanings:
            again = solver.implied([*given, *meanings], [claims[k] for k in left])
            for k, holds in zip(left, again, strict=True):
                answers[k] = holds
    return answers
