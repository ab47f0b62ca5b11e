"""How much the cost of a proof depends on luck: each of its pieces asked again by other seeds and in other orders.

What only a lucky search refutes is lost by the next change, of a solver's version or of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from verify.prove.evidence import Evidence
from verify.solve.second import EFFORT, SEEDED, Opinion, Tried, shuffled
from verify.verdict.pool import WorkerLost, side_by_side
from verify.verdict.run import explained

FACTOR = 10
"""Brittle is what costs more than so many times as much as at another time."""
SMALL = 10_000
"""What costs less than this part of a solver's limit counts as that: a jump from 5 steps to 80 tells nothing."""


@dataclass(frozen=True, slots=True)
class Proof:
    """`name`: a rule and its part, or a lemma. `pieces`: their digests, in order."""

    name: str
    trust: str
    pieces: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} ({self.trust})"


@dataclass(frozen=True, slots=True)
class Asked:
    """A piece as one solver sees it by each seed, from 1."""

    digest: str
    solver: str
    tried: tuple[Tried, ...]

    @property
    def cheapest(self) -> int:
        return min(one.cost for one in self.tried)

    @property
    def dearest(self) -> int:
        """Of what was given up it is known that it costs more than the limit, and no more than that."""
        return max(one.cost for one in self.tried)

    @property
    def is_brittle(self) -> bool:
        small = EFFORT[self.solver] // SMALL
        return max(self.dearest, small) > FACTOR * max(self.cheapest, small)

    def seeds(self, opinion: Opinion) -> list[int]:
        return [seed for seed, one in enumerate(self.tried, 1) if one.opinion is opinion]


Collected = tuple[Proof, Mapping[str, str]]
"""A proof, and the texts by digest that this process has not sent yet."""
_SENT: set[str] = set()


def collect(evidence: Evidence) -> Collected | None:
    """To be done where the proof is made."""
    if not evidence.is_proof:
        return None
    new = {piece.digest: piece.canonical for piece in evidence.pieces if piece.digest not in _SENT}
    _SENT.update(new)
    return Proof(evidence.name, evidence.trust, tuple(piece.digest for piece in evidence.pieces)), new


def gathered(found: Iterable[Collected | None]) -> tuple[tuple[Proof, ...], dict[str, str]]:
    """The proofs by name and level, and the texts of all their pieces."""
    proofs: list[Proof] = []
    texts: dict[str, str] = {}
    for one in found:
        if one is not None:
            proofs.append(one[0])
            texts.update(one[1])
    return tuple(sorted(proofs, key=str)), texts


def ask_all(texts: Mapping[str, str], solvers: Sequence[str], seeds: int, jobs: int) -> list[Asked]:
    """Each text once, by digest, then by solver. Raises InternalError where a process is lost for good."""
    order = sorted(texts, key=lambda digest: (-len(texts[digest]), digest))  # the last one to end is a short one
    items = [(digest, solver) for digest in order for solver in solvers]

    def one(number: int) -> Asked:
        digest, solver = items[number]
        tried = (SEEDED[solver](shuffled(texts[digest], seed), seed) for seed in range(1, seeds + 1))
        return Asked(digest, solver, tuple(tried))

    try:
        with closing(side_by_side(one, range(len(items)), jobs)) as results:
            return sorted(results, key=lambda asked: (asked.digest, asked.solver))
    except WorkerLost as lost:
        digest, solver = items[lost.number]
        raise explained(lost, f"{solver} about piece {digest}") from None
