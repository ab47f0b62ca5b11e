"""What a proof has to assume of code that is not modelled to its end, or whose accesses are not proved safe."""

from __future__ import annotations

from collections.abc import Sequence

from verify.prove.target import Target
from verify.solve.query import Satisfied, Solver, Undecided, Unsatisfiable
from verify.terms import build as t
from verify.terms.evaluate import evaluate
from verify.terms.term import Term


def assumed_safe(target: Target, given: Sequence[Term], solver: Solver) -> tuple[str, ...]:
    """`memory-safe(function)` for each such function that a call with `given` may come to.

    Where the solver does not decide, the function is named.
    """
    record = target.step.record
    left = [(boundary.guard, boundary.function) for boundary in record.boundaries]
    left += [(t.and_(item.guard, t.not_(item.holds)), item.function) for item in record.obligations]
    names: dict[str, None] = {}
    while left:
        answer = solver.ask([*given, t.or_(*(term for term, _ in left))])
        match answer:
            case Unsatisfiable():
                break
            case Undecided():
                found = {function for _, function in left}
            case Satisfied(values=values):
                hits = evaluate([term for term, _ in left], values)
                found = {function for (_, function), hit in zip(left, hits, strict=True) if hit}
        names.update(dict.fromkeys(sorted(found)))
        left = [(term, function) for term, function in left if function not in found]
    return tuple(f"memory-safe({name})" for name in sorted(names))
