"""What holds of EL2's version in every reachable state: templates, weeded out by induction (Houdini).

R. M. Flanagan and K. R. M. Leino describe the method (FME 2001).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from verify.prove.target import Target, started
from verify.prove.trust import axioms
from verify.rules.scene import State
from verify.rules.symbolic_scene import symbolic_scene
from verify.solve.query import Satisfied, Solver, Undecided, Unsatisfiable
from verify.terms import build as t
from verify.terms.evaluate import evaluate
from verify.terms.term import Term

Template = Callable[[Term, Term, int], Term]
"""(version, negotiated, highest version offered) → a truth value."""


def _is(term: Term, value: int) -> Term:
    return t.eq(term, t.const(value, term.bits))


def _minor_in_range(version: Term, highest: int) -> Term:
    return t.ule(t.extract(version, 15, 0), t.const(highest & 0xFFFF, 16))


TEMPLATES: tuple[tuple[str, Template], ...] = (
    ("the version's bit 31 is clear", lambda v, n, top: _is(t.extract(v, 31, 31), 0)),
    ("the version is 0 or has major 1", lambda v, n, top: t.or_(_is(v, 0), _is(t.extract(v, 30, 16), 1))),
    ("the minor is at most the highest offered", lambda v, n, top: _minor_in_range(v, top)),
    ("a negotiated version has major 1", lambda v, n, top: t.or_(t.not_(n), _is(t.extract(v, 30, 16), 1))),
    ("a negotiated version is not 0", lambda v, n, top: t.or_(t.not_(n), t.not_(_is(v, 0)))),
    ("the version is not 0", lambda v, n, top: t.not_(_is(v, 0))),
    ("no version is ever agreed", lambda v, n, top: t.not_(n)),
    ("before negotiation bit 31 is clear", lambda v, n, top: t.or_(n, _is(t.extract(v, 31, 31), 0))),
    ("the version is at most the highest offered", lambda v, n, top: t.ule(v, t.const(top, 32))),
)


@dataclass(frozen=True, slots=True)
class Invariants:
    """Names of the templates that survived; `holds` states them for a version and a flag."""

    names: tuple[str, ...]
    highest: int

    def holds(self, version: Term, negotiated: Term) -> Term:
        return t.and_(*(make(version, negotiated, self.highest) for name, make in TEMPLATES if name in self.names))

    def of(self, state: State) -> Term:
        return self.holds(state.version.term, state.negotiated.term)


def pre_state(target: Target) -> tuple[Term, Term]:
    """The version and flag that the symbolic call starts with."""
    flag = target.step.before[target.binding.negotiated].term
    return target.step.before[target.binding.version].term, t.ne(flag, t.const(0, flag.bits))


def surroundings(target: Target, found: Invariants, level: str) -> list[Term]:
    """What every proof about one call assumes: invariants, other CPUs' rely, EL3's axioms."""
    record = target.step.record
    others = [found.holds(version, t.ne(flag, t.const(0, flag.bits))) for version, flag in record.snapshots]
    return [found.holds(*pre_state(target)), *others, *record.relies, *axioms(record, level)]


def find_invariants(target: Target, level: str, solver: Solver) -> Invariants:
    """The largest set of templates that initialisation establishes and every call keeps. Undecided ones are dropped."""
    names = tuple(name for name, _ in TEMPLATES)
    flag = target.init.after[target.binding.negotiated].term
    boot = (target.init.after[target.binding.version].term, t.ne(flag, t.const(0, flag.bits)))
    start = [*started(target), *axioms(target.init.record, level)]
    names = _weed(names, target.max_version, solver, lambda found: start, boot)
    post = symbolic_scene(target.step, target.binding, "SEED", target.unit.constants, target.max_version).post
    ends = t.or_(target.step.alive, *(b.guard for b in target.step.record.boundaries))
    return Invariants(
        _weed(names, target.max_version, solver,
              lambda found: [*surroundings(target, found, level), ends],
              (post.version.term, post.negotiated.term)),
        target.max_version)


def _weed(
    names: tuple[str, ...], highest: int, solver: Solver, given: Callable[[Invariants], list[Term]],
    after: tuple[Term, Term],
) -> tuple[str, ...]:
    while names:
        found = Invariants(names, highest)
        answer = solver.ask([*given(found), t.not_(found.holds(*after))])
        match answer:
            case Unsatisfiable():
                return names
            case Undecided():
                return ()
            case Satisfied(values=values):
                claims = [Invariants((name,), highest).holds(*after) for name in names]
                kept = evaluate(claims, values)
                names = tuple(name for name, value in zip(names, kept, strict=True) if value)
    return names
