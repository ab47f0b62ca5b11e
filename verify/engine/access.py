"""Loads, stores and copies: resolves targets, checks bounds, records what rules watch, lets other CPUs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from verify.engine import memory
from verify.engine.memory import Cell
from verify.engine.record import AccessEvent, Meeting, Obligation, Record
from verify.engine.state import State
from verify.engine.value import Integer, NotModelled, Pointer, Target, Value, as_pointer, join, null
from verify.ir.expr import POINTER
from verify.ir.function import Field, Object
from verify.ir.span import Span
from verify.terms import build as t
from verify.terms.term import Term

PAGES = "$pages"
"""The memory that hyp_ffa_init gets: mailboxes that EL2 shares with EL3, and buffers."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Which statics other CPUs may change, and under which lock: path → lock path."""

    lock_of: Mapping[str, str]
    version: str
    negotiated: str
    others: frozenset[str] = frozenset()
    """Scalars that calls write under no lock that is known: anything may be in them at each look."""
    is_truth: bool = True
    """The flag never holds anything but 0 and 1."""

    @property
    def paths(self) -> frozenset[str]:
        return frozenset({self.version, self.negotiated, *self.lock_of, *self.others})


@dataclass(frozen=True, slots=True)
class Place:
    """Where the program is: for spans, origins and call stacks."""

    span: Span
    function: str
    text: str


