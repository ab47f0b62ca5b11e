"""Runs a unit as `execute` does, and keeps how each block and each call of a function began: to run a changed one from
there, and to see whether it does the same.

A run that is kept is an ordinary one: its terms and names are the same. What is noted beyond the record is what rules
do not watch, and other CPUs, the host and EL3 may: what is written where, and the memory orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from verify.engine import content as c
from verify.engine.access import Accesses
from verify.engine.buffers import Buffers
from verify.engine.control import Side
from verify.engine.execute import Executor
from verify.engine.frame import Frame
from verify.engine.memory import Cells
from verify.engine.place import Place
from verify.engine.record import Record
from verify.engine.regions import CONTEXT, Region
from verify.engine.shared import Shared
from verify.engine.state import Registers, State
from verify.engine.transition import Kind
from verify.engine.value import Pointer, Value
from verify.ir.function import Block, Object, Unit
from verify.terms import build as t
from verify.terms.term import Term

IN_ORDER = ("smcs", "accesses", "locks", "warns", "buffers", "transfers", "fetches", "releases", "meetings", "touches")
"""Lists of a record whose entries have one order among all of them."""
_BESIDE = ("touches", "order", "contexts")


class Noted(list[Any]):
    """Says when it grows."""

    def __init__(self, name: str, order: list[str]) -> None:
        super().__init__()
        self._name, self._order = name, order

    def append(self, item: Any) -> None:
        super().append(item)
        self._order.append(self._name)


@dataclass(frozen=True, slots=True)
class Touch:
    """A static, a buffer or host memory is written, or read with an order.

    `holds` is what a static holds then, or what is written to a buffer: (what, from which offset on, how much).
    """

    guard: Term
    object: str
    order: str
    locks: tuple[tuple[str, Term], ...]
    at: Term | None = None
    holds: Cells | tuple[c.Content | Term, Term, Term] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """What is there when a block is run, or a function as a whole (`label` is empty then)."""

    executor: WatchedExecutor
    frames: tuple[Frame, ...]
    label: str
    state: State
    mark: Mapping[str, int]
    sizes: tuple[int, ...]
    unknowns: int
    count: int
    gone: frozenset[str]
    index: Term | None

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    @property
    def locals(self) -> frozenset[str]:
        """The objects that the function called here keeps its variables in."""
        return frozenset(f"{self.frame.function.name}#{self.frame.number}#{x.name}" for x in self.frame.function.locals)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where paths go on from a context, "" for a return; and the record, with what it held at the context."""

    ways: tuple[tuple[str, Side], ...]
    record: WatchedRecord
    mark: Mapping[str, int]

    def events(self, name: str) -> list[Any]:
        """What happened since."""
        return list(getattr(self.record, name)[self.mark[name]:])


@dataclass(slots=True)
class WatchedRecord(Record):
    """`order`: the lists of `IN_ORDER` that grew, one after the other."""

    touches: list[Touch] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)

    def __post_init__(self) -> None:
        Record.__post_init__(self)
        for name in IN_ORDER:
            setattr(self, name, Noted(name, self.order))

    def mark(self) -> dict[str, int]:
        """What a loop's trials did, and the contexts in them, are forgotten alike."""
        return {**Record.mark(self), **{name: len(getattr(self, name)) for name in _BESIDE}}

    def as_of(self, context: Context) -> WatchedRecord:
        """What there was then; numbers of sites go on being given out by this one."""
        old = WatchedRecord(self.prefix)
        old.exact = self.exact.until(context.sizes)
        old.byte_facts = old.exact.facts
        for name, length in context.mark.items():
            if name != "contexts":
                getattr(old, name)[:] = getattr(self, name)[:length]
        old.sites, old._known = self.sites, self._known
        old.index, old.unknowns, old.rx_size = context.index, context.unknowns, self.rx_size
        return old


def watched(record: Record) -> WatchedRecord:
    assert isinstance(record, WatchedRecord)
    return record


def _is_own(name: str | None) -> bool:
    """Nobody but this call looks at it."""
    return name is None or "#" in name or name == CONTEXT


