"""What holds of EL2's version in every reachable state: templates, weeded out by induction (Houdini).

R. M. Flanagan and K. R. M. Leino describe the method (FME 2001).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import chain, pairwise

from verify.engine import pages, told
from verify.engine.record import Boundary, Snapshot
from verify.engine.relevance import Outright, contradict, guard_equations, trace
from verify.engine.retrieval import CONFORMS
from verify.engine.transition import function_number, page_shift
from verify.errors import InternalError
from verify.prove.outcome import Episode
from verify.prove.target import Target, started
from verify.prove.trust import NO_SPMC, SPMC, axioms
from verify.solve.query import Solver
from verify.terms import build as t
from verify.terms.evaluate import holds
from verify.terms.term import Term, topological

Template = Callable[[Snapshot, int], Term]
"""(state, highest version offered) → a truth value."""


def _is(term: Term, value: int) -> Term:
    return t.eq(term, t.const(value, term.bits))


def _minor_in_range(version: Term, highest: int) -> Term:
    return t.ule(t.extract(version, 15, 0), t.const(highest & 0xFFFF, 16))


Given = Callable[["Invariants", Sequence[Term]], list[Term]]
"""What is known at some point, if these invariants hold, of what the claims speak of."""


def _hosts(state: Snapshot) -> list[tuple[Term, Term]]:
    """(registered?, page frame) of the host's mailbox pages."""
    shift = t.zext(page_shift(), 64)
    return [(is_set, t.binary("lshr", at, shift)) for _, (is_set, at) in state.pointers if not at.is_const or at.value]


def _all_or_none(state: Snapshot) -> Term:
    known = [is_set for is_set, _ in _hosts(state)]
    return t.and_(*(t.eq(first, second) for first, second in pairwise(known)))


def _apart(state: Snapshot) -> Term:
    """The followed page is at most one of them."""
    here = [t.and_(is_set, t.eq(frame, pages.PAGE)) for is_set, frame in _hosts(state)]
    return t.and_(*(t.not_(t.and_(a, b)) for k, a in enumerate(here) for b in here[k + 1:]))


def _aligned(state: Snapshot) -> Term:
    mask = t.binary("sub", t.binary("shl", t.const(1, 64), t.zext(page_shift(), 64)), t.const(1, 64))
    end = t.const(1 << 56, 64)
    return t.and_(*(t.implies(is_set, t.and_(t.eq(t.binary("and", at, mask), t.const(0, 64)), t.ult(at, end)))
                    for _, (is_set, at) in state.pointers))


def _pinned(state: Snapshot) -> Term:
    """The followed page is pinned once for each mailbox that it is, and shared with EL2 then."""
    page = dict(state.page)
    if "pins" not in page:
        return t.TRUE
    count = t.const(0, pages.PIN_BITS)
    for is_set, frame in _hosts(state):
        one = t.ite(t.and_(is_set, t.eq(frame, pages.PAGE)), t.const(1, pages.PIN_BITS), t.const(0, pages.PIN_BITS))
        count = t.binary("add", count, one)
    return t.eq(page["pins"], count)


def _shared(state: Snapshot) -> Term:
    page = dict(state.page)
    if "pins" not in page:
        return t.TRUE
    return t.implies(t.not_(_is(page["pins"], 0)), t.eq(page["state"], pages.SHARED_HYP))


def _told(state: Snapshot, name: str) -> Term:
    return dict(state.told).get(name, t.FALSE)


def _mapped_if_registered(state: Snapshot) -> Term:
    mapped = _told(state, told.MAPPED)
    return t.and_(*(t.implies(is_set, mapped) for is_set, _ in _hosts(state)))


def _registered_if_mapped(state: Snapshot) -> Term:
    mapped = _told(state, told.MAPPED)
    return t.and_(*(t.implies(mapped, is_set) for is_set, _ in _hosts(state)))


