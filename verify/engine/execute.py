"""Runs functions symbolically: blocks in topological order, states joined where paths meet.

What is not modelled ends the path with a `Boundary`: an obligation "unreachable under the premise" for every
proof, never an assumption.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from verify.engine.access import Accesses
from verify.engine.calls_out import emit
from verify.engine.control import Region, Side, Ways, walk
from verify.engine.expressions import Expressions
from verify.engine.footprint import ahead
from verify.engine.frame import Frame, grouped
from verify.engine.induction import Decide, Induction
from verify.engine.locking import lock
from verify.engine.place import Place
from verify.engine.record import Boundary, Obligation, Record
from verify.engine.state import Registers, State, merge_states
from verify.engine.unroll import counted, unroll
from verify.engine.unset import Unset
from verify.engine.value import Integer, NotModelled, Pointer, Value, as_pointer
from verify.engine.wraps import compared
from verify.engine.writes import escaped, written
from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.flow import topological_order
from verify.ir.function import Block, Unit
from verify.ir.span import Span
from verify.terms import build as t
from verify.terms.term import Term

Contract = Callable[["Executor", State, tuple[Value, ...], Place], Value | None]


class Executor:
    """One run. `record` receives what happens; contracts give meaning to outside functions."""

    def __init__(
        self, unit: Unit, record: Record, accesses: Accesses, page_shift: Term, contracts: Mapping[str, Contract],
        decide: Decide,
    ) -> None:
        self.unit = unit
        self.record = record
        self.memory = accesses
        self.page_shift = page_shift
        self._contracts = contracts
        self._decide = decide
        self._frames: list[Frame] = []
        self._count = 0
        self._escaped = escaped(unit)
        self._unset_in = Unset(record.exact.meanings)

    def run(self, name: str, arguments: tuple[Value, ...], state: State) -> tuple[State, Value | None]:
        """Execute a function from `state`; a dead state comes back where no path returns."""
        function = self.unit.functions[name]
        if any(frame.function is function for frame in self._frames):
            raise NotModelled(f"recursion into {name}")
        self._count += 1
        outer = self._frames[-1].span if self._frames else function.span
        frame = Frame(function, self._count, {}, outer)
        for parameter, value in zip(function.parameters, arguments, strict=True):
            frame.registers[parameter.name] = value
        for local in function.locals:
            # From here on, for a goto may jump past the declaration.
            self.memory.objects[self._local(frame, local.name)] = local
            state.objects[self._local(frame, local.name)] = {}
        self._frames.append(frame)
        try:
            return self._body(frame, state)
        finally:
            self._frames.pop()
            self.memory.gone.update(self._local(frame, local.name) for local in function.locals)

    @staticmethod
    def _local(frame: Frame, name: str) -> str:
        return f"{frame.function.name}#{frame.number}#{name}"

    # -- control ---------------------------------------------------------------------------------------------

    def _body(self, frame: Frame, state: State) -> tuple[State, Value | None]:
        order, loops = topological_order(frame.function)
        ways = walk(_InFrame(self, frame), Region(tuple(order), loops), order[0].label, (state, frame.registers))
        return self._exit(frame, ways.returns, state)

    def _exit(self, frame: Frame, exits: list[Side], entry: State) -> tuple[State, Value | None]:
        live = [side for side in exits if not side[0].is_dead]
        if not live:
            dead = entry.fork(t.FALSE)
            return dead, None
        try:
            final, registers = merge_states(live, self.memory.fresh, partial(self._unset, frame))
        except NotModelled as problem:
            for side, _ in live:
                self._boundary(side, str(problem))
            return entry.fork(t.FALSE), None
        return final, registers.get("$result")

    def meet(self, frame: Frame, block: Block, sides: list[Side]) -> Side | None:
        """The states that come together before a block, as one."""
        frame.block, frame.index = block.label, 0
        try:
            return merge_states(sides, self.memory.fresh, partial(self._unset, frame))
        except NotModelled as problem:
            self._enter(frame, block.terminator.span, "join")
            for side, registers in sides:
                frame.registers = registers
                self._boundary(side, str(problem))
        return None

    def block(self, frame: Frame, block: Block, side: Side) -> list[tuple[str, Side]]:
        """Run one block; where its paths go on."""
        state, frame.registers = side[0], dict(side[1])
        frame.block = block.label
        for frame.index, instruction in enumerate(block.instructions):
            self._enter(frame, instruction.span, type(instruction).__name__.lower())
            try:
                self._instruction(frame, instruction, state)
            except NotModelled as problem:
                self._boundary(state, str(problem))
            if state.is_dead:
                return []
        frame.index = len(block.instructions)
        self._enter(frame, block.terminator.span, type(block.terminator).__name__.lower())
        try:
            return self._leave(frame, block, state)
        except NotModelled as problem:
            self._boundary(state, str(problem))
            return []

    def _leave(self, frame: Frame, block: Block, state: State) -> list[tuple[str, Side]]:
        if isinstance(block.terminator, i.Stop):
            self._boundary(state, "control stops here")
            return []
        if isinstance(block.terminator, i.Return):
            return [("", (state, self._returned(frame, block.terminator)))]
        return [(label, (state if condition is t.TRUE else state.fork(condition), dict(frame.registers)))
                for condition, label in self._choices(frame, block.terminator, state)]

    def loop(self, frame: Frame, region: Region, side: Side) -> Ways:
        """Any number of iterations."""
        runner = _InFrame(self, frame)
        known = counted(runner, region, side, self.record)
        if known is not None:
            return known
        self._enter(frame, region.order[0].terminator.span, "loop")
        place = frame.inner
        if not self.memory.shared.memory:
            frame.block, frame.index, frame.registers = region.head, 0, side[1]
            self._boundary(side[0], "loop")
            return Ways()
        if self.memory.shared.rounds:
            return unroll(runner, region, side, self.memory.shared.rounds, self.record, place)
        mark = self.record.mark()

        def body(start: Side) -> Ways:
            state, registers = start
            return walk(runner, region, region.head, (state.fork(t.TRUE), dict(registers)))

        try:
            return Induction(self.record, side, body, self._decide, place).run()
        except NotModelled as problem:
            self.record.rewind(mark)
            frame.block, frame.index, frame.registers = region.head, 0, side[1]
            self._enter(frame, region.order[0].terminator.span, "loop")
            self._boundary(side[0], str(problem))
            return Ways()

    def lost(self, frame: Frame, side: Side, construct: str) -> None:
        self._boundary(side[0], construct)

    def _returned(self, frame: Frame, terminator: i.Return) -> Registers:
        if terminator.value is None:
            return {}
        return {"$result": self._expressions(frame).value(terminator.value)}

    def _choices(self, frame: Frame, terminator: i.Terminator, state: State) -> list[tuple[Term, str]]:
        match terminator:
            case i.Jump(target=target):
                return [(t.TRUE, target)]
            case i.Branch():
                truth = self._expressions(frame).truth(terminator.condition)
                for when, size in compared(truth):
                    self.record.sink(t.and_(state.guard, when), size, self._place(terminator.span))
                condition = self.record.abstract(truth)
                self._defined(state, truth, terminator.span)
                return [(condition, terminator.then), (t.not_(condition), terminator.other)]
            case i.Switch():
                operand = self._expressions(frame).term(terminator.operand)
                self._defined(state, operand, terminator.span)
                hits = [(t.eq(operand, t.const(value, operand.bits)), label) for value, label in terminator.cases]
                rest = t.and_(*(t.not_(hit) for hit, _ in hits))
                return [*grouped(hits), (rest, terminator.default)]
        return []

    def _defined(self, state: State, condition: Term, span: Span) -> None:
        """A branch on an uninitialised value is undefined. One on bytes outside an object is their read's business."""
        unset = self._unset_in.of(condition)
        if unset is not t.FALSE:
            place = self._place(span)
            self.record.obligations.append(
                Obligation("branch-on-uninitialised", state.guard, t.not_(unset), place.span, place.function))

    # -- instructions ----------------------------------------------------------------------------------------

    def _instruction(self, frame: Frame, instruction: i.Instr, state: State) -> None:
        x, place = self._expressions(frame), frame.inner
        match instruction:
            case i.Assign():
                frame.registers[instruction.target.name] = x.value(instruction.value)
            case i.Load():
                target = instruction.target
                pointer = x.pointer(instruction.pointer)
                value = self.memory.load(state, pointer, target.bits, instruction.order.value, place)
                frame.registers[target.name] = value
            case i.Store():
                self._store(frame, instruction, state)
            case i.Copy():
                size = x.term(instruction.size)
                self.memory.copy(state, x.pointer(instruction.target), x.pointer(instruction.source), size, place)
            case i.Fill():
                size = x.term(instruction.size)
                self.memory.fill(state, x.pointer(instruction.target), x.term(instruction.value), size, place)
            case i.ScopeBegin():
                state.objects[self._local(frame, instruction.name)] = {}
            case i.Call():
                self._call(frame, instruction, state)
            case i.Lock() | i.Unlock():
                lock(self.memory, state, x.pointer(instruction.pointer), isinstance(instruction, i.Lock), place)
            case i.Smc():
                self._smc(frame, instruction, state)
            case i.Forward():
                self._forward(frame, instruction, state)
            case i.Warn():
                site = self.record.site(place.span, place.function, "warn", place.text).value
                self.record.warns.append((t.and_(state.guard, x.truth(instruction.condition)), place.span, site))
            case i.Assert():
                holds = x.truth(instruction.condition)
                if holds is not t.TRUE:
                    self.record.obligations.append(
                        Obligation(instruction.kind.value, state.guard, holds, place.span, place.function))
            case i.Unsupported():
                raise NotModelled(instruction.construct)

    def _store(self, frame: Frame, instruction: i.Store, state: State) -> None:
        x = self._expressions(frame)
        value = x.value(instruction.value)
        bits = e.POINTER if isinstance(value, Pointer) else value.term.bits
        if isinstance(value, Integer):
            here = self.record.site(frame.inner.span, frame.inner.function, "copied", frame.inner.text)
            value = Integer(value.term, self.record.copied(value.origin, here))
        self.memory.store(state, x.pointer(instruction.pointer), value, bits, instruction.order.value, frame.inner)

    def _call(self, frame: Frame, instruction: i.Call, state: State) -> None:
        x = self._expressions(frame)
        arguments = tuple(x.value(argument) for argument in instruction.arguments)
        result: Value | None
        if instruction.callee in self.unit.functions:
            after, result = self.run(instruction.callee, arguments, state)
            state.become(after)
        elif instruction.callee in self._contracts:
            result = self._contracts[instruction.callee](self, state, arguments, frame.inner)
        else:
            raise NotModelled(f"outside function {instruction.callee} without a contract")
        if instruction.target is not None and result is not None:
            frame.registers[instruction.target.name] = result

    def _smc(self, frame: Frame, instruction: i.Smc, state: State) -> None:
        x = self._expressions(frame)
        arguments = tuple(x.integer(argument) for argument in instruction.arguments)
        results = emit(self.memory, state, arguments, frame.inner, is_forward=False)
        for register, value in zip(instruction.results, results, strict=True):
            frame.registers[register.name] = value

    def _forward(self, frame: Frame, instruction: i.Forward, state: State) -> None:
        context = self._expressions(frame).pointer(instruction.context)
        place = frame.inner
        registers = [e.PointerAdd(instruction.context, e.Const(8 * k, 64)) for k in range(18)]
        x = self._expressions(frame)
        arguments = []
        for pointer in registers:
            value = self.memory.load(state, x.pointer(pointer), 64, "plain", place)
            assert isinstance(value, Integer)
            arguments.append(value)
        results = emit(self.memory, state, tuple(arguments), place, is_forward=True)
        for pointer, result in zip(registers, results, strict=True):
            self.memory.store(state, x.pointer(pointer), result, 64, "plain", place)
        del context

    # -- places ----------------------------------------------------------------------------------------------

    def _enter(self, frame: Frame, span: Span, text: str) -> None:
        """Statements of environment functions are attributed to the line in the tree that called them."""
        owner = frame.function.name
        if frame.function.in_tree:
            frame.span = span
        else:
            owner = next((f.function.name for f in reversed(self._frames) if f.function.in_tree), owner)
        frame.inner = Place(frame.span, owner, text)

    def _place(self, span: Span) -> Place:
        return self._frames[-1].inner if self._frames else Place(span, "", "")

    def _expressions(self, frame: Frame) -> Expressions:
        place = frame.inner
        origin = self.record.site(place.span, place.function, "computed", place.text)

        def made(term: Term) -> None:
            self.record.made.setdefault(id(term), place)

        return Expressions(
            self.page_shift, partial(self._read, frame), lambda name: self._local(frame, name), origin, made)

    def _read(self, frame: Frame, register: e.Register) -> Value:
        found = frame.registers.get(register.name)
        return self._unknown(frame, register.name, register.bits) if found is None else found

    def _unset(self, frame: Frame, name: str, like: Value) -> Value:
        return self._unknown(frame, name, e.POINTER if isinstance(like, Pointer) else like.term.bits or 1)

    def _unknown(self, frame: Frame, name: str, bits: int) -> Value:
        """What a C variable in a register holds before it is set."""
        place = frame.inner
        origin = self.record.site(place.span, place.function, "uninitialised", name)
        size = 64 if bits == e.POINTER else 0 if bits == 1 else bits
        unknown = self.record.unknown(f"u.{frame.function.name}.{name}.0", size, origin, secret=True)
        return as_pointer(unknown) if bits == e.POINTER else unknown

    def _boundary(self, state: State, construct: str) -> None:
        """The path ends here; what the rest might have written is noted for steps of longer sequences."""
        statics: set[str] = set()
        for frame in self._frames:
            inner = frame is self._frames[-1]
            statics |= written(self.unit, ahead(frame, state.guard, self.page_shift, inner))
        statics |= self._escaped
        place = self._frames[-1].inner
        self.record.boundaries.append(
            Boundary(state.guard, construct, place.span, place.function, tuple(sorted(statics)),
                     self._state_at_boundary(state, statics)))
        state.guard = t.FALSE

    def _state_at_boundary(self, state: State, written_later: set[str]) -> tuple[tuple[str, Integer], ...]:
        result = []
        for path in (self.memory.shared.version, self.memory.shared.negotiated):
            value = self.memory.others.peek(state, path)
            assert isinstance(value, Integer)
            if path.partition(".")[0] in written_later:
                value = self.record.unknown(f"later.{path}", value.term.bits, value.origin)
            result.append((path, value))
        return tuple(result)


@dataclass(frozen=True, slots=True)
class _InFrame:
    """The executor in one call of one function."""

    executor: Executor
    frame: Frame

    def meet(self, block: Block, sides: list[Side]) -> Side | None:
        return self.executor.meet(self.frame, block, sides)

    def block(self, block: Block, side: Side) -> list[tuple[str, Side]]:
        return self.executor.block(self.frame, block, side)

    def loop(self, region: Region, side: Side) -> Ways:
        return self.executor.loop(self.frame, region, side)

    def lost(self, side: Side, construct: str) -> None:
        self.executor.lost(self.frame, side, construct)
