"""What a buffer holds: an unknown start and the writes and copies since, newest first; reads resolve them.

A window of a copy is written as `start <= offset and offset < start + length`, which solvers decide far faster than
a difference. It is right only where `start + length` does not wrap: the copy's own bounds obligation, without which
nothing holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from verify.terms import build as t
from verify.terms.term import Term

ZERO = t.const(0, 8)


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """Arbitrary bytes, by name; without a name: zeros."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """`value` of 1, 2, 4 or 8 bytes lies at `at`."""

    before: Content
    at: Term
    value: Term
    known: dict[int, Term] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Copied:
    """`length` bytes at `at` come from `start` of another content."""

    before: Content
    at: Term
    length: Term
    source: Content
    start: Term
    known: dict[int, Term] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    before: Content
    at: Term
    length: Term
    value: Term
    known: dict[int, Term] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Either:
    """`then` where the condition holds, else `other`."""

    condition: Term
    then: Content
    other: Content
    known: dict[int, Term] = field(default_factory=dict)


Content: TypeAlias = Unknown | Written | Copied | Filled | Either


def choose(condition: Term, then: Content, other: Content) -> Content:
    if then is other or condition is t.TRUE:
        return then
    return other if condition is t.FALSE else Either(condition, then, other)


def byte(content: Content, offset: Term) -> Term:
    """The byte at a 64-bit offset; bounds are the caller's business."""
    if isinstance(content, Unknown):
        return t.select(content.name, offset) if content.name else ZERO
    found = content.known.get(id(offset))
    if found is None:
        found = content.known[id(offset)] = _byte(content, offset)
    return found


def _byte(content: Written | Copied | Filled | Either, offset: Term) -> Term:
    match content:
        case Written():
            return _written(content, offset)
        case Copied(before=before, at=at, length=length, source=source, start=start):
            inside = _window(at, length, offset)
            if inside is t.FALSE:
                return byte(before, offset)
            moved = t.binary("add", t.binary("sub", offset, at), start)
            return t.ite(inside, byte(source, moved), t.const(0, 8) if inside is t.TRUE else byte(before, offset))
        case Filled(before=before, at=at, length=length, value=value):
            inside = _window(at, length, offset)
            return t.ite(inside, value, byte(before, offset))
    return t.ite(content.condition, byte(content.then, offset), byte(content.other, offset))


def _written(content: Written, offset: Term) -> Term:
    result = None
    for index in range(content.value.bits // 8):
        place = t.binary("add", content.at, t.const(index, 64))
        here = t.eq(offset, place)
        if here is t.FALSE:
            continue
        part = t.extract(content.value, 8 * index + 7, 8 * index)
        if here is t.TRUE:
            return part
        result = t.ite(here, part, byte(content.before, offset) if result is None else result)
    return byte(content.before, offset) if result is None else result


def _window(at: Term, length: Term, offset: Term) -> Term:
    return t.and_(t.ule(at, offset), t.ult(offset, t.binary("add", at, length)))


def read(content: Content, offset: Term, size: int) -> Term:
    """`size` bytes, little endian."""
    result = byte(content, offset)
    for index in range(1, size):
        result = t.concat(byte(content, t.binary("add", offset, t.const(index, 64))), result)
    return result


def terms(content: Content) -> list[Term]:
    """All that decides about the bytes; of an unknown memory, one of its bytes stands for it."""
    result: list[Term] = []
    todo, done = [content], set[int]()
    while todo:
        here = todo.pop()
        if id(here) in done:
            continue
        done.add(id(here))
        match here:
            case Unknown(name=name):
                result += [t.select(name, t.const(0, 64))] if name else []
            case Written(before=before, at=at, value=value):
                result += [at, value]
                todo.append(before)
            case Copied(before=before, at=at, length=length, source=source, start=start):
                result += [at, length, start]
                todo += [before, source]
            case Filled(before=before, at=at, length=length, value=value):
                result += [at, length, value]
                todo.append(before)
            case Either(condition=condition, then=then, other=other):
                result.append(condition)
                todo += [then, other]
    return result
