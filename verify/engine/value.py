"""What a register or a memory cell holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from verify.terms import build as t
from verify.terms.evaluate import assume, outright
from verify.terms.term import Term

ORIGIN_BITS = 16


class NotModelled(Exception):
    """The construct that ends exact modelling here; the executor turns it into a boundary."""


@dataclass(frozen=True, slots=True)
class Integer:
    """`origin` is a 16-bit term that names the program site where the value was made; copies keep it."""

    term: Term
    origin: Term


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that a pointer may point to: `object` is None for an address outside every object."""

    guard: Term
    object: str | None
    offset: Term


@dataclass(frozen=True, slots=True)
class Pointer:
    """Targets with disjoint guards that cover every case."""

    targets: tuple[Target, ...]
    origin: Term

    @property
    def is_null(self) -> Term:
        zero = t.const(0, 64)
        return t.or_(*(t.and_(x.guard, t.eq(x.offset, zero)) for x in self.targets if x.object is None))


Value: TypeAlias = Integer | Pointer


def null(origin: Term) -> Pointer:
    return Pointer((Target(t.TRUE, None, t.const(0, 64)),), origin)


def point_to(object_name: str, origin: Term, offset: int = 0) -> Pointer:
    return Pointer((Target(t.TRUE, object_name, t.const(offset, 64)),), origin)


def join(condition: Term, then: Value, other: Value) -> Value:
    """`then` where the condition holds, else `other`; both of one kind and width."""
    if then == other or condition is t.TRUE:
        return then
    if condition is t.FALSE:
        return other
    origin = t.ite(condition, then.origin, other.origin)
    if isinstance(then, Integer) and isinstance(other, Integer):
        return Integer(t.ite(condition, then.term, other.term), origin)
    if isinstance(then, Pointer) and isinstance(other, Pointer):
        return Pointer(_join_targets(condition, then, other), origin)
    return join(condition, as_pointer(then), as_pointer(other))


def as_pointer(value: Value) -> Pointer:
    """A 64-bit integer as an address outside every object; dereferencing it is never modelled."""
    if isinstance(value, Pointer):
        return value
    assert value.term.bits == 64, value
    return Pointer((Target(t.TRUE, None, value.term),), value.origin)


def _join_targets(condition: Term, then: Pointer, other: Pointer) -> tuple[Target, ...]:
    guarded = [(condition, x) for x in then.targets] + [(t.not_(condition), x) for x in other.targets]
    merged: dict[tuple[str | None, int], Target] = {}
    for side, x in guarded:
        guard = t.and_(side, x.guard)
        key = (x.object, id(x.offset))
        old = merged.get(key)
        merged[key] = Target(guard if old is None else disjunction(old.guard, guard), x.object, x.offset)
    return tuple(x for x in merged.values() if x.guard is not t.FALSE)


def _conjuncts(term: Term) -> dict[int, Term]:
    return {id(x): x for x in (term.args if term.op == "band" else (term,))}


def within(guard: Term, terms: Sequence[Term]) -> list[Term]:
    """The terms where the guard holds: a choice that it decides is none."""
    return assume(list(terms), outright(_conjuncts(guard).values()))


def factor(guards: list[Term]) -> tuple[Term, list[Term]]:
    """The common conjuncts, and what remains of each guard."""
    parts = [_conjuncts(guard) for guard in guards]
    common = [x for key, x in parts[0].items() if all(key in other for other in parts[1:])]
    shared = {id(x) for x in common}
    rests = [t.and_(*(x for key, x in part.items() if key not in shared)) for part in parts]
    return t.and_(*common), rests


def disjunction(*guards: Term) -> Term:
    """Or, with common conjuncts taken out and complements cancelled (what joins of branches produce)."""
    live = [guard for guard in guards if guard is not t.FALSE]
    if not live:
        return t.FALSE
    common, rests = factor(live)
    return t.and_(common, t.or_(*_cancel(rests)))


def _cancel(items: list[Term]) -> list[Term]:
    flat = [x for item in items for x in (item.args if item.op == "bor" else (item,))]
    singles = {id(x) for x in flat}
    result = []
    for item in flat:
        if item.op == "band":
            keep = [x for x in item.args if id(t.not_(x)) not in singles]
            item = t.and_(*keep)
        result.append(item)
    return result
