"""Two outcomes of one context, place by place: what would have to be equal so that nobody can tell them apart.

Terms that are the same object are equal. Of the others a claim is left, for a solver. What has no counterpart is
`Different`, which says only that they were not shown to be alike. Where values were made (origins, sites, spans) does
not count.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from verify.engine import content as c
from verify.engine.control import Side
from verify.engine.record import Obligation
from verify.engine.state import State
from verify.engine.value import Integer, Pointer
from verify.engine.watched import Context, Outcome
from verify.ir.span import Span
from verify.terms import build as t
from verify.terms.term import Term, topological, variables

PLACES = ("span", "site", "place", "origin", "function")
LISTS = ("smcs", "accesses", "boundaries", "locks", "warns", "buffers", "transfers", "fetches", "releases", "flows",
         "carried", "relies", "rely_guards", "quiet", "meetings", "universals", "indices", "writes", "looks",
         "out_of_turn", "retrievals", "outsides", "byte_facts", "touches")
"""Of a record; obligations and sinks are compared in ways of their own."""
SUMS = ("add", "mul", "shl")
"""Operators of which `verify.engine.wraps` asks whether they wrap."""
ANY_OFFSET, ANY_INDEX = t.var("alike.offset", 64), t.var("alike.index", 64)


class Different(Exception):
    """What has no counterpart."""


@dataclass(slots=True)
class Claims:
    """What has to hold. `under`: the paths that are compared now."""

    found: list[Term] = field(default_factory=list)
    under: Term = t.TRUE
    _contents: dict[tuple[int, int], bool] = field(default_factory=dict)

    def claim(self, truth: Term) -> None:
        truth = t.implies(self.under, truth)
        if truth is t.FALSE:
            raise Different("never equal")
        if truth is not t.TRUE:
            self.found.append(truth)

    def where(self, guard: Term) -> Claims:
        """The same list, on these paths only."""
        return Claims(self.found, t.and_(self.under, guard), self._contents)

    def same(self, one: Any, other: Any) -> None:
        """The two are of one kind and equal."""
        if one is other:
            return
        match one, other:
            case Term(), Term():
                self._terms(one, other)
            case Integer(), Integer():
                self._terms(one.term, other.term)
            case Pointer(), Pointer():
                self._pointers(one, other)
            case (c.Unknown() | c.Written() | c.Copied() | c.Filled() | c.Either(), c.Unknown() | c.Written()
                  | c.Copied() | c.Filled() | c.Either()):
                if not self._is_same_content(one, other):
                    self._terms(c.byte(one, ANY_OFFSET), c.byte(other, ANY_OFFSET))
            case Mapping(), Mapping():
                self._mappings(one, other)
            case (tuple() | list()), (tuple() | list()):
                self._each(one, other)
            case _:
                self._others(one, other)

    def _others(self, one: Any, other: Any) -> None:
        if callable(one) and callable(other):
            self.same(one(ANY_INDEX), other(ANY_INDEX))
        elif type(one) is not type(other):
            raise Different("of another kind")
        elif is_dataclass(one):
            if isinstance(one, Span):
                return
            guard = getattr(one, "guard", None)
            inner = self if guard is None else self.where(guard)
            for part in fields(one):
                if part.name not in PLACES:
                    to = self if part.name == "guard" else inner
                    to.same(getattr(one, part.name), getattr(other, part.name))
        elif one != other:
            raise Different("another value")

    def _terms(self, one: Term, other: Term) -> None:
        if one is other:
            return
        if one.bits != other.bits:
            raise Different("another width")
        self.claim(t.eq(one, other))

    def _each(self, one: Sequence[Any], other: Sequence[Any]) -> None:
        if len(one) != len(other):
            raise Different("another number of them")
        for mine, theirs in zip(one, other, strict=True):
            self.same(mine, theirs)

    def _mappings(self, one: Mapping[Any, Any], other: Mapping[Any, Any]) -> None:
        if one.keys() != other.keys():
            raise Different("other parts of an object are set")
        for key, value in one.items():
            self.same(value, other[key])

    def _pointers(self, one: Pointer, other: Pointer) -> None:
        """Wherever one leads, the other leads, too: their targets cover all cases."""
        for mine in one.targets:
            for theirs in other.targets:
                both = t.and_(mine.guard, theirs.guard)
                if mine.object != theirs.object:
                    self.claim(t.not_(both))
                else:
                    self.claim(t.implies(both, t.eq(mine.offset, theirs.offset)))

    def _is_same_content(self, one: c.Content, other: c.Content) -> bool:
        """Were the same bytes written in the same way?"""
        if one is other:
            return True
        key = (id(one), id(other))
        if key not in self._contents:
            self._contents[key] = type(one) is type(other) and all(
                self._is_same_part(getattr(one, part.name), getattr(other, part.name))
                for part in fields(one) if part.name != "known")
        return self._contents[key]

    def _is_same_part(self, one: Any, other: Any) -> bool:
        if isinstance(one, str | Term):
            return one is other or (isinstance(one, str) and one == other)
        return self._is_same_content(one, other)


@dataclass(frozen=True, slots=True)
class Compared:
    """What has to hold of all that happens in a context; and of what it leaves, which a caller may never look at.

    `left` is None where that has no counterpart.
    """

    seen: list[Term]
    left: list[Term] | None


def compare(
    context: Context, one: Outcome, other: Outcome, live: Mapping[str, Container[str]], carried: Set[str],
) -> Compared:
    """`live`: registers that are read later, by block. `carried`: variables that stand for what iterations leave to the
    next. Raises Different where another thing happens.
    """
    seen, left = Claims(), Claims()
    for name in LISTS:
        seen.same(one.events(name), other.events(name))
    if one.events("order") != other.events("order"):
        raise Different("in another order")
    seen.same(one.record.exact.meanings, other.record.exact.meanings)
    _sinks(one, other, carried)
    _obligations(seen, one.events("obligations"), other.events("obligations"))
    try:
        _ways(left, context, one, other, live)
    except Different:
        return Compared(_once(seen), None)
    return Compared(_once(seen), _once(left))


def _once(claims: Claims) -> list[Term]:
    return list({id(claim): claim for claim in claims.found}.values())


def _sinks(one: Outcome, other: Outcome, carried: Set[str]) -> None:
    """No other sum becomes a size or a count: whether it wraps is asked of its form, not of its value."""
    known = {(id(sink.guard), id(sink.term)) for sink in one.events("sinks")}
    for sink in other.events("sinks"):
        if (id(sink.guard), id(sink.term)) not in known and _may_wrap(sink.term, carried):
            raise Different("another sum becomes a size")
    if [id(x.term) for x in one.events("carried")] != [id(x.term) for x in other.events("carried")]:
        raise Different("another sum is carried on")


def _may_wrap(term: Term, carried: Set[str]) -> bool:
    """Is there a sum or a product in it, or what a loop may have made of one?"""
    return any(node.op in SUMS for node in topological([term])) or not carried.isdisjoint(variables([term]))


def _obligations(claims: Claims, one: Sequence[Obligation], other: Sequence[Obligation]) -> None:
    """Behaviour is undefined, in each way, for the same calls."""
    kinds: dict[tuple[str, str], tuple[list[Term], list[Term]]] = {}
    for side, found in enumerate((one, other)):
        for item in found:
            broken = t.and_(item.guard, t.not_(item.holds))
            kinds.setdefault((item.kind, item.outside), ([], []))[side].append(broken)
    for mine, theirs in kinds.values():
        claims.same(t.or_(*mine), t.or_(*theirs))


def _ways(
    claims: Claims, context: Context, one: Outcome, other: Outcome, live: Mapping[str, Container[str]]
) -> None:
    mine, theirs = _by_label(one), _by_label(other)
    for label in dict.fromkeys((*mine, *theirs)):
        sides = [ways.get(label, []) for ways in (mine, theirs)]
        claims.same(t.or_(*(state.guard for state, _ in sides[0])), t.or_(*(state.guard for state, _ in sides[1])))
        if not all(sides):
            continue  # then nobody ever goes there
        if len(sides[0]) != 1 or len(sides[1]) != 1:
            raise Different("several ways to one place")
        _sides(claims, context, (sides[0][0], sides[1][0]), live.get(label))


def _by_label(outcome: Outcome) -> dict[str, list[Side]]:
    found: dict[str, list[Side]] = {}
    for label, side in outcome.ways:
        if not side[0].is_dead:
            found.setdefault(label, []).append(side)
    return found


def _sides(claims: Claims, context: Context, sides: tuple[Side, Side], live: Container[str] | None) -> None:
    """`live`: None for a return, after which there are neither registers nor locals."""
    (one, registers), (other, others) = sides
    claims = claims.where(t.and_(one.guard, other.guard))
    gone = context.locals if live is None else frozenset()
    for name in sorted({*one.objects, *other.objects}):
        is_there = "#" not in name or (name in context.state.objects and name not in gone)
        if is_there:
            claims.same(one.objects.get(name), other.objects.get(name))
    for says in _STATE:
        claims.same(says(one), says(other))
    names = {name for name in {*registers, *others} if live is None or name in live}
    for name in sorted(names):
        claims.same(registers.get(name), others.get(name))


_STATE: tuple[Callable[[State], Any], ...] = (
    lambda state: _set(state.held), lambda state: _set(state.flags), lambda state: state.pre,
    lambda state: state.ghost, lambda state: state.left, lambda state: state.found,
    lambda state: (state.observed, state.acquired))


def _set(truths: Mapping[str, Term]) -> dict[str, Term]:
    """What is not there is false."""
    return {name: truth for name, truth in sorted(truths.items()) if truth is not t.FALSE}