TEMPLATES: tuple[tuple[str, Template], ...] = (
    ("the version's bit 31 is clear", lambda s, top: _is(t.extract(s.version, 31, 31), 0)),
    ("the version is 0 or has major 1", lambda s, top: t.or_(_is(s.version, 0), _is(t.extract(s.version, 30, 16), 1))),
    ("the minor is at most the highest offered", lambda s, top: _minor_in_range(s.version, top)),
    ("a negotiated version has major 1",
     lambda s, top: t.or_(t.not_(s.negotiated), _is(t.extract(s.version, 30, 16), 1))),
    ("a negotiated version is not 0", lambda s, top: t.or_(t.not_(s.negotiated), t.not_(_is(s.version, 0)))),
    ("the version is not 0", lambda s, top: t.not_(_is(s.version, 0))),
    ("no version is ever agreed", lambda s, top: t.not_(s.negotiated)),
    ("the SPMC has the version", lambda s, top: t.or_(
        _is(s.version, 0), t.ule(t.extract(s.version, 15, 0), t.extract(SPMC, 15, 0)))),
    ("before negotiation bit 31 is clear", lambda s, top: t.or_(s.negotiated, _is(t.extract(s.version, 31, 31), 0))),
    ("the version is at most the highest offered", lambda s, top: t.ule(s.version, t.const(top, 32))),
    ("there is a version if there is an SPMC", lambda s, top: t.or_(NO_SPMC, t.not_(_is(s.version, 0)))),
    ("there is a version only with an SPMC", lambda s, top: t.or_(_is(s.version, 0), t.not_(NO_SPMC))),
    ("a version is agreed only with an SPMC", lambda s, top: t.or_(t.not_(s.negotiated), t.not_(NO_SPMC))),
)
MEMORY_TEMPLATES: tuple[tuple[str, Template], ...] = (
    ("EL2 has buffers of its own only with a version", lambda s, top: t.implies(s.built, t.not_(_is(s.version, 0)))),
    ("the host's mailboxes are registered together", lambda s, top: _all_or_none(s)),
    ("the host's mailboxes are whole pages of memory", lambda s, top: _aligned(s)),
    ("the host's mailboxes are different pages", lambda s, top: _apart(s)),
    ("a page is pinned once for each mailbox that it is", lambda s, top: _pinned(s)),
    ("a pinned page is shared with EL2", lambda s, top: _shared(s)),
)
TOLD_TEMPLATES: dict[str, tuple[tuple[str, Template], ...]] = {
    told.MAPPED: (
        ("EL3 has EL2's buffers mapped while the host's are registered", lambda s, top: _mapped_if_registered(s)),
        ("EL3 has EL2's buffers mapped only while the host's are registered",
         lambda s, top: _registered_if_mapped(s)),
        ("EL3 has EL2's buffers mapped only while a flag of their lock's is set",
         lambda s, top: t.implies(t.truth(bool(s.switches)), t.implies(_told(s, told.MAPPED), t.or_(*s.switches)))),
        ("a flag of the buffers' lock is set only while EL3 has them mapped",
         lambda s, top: t.implies(t.or_(*s.switches), _told(s, told.MAPPED))),
    ),
    told.ASKED: (
        ("before a version is agreed nothing but FFA_VERSION is asked, unless a flag of its lock's is set",
         lambda s, top: t.or_(s.negotiated, t.not_(_told(s, told.ASKED)), *s.flags)),
        ("a flag of the version's lock is set only where something besides FFA_VERSION was asked",
         lambda s, top: t.implies(t.or_(*s.flags), _told(s, told.ASKED))),
    ),
}
"""Of what EL3 was told; only if no other CPU may tell it more at any time."""


@dataclass(frozen=True, slots=True)
class Invariants:
    """Names of the templates that survived; `holds` states them for a version and a flag."""

    names: tuple[str, ...]
    highest: int

    def holds(self, state: Snapshot) -> Term:
        return t.and_(*(stated(name, self.highest, state) for name in self.names))


