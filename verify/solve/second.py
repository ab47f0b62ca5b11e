"""Other opinions: a conjunction as SMT-LIB text, asked of a solver by itself, with none of our simplification.

Each has its own measure of effort, which is the same in every run; seconds are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import bitwuzla
import z3

from verify.errors import InputError
from verify.solve import interrupt
from verify.solve.finding import Steps


class Opinion(Enum):
    AGREES = "agrees"
    GAVE_UP = "gave up"
    DISAGREES = "disagrees"


PACKAGES = {"bitwuzla": "bitwuzla", "z3": "z3-solver", "cvc5": "cvc5"}
EFFORT = {"bitwuzla": 6_000_000, "z3": 100_000_000, "cvc5": 1_500_000}
"""Steps, resource units, resource units: some ten to thirty seconds each."""


def by_z3(text: str) -> Opinion:
    solver = z3.SolverFor("QF_UFBV", ctx=z3.Context())
    solver.set("rlimit", EFFORT["z3"])
    solver.from_string(question(text))
    verdict = interrupt.check(solver)
    return Opinion.AGREES if verdict == z3.unsat else Opinion.DISAGREES if verdict == z3.sat else Opinion.GAVE_UP


def by_bitwuzla(text: str) -> Opinion:
    return _bitwuzla(text, bitwuzla.Options())[0]


def core_by_bitwuzla(text: str) -> tuple[Opinion, tuple[int, ...]]:
    """The assertions, by number, that a refutation needs."""
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.PRODUCE_UNSAT_CORES, True)
    opinion, solver, asserted = _bitwuzla(text, options)
    if opinion is not Opinion.AGREES:
        return opinion, ()
    needed = set(solver.get_unsat_core())
    core = tuple(k for k, one in enumerate(asserted) if one in needed)
    return opinion, core if needed <= set(asserted) else tuple(range(len(asserted)))


def _bitwuzla(text: str, options: bitwuzla.Options) -> tuple[Opinion, Any, list[Any]]:
    """What it says, and what was asserted, in order: later it says that in its own way."""
    parser, steps = bitwuzla.Parser(bitwuzla.TermManager(), options), Steps(EFFORT["bitwuzla"])
    parser.parse(question(text), True, False)
    solver = parser.bitwuzla()
    asserted = list(solver.get_assertions())
    solver.configure_terminator(steps)
    with interrupt.deferred():
        verdict = solver.check_sat()
    interrupt.ask()
    return {bitwuzla.Result.UNSAT: Opinion.AGREES, bitwuzla.Result.SAT: Opinion.DISAGREES}.get(
        verdict, Opinion.GAVE_UP), solver, asserted


def by_cvc5(text: str) -> Opinion:
    import cvc5  # an optional extra

    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    solver.setOption("rlimit-per", str(EFFORT["cvc5"]))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, question(text), "piece")
    symbols = parser.getSymbolManager()
    while not (command := parser.nextCommand()).isNull():
        command.invoke(solver, symbols)
    verdict = solver.checkSat()
    return Opinion.AGREES if verdict.isUnsat() else Opinion.DISAGREES if verdict.isSat() else Opinion.GAVE_UP


SOLVERS: Mapping[str, Callable[[str], Opinion]] = {"bitwuzla": by_bitwuzla, "z3": by_z3, "cvc5": by_cvc5}


def chosen(name: str) -> tuple[str, ...]:
    """One, or all that are installed. Raises InputError for one that is not."""
    if name == "all":
        return tuple(one for one in SOLVERS if named(one))
    if not named(name):
        raise InputError(f"{name} is not installed: pip install {PACKAGES[name]}")
    return (name,)


def named(name: str) -> str:
    """With its version; empty where it is not installed."""
    try:
        return f"{name} {version(PACKAGES[name])}"
    except PackageNotFoundError:
        return ""


def question(text: str) -> str:
    """Without the command, and without what the answer should be: cvc5 takes another one for a fault of its own."""
    return text.replace("(check-sat)\n", "").replace("(set-info :status unsat)\n", "")
