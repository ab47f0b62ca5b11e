"""Loads, stores and copies: resolves targets, checks bounds, records what rules watch, lets other CPUs in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from verify.engine import memory, told
from verify.engine.buffers import Buffers, Inside, from_cells, to_cells
from verify.engine.content import Content
from verify.engine.elements import places
from verify.engine.memory import Cell
from verify.engine.place import Place
from verify.engine.record import AccessEvent, Obligation, Record
from verify.engine.regions import CONTEXT, Region
from verify.engine.shared import Others, Shared, join_path, width
from verify.engine.state import State
from verify.engine.value import Integer, NotModelled, Pointer, Target, Value, as_pointer, join
from verify.ir.expr import POINTER
from verify.ir.function import Object
from verify.ir.span import Span
from verify.terms import build as t
from verify.terms.term import Term, variables

Where = tuple[Term, str, Term, Inside]
"""(guard, object, offset, is it inside?)"""


MOST_BYTES = 1 << 17
"""Of one copy or fill: the largest page and more."""
FIRST_PAGE = 1 << 12
"""Null, and the members of what it may point to: assumed to be mapped nowhere (`nothing-is-mapped-at-null`)."""


def is_null(target: Target) -> bool:
    return target.object is None and target.offset.is_const and target.offset.value < FIRST_PAGE


def _pointers_of_others(objects: Mapping[str, Object]) -> list[str]:
    return [join_path(name, field) for name, item in objects.items() if item.is_external
            for field in item.fields if field.bits == POINTER]


class Accesses:
    """Memory of one run. `objects` describe every object by name; `regions` are EL2's buffers, of unknown content."""

    def __init__(
        self, record: Record, objects: Mapping[str, Object], shared: Shared, regions: Mapping[str, Region], shift: Term
    ) -> None:
        self.record = record
        self.objects = dict(objects)
        self.shared = shared
        self.regions = dict(regions)
        self.gone: set[str] = set()
        """Locals of calls that have returned."""
        self.buffers = Buffers(
            record, {name: item.size for name, item in regions.items()}, shift, shared.buffers_lock)
        self.others = Others(record, objects, shared, self.fresh)
        self._foreign = frozenset(
            f"{begin}{path}" for path in _pointers_of_others(self.objects) for begin in ("boot.", f"{record.prefix}s."))
        self._locked = {path.partition(".")[0] for path in shared.locks}
        self._fields = {
            (name, field.offset): field for name, item in objects.items() for field in item.fields
        }

    def path(self, name: str, offset: int) -> str | None:
        """`host_buffers.tx` for a scalar member of a static."""
        field = self._fields.get((name, offset))
        return None if field is None else join_path(name, field)

    def fresh(self, name: str, offset: int, bits: int) -> Integer:
        declared = self.objects.get(name)
        span = declared.span if declared else Span("<none>", 0)
        function = name.partition("#")[0] if "#" in name else ""
        origin = self.record.site(span, function, "uninitialised", name.rpartition("#")[2])
        label = f"{function}.{name.rpartition('#')[2]}" if function else name
        return self.record.unknown(f"u.{label}.{offset}", bits, origin, secret=True)

    def resolve(
        self, state: State, pointer: Pointer, length: Term, place: Place, is_read: bool = False
    ) -> list[Where]:
        """Each possible target; obliges that it is inside. In a loop a read outside a buffer ends all certainty too.

        What null points to is nowhere: EL2 stops there.
        """
        found = []
        is_read = is_read and self.record.index is None
        for target in pointer.targets:
            guard = t.and_(state.guard, target.guard)
            if guard is t.FALSE:
                continue
            if target.object is not None and self.buffers.has(target.object):
                if not self.shared.memory:
                    raise NotModelled("memory that EL3 or the host may write")
                where = (target.object, target.offset, length)
                within = self.buffers.check(state, guard, where, place, is_read)
                found.append((target.guard, target.object, target.offset, within))
                continue
            self._refuse_foreign(target)
            inside = t.or_(t.eq(length, t.const(0, 64)), self._inside(target, length))
            if inside is not t.TRUE:
                stops = is_null(target)
                self.record.obligations.append(Obligation(
                    "invalid-pointer", guard, inside, place.span, place.function, stops=stops))
                if stops:
                    state.guard = t.and_(state.guard, t.or_(t.not_(target.guard), inside))
            if inside is not t.FALSE and target.object is not None:
                found.append((target.guard, target.object, target.offset, Inside(t.TRUE)))
        return found

    def _refuse_foreign(self, target: Target) -> None:
        """Nobody knows here what a static points to that another file sets, or an initialiser with an address."""
        if target.object is None and self._foreign and not self._foreign.isdisjoint(variables([target.offset])):
            raise NotModelled("what a static pointer leads to that is set outside of the code that is read")

    def _inside(self, target: Target, length: Term) -> Term:
        if target.object is None or target.object in self.gone:
            return t.FALSE
        declared = self.objects.get(target.object)
        if declared is None:
            raise NotModelled(f"access to {target.object}")
        size = t.const(declared.size, 64)
        return t.and_(t.ule(length, size), t.ule(target.offset, t.binary("sub", size, length)))

    @staticmethod
    def _number(offset: Term) -> int:
        if not offset.is_const:
            raise NotModelled("access at a symbolic offset")
        return offset.value

    def load(self, state: State, pointer: Pointer, bits: int, order: str, place: Place) -> Value:
        size = 8 if bits == POINTER else bits // 8
        result: Value | None = None
        for guard, name, offset, inside in self.resolve(state, pointer, t.const(size, 64), place, is_read=True):
            if name == CONTEXT:
                told.look(state.ghost, guard, offset, t.const(size, 64))
            value = self._load(state, (name, offset, inside), bits, order, place)
            result = value if result is None else join(guard, value, result)
        if result is None:
            unknown = self.fresh("<invalid>", 0, 64 if bits == POINTER else bits)
            return as_pointer(unknown) if bits == POINTER else unknown
        if isinstance(result, Pointer) and bits != POINTER:
            raise NotModelled("bytes of a pointer read as a number")
        return result

    def _load(self, state: State, where: tuple[str, Term, Inside], bits: int, order: str, place: Place) -> Value:
        size = 8 if bits == POINTER else bits // 8
        name, offset, inside = where
        if self.buffers.has(name):
            found: Value = self.buffers.load(state, name, offset, size, place, inside)
            return as_pointer(found) if bits == POINTER else found
        if not offset.is_const and bits != POINTER and (entries := self._table(state, name, size)):
            return self._entry(entries, name, offset, bits)
        if not offset.is_const and bits != POINTER and (found_at := self._elements(name, offset, size)):
            return self._element(state, found_at, (name, offset, size), order, place)
        at = self._number(offset)
        self._exactly(name, at, size)
        self.others.before_look(state, self.path(name, at))
        value = memory.read(state.cells(name), name, at, size, self.fresh)
        value = as_pointer(value) if bits == POINTER else value
        self._note(state, name, at, False, order, value, place)
        return value

    def _table(self, state: State, name: str, size: int) -> list[tuple[int, Integer]]:
        """What a static holds that no call writes, if it is made of constants of this size alone; else nothing."""
        if name not in self.objects or "#" in name or any(
                path.partition(".")[0].partition("[")[0] == name for path in self.shared.paths):
            return []
        cells = state.cells(name)
        entries = [(at, cell.value) for at, cell in sorted(cells.items())
                   if cell.size == size and isinstance(cell.value, Integer) and cell.value.term.is_const]
        whole = len(entries) == len(cells) and len(entries) * size == self.objects[name].size
        return [(at, value) for at, value in entries if isinstance(value, Integer)] if whole else []

    def _entry(self, entries: list[tuple[int, Integer]], name: str, offset: Term, bits: int) -> Integer:
        """The entry at this offset; anything where there is none, or where it is no entry's beginning."""
        result = self.fresh(name, 0, bits)
        for at, value in reversed(entries):
            result = Integer(t.ite(t.eq(offset, t.const(at, 64)), value.term, result.term), value.origin)
        return result

    def _elements(self, name: str, offset: Term, size: int) -> tuple[int, ...]:
        """Where an access to an array in a static may be; none where the version or the agreement is."""
        item, known = self.objects.get(name), (self.shared.version, self.shared.negotiated)
        if item is None or name == CONTEXT or name in {path.partition(".")[0] for path in known}:
            return ()
        return places(self._fields, item, offset, size)

    def _element(
        self, state: State, found_at: tuple[int, ...], where: tuple[str, Term, int], order: str, place: Place
    ) -> Integer:
        """One of them; anything for an offset outside."""
        name, offset, size = where
        entries = []
        for at in found_at:
            self.others.before_look(state, self.path(name, at))
        for at in found_at:
            value = memory.read(state.cells(name), name, at, size, self.fresh)
            if isinstance(value, Pointer):
                raise NotModelled("bytes of a pointer read as a number")
            self._note(state, name, at, False, order, value, place)
            entries.append((at, value))
        return self._entry(entries, name, offset, 8 * size)

    def _store_element(
        self, state: State, found_at: tuple[int, ...], where: tuple[str, Term, Term], value: Integer, order: str,
        place: Place,
    ) -> None:
        """Into one of them; `where`: (object, offset, does the store go there?)."""
        name, offset, goes = where
        size = value.term.bits // 8
        for at in found_at:
            hit = t.and_(goes, t.eq(offset, t.const(at, 64)))
            new = join(hit, value, memory.read(state.cells(name), name, at, size, self.fresh))
            self._note(state, name, at, True, order, new, place)
            self._put(state, (name, at, size), new)

    def _put(self, state: State, where: tuple[str, int, int], value: Value) -> None:
        name, at, size = where
        self._keep_locks(name, at, size)
        state.objects[name] = memory.write(state.cells(name), at, size, value)
        if (path := self.path(name, at)) in state.left:
            state.left[path] = value

    def store(self, state: State, pointer: Pointer, value: Value, bits: int, order: str, place: Place) -> None:
        size = 8 if bits == POINTER else bits // 8
        targets = self.resolve(state, pointer, t.const(size, 64), place)
        for guard, name, offset, _ in targets:
            if self.buffers.has(name):
                self._store_buffer(state, name, offset, value, place, is_only=len(targets) == 1)
                continue
            if not offset.is_const and isinstance(value, Integer) and (
                    found_at := self._elements(name, offset, size)):
                goes = guard if len(targets) > 1 else t.TRUE
                self._store_element(state, found_at, (name, offset, goes), value, order, place)
                continue
            at = self._number(offset)
            self._exactly(name, at, size)
            new: Value = value
            if len(targets) > 1:
                new = join(guard, value, memory.read(state.cells(name), name, at, size, self.fresh))
            self._note(state, name, at, True, order, value, place)
            self._put(state, (name, at, size), new)

    def _store_buffer(
        self, state: State, name: str, offset: Term, value: Value, place: Place, is_only: bool
    ) -> None:
        if isinstance(value, Pointer) or not is_only:
            raise NotModelled("a pointer stored in a buffer" if is_only else "a store that may go to several objects")
        self.buffers.store(state, name, offset, value.term, place)

    def copy(self, state: State, target: Pointer, source: Pointer, length: Term, place: Place) -> None:
        sources = self.resolve(state, source, length, place, is_read=True)
        targets = self.resolve(state, target, length, place)
        if len(sources) > 1 or len(targets) > 1:
            raise NotModelled("copy between objects that depend on the input")
        if not sources or not targets:
            return
        (_, from_name, start, inside), (_, to_name, at, _) = sources[0], targets[0]
        if from_name == CONTEXT:
            told.look(state.ghost, t.TRUE, start, length)
        if not self.buffers.has(from_name) and not self.buffers.has(to_name):
            self._copy_cells(state, (to_name, self._number(at)), (from_name, self._number(start)), length)
        elif self.buffers.has(to_name):
            found, begin = self._read_all(state, (from_name, start, inside), length, place)
            self.buffers.write(state, to_name, at, (found, begin, length), place)
        else:
            size, place_of = self._constant(length), self._number(at)
            self._exactly(to_name, place_of, size, is_scalar=False)
            self._keep_locks(to_name, place_of, size)
            found, begin = self._read_all(state, (from_name, start, inside), length, place)
            origin = self.record.site(place.span, place.function, "host", place.text)
            cells = memory.clear(state.cells(to_name), place_of, size)
            cells.update({place_of + k: cell for k, cell in to_cells(found, begin, size, origin).items()})
            state.objects[to_name] = cells

    def _read_all(
        self, state: State, where: tuple[str, Term, Inside], length: Term, place: Place
    ) -> tuple[Content, Term]:
        """What a copy takes along."""
        name, start, inside = where
        if self.buffers.has(name):
            self.buffers.note(state, (name, start, length), place, is_copy=True)
            content, begin = self.buffers.source(state, name, start)
            return self.buffers.readable(state, (name, content, start), inside, place), begin
        size, at = self._constant(length), self._number(start)
        self._exactly(name, at, size, is_scalar=False)
        return from_cells(state.cells(name), at, size, self.fresh(name, at, 8).term), t.const(0, 64)

    @staticmethod
    def _constant(length: Term) -> int:
        if not length.is_const:
            raise NotModelled("copy of a length that depends on the input")
        if length.value > MOST_BYTES:
            raise NotModelled(f"copy of more than {MOST_BYTES} bytes")
        return length.value

    def _copy_cells(self, state: State, to: tuple[str, int], source: tuple[str, int], length: Term) -> None:
        size = self._constant(length)
        self._exactly(*source, size, is_scalar=False)
        self._exactly(*to, size, is_scalar=False)
        self._keep_locks(*to, size)
        state.objects[to[0]] = memory.copy(state.cells(to[0]), to[1], state.cells(source[0]), source[1], size)

    def fill(self, state: State, target: Pointer, byte: Term, length: Term, place: Place) -> None:
        origin = self.record.site(place.span, place.function, "computed", place.text)
        targets = self.resolve(state, target, length, place)
        for guard, name, offset, _ in targets:
            if self.buffers.has(name):
                if len(targets) > 1:
                    raise NotModelled("a fill that may go to several objects")
                self.buffers.fill(state, name, offset, length, byte, place)
                continue
            start, size = self._number(offset), self._constant(length)
            self._exactly(name, start, size, is_scalar=False)
            self._keep_locks(name, start, size)
            old = state.cells(name)
            cells = memory.clear(old, start, size)
            at = start
            while at < start + size:
                step = 8 if at % 8 == 0 and at + 8 <= start + size else 1
                cells[at] = Cell(step, Integer(reduce(t.concat, [byte] * step), origin))
                at += step
            state.objects[name] = memory.merge(guard, cells, old, name, self.fresh) if len(targets) > 1 else cells

    def _exactly(self, name: str, offset: int, size: int, is_scalar: bool = True) -> None:
        """Shared scalars are read and written one by one and whole: rules watch that, and other CPUs see it."""
        for field in self.objects[name].fields if name in self.objects else ():
            width = 8 if field.bits == POINTER else field.bits // 8
            is_hit = field.offset < offset + size and offset < field.offset + width
            if is_hit and join_path(name, field) in self.shared.paths and not (
                    is_scalar and (field.offset, width) == (offset, size)):
                raise NotModelled(f"access to a part of {join_path(name, field)}, or to more than it")

    def _keep_locks(self, name: str, offset: int, size: int) -> None:
        """Who writes to a lock gives it back, or takes it, and nothing here would see that."""
        for field in self.objects[name].fields if name in self._locked else ():
            is_hit = field.offset < offset + size and offset < field.offset + width(field)
            if is_hit and join_path(name, field) in self.shared.locks:
                raise NotModelled(f"write to the lock {join_path(name, field)}")

    def _note(
        self, state: State, name: str, offset: int, is_write: bool, order: str, value: Value, place: Place
    ) -> None:
        path = self.path(name, offset)
        if path is None:
            return
        if path in self.shared.others:
            self.record.looks.append((path, frozenset(p for p, held in state.held.items() if held is t.TRUE)))
        lock = self.shared.lock_of.get(path)
        if is_write and lock is not None and state.held.get(lock, t.FALSE) is not t.TRUE:
            free = t.and_(state.guard, t.not_(state.held.get(lock, t.FALSE)))
            self.record.writes.append((free, path, place.span))
        if path not in (self.shared.version, self.shared.negotiated):
            return
        site = self.record.site(place.span, place.function, "access", place.text)
        self.record.accesses.append(AccessEvent(
            path, is_write, order, state.guard, tuple(sorted(state.held.items())), value,
            tuple(sorted(state.flags.items())), place.span, site.value,
        ))
        if path == self.shared.negotiated and not is_write and order == "acquire" and isinstance(value, Integer):
            seen = t.ne(value.term, t.const(0, value.term.bits))
            state.flags["acquired-negotiated"] = t.or_(state.flags.get("acquired-negotiated", t.FALSE), seen)
        if path == self.shared.version and is_write:
            state.flags["version-written"] = t.TRUE
