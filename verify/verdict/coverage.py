"""Which lines the proofs of a target lean on, and which none does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from verify.errors import InternalError
from verify.ir import instr as i
from verify.ir.function import Function, Unit
from verify.prove.evidence import LEMMAS, Evidence
from verify.prove.leaning import Leaning, Line, Seeds, in_tree, of_lemma, of_part
from verify.rules.rule import Rule
from verify.solve.annotated import Piece
from verify.solve.second import Opinion, core_by_bitwuzla
from verify.terms.term import Term

_SILENT = (i.Jump, i.Stop, i.ScopeBegin)
"""They compute nothing."""


@dataclass(frozen=True, slots=True)
class Proof:
    """`lines`: those that it leans on; None of what is no proof."""

    name: str
    trust: str
    status: str
    lines: frozenset[Line] | None

    @property
    def is_lemma(self) -> bool:
        return self.name in LEMMAS

    @property
    def rule(self) -> str:
        return "" if self.is_lemma else self.name.partition(": ")[0]


@dataclass(frozen=True)
class Coverage:
    """`proofs` in order; `functions`: the lines of each that compute something; `reached`: those that ran."""

    proofs: tuple[Proof, ...]
    functions: Mapping[str, tuple[Line, ...]]
    reached: frozenset[Line]

    @cached_property
    def rules(self) -> Mapping[Line, tuple[str, ...]]:
        """The rules with a part whose proof leans on a line."""
        found: dict[Line, dict[str, None]] = {}
        for proof in self.proofs:
            for line in (proof.lines or ()) if proof.rule else ():
                found.setdefault(line, {})[proof.rule] = None
        return {line: tuple(rules) for line, rules in found.items()}

    @cached_property
    def lemmas(self) -> frozenset[Line]:
        """Lines that a lemma leans on."""
        return frozenset(line for proof in self.proofs if proof.is_lemma for line in proof.lines or ())

    def without_rule(self, function: str) -> tuple[Line, ...]:
        """Only lemmas lean on these."""
        return tuple(line for line in self.functions[function] if line not in self.rules and line in self.lemmas)

    def unneeded(self, function: str) -> tuple[Line, ...]:
        return tuple(line for line in self.functions[function] if line not in self.rules and line not in self.lemmas)

    def leaning_on(self, line: Line) -> list[Proof]:
        return [proof for proof in self.proofs if line in (proof.lines or ())]


def leans_on(evidence: Evidence, leaning: Leaning, rules: Sequence[Rule], profile: str) -> Proof:
    """Raises InternalError where Bitwuzla finds a model of what was refuted."""
    status = evidence.result.status.value
    if not evidence.is_proof or not evidence.pieces:
        return Proof(evidence.name, evidence.trust, status, None)
    seeds = _seeds(evidence.name, leaning, rules, profile)
    found: set[Line] = set()
    for piece in evidence.pieces:
        found |= leaning.lines(piece.parts, _needed(piece, evidence), seeds)
    return Proof(evidence.name, evidence.trust, status, frozenset(found))


def _seeds(name: str, leaning: Leaning, rules: Sequence[Rule], profile: str) -> Seeds:
    if name in LEMMAS:
        return of_lemma(name)
    rule = next(rule for rule in rules if name.startswith(f"{rule.identity}: "))
    parts = rule.statement(leaning.target.scene(profile))
    return of_part(next(part for part in parts if f"{rule.identity}: {part.name}" == name), leaning.target)


def _needed(piece: Piece, evidence: Evidence) -> list[Term]:
    """The conjuncts of its unsat core; all of them where Bitwuzla does not find one."""
    opinion, core = core_by_bitwuzla(piece.canonical)
    if opinion is Opinion.DISAGREES:
        raise InternalError(f"{evidence.name}, {evidence.trust}: Bitwuzla finds a model of {piece.digest[:16]}")
    return [piece.parts[k] for k in core] if opinion is Opinion.AGREES else list(piece.parts)


def computing(unit: Unit) -> dict[str, tuple[Line, ...]]:
    """By function of the tree, in the order of the source: the lines that compute something, decide or call."""
    found = {one.name: tuple(sorted(set(filter(in_tree, _lines(one))))) for one in unit.functions.values()}
    return dict(sorted(((name, lines) for name, lines in found.items() if lines), key=lambda item: (item[1], item[0])))


def _lines(function: Function) -> Iterator[Line]:
    for block in function.blocks:
        for one in (*block.instructions, block.terminator):
            if not isinstance(one, _SILENT) and not (isinstance(one, i.Return) and one.value is None):
                yield one.span.file, one.span.line
