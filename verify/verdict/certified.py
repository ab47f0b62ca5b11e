"""Proofs with certificates: how many of their pieces have one that was checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from verify.prove.evidence import Evidence
from verify.solve.annotated import Piece
from verify.solve.certificate import Certificate, Uncertified, certify
from verify.terms import build as t

IS_FALSE = "false"
"""For a piece that is the constant false: nothing has to be shown."""


@dataclass(frozen=True, slots=True)
class Certified:
    """`digests`: of each piece, and of its certificate. `steps`: clauses that the checker was shown. `without`: why
    pieces have none."""

    name: str
    trust: str
    pieces: int
    digests: tuple[tuple[str, str], ...]
    steps: int
    without: tuple[str, ...]


_KNOWN: dict[str, tuple[str, int] | Uncertified] = {}


def certified(evidence: Evidence, folder: Path | None) -> Certified:
    """`folder`: where the certificates go, by the digest of their piece."""
    digests, steps, without = [], 0, []
    for piece in evidence.pieces:
        if piece.digest not in _KNOWN:
            _KNOWN[piece.digest] = _one(piece, folder)
        match _KNOWN[piece.digest]:
            case Uncertified(reason=reason):
                without.append(reason)
            case (digest, count):
                digests.append((piece.digest, digest))
                steps += count
    return Certified(evidence.name, evidence.trust, len(evidence.pieces), tuple(digests), steps, tuple(without))


def _one(piece: Piece, folder: Path | None) -> tuple[str, int] | Uncertified:
    if t.FALSE in piece.parts:
        return IS_FALSE, 0
    found = certify(piece.canonical)
    if isinstance(found, Uncertified):
        return found
    if folder is not None:
        _keep(folder / piece.digest[:2] / piece.digest, piece, found)
    return found.digest, found.steps


def _keep(place: Path, piece: Piece, certificate: Certificate) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    for suffix, text in (("smt2", piece.canonical), ("cnf", certificate.clauses), ("drat", certificate.refutation)):
        place.with_suffix(f".{suffix}").write_text(text, encoding="ascii")


@dataclass(slots=True)
class Count:
    """Of all proofs; `whole`: those that have a certificate for each piece; `open`: the others, with a reason."""

    proofs: int = 0
    whole: int = 0
    pieces: int = 0
    certified: int = 0
    steps: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    open: list[str] = field(default_factory=list)


def count(found: Iterable[Certified]) -> Count:
    result = Count()
    for one in found:
        is_whole = 0 < one.pieces == len(one.digests)
        result.proofs += 1
        result.whole += is_whole
        result.pieces += one.pieces
        result.certified += len(one.digests)
        result.steps += one.steps
        result.reasons.update(one.without)
        if not is_whole:
            result.open.append(f"{one.name} ({one.trust}): {'; '.join(sorted(set(one.without))) or 'nothing to show'}")
    return result
