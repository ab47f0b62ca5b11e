"""CaDiCaL (A. Biere et al.) on the clauses of a question, which `clauses`, `words` and `gates` make of its text.

They share nothing with the solver path. That equal places of a memory hold equal bytes is said where a model breaks it.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from verify.errors import InputError
from verify.solve.clauses import Formula
from verify.solve.gates import Literal

NAME = "cadical"
ROUNDS = 200
"""How often reads are tied."""
SATISFIABLE, UNSATISFIABLE = 10, 20
"""Exit statuses."""

Model = frozenset[Literal]


@dataclass(frozen=True, slots=True)
class Refuted:
    """`clauses` in DIMACS, and a refutation in DRAT; empty where none was asked for."""

    clauses: str
    refutation: str


@dataclass(frozen=True, slots=True)
class GaveUp:
    reason: str


def is_there() -> bool:
    return shutil.which(NAME) is not None


def ready() -> None:
    """Raises InputError where it is not installed."""
    if not is_there():
        raise InputError(f"{NAME} is not installed; Debian has it: apt-get install {NAME}")


def version() -> str:
    return subprocess.run([NAME, "--version"], capture_output=True, check=True, encoding="ascii").stdout.strip()


def decide(text: str, search: Callable[[str], Model | Refuted | GaveUp]) -> Model | Refuted | GaveUp:
    """`search` is given the clauses of a conjunction in SMT-LIB, with more and more of what memory has to keep."""
    formula = Formula(text)
    for _ in range(ROUNDS):
        found = search(formula.dimacs())
        if not isinstance(found, frozenset):
            return found
        pairs = formula.disagreeing(found)
        if not pairs:
            return found
        for one, other in pairs:
            formula.tie(one, other)
    return GaveUp("too much is to be said of memory")


def search(clauses: str, conflicts: int, is_told: bool = False) -> Model | Refuted | GaveUp:
    """With so much effort. `is_told`: how it refutes them, in learnt clauses alone, which follow by propagation;
    what inprocessing adds would not.
    """
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        formula, refutation = Path(folder, "formula.cnf"), Path(folder, "refutation.drat")
        formula.write_text(clauses, encoding="ascii")
        command = [NAME, "-q", "-c", str(conflicts), str(formula)]
        command += ["--plain", "--no-binary", str(refutation)] if is_told else []
        done = subprocess.run(command, capture_output=True, check=False, encoding="ascii")
        if done.returncode == UNSATISFIABLE:
            return Refuted(clauses, refutation.read_text(encoding="ascii") if is_told else "")
    if done.returncode != SATISFIABLE:
        return GaveUp("CaDiCaL gave up")
    lines = (line[1:].split() for line in done.stdout.splitlines() if line[:1] == "v")
    return frozenset(int(word) for line in lines for word in line)
