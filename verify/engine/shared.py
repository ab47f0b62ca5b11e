"""What other CPUs may change, and when: the rely of one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from verify.engine import memory, pages, told
from verify.engine.content import Unknown, choose
from verify.engine.memory import Fresh
from verify.engine.record import Meeting, Record, Snapshot
from verify.engine.regions import HOST, built
from verify.engine.state import State
from verify.engine.value import Integer, NotModelled, Pointer, Target, Value
from verify.ir.expr import POINTER
from verify.ir.function import Field, Object
from verify.ir.span import Span
from verify.terms import build as t
from verify.terms.term import Term


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
    buffers_lock: str = ""
    """Protects the mailboxes, EL2's buffers, and what FF-A shares with the secure world."""
    tx: str = ""
    rx: str = ""
    """EL2's mailbox pair, by object; empty where the target has none."""
    regions: tuple[str, ...] = ()
    """EL2's buffers, by object."""
    memory: bool = False
    """Follow buffers, host memory, pages and loops; otherwise paths end there."""
    unruly: frozenset[str] = frozenset()
    """What EL3 may be told (`engine.told`) at any time, for some call does not keep to its lock."""
    locks: frozenset[str] = frozenset()
    """Paths of all locks; none at boot, where they are made."""
    rounds: int = 0
    """Iterations after which a loop is not looked at any more, for counterexamples; 0: any number, by induction."""

    @property
    def paths(self) -> frozenset[str]:
        return frozenset({self.version, self.negotiated, *self.lock_of, *self.others})


def join_path(name: str, field: Field) -> str:
    return f"{name}.{field.path}" if field.path else name


def width(field: Field) -> int:
    """In bytes."""
    return 8 if field.bits == POINTER else field.bits // 8


