"""Sums and products that become a size, an offset or a count must not wrap in their C type.

They are found where they are used: in the length of a copy, the offset of an access, a number of pages, and in what
such a value is compared with. What a loop carries from one iteration to the next counts if it is so used later. A
difference may be negative, and what is tested for overflow is computed in a wider type: neither is a sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from verify.engine.place import Place
from verify.engine.record import Obligation, Record
from verify.terms import build as t
from verify.terms.term import Term, topological


@dataclass(frozen=True, slots=True)
class Node:
    """`term` is computed where `guard` holds, on the way to a sink."""

    guard: Term
    term: Term


def oblige(record: Record) -> None:
    """Leave an obligation for each sum and product that reaches a sink of this run."""
    seen: set[tuple[int, int]] = set()
    leaves: set[str] = set()
    for sink in record.sinks:
        _visit(record, Node(sink.guard, sink.term), sink.place, seen, leaves)
    waiting = list(record.carried)
    while True:
        reached = [one for one in waiting if not leaves.isdisjoint(one.names)]
        if not reached:
            return
        waiting = [one for one in waiting if one not in reached]
        for one in reached:
            _visit(record, Node(one.guard, one.term), one.place, seen, leaves)


def _visit(record: Record, start: Node, place: Place, seen: set[tuple[int, int]], leaves: set[str]) -> None:
    todo = [start]
    while todo:
        node = todo.pop()
        key = (id(node.guard), id(node.term))
        if key in seen or node.guard is t.FALSE:
            continue
        seen.add(key)
        if node.term.op == "var":
            leaves.add(str(node.term.data))
        holds = _exact(node.term)
        if holds is not t.TRUE:
            made = record.made.get(id(node.term), place)
            record.obligations.append(Obligation("wrap", node.guard, holds, made.span, made.function))
        todo.extend(_below(node))


def _below(node: Node) -> Iterator[Node]:
    """What the value is made of, arithmetically."""
    term = node.term
    match term.op:
        case "ite":
            yield Node(t.and_(node.guard, term.args[0]), term.args[1])
            yield Node(t.and_(node.guard, t.not_(term.args[0])), term.args[2])
        case "add" | "sub" | "mul" | "udiv" | "urem" | "and":
            yield from (Node(node.guard, part) for part in term.args)
        case "zext" | "sext" | "extract" | "shl" | "lshr":
            yield Node(node.guard, term.args[0])


def _exact(term: Term) -> Term:
    """Its value is that of the integers."""
    if term.op not in ("add", "mul", "shl") or _is_difference(term):
        return t.TRUE
    largest(term)
    if _unwrapped(term) < 1 << term.bits:
        return t.TRUE
    left, right = term.args
    if term.op == "add":
        return t.ule(left, term)
    if term.op == "shl":
        if not right.is_const or right.value >= term.bits:
            return t.TRUE
        return t.ule(left, t.const(((1 << term.bits) - 1) >> right.value, term.bits))
    if right.is_const:
        return t.ule(left, t.const(((1 << term.bits) - 1) // right.value, term.bits))
    wide = t.binary("mul", t.zext(left, 2 * term.bits), t.zext(right, 2 * term.bits))
    return t.eq(t.extract(wide, 2 * term.bits - 1, term.bits), t.const(0, term.bits))


def compared(condition: Term) -> Iterator[tuple[Term, Term]]:
    """What is looked at for its size, and when: (the condition depends on it, term).

    A sum that is compared with one of its own terms is an overflow test. Where paths met, the condition holds what each
    of them looked at: that counts on its own path alone.
    """
    matters: dict[int, Term] = {id(condition): t.TRUE}
    for node in reversed(topological([condition])):
        when = matters.get(id(node), t.FALSE)
        if node.op in ("ult", "ule"):
            left, right = node.args
            yield from ((when, one) for one, other in ((left, right), (right, left))
                        if not (one.op == "add" and any(part is other for part in one.args)))
        elif node.bits == 0:
            for part, others in _parts(node):
                matters[id(part)] = t.or_(matters.get(id(part), t.FALSE), t.and_(when, others))


def _parts(truth: Term) -> Iterator[tuple[Term, Term]]:
    """The truths that it is made of, and when it depends on each."""
    parts = truth.args
    match truth.op:
        case "band" | "bor":
            decided = t.not_ if truth.op == "bor" else t.and_
            for part in parts:
                yield part, t.and_(*(decided(other) for other in parts if other is not part))
        case "ite":
            condition, then, other = parts
            yield from ((condition, t.TRUE), (then, condition), (other, t.not_(condition)))
        case _:
            yield from ((part, t.TRUE) for part in parts if part.bits == 0)


def _is_difference(term: Term) -> bool:
    """x − n is a sum with a constant whose top bit is set."""
    return term.op == "add" and any(part.is_const and part.value >> (part.bits - 1) for part in term.args)


_LARGEST: dict[int, int] = {}
"""By the identity of a term."""


def largest(term: Term) -> int:
    """No value of the term is above this."""
    for node in topological([term]):
        if node.bits and id(node) not in _LARGEST:
            _LARGEST[id(node)] = min(_unwrapped(node), (1 << node.bits) - 1)
    return _LARGEST[id(term)]


def _unwrapped(term: Term) -> int:
    """The same for one operation, as if integers had no end."""
    parts = [_LARGEST[id(part)] if part.bits else 0 for part in term.args]
    second = term.args[1].value if len(parts) == 2 and term.args[1].is_const else None
    match term.op:
        case "const":
            return term.value
        case "zext":
            return parts[0]
        case "extract":
            assert isinstance(term.data, tuple)
            return parts[0] >> term.data[1]
        case "ite":
            return max(parts)
        case "and":
            return min(parts)
        case "add":
            return sum(parts)
        case "mul":
            return parts[0] * parts[1]
        case "shl" if second is not None and second < term.bits:
            return parts[0] << second
        case "lshr" if second is not None:
            return parts[0] >> second
        case "udiv" if second:
            return parts[0] // second
        case "urem" if second:
            return second - 1
    return (1 << term.bits) - 1