class WatchedBuffers(Buffers):
    """Notes what is written, for of host memory nothing else keeps it."""

    def _touch(self, state: State, name: str, at: Term, what: tuple[c.Content | Term, Term, Term]) -> None:
        watched(self._record).touches.append(Touch(state.guard, name, "", tuple(sorted(state.held.items())), at, what))

    def store(self, state: State, name: str, offset: Term, value: Term, place: Place) -> None:
        zero = t.const(0, 64)
        self._touch(state, name, offset, (value, zero, t.const(value.bits // 8, 64)))
        super().store(state, name, offset, value, place)

    def write(self, state: State, name: str, at: Term, new: tuple[c.Content, Term, Term], place: Place) -> None:
        self._touch(state, name, at, new)
        super().write(state, name, at, new, place)

    def fill(self, state: State, name: str, at: Term, length: Term, byte: Term, place: Place) -> None:
        self._touch(state, name, at, (byte, t.const(0, 64), length))
        super().fill(state, name, at, length, byte, place)


class WatchedAccesses(Accesses):
    """Notes writes, and reads that have an order."""

    def __init__(
        self, record: Record, objects: Mapping[str, Object], shared: Shared, regions: Mapping[str, Region], shift: Term
    ) -> None:
        super().__init__(record, objects, shared, regions, shift)
        self.given = objects
        self.buffers = WatchedBuffers(
            record, {name: item.size for name, item in regions.items()}, shift, shared.buffers_lock)

    def _touch(self, state: State, pointer: Pointer, order: str, is_write: bool) -> None:
        for name in dict.fromkeys(target.object for target in pointer.targets):
            if name is None or _is_own(name):
                continue
            held = tuple(sorted(state.held.items()))
            cells = state.cells(name) if is_write and not self.buffers.has(name) else None
            watched(self.record).touches.append(Touch(state.guard, name, order, held, None, cells))

    def load(self, state: State, pointer: Pointer, bits: int, order: str, place: Place) -> Value:
        if order != "plain":
            self._touch(state, pointer, order, is_write=False)
        return super().load(state, pointer, bits, order, place)

    def store(self, state: State, pointer: Pointer, value: Value, bits: int, order: str, place: Place) -> None:
        super().store(state, pointer, value, bits, order, place)
        self._touch(state, pointer, order, is_write=True)

    def copy(self, state: State, target: Pointer, source: Pointer, length: Term, place: Place) -> None:
        super().copy(state, target, source, length, place)
        self._touch(state, target, "copy", is_write=True)

    def fill(self, state: State, target: Pointer, byte: Term, length: Term, place: Place) -> None:
        super().fill(state, target, byte, length, place)
        self._touch(state, target, "fill", is_write=True)


class WatchedExecutor(Executor):
    """Keeps contexts while it runs; `again` runs one of them."""

    keeps = True
    _gone: frozenset[str] = frozenset()

    def block(self, frame: Frame, block: Block, side: Side) -> list[tuple[str, Side]]:
        self._keep(block.label, side)
        return super().block(frame, block, side)

    def _body(self, frame: Frame, state: State) -> tuple[State, Value | None]:
        self._keep("", (state, frame.registers))
        return super()._body(frame, state)

    def _keep(self, label: str, side: Side) -> None:
        if not self.keeps:
            return
        record, gone = watched(self.record), self.memory.gone
        if len(gone) != len(self._gone):  # it only grows
            self._gone = frozenset(gone)
        frames = [*map(_copied, self._frames[:-1]), replace(self._frames[-1], registers=dict(side[1]))]
        record.contexts.append(Context(
            self, tuple(frames), label, side[0].fork(t.TRUE), record.mark(), record.exact.sizes, record.unknowns,
            self._count, self._gone, record.index))

    def again(self, context: Context, unit: Unit) -> Outcome:
        """Run that block or function once more, as this unit has it."""
        memory = self.memory
        assert isinstance(memory, WatchedAccesses)
        record = watched(self.record).as_of(context)
        accesses = WatchedAccesses(record, memory.given, memory.shared, memory.regions, self.page_shift)
        accesses.objects.update(memory.objects)
        accesses.gone = set(context.gone)
        other = WatchedExecutor(unit, record, accesses, self.page_shift, self._contracts, self._decide)
        other.keeps, other._count = False, context.count
        other._frames = [replace(frame, function=unit.functions[frame.function.name])
                         for frame in map(_copied, context.frames)]
        mark = record.mark()
        return Outcome(tuple(other._ways(context)), record, mark)

    def _ways(self, context: Context) -> Iterable[tuple[str, Side]]:
        frame, state = self._frames[-1], context.state.fork(t.TRUE)
        if context.label:
            block = next(one for one in frame.function.blocks if one.label == context.label)
            return self.block(frame, block, (state, frame.registers))
        after, result = self._body(frame, state)
        registers: Registers = {} if result is None else {"$result": result}
        return [("", (after, registers))]


def _copied(frame: Frame) -> Frame:
    return replace(frame, registers=dict(frame.registers))


WATCHED = Kind(WatchedRecord, WatchedAccesses, WatchedExecutor)
