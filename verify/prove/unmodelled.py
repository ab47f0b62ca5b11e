"""What a proof has to assume of code that is not modelled to its end, or whose accesses are not proved safe."""

from __future__ import annotations

from collections.abc import Sequence

from verify.engine.relevance import contradict
from verify.prove.invariants import Invariants, cases, surroundings
from verify.prove.target import HARMLESS, Target
from verify.solve.query import Solver
from verify.terms import build as t
from verify.terms.term import Term


def assumed_safe(
    target: Target, found: Invariants, level: str, given: Sequence[Term], solver: Solver
) -> tuple[str, ...]:
    """`memory-safe(function)` for each such function that a call with `given` may come to.

    Where the solver does not decide, the function is named.
    """
    record = target.step.record
    left = [(t.not_(boundary.guard), boundary.function, boundary.guard) for boundary in record.boundaries]
    left += [(t.implies(item.guard, item.holds), item.function, item.guard) for item in record.obligations
             if item.kind not in HARMLESS]
    names: set[str] = set()
    for case in cases(target):
        here = [(term, function) for term, function, guard in left if not contradict(case, guard)]
        answers = solver.implied([*surroundings(target, found, level, case), *given, case], [term for term, _ in here])
        names |= {function for (_, function), holds in zip(here, answers, strict=True) if not holds}
    return tuple(f"memory-safe({name})" for name in sorted(names))