@cache
def stated(name: str, highest: int, state: Snapshot) -> Term:
    return dict((*TEMPLATES, *MEMORY_TEMPLATES, *chain(*TOLD_TEMPLATES.values())))[name](state, highest)


def booted(target: Target, level: str) -> list[Term]:
    """How the initialisation went: its values are in what calls never write."""
    return [*started(target), *axioms(target.init.record, level)]


RECLAIMED = "reclaimed-pages-are-shared"
"""The name of what `reclaimed` assumes."""


def reclaimed(target: Target, level: str) -> list[Term]:
    """A conforming SPMC lists the pages that were shared through a handle, and EL2 reads the list as it was written.

    The second half is not proved yet: who uses this names it.
    """
    return [CONFORMS, pages.LISTS_SHARED] if level == "L2" and target.shared.memory else []


def surroundings(target: Target, found: Invariants, level: str, where: Term = t.TRUE) -> list[Term]:
    """What every proof about one call assumes: invariants, other CPUs' rely, EL3's axioms, how it was started.

    `where`: the calls that it is about; facts about others may be left out.
    """
    record = target.step.record
    meetings = (t.implies(meeting.guard, found.holds(meeting.after)) for meeting in record.meetings)
    facts = [*meetings, *record.relies, *axioms(record, level)]
    return [found.holds(target.step.start), *telling(facts, where), *booted(target, level), *reclaimed(target, level)]


def telling(facts: Iterable[Term], where: Term) -> list[Term]:
    """Those that say something of the calls that `where` is about."""
    said = Outright(where)
    return [fact for fact in facts if not said.silences(fact)]


def find_invariants(target: Target, level: str, solver: Solver) -> Invariants:
    """The largest set of templates that initialisation establishes and every call keeps. Undecided ones are dropped.

    A call keeps them where it ends, wherever it gives back a lock, and wherever other CPUs may look in between: only
    then may it assume them of what those leave behind.
    """
    begin = target.step.start
    names = tuple(name for name, says in _templates(target) if says(begin, target.max_version) is not t.TRUE)
    start = booted(target, level)
    names = _weed(names, target.max_version, solver, lambda found, claims: start, target.init.end)
    goals = _goals(target, level)
    done = 0
    while done < len(goals):
        before = names
        given, after = goals[done]
        names = _weed(names, target.max_version, solver, given, after)
        if names == before:
            done += 1
        else:  # what held with more given has to be asked again
            goals.insert(0, goals.pop(done))
            done = 1
    return Invariants(names, target.max_version)


def kept(target: Target, found: Invariants, level: str, solver: Solver) -> bool:
    """Does initialisation establish them, and every call keep them? As `find_invariants` found."""
    start = booted(target, level)
    goals = [(lambda found, claims: start, target.init.end), *_goals(target, level)]
    return all(_weed(found.names, found.highest, solver, given, after) == found.names for given, after in goals)


def _templates(target: Target) -> Iterator[tuple[str, Template]]:
    yield from TEMPLATES
    if target.shared.memory:
        yield from MEMORY_TEMPLATES
        for name, found in TOLD_TEMPLATES.items():
            if name not in target.shared.unruly:
                yield from found


def _goals(target: Target, level: str) -> list[tuple[Given, Snapshot]]:
    """Where the invariants have to hold, and what is known there; what is most likely to fail comes first."""
    record, step = target.step.record, target.step
    goals: list[tuple[Given, Snapshot]] = [
        (partial(known, target, level, guard), state) for guard, state in record.releases]
    goals += [(partial(known, target, level, t.and_(step.alive, case)), step.end) for case in cases(target)]
    goals += [(partial(known, target, level, meeting.guard, before=number), meeting.before)
              for number, meeting in enumerate(record.meetings)]
    goals += [(partial(known, target, level, boundary.guard), _at_boundary(target, boundary))
              for boundary in record.boundaries]
    return goals


