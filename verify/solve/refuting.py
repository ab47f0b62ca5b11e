"""Z3: a second opinion, and the first one where Bitwuzla gives up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import z3

from verify.solve import interrupt
from verify.solve.answer import Answer, Satisfied, Undecided, Unsatisfiable
from verify.solve.reads import NamedReads, Reader, bytes_read, name_reads
from verify.solve.simplify import conjuncts
from verify.solve.smtlib import script
from verify.terms import build as t
from verify.terms.term import Term, variables

_PREPARED = ("simplify", "propagate-values", "solve-eqs", "elim-uncnstr")
BY_THEORY = (*_PREPARED, "smt")
IN_BITS = (*_PREPARED, "simplify", "bit-blast", "sat")
"""Faster for what has no model, as proofs of invariants have."""


def refute(goal: Term, called: Mapping[str, str], tactics: Sequence[str], limit: int) -> tuple[Answer, int]:
    """(answer, resource units). `called`: other names of variables and memories, for the solver; `limit` in its units.

    In a context of its own: an answer depends on no earlier question.
    """
    question = _Question(tactics, limit)
    if tactics is not IN_BITS:
        return question.run(goal, called), question.units
    named = name_reads(goal, called)
    answer = _in_bits(question, named)
    return Satisfied(named.values(answer.values)) if isinstance(answer, Satisfied) else answer, question.units


def _in_bits(question: _Question, named: NamedReads) -> Answer:
    """With more and more of what equal offsets imply, until a model keeps it."""
    facts: tuple[Term, ...] = ()
    while True:
        answer = question.run(t.and_(named.goal, *facts), named.called)
        if not isinstance(answer, Satisfied) or not (wrong := named.broken(answer.values)):
            return answer
        facts = (*facts, *wrong)


@dataclass(slots=True)
class _Question:
    """`units`: Z3's resource units so far; it counts all of a context together."""

    tactics: Sequence[str]
    limit: int
    units: int = 0
    context: z3.Context = field(default_factory=z3.Context)

    def run(self, goal: Term, called: Mapping[str, str]) -> Answer:
        solver = z3.Then(*(z3.Tactic(name, self.context) for name in self.tactics)).solver()
        solver.set("rlimit", self.limit)
        solver.from_string(script(conjuncts([goal]), called))
        verdict = interrupt.check(solver)
        self.units = max(self.units, units(solver))
        if verdict == z3.unsat:
            return Unsatisfiable()
        if verdict != z3.sat:
            return Undecided(f"solver: {solver.reason_unknown()}")
        return Satisfied(_values(solver.model(), goal, called))


def units(solver: z3.Solver) -> int:
    """Resource units of all that its context was asked so far."""
    statistics = solver.statistics()
    return int(statistics.get_key_value("rlimit count")) if "rlimit count" in statistics.keys() else 0  # noqa: SIM118


def _values(model: z3.ModelRef, goal: Term, called: Mapping[str, str]) -> dict[str, int]:
    """A variable without a value may have any: it is left out, which reads as 0. Z3 may name more than was asked."""
    original = {new: old for old, new in called.items()}
    known, result = variables([goal]), dict[str, int]()
    unknown_memory: dict[str, z3.FuncDeclRef] = {}
    for declaration in model.decls():
        name = original.get(declaration.name(), declaration.name())
        if name in known:
            value = model[declaration]
            result[name] = int(z3.is_true(value)) if z3.is_bool(value) else value.as_long()
        elif declaration.arity() == 1:
            unknown_memory[name] = declaration
    if unknown_memory:
        result.update(bytes_read(goal, result, _reader(model, unknown_memory)))
    return result


def _reader(model: z3.ModelRef, functions: Mapping[str, z3.FuncDeclRef]) -> Reader:
    """A memory that Z3 says nothing of may hold anything: zeros."""
    def read(name: str, offset: int) -> int:
        if name not in functions:
            return 0
        return int(model.eval(functions[name](z3.BitVecVal(offset, 64, model.ctx)), True).as_long())

    return read
