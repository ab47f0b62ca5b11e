"""Runs a unit as `execute` does, and leaves a trace: for who asks which lines a proof leans on, and for nobody else.

Only origins differ from those of an ordinary run; the terms are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from verify.engine.access import Accesses
from verify.engine.control import Region, Side, Ways
from verify.engine.execute import Executor
from verify.engine.frame import Frame
from verify.engine.memory import Cell
from verify.engine.place import Place
from verify.engine.record import Record
from verify.engine.state import State
from verify.engine.trace import Trace
from verify.engine.transition import Kind
from verify.engine.value import Pointer, Value
from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.function import Block
from verify.ir.span import Span
from verify.terms import build as t
from verify.terms.term import Term


@dataclass(slots=True)
class TracedRecord(Record):
    """Origins are the numbers of steps."""

    trace: Trace = field(default_factory=Trace)

    def site(self, span: Span, function: str, kind: str, text: str = "") -> Term:
        if self.trace.is_over:
            self._gather(span, function)
        return self.trace.here

    def _gather(self, span: Span, function: str) -> None:
        """Afterwards, a place is all steps there."""
        there = [number for number, step in enumerate(self.trace.steps)
                 if (step.place.span, step.place.function) == (span, function)]
        self.trace.begin(Place(span, function, "all of them"), t.TRUE, frozenset())
        self.trace.depends(there)

    def copied(self, origin: Term, here: Term) -> Term:
        return origin

    def name(self, label: str) -> str:
        name = Record.name(self, label)
        self.trace.named[name] = self.trace.current
        return name


def traced(record: Record) -> Trace:
    assert isinstance(record, TracedRecord)
    return record.trace


def _objects(pointer: Pointer) -> list[str]:
    return [target.object for target in pointer.targets if target.object is not None]


class TracedAccesses(Accesses):
    """Notes what is read and written."""

    @property
    def trace(self) -> Trace:
        return traced(self.record)

    def load(self, state: State, pointer: Pointer, bits: int, order: str, place: Place) -> Value:
        for target in pointer.targets:
            if target.object is not None:
                self._looks_at(state, target.object, target.offset, 8 if bits == e.POINTER else bits // 8)
        return self.trace.use(super().load(state, pointer, bits, order, place))

    def _looks_at(self, state: State, name: str, offset: Term, size: int) -> None:
        """Beyond the value that is found there: what wrote whole parts, and what keeps other CPUs away."""
        trace = self.trace
        trace.step.reads.add(name)
        content = state.objects.get(name)
        cell = content.get(offset.value) if isinstance(content, dict) and offset.is_const else None
        is_exact = isinstance(cell, Cell) and cell.size == size
        trace.depends((trace.writers if is_exact else trace.stores).get(name, ()))
        if is_exact or not self.buffers.has(name):
            trace.depends(trace.locks if "#" not in name and not name.startswith("$") else ())

    def store(self, state: State, pointer: Pointer, value: Value, bits: int, order: str, place: Place) -> None:
        for name in _objects(pointer):
            self.trace.writes(name, not self.buffers.has(name))
        super().store(state, pointer, value, bits, order, place)

    def copy(self, state: State, target: Pointer, source: Pointer, length: Term, place: Place) -> None:
        for name in _objects(source):
            self.trace.step.reads.add(name)
            self.trace.depends(self.trace.stores.get(name, ()))
        for name in _objects(target):
            self.trace.writes(name, False)
        super().copy(state, target, source, length, place)

    def fill(self, state: State, target: Pointer, byte: Term, length: Term, place: Place) -> None:
        for name in _objects(target):
            self.trace.writes(name, False)
        super().fill(state, target, byte, length, place)


class TracedExecutor(Executor):
    """One step for each statement that is executed."""

    @property
    def trace(self) -> Trace:
        return traced(self.record)

    def run(self, name: str, arguments: tuple[Value, ...], state: State) -> tuple[State, Value | None]:
        after, result = super().run(name, arguments, state)
        if result is not None and not self._frames:
            self.trace.returned = result.origin
        return after, result

    def _read(self, frame: Frame, register: e.Register) -> Value:
        return self.trace.use(super()._read(frame, register))

    def _instruction(self, frame: Frame, instruction: i.Instr, state: State) -> None:
        trace = self.trace
        here = trace.begin(frame.inner, state.guard, state.decided)
        words, looks = len(self.record.exact.meanings), len(self.record.fetches)
        match instruction:
            case i.Lock() | i.Unlock():
                trace.locks.append(here)
            case i.Load(pointer=pointer) | i.Store(pointer=pointer):
                self._addresses(frame, pointer)
            case i.Copy(target=target, source=source, size=size):
                self._addresses(frame, target, source, size)
            case i.Fill(target=target, size=size):
                self._addresses(frame, target, size)
            case i.Smc() | i.Forward():
                trace.exits.append(here)
                trace.depends(trace.writers.get(self.memory.shared.tx, ()))
        super()._instruction(frame, instruction, state)
        if not isinstance(instruction, i.Call):
            self._came_up(words, looks)

    def _addresses(self, frame: Frame, *expressions: e.Expr) -> None:
        names = (name for expression in expressions for name in registers_in(expression))
        self.trace.step.goes_to += [frame.registers[name].origin for name in names if name in frame.registers]

    def _came_up(self, words: int, looks: int) -> None:
        """What reading brought: words of memory, looks at the host's; and what EL3 answered."""
        record = self.record
        named = [*islice(record.exact.meanings, words, None), *(fetch.name for fetch in record.fetches[looks:])]
        self.trace.named.update((name, self.trace.current) for name in named)

    def _call(self, frame: Frame, instruction: i.Call, state: State) -> None:
        trace, here = self.trace, self.trace.current
        outer, trace.parent = trace.parent, here
        try:
            super()._call(frame, instruction, state)
        finally:
            trace.current, trace.parent = here, outer
        if instruction.target is not None and instruction.target.name in frame.registers:
            name = instruction.target.name
            frame.registers[name] = trace.use(frame.registers[name])

    def _smc(self, frame: Frame, instruction: i.Smc, state: State) -> None:
        number = len(self.record.smcs)
        super()._smc(frame, instruction, state)
        self._answered(number)

    def _forward(self, frame: Frame, instruction: i.Forward, state: State) -> None:
        number = len(self.record.smcs)
        super()._forward(frame, instruction, state)
        self._answered(number)

    def _answered(self, number: int) -> None:
        prefix = self.record.prefix
        names = [f"{prefix}rx{number}", f"{prefix}descriptor{number}"]
        names += [f"{prefix}smc{number}.q{k}" for k in range(18)]
        self.trace.named.update((name, self.trace.current) for name in names)

    # -- control ---------------------------------------------------------------------------------------------

    def _leave(self, frame: Frame, block: Block, state: State) -> list[tuple[str, Side]]:
        here = self.trace.begin(frame.inner, state.guard, state.decided)
        self.trace.step.is_branch = isinstance(block.terminator, i.Branch | i.Switch)
        sides = super()._leave(frame, block, state)
        live = [side[0] for _, side in sides if not side[0].is_dead]
        if self.trace.step.is_branch and len(live) < len(sides):
            for one in live:
                one.decided |= {here}
        return sides

    def _choices(self, frame: Frame, terminator: i.Terminator, state: State) -> list[tuple[Term, str]]:
        choices = super()._choices(frame, terminator, state)
        for condition, _ in choices:
            self.trace.decides(condition)
        return choices

    def loop(self, frame: Frame, region: Region, side: Side) -> Ways:
        """One thing: what is proved of it is proved of its body as a whole."""
        state, registers = side
        first = self.trace.begin(frame.inner, state.guard, state.decided)
        self.trace.step.is_branch = True
        for value in registers.values():
            self.trace.use(value)
        self.trace.depends(number for some in self.trace.stores.values() for number in some)
        ways = super().loop(frame, region, side)
        self.trace.loops.append((first, len(self.trace.steps)))
        return ways


def registers_in(expression: e.Expr) -> list[str]:
    """The C variables that an expression reads."""
    found, todo = list[str](), [expression]
    while todo:
        one = todo.pop()
        if isinstance(one, e.Register):
            found.append(one.name)
        todo += [part for name in one.__dataclass_fields__ if isinstance(part := getattr(one, name), e.Expr)]
    return found


KIND = Kind(TracedRecord, TracedAccesses, TracedExecutor)
