"""Other opinions: a conjunction as SMT-LIB text, asked of a solver by itself, with none of our simplification.

Each has its own measure of effort, which is the same in every run; seconds are not.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import bitwuzla
import z3

from verify.errors import InputError
from verify.solve import cadical, interrupt
from verify.solve.cadical import GaveUp, Refuted
from verify.solve.finding import Steps
from verify.solve.refuting import units

ASSERTION = "(assert "
ALL = "all"


class Opinion(Enum):
    AGREES = "agrees"
    GAVE_UP = "gave up"
    DISAGREES = "disagrees"


@dataclass(frozen=True, slots=True)
class Tried:
    """`cost` in the solver's own units."""

    opinion: Opinion
    cost: int


PACKAGES = {"bitwuzla": "bitwuzla", "z3": "z3-solver", "cvc5": "cvc5"}
EFFORT = {"bitwuzla": 6_000_000, "z3": 100_000_000, "cvc5": 1_500_000, cadical.NAME: 3_000_000}
"""Steps, resource units, resource units: some ten to thirty seconds each; conflicts."""


UNITS = {"bitwuzla": "steps", "z3": "resource units", "cvc5": "resource units"}


def by_z3(text: str) -> Opinion:
    return _z3(text).opinion


def _z3(text: str, seed: int = 0) -> Tried:
    """Its own seed is 0."""
    solver = z3.SolverFor("QF_UFBV", ctx=z3.Context())
    solver.set("rlimit", EFFORT["z3"])
    solver.set("random_seed", seed)
    solver.from_string(question(text))
    verdict = interrupt.check(solver)
    opinion = Opinion.AGREES if verdict == z3.unsat else Opinion.DISAGREES if verdict == z3.sat else Opinion.GAVE_UP
    return Tried(opinion, units(solver))


def by_bitwuzla(text: str) -> Opinion:
    return _bitwuzla(text, bitwuzla.Options())[0].opinion


def _seeded_bitwuzla(text: str, seed: int) -> Tried:
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.SEED, seed)
    return _bitwuzla(text, options)[0]


def core_by_bitwuzla(text: str) -> tuple[Opinion, tuple[int, ...]]:
    """The assertions, by number, that a refutation needs."""
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.PRODUCE_UNSAT_CORES, True)
    tried, solver, asserted = _bitwuzla(text, options)
    opinion = tried.opinion
    if opinion is not Opinion.AGREES:
        return opinion, ()
    needed = set(solver.get_unsat_core())
    core = tuple(k for k, one in enumerate(asserted) if one in needed)
    return opinion, core if needed <= set(asserted) else tuple(range(len(asserted)))


def _bitwuzla(text: str, options: bitwuzla.Options) -> tuple[Tried, Any, list[Any]]:
    """What it says, and what was asserted, in order: later it says that in its own way."""
    parser, steps = bitwuzla.Parser(bitwuzla.TermManager(), options), Steps(EFFORT["bitwuzla"])
    parser.parse(question(text), True, False)
    solver = parser.bitwuzla()
    asserted = list(solver.get_assertions())
    solver.configure_terminator(steps)
    with interrupt.deferred():
        verdict = solver.check_sat()
    interrupt.ask()
    opinion = {bitwuzla.Result.UNSAT: Opinion.AGREES, bitwuzla.Result.SAT: Opinion.DISAGREES}.get(
        verdict, Opinion.GAVE_UP)
    return Tried(opinion, steps.made), solver, asserted


def by_cvc5(text: str) -> Opinion:
    return _cvc5(text, {}).opinion


def _seeded_cvc5(text: str, seed: int) -> Tried:
    return _cvc5(text, {"seed": str(seed), "sat-random-seed": str(seed)})


def _cvc5(text: str, options: Mapping[str, str]) -> Tried:
    import cvc5  # an optional extra

    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    solver.setOption("rlimit-per", str(EFFORT["cvc5"]))
    for name, value in options.items():
        solver.setOption(name, value)
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, question(text), "piece")
    symbols = parser.getSymbolManager()
    while not (command := parser.nextCommand()).isNull():
        command.invoke(solver, symbols)
    verdict = solver.checkSat()
    opinion = Opinion.AGREES if verdict.isUnsat() else Opinion.DISAGREES if verdict.isSat() else Opinion.GAVE_UP
    return Tried(opinion, int(solver.getStatistics()["resource::resourceUnitsUsed"]["value"]))


def by_cadical(text: str) -> Opinion:
    """Its clauses are made by what makes those of certificates, not by a solver."""
    match cadical.decide(text, partial(cadical.search, conflicts=EFFORT[cadical.NAME])):
        case Refuted():
            return Opinion.AGREES
        case GaveUp():
            return Opinion.GAVE_UP
        case _:
            return Opinion.DISAGREES


SOLVERS: Mapping[str, Callable[[str], Opinion]] = {
    "bitwuzla": by_bitwuzla, "z3": by_z3, "cvc5": by_cvc5, cadical.NAME: by_cadical}

SEEDED: Mapping[str, Callable[[str, int], Tried]] = {"bitwuzla": _seeded_bitwuzla, "z3": _z3, "cvc5": _seeded_cvc5}


def shuffled(text: str, seed: int) -> str:
    """The same question with its assertions, which stand at its end, in another order."""
    lines = question(text).splitlines(keepends=True)
    first = next(k for k, line in enumerate(lines) if line.startswith(ASSERTION))
    assertions = lines[first:]
    random.Random(seed).shuffle(assertions)
    return "".join([*lines[:first], *assertions])


def chosen(name: str) -> tuple[str, ...]:
    """One, or all from PyPI that are installed. Raises InputError for one that is not."""
    if name == ALL:
        return tuple(one for one in PACKAGES if named(one))
    if name == cadical.NAME:
        cadical.ready()
    elif not named(name):
        raise InputError(f"{name} is not installed: pip install {PACKAGES[name]}")
    return (name,)


def named(name: str) -> str:
    """With its version; empty where it is not installed."""
    if name == cadical.NAME:
        return f"{name} {cadical.version()}" if cadical.is_there() else ""
    try:
        return f"{name} {version(PACKAGES[name])}"
    except PackageNotFoundError:
        return ""


def question(text: str) -> str:
    """Without the command, and without what the answer should be: cvc5 takes another one for a fault of its own."""
    return text.replace("(check-sat)\n", "").replace("(set-info :status unsat)\n", "")
