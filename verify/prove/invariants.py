"""What holds of EL2's version in every reachable state: templates, weeded out by induction (Houdini).

R. M. Flanagan and K. R. M. Leino describe the method (FME 2001).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from verify.errors import InternalError
from verify.prove.outcome import Episode
from verify.prove.target import Target, started
from verify.prove.trust import SPMC, axioms
from verify.rules.scene import State
from verify.rules.symbolic_scene import symbolic_scene
from verify.solve.query import Satisfied, Solver, Undecided, Unsatisfiable
from verify.terms import build as t
from verify.terms.evaluate import evaluate, holds
from verify.terms.term import Term

Template = Callable[[Term, Term, int], Term]
"""(version, negotiated, highest version offered) → a truth value."""


def _is(term: Term, value: int) -> Term:
    return t.eq(term, t.const(value, term.bits))


def _minor_in_range(version: Term, highest: int) -> Term:
    return t.ule(t.extract(version, 15, 0), t.const(highest & 0xFFFF, 16))


Given = Callable[["Invariants"], list[Term]]
"""What is known at some point, if these invariants hold."""


TEMPLATES: tuple[tuple[str, Template], ...] = (
    ("the version's bit 31 is clear", lambda v, n, top: _is(t.extract(v, 31, 31), 0)),
    ("the version is 0 or has major 1", lambda v, n, top: t.or_(_is(v, 0), _is(t.extract(v, 30, 16), 1))),
    ("the minor is at most the highest offered", lambda v, n, top: _minor_in_range(v, top)),
    ("a negotiated version has major 1", lambda v, n, top: t.or_(t.not_(n), _is(t.extract(v, 30, 16), 1))),
    ("a negotiated version is not 0", lambda v, n, top: t.or_(t.not_(n), t.not_(_is(v, 0)))),
    ("the version is not 0", lambda v, n, top: t.not_(_is(v, 0))),
    ("no version is ever agreed", lambda v, n, top: t.not_(n)),
    ("the SPMC has the version", lambda v, n, top: t.or_(
        _is(v, 0), t.ule(t.extract(v, 15, 0), t.extract(SPMC, 15, 0)))),
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


def _state(pair: tuple[Term, Term]) -> tuple[Term, Term]:
    version, flag = pair
    return version, t.ne(flag, t.const(0, flag.bits))


def _found(target: Target, found: Invariants, until: int | None = None) -> list[Term]:
    """The invariants, of what other CPUs left at the meetings (before number `until`) that this call comes by."""
    return [t.implies(meeting.guard, found.holds(*_state(meeting.after)))
            for meeting in target.step.record.meetings[:until]]


def surroundings(target: Target, found: Invariants, level: str) -> list[Term]:
    """What every proof about one call assumes: invariants, other CPUs' rely, EL3's axioms."""
    record = target.step.record
    return [found.holds(*pre_state(target)), *_found(target, found), *record.relies, *axioms(record, level)]


def find_invariants(target: Target, level: str, solver: Solver) -> Invariants:
    """The largest set of templates that initialisation establishes and every call keeps. Undecided ones are dropped.

    A call keeps them where it ends and wherever other CPUs may look in between: only then may it assume them of
    what those leave behind.
    """
    names = tuple(name for name, _ in TEMPLATES)
    boot = _state((target.init.after[target.binding.version].term, target.init.after[target.binding.negotiated].term))
    start = [*started(target), *axioms(target.init.record, level)]
    names = _weed(names, target.max_version, solver, lambda found: start, boot)
    post = symbolic_scene(target.step, target.binding, "SEED", target.unit.constants, target.max_version).post
    ends = t.or_(target.step.alive, *(b.guard for b in target.step.record.boundaries))
    goals: list[tuple[Given, tuple[Term, Term]]] = [
        (partial(_until, target, level, number), _state(meeting.before))
        for number, meeting in enumerate(target.step.record.meetings)]
    goals.append((lambda found: [*surroundings(target, found, level), ends],
                  (post.version.term, post.negotiated.term)))
    while True:
        before = names
        for given, after in goals:
            names = _weed(names, target.max_version, solver, given, after)
        if names == before:
            return Invariants(names, target.max_version)


def check_reached(target: Target, found: Invariants, episodes: Iterable[Episode]) -> None:
    """A state that the interpreter reached and that an invariant excludes shows a fault of this program.

    The samples' SPMC has the highest version that EL2 offers.
    """
    binding = target.binding
    for episode in episodes:
        for call in episode.calls:
            for state in (dict(call.state_before), dict(call.state_after)):
                version, flag = state[binding.version], state[binding.negotiated]
                claim = found.holds(t.const(version, 32), t.truth(flag != 0))
                if not holds(claim, {str(SPMC.data): target.max_version}):
                    raise InternalError(f"invariants {found.names} exclude a reached state: {version:#x}, {flag}")


def _until(target: Target, level: str, number: int, found: Invariants) -> list[Term]:
    """What is known where meeting `number` begins: nothing yet of what it and later ones find."""
    record = target.step.record
    return [found.holds(*pre_state(target)), *_found(target, found, number), *record.relies, *axioms(record, level),
            record.meetings[number].guard]


def _weed(
    names: tuple[str, ...], highest: int, solver: Solver, given: Given,
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
