"""A certificate for a piece of a proof: clauses made of its bits, and a refutation of them that `drat` has checked.

What stays trusted is the way from the piece to the clauses: that unknown memories become numbers that are equal where
their places are (Ackermann), and words become bits; Z3 does both, without its simplifier. CaDiCaL (A. Biere et al.)
finds the refutation and is not trusted.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import z3

from verify.errors import InputError
from verify.solve.drat import Refused, check, read_formula, read_refutation
from verify.solve.second import question

TO_CLAUSES = ("ackermannize_bv", "bit-blast", "tseitin-cnf")
SOLVER = "cadical"
CONFLICTS, STEPS = 300_000, 200_000
"""Effort of the search, and the longest refutation that is checked."""
UNSATISFIABLE = 20
"""CaDiCaL's exit status."""


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
    """Of a conjunction in SMT-LIB."""
    clauses = to_clauses(text)
    if isinstance(clauses, Uncertified):
        return clauses
    refutation = _refuted(clauses)
    if refutation is None:
        return Uncertified("CaDiCaL gave up, or the clauses lack what is known of memory")
    try:
        return Certificate(clauses, refutation, check(read_formula(clauses), read_refutation(refutation), STEPS))
    except Refused as problem:
        return Uncertified(str(problem))


def to_clauses(text: str) -> str | Uncertified:
    """DIMACS."""
    context = z3.Context()
    goal = z3.Goal(ctx=context)
    goal.add(*z3.parse_smt2_string(question(text), ctx=context))
    (result,) = z3.Then(*(z3.Tactic(name, context) for name in TO_CLAUSES))(goal)
    if result.inconsistent():
        return Uncertified("Z3 refutes it while it makes clauses")
    try:
        return str(result.dimacs(include_names=False)) + "\n"
    except z3.Z3Exception:
        return Uncertified("Z3 makes no clauses of it")


def _refuted(clauses: str) -> str | None:
    """Learnt clauses alone: what inprocessing adds would not follow by propagation."""
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        formula, refutation = Path(folder, "formula.cnf"), Path(folder, "refutation.drat")
        formula.write_text(clauses, encoding="ascii")
        command = [SOLVER, "--plain", "--no-binary", "-q", "-c", str(CONFLICTS), str(formula), str(refutation)]
        done = subprocess.run(command, capture_output=True, check=False)
        return refutation.read_text(encoding="ascii") if done.returncode == UNSATISFIABLE else None