def cases(target: Target) -> list[Term]:
    """The host's calls, by the function numbers that the code tells apart: what is asked of each is cheap."""
    record = target.step.record
    here = function_number(record.prefix)
    name = str(here.data)
    guards = [*record.rely_guards, *(guard for guard, _ in record.releases), *(event.guard for event in record.smcs)]
    numbers = sorted({found[name] for guard in guards if name in (found := guard_equations(guard))})
    each = [t.eq(here, t.const(number, 16)) for number in numbers]
    return [*each, t.and_(*(t.not_(case) for case in each))]


def forms(target: Target) -> list[Term]:
    """The upper halves of function numbers that the code tells apart, as those of SMC32 and SMC64."""
    record = target.step.record
    here = t.var(f"{record.prefix}x0.hi", 15)
    numbers = {other.value for node in topological([event.guard for event in record.smcs]) if node.op == "eq"
               for one, other in (node.args, node.args[::-1]) if one is here and other.is_const}
    each = [t.eq(here, t.const(number, here.bits)) for number in sorted(numbers)]
    return [*each, t.and_(*(t.not_(case) for case in each))]


def page_sizes() -> list[Term]:
    """4K, 16K, 64K: what is asked of one size is cheap."""
    wide, middle = t.var("page.64K", 0), t.var("page.16K", 0)
    return [t.and_(t.not_(wide), t.not_(middle)), t.and_(t.not_(wide), middle), wide]


def _at_boundary(target: Target, boundary: Boundary) -> Snapshot:
    """The version as far as the path got; that it keeps the rest is the named assumption memory-safe(handler)."""
    state = dict(boundary.state)
    version, flag = state[target.binding.version].term, state[target.binding.negotiated].term
    return replace(target.step.start, version=version, negotiated=t.ne(flag, t.const(0, flag.bits)))


def check_reached(target: Target, found: Invariants, episodes: Iterable[Episode]) -> None:
    """A state that the interpreter reached and that an invariant excludes shows a fault of this program.

    The samples' SPMC has the highest version that EL2 offers; where that is not 1.x, it is none that conforms, and no
    state that it leads to counts. Of the state, version and agreement are compared.
    """
    if target.max_version >> 16 != 1:
        return
    version, flag = target.binding.version, target.binding.negotiated
    reached = {(state[version], state[flag]): None for episode in episodes for call in episode.calls
               for state in (dict(call.state_before), dict(call.state_after))}
    for number, agreed in reached:
        claim = found.holds(Snapshot(t.const(number, 32), t.truth(agreed != 0)))
        if not holds(claim, {str(SPMC.data): target.max_version}):
            raise InternalError(f"invariants {found.names} exclude a reached state: {number:#x}, {agreed}")


def known(
    target: Target, level: str, guard: Term, found: Invariants, claims: Sequence[Term], before: int | None = None
) -> list[Term]:
    """What is known where the guard holds, as far as the claims may need it; `surroundings` says all.

    `before`: of other CPUs, only what the first so many meetings brought.
    """
    record = target.step.record
    meetings = [t.implies(meeting.guard, found.holds(meeting.after)) for meeting in record.meetings[:before]
                if not contradict(guard, meeting.guard)]
    facts = [found.holds(target.step.start), *meetings, *record.relevant(guard, claims), guard]
    about = record.exact.traced([*facts, *claims])
    answers = [fact for fact in axioms(record, level) if trace(fact).answers <= about.answers]
    return [*facts, *answers, *booted(target, level), *reclaimed(target, level)]


def _weed(names: tuple[str, ...], highest: int, solver: Solver, given: Given, after: Snapshot) -> tuple[str, ...]:
    """Those that follow if all of them are given, and so on with fewer."""
    while names:
        found = Invariants(names, highest)
        claims = [Invariants((name,), highest).holds(after) for name in names]
        answers = solver.implied(given(found, claims), claims, page_sizes())
        kept = tuple(name for name, holds in zip(names, answers, strict=True) if holds)
        if kept == names:
            return names
        names = kept
    return names