class Accesses:
    """Memory of one run. `sizes` and `fields` describe every object by name."""

    def __init__(self, record: Record, objects: Mapping[str, Object], shared: Shared) -> None:
        self.record = record
        self.objects = dict(objects)
        self.shared = shared
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

    def resolve(self, state: State, pointer: Pointer, size: int, place: Place) -> list[tuple[Term, str, int]]:
        """(guard, object, constant offset) for each possible target; obliges that it is inside."""
        found = []
        for target in pointer.targets:
            guard = t.and_(state.guard, target.guard)
            if guard is t.FALSE:
                continue
            inside = self._inside(target, size, place)
            if inside is not t.TRUE:
                self.record.obligations.append(Obligation(
                    "invalid-pointer", guard, inside, place.span, place.function))
            if inside is not t.FALSE and target.object is not None:
                if not target.offset.is_const:
                    raise NotModelled("access at a symbolic offset")
                found.append((target.guard, target.object, target.offset.value))
        return found

    def _inside(self, target: Target, size: int, place: Place) -> Term:
        if target.object is None:
            return t.FALSE
        declared = self.objects.get(target.object)
        if declared is None:
            raise NotModelled(f"access to {target.object}")
        room = declared.size - size
        return t.FALSE if room < 0 else t.ule(target.offset, t.const(room, 64))

    def load(self, state: State, pointer: Pointer, bits: int, order: str, place: Place) -> Value:
        size = 8 if bits == POINTER else bits // 8
        result: Value | None = None
        for guard, name, offset in self.resolve(state, pointer, size, place):
            if name == PAGES:
                raise NotModelled("memory that EL3 may write")
            self._exactly(name, offset, size)
            self._let_others_run(state, name, offset)
            value = memory.read(state.objects.get(name, {}), name, offset, size, self.fresh)
            value = as_pointer(value) if bits == POINTER else value
            self._note(state, name, offset, False, order, value, place)
            result = value if result is None else join(guard, value, result)
        if result is None:
            unknown = self.fresh("<invalid>", 0, 64 if bits == POINTER else bits)
            return as_pointer(unknown) if bits == POINTER else unknown
        if isinstance(result, Pointer) and bits != POINTER:
            raise NotModelled("bytes of a pointer read as a number")
        return result

    def store(self, state: State, pointer: Pointer, value: Value, bits: int, order: str, place: Place) -> None:
        size = 8 if bits == POINTER else bits // 8
        targets = self.resolve(state, pointer, size, place)
        for guard, name, offset in targets:
            self._exactly(name, offset, size)
            old = state.objects.get(name, {})
            new: Value = value
            if len(targets) > 1:
                new = join(guard, value, memory.read(old, name, offset, size, self.fresh))
            self._note(state, name, offset, True, order, value, place)
            state.objects[name] = memory.write(old, offset, size, new)

    def copy(self, state: State, target: Pointer, source: Pointer, size: int, place: Place) -> None:
        sources = self.resolve(state, source, size, place)
        targets = self.resolve(state, target, size, place)
        if len(sources) > 1 or len(targets) > 1:
            raise NotModelled("copy between objects that depend on the input")
        if sources and targets:
            (_, from_name, start), (_, to_name, at) = sources[0], targets[0]
            if from_name == PAGES:
                raise NotModelled("memory that EL3 may write")
            self._exactly(from_name, start, size, is_scalar=False)
            self._exactly(to_name, at, size, is_scalar=False)
            cells = memory.copy(state.objects.get(to_name, {}), at, state.objects.get(from_name, {}), start, size)
            state.objects[to_name] = cells

    def fill(self, state: State, target: Pointer, byte: Term, size: int, place: Place) -> None:
        origin = self.record.site(place.span, place.function, "computed", place.text)
        for _, name, offset in self.resolve(state, target, size, place):
            self._exactly(name, offset, size, is_scalar=False)
            cells = memory.clear(state.objects.get(name, {}), offset, size)
            at = offset
            while at < offset + size:
                step = 8 if at % 8 == 0 and at + 8 <= offset + size else 1
                cells[at] = Cell(step, Integer(reduce(t.concat, [byte] * step), origin))
                at += step
            state.objects[name] = cells

    def _exactly(self, name: str, offset: int, size: int, is_scalar: bool = True) -> None:
        """Shared scalars are read and written one by one and whole: rules watch that, and other CPUs see it."""
        for field in self.objects[name].fields if name in self.objects else ():
            width = 8 if field.bits == POINTER else field.bits // 8
            is_hit = field.offset < offset + size and offset < field.offset + width
            if is_hit and join_path(name, field) in self.shared.paths and not (
                    is_scalar and (field.offset, width) == (offset, size)):
                raise NotModelled(f"access to a part of {join_path(name, field)}, or to more than it")

    def _let_others_run(self, state: State, name: str, offset: int) -> None:
        path = self.path(name, offset)
        if path in self.shared.others:
            state.observed = True
            self._step(state, path, {})
        lock = self.shared.lock_of.get(path or "")
        if lock is not None and state.held.get(lock, t.FALSE) is not t.TRUE:
            self.interfere(state)

    def interfere(self, state: State) -> None:
        """Statics whose lock is not surely held change as the rely allows; the first look needs no such step."""
        if not state.observed:
            state.observed = True
            return
        before = self._agreement(state)
        changed: dict[str, tuple[Term, Term]] = {}
        for path, lock in self.shared.lock_of.items():
            if state.held.get(lock, t.FALSE) is not t.TRUE:
                self._step(state, path, changed)
        self._rely(state.guard, changed)
        if self.shared.version in changed or self.shared.negotiated in changed:
            self.record.meetings.append(Meeting(state.guard, before, self._agreement(state)))

    def _agreement(self, state: State) -> tuple[Term, Term]:
        version, flag = self.peek(state, self.shared.version), self.peek(state, self.shared.negotiated)
        assert isinstance(version, Integer) and isinstance(flag, Integer)
        return version.term, flag.term

    def peek(self, state: State, path: str) -> Value:
        """The value of a static's scalar member, without counting as an access."""
        name, member = self.find(path)
        size = 8 if member.bits == POINTER else member.bits // 8
        return memory.read(state.objects[name], name, member.offset, size, self.fresh)

    def _step(self, state: State, path: str, changed: dict[str, tuple[Term, Term]]) -> None:
        name, field = self.find(path)
        cells = state.objects[name]
        size = 8 if field.bits == POINTER else field.bits // 8
        old = memory.read(cells, name, field.offset, size, self.fresh)
        origin = self.record.site(Span("<other CPU>", 0), "", "interference", path)
        if isinstance(old, Pointer):
            self._step_pointer(state, name, field, old, origin)
            return
        new = self.record.unknown(f"other.{path}", field.bits, origin)
        if path == self.shared.negotiated and self.shared.is_truth:
            new = Integer(t.zext(t.extract(new.term, 0, 0), field.bits), origin)
        self.record.quiet.append(t.eq(new.term, old.term))
        changed[path] = (old.term, new.term)
        state.objects[name] = memory.write(cells, field.offset, size, new)

    def _step_pointer(self, state: State, name: str, field: Field, old: Pointer, origin: Term) -> None:
        """Another CPU registers or drops the buffer: null, or what the pointer may point to anyway."""
        kept = self.record.unknown(f"other.{join_path(name, field)}.kept", 1, origin)
        is_kept = t.eq(kept.term, t.const(1, 1))
        self.record.quiet.append(is_kept)
        new = join(is_kept, old, null(origin))
        state.objects[name] = memory.write(state.objects[name], field.offset, 8, new)

    def _rely(self, guard: Term, changed: dict[str, tuple[Term, Term]]) -> None:
        """The version is fixed and the flag stays, once the flag is set (proved as each step's guarantee).

        Under the guard alone: the terms of a path that is not taken may be contradictory.
        """
        if self.shared.negotiated in changed and self.shared.version in changed:
            (old_flag, new_flag), (old, new) = changed[self.shared.negotiated], changed[self.shared.version]
            was = t.ne(old_flag, t.const(0, old_flag.bits))
            is_now = t.ne(new_flag, t.const(0, new_flag.bits))
            self.record.relies.append(t.implies(t.and_(guard, was), t.and_(is_now, t.eq(old, new))))

    def find(self, path: str) -> tuple[str, Field]:
        name, _, rest = path.partition(".")
        for field in self.objects[name].fields:
            if field.path == rest:
                return name, field
        raise NotModelled(f"static {path}")

    def _note(
        self, state: State, name: str, offset: int, is_write: bool, order: str, value: Value, place: Place
    ) -> None:
        path = self.path(name, offset)
        if path not in (self.shared.version, self.shared.negotiated):
            return
        assert path is not None
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


def join_path(name: str, field: Field) -> str:
    return f"{name}.{field.path}" if field.path else name
