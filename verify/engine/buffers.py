"""Accesses to buffers: EL2's, of exact size, and the host's memory, which changes all the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from verify.engine import content as c
from verify.engine import pages, told
from verify.engine.memory import Cell, Cells
from verify.engine.place import Place
from verify.engine.record import BufferEvent, Fetch, Obligation, Outside, Record
from verify.engine.regions import HOST
from verify.engine.state import State
from verify.engine.value import Integer, NotModelled, Pointer
from verify.terms import build as t
from verify.terms.term import Term

START = t.const(0, 64)
OUTSIDE = "outside!"
"""In the names of bytes that a read outside its object finds."""


@dataclass(frozen=True, slots=True)
class Inside:
    """When an access stays in its object; `outside`: name of the bytes that a load finds elsewhere."""

    holds: Term
    outside: str = ""


class Buffers:
    """`sizes`: of EL2's buffers, in bytes, by object. Host memory is checked page by page instead."""

    def __init__(self, record: Record, sizes: Mapping[str, Term], page_shift: Term, lock: str) -> None:
        self._record = record
        self._sizes = sizes
        self._shift = t.zext(page_shift, 64)
        self._lock = lock

    def has(self, name: str) -> bool:
        return name == HOST or name in self._sizes

    def inside(self, state: State, name: str, offset: Term, length: Term) -> Term:
        """The bytes lie in the buffer, or in a page of the host's that EL2 holds in place."""
        if name != HOST:
            size = self._sizes[name]
            return t.or_(_is_zero(length), t.and_(
                t.ule(length, size), t.ule(offset, t.binary("sub", size, length))))
        last = t.binary("add", offset, t.binary("sub", length, t.const(1, 64)))
        covers = t.and_(t.ule(self._page(offset), pages.PAGE), t.ule(pages.PAGE, self._page(last)))
        held = t.and_(pages.pinned(state), t.eq(state.ghost["state"], pages.SHARED_HYP))
        return t.or_(_is_zero(length), t.and_(t.ule(offset, last), t.or_(t.not_(covers), held)))

    def _page(self, address: Term) -> Term:
        return t.binary("lshr", address, self._shift)

    def check(
        self, state: State, guard: Term, where: tuple[str, Term, Term], place: Place, is_read: bool = False
    ) -> Inside:
        """The obligation that an access is inside. What is no read ends all certainty where it is not."""
        name, offset, length = where
        if name == HOST:
            origin = self._record.site(place.span, place.function, "interference", "page")
            pages.others(self._record, state, state.held.get(self._lock, t.FALSE), origin)
        holds = self.inside(state, name, offset, length)
        if holds is t.TRUE:
            return Inside(t.TRUE)
        outside = self._record.name(OUTSIDE) if is_read else ""
        self._record.obligations.append(
            Obligation("invalid-pointer", guard, holds, place.span, place.function, outside))
        return Inside(holds if is_read else t.TRUE, outside)

    def note(
        self, state: State, where: tuple[str, Term, Term], place: Place, is_copy: bool,
        written: tuple[c.Content, Term] | None = None,
    ) -> None:
        """`written`: (content, offset) of what is written there; without it, the bytes are read."""
        name, offset, length = where
        site = self._record.site(place.span, place.function, "access", place.text)
        self._record.sink(state.guard, length, place)
        if name != HOST:
            self._record.sink(state.guard, offset, place)
        self._record.buffers.append(BufferEvent(
            state.guard, name, written is not None, is_copy, offset, length, tuple(sorted(state.held.items())),
            place.span, site.value, written, told.is_own(state.ghost)))

    def source(self, state: State, name: str, offset: Term) -> tuple[c.Content, Term]:
        """What is read from there on, and at which offset of it; host memory is something new at each look."""
        if name != HOST:
            return state.content(name), offset
        fetched = f"{self._record.prefix}host{len(self._record.fetches)}"
        self._record.fetches.append(Fetch(state.guard, fetched))
        return c.Unknown(fetched), t.const(0, 64)

    def load(self, state: State, name: str, offset: Term, size: int, place: Place, inside: Inside) -> Integer:
        """What lies there; outside the buffer that is arbitrary, and secret."""
        self.note(state, (name, offset, t.const(size, 64)), place, is_copy=False)
        found, start = self.source(state, name, offset)
        kind = "host" if name == HOST else "state"
        origin = self._record.site(place.span, place.function, kind, place.text)
        value = self._record.word(found, start, size)
        if not inside.outside:
            return Integer(value, origin)
        self._may_leave(state, inside, offset, size, place)
        return Integer(t.ite(inside.holds, value, t.var(inside.outside, 8 * size)), origin)

    def _may_leave(self, state: State, inside: Inside, offset: Term, size: int | None, place: Place) -> None:
        origin = self._record.site(place.span, place.function, "outside", place.text)
        self._record.outsides.append(Outside(state.guard, inside.outside, offset, size, origin))

    def readable(
        self, state: State, found: tuple[str, c.Content, Term], inside: Inside, place: Place
    ) -> c.Content:
        """What a copy takes along, of (object, content, offset): arbitrary secrets beyond the end of its source."""
        name, content, offset = found
        if not inside.outside:
            return content
        self._may_leave(state, inside, offset, None, place)
        beyond: c.Content = c.Unknown(inside.outside)
        if name in self._sizes:
            zero = t.const(0, 64)
            beyond = c.Copied(beyond, zero, self._sizes[name], content, zero)
        return c.choose(inside.holds, content, beyond)

    def store(self, state: State, name: str, offset: Term, value: Term, place: Place) -> None:
        length = t.const(value.bits // 8, 64)
        alone = c.Written(c.Unknown(""), START, value)
        self.note(state, (name, offset, length), place, is_copy=False, written=(alone, START))
        if name != HOST:
            state.objects[name] = c.Written(state.content(name), offset, value)

    def write(self, state: State, name: str, at: Term, new: tuple[c.Content, Term, Term], place: Place) -> None:
        """`new`: a content, from which offset on, and how many bytes."""
        source, start, length = new
        self.note(state, (name, at, length), place, is_copy=True, written=(source, start))
        if name != HOST:
            state.objects[name] = c.Copied(state.content(name), at, length, source, start)

    def fill(self, state: State, name: str, at: Term, length: Term, byte: Term, place: Place) -> None:
        alone = c.Filled(c.Unknown(""), START, length, byte)
        self.note(state, (name, at, length), place, is_copy=True, written=(alone, START))
        if name != HOST:
            state.objects[name] = c.Filled(state.content(name), at, length, byte)


def from_cells(cells: Cells, start: int, size: int, unset: Term) -> c.Content:
    """The bytes of an object that is followed cell by cell, from offset 0 on; `unset` names what was never written."""
    result: c.Content = c.Unknown(str(unset.data))
    for offset, cell in sorted(cells.items()):
        if offset + cell.size <= start or start + size <= offset:
            continue
        if isinstance(cell.value, Pointer):
            raise NotModelled("a pointer copied into a buffer")
        term = cell.value.term
        low, high = max(offset, start), min(offset + cell.size, start + size)
        part = t.extract(term, 8 * (high - offset) - 1, 8 * (low - offset)) if term.bits else term
        for index in range(high - low):
            byte = t.extract(part, 8 * index + 7, 8 * index)
            result = c.Written(result, t.const(low - start + index, 64), byte)
    return result


def to_cells(content: c.Content, start: Term, size: int, origin: Term) -> dict[int, Cell]:
    """A constant number of bytes as cells from offset 0 on."""
    return {index: Cell(1, Integer(c.byte(content, t.binary("add", start, t.const(index, 64))), origin))
            for index in range(size)}


def _is_zero(length: Term) -> Term:
    return t.eq(length, t.const(0, 64))
