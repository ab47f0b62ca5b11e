"""Proofs as other solvers see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from verify.prove.evidence import Evidence
from verify.solve.annotated import Piece
from verify.solve.second import SOLVERS, Opinion

ENOUGH = 2
"""Solvers that agree about a piece."""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """`opinions`: by solver, how many pieces it agrees about, and so on. `against`: (solver, digest, text) of pieces
    that a solver has a model of. `fewest`: solvers that agree about a piece. `reserve`: what the one said that was
    asked where others were fewer than two."""

    name: str
    trust: str
    pieces: int
    opinions: dict[str, Counter[Opinion]]
    against: tuple[tuple[str, str, str], ...]
    fewest: int = 0
    reserve: Counter[Opinion] = field(default_factory=Counter)

    def agrees(self, solver: str) -> bool:
        """About all of it; nothing to agree about is no proof."""
        return 0 < self.opinions[solver][Opinion.AGREES] == self.pieces


def recheck(evidence: Evidence, solvers: Sequence[str], reserve: str = "") -> Rechecked:
    """`reserve`: is asked about the pieces that fewer than two of the solvers agree about."""
    opinions: dict[str, Counter[Opinion]] = {name: Counter() for name in solvers}
    asked, against, agreeing = Counter[Opinion](), list[tuple[str, str, str]](), []
    for piece in evidence.pieces:
        said = {name: _ask(piece, name) for name in solvers}
        for name, opinion in said.items():
            opinions[name][opinion] += 1
        if reserve and _agreeing(said) < ENOUGH:
            said[reserve] = _ask(piece, reserve)
            asked[said[reserve]] += 1
        agreeing.append(_agreeing(said))
        against += [(name, piece.digest, piece.canonical)
                    for name, opinion in said.items() if opinion is Opinion.DISAGREES]
    return Rechecked(evidence.name, evidence.trust, len(evidence.pieces), opinions, tuple(against),
                     min(agreeing, default=0), asked)


def _agreeing(said: Mapping[str, Opinion]) -> int:
    return sum(opinion is Opinion.AGREES for opinion in said.values())


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
    """Proofs of which some piece is confirmed by one solver alone, of several that were asked: who confirms them."""
    reserve: Counter[Opinion] = field(default_factory=Counter)
    """Of pieces."""
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
        result.reserve.update(one.reserve)
        if 0 < one.fewest < ENOUGH <= len(solvers):
            result.by_one[f"{one.name} ({one.trust})"] = agree[0] if agree else "now one solver, now another,"
        if not one.fewest:
            result.open.append(f"{one.name} ({one.trust})")
        result.against += [(f"{one.name} ({one.trust})", *against) for against in one.against]
    return result
