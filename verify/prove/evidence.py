"""What each result rests on, as conjunctions that have no model: for whoever checks a proof without this program.

A proof of a part uses lemmas: that the invariants hold in every reachable state, that every call keeps what other CPUs
rely on, and that the accesses on its way are safe. They are results of their own here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from verify.engine.transition import function_number
from verify.errors import InternalError
from verify.prove.guarantee import check_guarantee
from verify.prove.invariants import kept
from verify.prove.judge import Judge, Refuted
from verify.prove.outcome import PartResult, Status
from verify.prove.safety import blocks, proved
from verify.prove.setting import Setting
from verify.prove.target import Target
from verify.rules.rule import Rule
from verify.solve.annotated import Piece, piece
from verify.solve.query import Solver, equations
from verify.terms import build as t
from verify.terms.evaluate import substitute
from verify.terms.term import Term

LEMMAS = ("invariants", "other CPUs", "memory safety")


@dataclass(frozen=True, slots=True)
class Evidence:
    """`name`: a rule and its part, or a lemma. `pieces`: in the order of their digests; none for what is no proof."""

    name: str
    trust: str
    result: PartResult
    pieces: tuple[Piece, ...]
    says: tuple[str, ...]
    """What is proved, for people."""

    @property
    def is_proof(self) -> bool:
        """Not so of a part that another one judges: a call shows that. Memory safety holds of some accesses even where
        it is not proved of all; the other lemmas hold as a whole or not at all."""
        return self.result.status is Status.PROVED or (bool(self.pieces) and self.name not in LEMMAS[:2])


def of_rule(settings: Sequence[Setting], rule: Rule, solver: Solver) -> Iterator[Evidence]:
    """At all levels; the settings have the strictest first."""
    judge: Judge | None = None
    for setting in settings:
        judge = Judge(setting, rule, solver, judge, settings[-1])
        for result in judge.judge().parts:
            says = [f"{rule.identity} {rule.title}", *map(str, rule.clauses), f"part: {result.name}"]
            says += [f"holds: {item.text} ({item.output})" for item in judge.asked[result.name].then]
            yield _evidence(f"{rule.identity}: {result.name}", setting, result, judge.evidence[result.name], says)


def of_lemma(setting: Setting, name: str, solver: Solver) -> Evidence:
    """Proves it once more, with a solver that was asked nothing yet."""
    target, found, level = setting.target, setting.invariants, setting.level
    match name:
        case "invariants":
            holds, says = kept(target, found, level, solver), list(found.names)
        case "other CPUs":
            holds, says = not check_guarantee(target, found, level, solver).problem, ["every call keeps the rely"]
        case "memory safety":
            held = proved(target, found, level, solver)
            if held != setting.safe:
                raise InternalError("an access is proved safe at one time and not at another")
            needed = zip(target.step.record.obligations, held, strict=True)
            holds = all(is_proved or not blocks(item) for item, is_proved in needed)
            says = [f"{sum(held)} of {len(held)} obligations of accesses hold"]
        case _:
            raise InternalError(f"no lemma {name}")
    status = Status.PROVED if holds else Status.UNKNOWN
    nothing_breaks_it = [(t.FALSE,)] if holds else []  # as where there is no access
    return _evidence(name, setting, PartResult(name, "", status), solver.refuted or nothing_breaks_it, says)


def _evidence(
    name: str, setting: Setting, result: PartResult, refuted: Sequence[Refuted], says: Sequence[str]
) -> Evidence:
    rests_on = refuted if name in LEMMAS or result.status in (Status.PROVED, Status.NOT_APPLICABLE) else ()
    pieces = {one.digest: one for one in (piece(_about_one_call(setting.target, terms)) for terms in rests_on)}
    return Evidence(name, setting.level, result, tuple(one for _, one in sorted(pieces.items())), tuple(says))


def _about_one_call(target: Target, terms: Refuted) -> list[Term]:
    """Where the host's function number is known it is put in its place: a proof does not mention other handlers."""
    here = function_number(target.step.record.prefix)
    number = equations(terms).get(str(here.data))
    if number is None:
        return list(terms)
    sliced = target.sliced.setdefault(number.value, {})
    return [t.eq(here, number), *substitute(list(terms), {str(here.data): number}, sliced)]
