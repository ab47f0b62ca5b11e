"""A certificate for a piece of a proof: clauses made of its text, and a refutation of them that `drat` has checked.

What stays trusted is the way from the text to the clauses (`clauses`, `words`, `gates`), which shares nothing with the
solver path. CaDiCaL (A. Biere et al.) finds the refutation and is not trusted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial

from verify.errors import InternalError
from verify.solve import cadical
from verify.solve.cadical import GaveUp, Refuted
from verify.solve.drat import Refused, check, read_formula, read_refutation

CONFLICTS, STEPS = 300_000, 200_000
"""Effort of a search, and the longest refutation that is checked."""


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


def certify(text: str) -> Certificate | Uncertified:
    """Of a conjunction in SMT-LIB. Raises InternalError where CaDiCaL finds a model of it."""
    match cadical.decide(text, partial(cadical.search, conflicts=CONFLICTS, is_told=True)):
        case Refuted(clauses=clauses, refutation=refutation):
            return _checked(clauses, refutation)
        case GaveUp(reason=reason):
            return Uncertified(reason)
        case _:
            raise InternalError("CaDiCaL finds a model of what was refuted")


def _checked(clauses: str, refutation: str) -> Certificate | Uncertified:
    try:
        return Certificate(clauses, refutation, check(read_formula(clauses), read_refutation(refutation), STEPS))
    except Refused as problem:
        return Uncertified(str(problem))
