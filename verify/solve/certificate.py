"""A certificate for a piece of a proof: clauses made of its text, and a refutation of them that `drat` has checked.

What stays trusted is the way from the text to the clauses (`clauses`, `words`, `gates`), which shares nothing with the
solver path. CaDiCaL (A. Biere et al.) finds the refutation and is not trusted.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from verify.errors import InputError, InternalError
from verify.solve.clauses import Formula
from verify.solve.drat import Refused, check, read_formula, read_refutation
from verify.solve.gates import Literal

SOLVER = "cadical"
CONFLICTS, STEPS, ROUNDS = 300_000, 200_000, 200
"""Effort of a search, the longest refutation that is checked, and how often reads are tied."""
SATISFIABLE, UNSATISFIABLE = 10, 20
"""CaDiCaL's exit statuses."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """`steps`: clauses that were shown to follow. Texts are DIMACS and DRAT without deletions of any importance."""

    clauses: str
    refutation: str
    steps: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.clauses}\0{self.refutation}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Uncertified:
    reason: str


def ready() -> None:
    """Raises InputError where CaDiCaL is not installed."""
    if shutil.which(SOLVER) is None:
        raise InputError(f"{SOLVER} is not installed; Debian has it: apt-get install {SOLVER}")


def certify(text: str) -> Certificate | Uncertified:
    """Of a conjunction in SMT-LIB. Raises InternalError where CaDiCaL finds a model of it."""
    formula = Formula(text)
    for _ in range(ROUNDS):
        found = _search(clauses := formula.dimacs())
        match found:
            case None:
                return Uncertified("CaDiCaL gave up")
            case str():
                return _checked(clauses, found)
        pairs = formula.disagreeing(found)
        if not pairs:
            raise InternalError("CaDiCaL finds a model of what was refuted")
        for one, other in pairs:
            formula.tie(one, other)
    return Uncertified("too much is to be said of memory")


def _checked(clauses: str, refutation: str) -> Certificate | Uncertified:
    try:
        return Certificate(clauses, refutation, check(read_formula(clauses), read_refutation(refutation), STEPS))
    except Refused as problem:
        return Uncertified(str(problem))


def _search(clauses: str) -> str | frozenset[Literal] | None:
    """A refutation, the literals of a model, or neither.

    Learnt clauses alone: what inprocessing adds would not follow by propagation.
    """
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        formula, refutation = Path(folder, "formula.cnf"), Path(folder, "refutation.drat")
        formula.write_text(clauses, encoding="ascii")
        command = [SOLVER, "--plain", "--no-binary", "-q", "-c", str(CONFLICTS), str(formula), str(refutation)]
        done = subprocess.run(command, capture_output=True, check=False, encoding="ascii")
        if done.returncode == UNSATISFIABLE:
            return refutation.read_text(encoding="ascii")
    if done.returncode != SATISFIABLE:
        return None
    lines = (line[1:].split() for line in done.stdout.splitlines() if line[:1] == "v")
    return frozenset(int(word) for line in lines for word in line)
