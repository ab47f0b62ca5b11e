"""Proofs as other solvers see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from verify.prove.evidence import Evidence
from verify.solve.annotated import Piece
from verify.solve.second import SOLVERS, Opinion


@dataclass(frozen=True, slots=True)
class Rechecked:
    """`opinions`: by solver, how many pieces it agrees about, and so on. `against`: (solver, digest, text) of pieces
    that a solver has a model of."""

    name: str
    trust: str
    pieces: int
    opinions: dict[str, Counter[Opinion]]
    against: tuple[tuple[str, str, str], ...]

    def agrees(self, solver: str) -> bool:
        """About all of it; nothing to agree about is no proof."""
        return 0 < self.opinions[solver][Opinion.AGREES] == self.pieces


def recheck(evidence: Evidence, solvers: Sequence[str]) -> Rechecked:
    opinions: dict[str, Counter[Opinion]] = {name: Counter() for name in solvers}
    against = []
    for piece in evidence.pieces:
        for name in solvers:
            opinion = _ask(piece, name)
            opinions[name][opinion] += 1
            if opinion is Opinion.DISAGREES:
                against.append((name, piece.digest, piece.canonical))
    return Rechecked(evidence.name, evidence.trust, len(evidence.pieces), opinions, tuple(against))


_KNOWN: dict[tuple[str, str], Opinion] = {}


def _ask(piece: Piece, solver: str) -> Opinion:
    """Once in each process for pieces of the same text."""
    key = (solver, piece.digest)
    if key not in _KNOWN:
        _KNOWN[key] = SOLVERS[solver](piece.canonical)
    return _KNOWN[key]


@dataclass(slots=True)
class Summary:
    """Of all proofs; `by_solver`: how many each confirms whole. `open`: those that nobody confirms."""

    proofs: int = 0
    pieces: int = 0
    by_all: int = 0
    by_solver: Counter[str] = field(default_factory=Counter)
    by_one: dict[str, str] = field(default_factory=dict)
    """Proofs that one solver alone confirms, of several that were asked."""
    open: list[str] = field(default_factory=list)
    against: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(proof, solver, digest, text)"""


def summarise(found: Iterable[Rechecked], solvers: Sequence[str]) -> Summary:
    result = Summary()
    for one in found:
        agree = [name for name in solvers if one.agrees(name)]
        result.proofs += 1
        result.pieces += one.pieces
        result.by_solver.update(agree)
        result.by_all += len(agree) == len(solvers)
        if len(agree) == 1 < len(solvers):
            result.by_one[f"{one.name} ({one.trust})"] = agree[0]
        if not agree:
            result.open.append(f"{one.name} ({one.trust})")
        result.against += [(f"{one.name} ({one.trust})", *against) for against in one.against]
    return result
