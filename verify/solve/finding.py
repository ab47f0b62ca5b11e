"""Bitwuzla (A. Niemetz, M. Preiner, CAV 2023): many times faster than Z3 on questions about memory."""

from __future__ import annotations

from collections.abc import Mapping

import bitwuzla

from verify.errors import InternalError
from verify.solve import interrupt
from verify.solve.answer import Answer, Satisfied, Undecided, Unsatisfiable
from verify.solve.reads import Reader, bytes_read
from verify.terms.term import Term

OPTIONS = {
    bitwuzla.Option.PRODUCE_MODELS: True,
    bitwuzla.Option.PP_NORMALIZE: False,
    bitwuzla.Option.ABSTRACTION: False,
    bitwuzla.Option.BV_CNF_SCOPE: "permanent",
}
"""What it does by itself to sums and products takes longer than it saves: our products are small."""
GIVEN_UP = "solver: more steps than the limit"


class Steps:
    """Counts how often the search asks whether to go on, which is the same in each run, and says when to stop."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.made = 0

    def __call__(self) -> bool:
        self.made += 1
        return self.made > self.limit or interrupt.is_noted()


def find(text: str, goal: Term, called: Mapping[str, str], limit: int) -> tuple[Answer, int]:
    """(answer, steps made). `text` is the goal in SMT-LIB by the names of `called`; values have the goal's own names.

    Raises KeyboardInterrupt where Ctrl-C came.
    """
    manager, options, steps = bitwuzla.TermManager(), bitwuzla.Options(), Steps(limit)
    for option, value in OPTIONS.items():
        options.set(option, value)
    parser = bitwuzla.Parser(manager, options)
    parser.parse(text, True, False)
    solver = parser.bitwuzla()
    solver.configure_terminator(steps)
    with interrupt.deferred():  # raised in `steps`, wherever in it, it would be lost
        verdict = solver.check_sat()
    interrupt.ask()
    if verdict == bitwuzla.Result.UNSAT:
        return Unsatisfiable(), steps.made
    if verdict != bitwuzla.Result.SAT:
        return Undecided(GIVEN_UP), steps.made
    values = _values(manager, solver, parser, goal, {new: old for old, new in called.items()})
    return Satisfied(dict(sorted(values.items()))), steps.made


def _values(
    manager: bitwuzla.TermManager, solver: bitwuzla.Bitwuzla, parser: bitwuzla.Parser, goal: Term,
    original: Mapping[str, str],
) -> dict[str, int]:
    """Of the variables, and of the bytes of unknown memory that the goal looks at."""
    result: dict[str, int] = {}
    memories: dict[str, bitwuzla.Term] = {}
    for symbol in parser.get_declared_funs():
        name = symbol.symbol().strip("|")
        name = original.get(name, name)
        if symbol.sort().is_fun():
            memories[name] = symbol
        else:
            result[name] = _number(solver.get_value(symbol))
    if memories:
        result.update(bytes_read(goal, result, _reader(manager, solver, memories)))
    return result


def _reader(manager: bitwuzla.TermManager, solver: bitwuzla.Bitwuzla, memories: Mapping[str, bitwuzla.Term]) -> Reader:
    places = manager.mk_bv_sort(64)

    def read(name: str, offset: int) -> int:
        if name not in memories:
            raise InternalError(f"the solver was not told of memory {name}")
        there = manager.mk_term(bitwuzla.Kind.APPLY, [memories[name], manager.mk_bv_value(places, offset)])
        return _number(solver.get_value(there))

    return read


def _number(value: bitwuzla.Term) -> int:
    return int(value.value(10)) if value.sort().is_bv() else int(value.value())