class Others:
    """The other CPUs of one run."""

    def __init__(self, record: Record, objects: Mapping[str, Object], shared: Shared, fresh: Fresh) -> None:
        self.record = record
        self.shared = shared
        self._objects = objects
        self._fresh = fresh

    def before_look(self, state: State, path: str | None) -> None:
        """This CPU is about to read a static."""
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
        before = self.snapshot(state)
        self._tell(state)
        changed: dict[str, tuple[Term, Term]] = {}
        for path, lock in self.shared.lock_of.items():
            if state.held.get(lock, t.FALSE) is not t.TRUE:
                self._step(state, path, changed)
        if self.shared.buffers_lock and state.held.get(self.shared.buffers_lock, t.FALSE) is not t.TRUE:
            self._step_buffers(state)
        self._rely(state.guard, changed)
        self.record.meetings.append(Meeting(state.guard, before, self.snapshot(state)))

    def snapshot(self, state: State) -> Snapshot:
        version, flag = self.peek(state, self.shared.version), self.peek(state, self.shared.negotiated)
        assert isinstance(version, Integer) and isinstance(flag, Integer)
        values = {path: self.peek(state, path) for path in sorted(self.shared.lock_of)}
        pointers = ((path, placed(value)) for path, value in values.items() if isinstance(value, Pointer))
        page = tuple((name, state.ghost[name]) for name in ("state", "pins") if name in state.ghost)
        negotiated = t.ne(flag.term, t.const(0, flag.term.bits))
        return Snapshot(version.term, negotiated, tuple(pointers), page, told.kept(state.ghost),
                        *flags(self.shared, values), built(self.shared.regions))

    def told(self, state: State, function: Term) -> dict[str, Term]:
        """What EL3 was told when this CPU asks it for `function`; others may tell it more just before."""
        locks = self.shared.lock_of
        if not locks:  # at boot there are no others
            return {}
        flag = self.peek(state, self.shared.negotiated)
        assert isinstance(flag, Integer)
        open_ = t.eq(flag.term, t.const(0, flag.term.bits))
        free = t.not_(state.held.get(self.shared.buffers_lock, t.FALSE))
        early = t.not_(state.held.get(locks[self.shared.version], t.FALSE))
        self.record.out_of_turn.append((told.MAPPED, t.and_(state.guard, told.is_about_buffers(function), free)))
        self.record.out_of_turn.append((told.ASKED, t.and_(state.guard, told.is_other(function), early, open_)))
        result = {}
        for name, alone in ((told.MAPPED, t.not_(free)), (told.ASKED, t.and_(t.not_(early), open_))):
            if alone is not t.TRUE or name in self.shared.unruly:
                result[name] = self._told_later(state.ghost, name, alone)
        return result

    def _tell(self, state: State) -> None:
        """Others told EL3 something."""
        locks = ((told.MAPPED, self.shared.buffers_lock), (told.ASKED, self.shared.lock_of.get(self.shared.version)))
        for name, lock in locks:
            if lock is not None and (state.held.get(lock, t.FALSE) is not t.TRUE or name in self.shared.unruly):
                state.ghost[name] = self._told_later(state.ghost, name)

    def _told_later(self, ghost: Mapping[str, Term], name: str, alone: Term = t.FALSE) -> Term:
        """`alone`: no other CPU may have told it, if all of them keep to the locks."""
        origin = self.record.site(Span("<other CPU>", 0), "", "interference", "EL3")
        later = told.later(self.record, ghost[name], name, origin)
        return later if name in self.shared.unruly else t.ite(alone, ghost[name], later)

    def peek(self, state: State, path: str) -> Value:
        """The value of a static's scalar member, without counting as an access."""
        name, member = self.find(path)
        return memory.read(state.cells(name), name, member.offset, width(member), self._fresh)

    def find(self, path: str) -> tuple[str, Field]:
        name, _, rest = path.partition(".")
        for field in self._objects[name].fields:
            if field.path == rest:
                return name, field
        raise NotModelled(f"static {path}")

    def _step(self, state: State, path: str, changed: dict[str, tuple[Term, Term]]) -> None:
        name, field = self.find(path)
        cells = state.cells(name)
        old = memory.read(cells, name, field.offset, width(field), self._fresh)
        origin = self.record.site(Span("<other CPU>", 0), "", "interference", path)
        if isinstance(old, Pointer):
            state.objects[name] = memory.write(cells, field.offset, 8, self._other_pointer(path, old, origin))
            return
        new = self.record.unknown(f"other.{path}", field.bits, origin)
        if path == self.shared.negotiated and self.shared.is_truth:
            new = Integer(t.zext(t.extract(new.term, 0, 0), field.bits), origin)
        self.record.quiet.append(t.eq(new.term, old.term))
        changed[path] = (old.term, new.term)
        state.objects[name] = memory.write(cells, field.offset, width(field), new)

    def _other_pointer(self, path: str, old: Pointer, origin: Term) -> Pointer:
        """Another CPU registers or drops the buffer: null, or what the pointer may point to anyway."""
        kept = self.record.unknown(f"other.{path}.kept", 1, origin)
        is_set = t.eq(kept.term, t.const(1, 1))
        homes = [target for target in old.targets if target.object is not None]
        if any(target.object == HOST for target in homes):
            place = self.record.unknown(f"other.{path}.at", 64, origin)
            was_set, at = placed(old)
            self.record.quiet.append(t.and_(t.eq(is_set, was_set), t.implies(was_set, t.eq(place.term, at))))
            targets = (Target(is_set, HOST, place.term), Target(t.not_(is_set), None, t.const(0, 64)))
            return Pointer(targets, origin)
        self.record.quiet.append(is_set)
        gone = Target(t.not_(is_set), None, t.const(0, 64))
        return Pointer((*(Target(t.and_(is_set, x.guard), x.object, x.offset) for x in old.targets), gone), origin)

    def _step_buffers(self, state: State) -> None:
        """Other CPUs used EL2's buffers, and registered, shared or gave back the followed page."""
        origin = self.record.site(Span("<other CPU>", 0), "", "interference", "buffers")
        for name in self.shared.regions:
            if name in state.objects:
                used = self.record.unknown(f"other.{name}.used", 0, origin).term
                self.record.quiet.append(t.not_(used))
                fresh = Unknown(str(self.record.unknown(f"other.{name}", 8, origin).term.data))
                state.objects[name] = choose(used, fresh, state.content(name))
        if "pins" in state.ghost:
            for name, bits in (("state", 2), ("pins", pages.PIN_BITS)):
                new, old = self.record.unknown(f"page.{name}", bits, origin).term, state.ghost[name]
                self.record.quiet.append(t.eq(new, old))
                state.ghost[name] = new
                state.ghost["disturbed"] = t.or_(state.ghost["disturbed"], t.not_(t.eq(new, old)))

    def _rely(self, guard: Term, changed: dict[str, tuple[Term, Term]]) -> None:
        """The version is fixed and the flag stays, once the flag is set (proved as each step's guarantee).

        Under the guard alone: the terms of a path that is not taken may be contradictory.
        """
        if self.shared.negotiated in changed and self.shared.version in changed:
            (old_flag, new_flag), (old, new) = changed[self.shared.negotiated], changed[self.shared.version]
            was = t.ne(old_flag, t.const(0, old_flag.bits))
            is_now = t.ne(new_flag, t.const(0, new_flag.bits))
            self.record.rely(t.and_(guard, was), t.and_(is_now, t.eq(old, new)))


def flags(shared: Shared, values: Mapping[str, Value]) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    """Which scalars are set that the version's lock protects, besides those that are bound; and the buffers'."""
    found: dict[str, list[Term]] = {}
    for path, lock in sorted(shared.lock_of.items()):
        value = values.get(path)
        if isinstance(value, Integer) and path not in (shared.version, shared.negotiated):
            found.setdefault(lock, []).append(t.ne(value.term, t.const(0, value.term.bits)))
    version, buffers = shared.lock_of.get(shared.version, ""), shared.buffers_lock
    return tuple(found.get(version, ())), tuple(found.get(buffers, ()) if buffers != version else ())


def placed(pointer: Pointer) -> tuple[Term, Term]:
    """(not null?, offset in its object); one object besides null."""
    at = t.const(0, 64)
    for target in pointer.targets:
        if target.object is not None:
            at = t.ite(target.guard, target.offset, at)
    return t.not_(pointer.is_null), at
