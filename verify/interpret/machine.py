"""The interpreter: one EL2 with its statics, called as the host calls it."""

from __future__ import annotations

from collections.abc import Sequence

from verify.interpret.environment import Environment, Mailbox
from verify.interpret.events import AccessDone, BufferDone, LockDone, Log, SmcDone, Step, Told, TransferDone, WarnDone
from verify.interpret.memory import Fault, Memory
from verify.interpret.progress import Progress
from verify.interpret.values import ONES, Frame, mask, value_of
from verify.interpret.values import size as size_of
from verify.interpret.world import ACTIONS, World, request
from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.function import Block, Function, Object, Unit
from verify.ir.span import NOWHERE, Span

MAX_STEPS = 2_000_000
MOST_IN_ALL = 10 * MAX_STEPS
"""Of the functions that a loop calls, too: more than any description of twenty thousand fragments takes."""
MAX_SMCS = 20_000
"""In one call: more than the fragments of 16 bytes that any descriptor buffer holds."""
CONTEXT_BYTES = 8 * 34
"""The host's registers, its stack pointer, program counter and state."""


class Machine:
    """Statics are zero or as initialised; what other files define is zero too.

    With a `world`, page-table functions act on its pages, host memory is out of reach unless its page is held in place,
    and accesses to buffers are events.
    """

    def __init__(
        self, unit: Unit, environment: Environment, page_shift: int = 12, trace: bool = True,
        world: World | None = None, lenient: bool = False, most_steps: int = MAX_STEPS,
    ) -> None:
        self.unit = unit
        self.environment = environment
        self.page_shift = page_shift
        self.memory = Memory(environment.fill, lenient)
        self.mailbox: Mailbox | None = None
        self.log = Log()
        self.told = Told()
        self._context: int | None = None
        """Where the host's saved registers lie, until one besides x0 was read."""
        self._trace = trace
        self._world = world
        if world is not None:
            self.memory.guard = self._guard
        self._statics = {
            name: self.memory.allocate(name, item.size, item.initial or b"")
            for name, item in unit.statics.items()
        }
        self._places = {
            f"{name}.{field.path}" if field.path else name:
            (self._statics[name] + field.offset, 8 if field.bits == e.POINTER else field.bits // 8)
            for name, item in unit.statics.items() for field in item.fields
        }
        """Address and size of each static, or of its members."""
        self._paths = {address: path for path, (address, _) in self._places.items()}
        self._held: dict[str, None] = {}
        self._frames: list[Frame] = []
        self._span: Span = NOWHERE
        self._steps = 0
        """Since the last call of a function."""
        self._all_steps = 0
        self._events = 0
        """SMCs, locks, and pages that the page tables were asked about."""
        self._most_steps = most_steps

    # -- from outside ----------------------------------------------------------------------------------------

    @property
    def fixed(self) -> list[object]:
        """What forks share: it never changes again, but for the log, of which each call begins a new one."""
        return [self.unit, self._statics, self._paths, self._places, self.log]

    def static(self, path: str) -> int:
        address, size = self._static(path)
        return self.memory.own(address, size)

    def address(self, name: str) -> int | None:
        """Where a static lies; None if there is none of this name."""
        return self._statics.get(name)

    def set_static(self, path: str, value: int) -> None:
        address, size = self._static(path)
        self.memory.store(address, value, size)

    def _static(self, path: str) -> tuple[int, int]:
        if path not in self._places:
            raise Fault(f"no static {path}")
        return self._places[path]

    def call(self, name: str, arguments: Sequence[int]) -> int | None:
        """Run a function; raises Fault on undefined behaviour and on what is not modelled."""
        self._steps = 0
        if not self._frames:
            self._all_steps = 0
        function = self.unit.functions[name]
        frame = Frame(function, {}, {})
        for parameter, value in zip(function.parameters, arguments, strict=True):
            frame.registers[parameter.name] = value & mask(parameter.bits)
        self._frames.append(frame)
        try:
            return self._run(frame)
        except Fault as problem:
            if problem.span is None:
                problem.span, problem.function = self._span, self._where()
            raise
        finally:
            self._frames.pop()
            for address in frame.objects.values():
                self.memory.free(address)

    def allocate(self, name: str, size: int, content: bytes | None = None) -> int:
        return self.memory.allocate(name, size, content)

    def begin(self, context: int) -> None:
        """A call of the host begins, with these registers."""
        self._context = context

    @property
    def held(self) -> tuple[str, ...]:
        return tuple(self._held)

    # -- control ---------------------------------------------------------------------------------------------

    def _run(self, frame: Frame) -> int | None:
        function, progress = frame.function, Progress()
        blocks, block = _blocks(function), function.blocks[0]
        while True:
            self.log.blocks.add((function.name, block.label))
            for instruction in block.instructions:
                self._steps += 1
                if function.in_tree:
                    self._at(function, instruction.span)
                self._instruction(frame, instruction)
            self._count(len(block.instructions))
            if function.in_tree:
                self._at(function, block.terminator.span)
            following = self._next(frame, block.terminator)
            if following is None:
                assert isinstance(block.terminator, i.Return)
                value = block.terminator.value
                return None if value is None else self._value(frame, value)
            self.log.edges.add((function.name, block.label, following))
            block = blocks[following]
            if progress.stands_still(following, self._events + self.memory.changes, frame.registers):
                raise Fault("no end: an iteration changes nothing", "endless-loop")

    def _next(self, frame: Frame, terminator: i.Terminator) -> str | None:
        match terminator:
            case i.Jump(target=target):
                return target
            case i.Branch(condition=condition, then=then, other=other):
                return then if self._value(frame, condition) else other
            case i.Switch(operand=operand, cases=cases, default=default):
                value = self._value(frame, operand)
                return next((label for constant, label in cases if constant == value), default)
            case i.Stop(span=span):
                raise Fault(f"{span}: control stops")
        return None

    def _count(self, done: int) -> None:
        self._all_steps += done
        if self._steps > self._most_steps:
            raise Fault(f"no end after {self._most_steps:,} steps", "endless-loop")
        if self._all_steps > MOST_IN_ALL:
            raise Fault(f"no end after {MOST_IN_ALL:,} steps", "endless-loop")

    def _at(self, function: Function, span: Span) -> None:
        if self._trace and span != self._span:
            self.log.steps.append(Step(span, function.name, ()))
        self._span = span

    def _where(self) -> str:
        return next((f.function.name for f in reversed(self._frames) if f.function.in_tree), "")

    # -- instructions ----------------------------------------------------------------------------------------

    def _instruction(self, frame: Frame, instruction: i.Instr) -> None:
        match instruction:
            case i.Assign(target=target, value=value):
                self._set(frame, target, self._value(frame, value))
            case i.Load(target=target, pointer=pointer):
                address, size = self._value(frame, pointer), size_of(target.bits)
                self._note_buffer(address, size, is_write=False, is_copy=False)
                loaded = self.memory.load(address, size)
                self._look(address, size)
                self._note(address, False, instruction.order, loaded)
                self._set(frame, target, loaded)
            case i.Store(pointer=pointer, value=value):
                address, stored = self._value(frame, pointer), self._value(frame, value)
                self._note_buffer(address, size_of(value.bits), is_write=True, is_copy=False)
                self.memory.store(address, stored, size_of(value.bits))
                self._note_written(address, size_of(value.bits))
                self._note(address, True, instruction.order, stored)
            case i.Copy(target=into, source=source, size=size):
                at, start, length = (self._value(frame, x) for x in (into, source, size))
                self._note_buffer(start, length, is_write=False, is_copy=True)
                self._note_buffer(at, length, is_write=True, is_copy=True)
                self.memory.copy(at, start, length)
                self._look(start, length)
                self._note_written(at, length)
            case i.Fill(target=into, value=value, size=size):
                address, byte = self._value(frame, into), self._value(frame, value)
                length = self._value(frame, size)
                self._note_buffer(address, length, is_write=True, is_copy=True)
                for offset in range(length):
                    self.memory.store(address + offset, byte, 1)
                self._note_written(address, length)
            case i.ScopeBegin(name=name):
                self._begin(frame, name)
            case i.Call():
                self._call(frame, instruction)
            case i.Lock(pointer=pointer) | i.Unlock(pointer=pointer):
                self._lock(self._value(frame, pointer), isinstance(instruction, i.Lock))
            case _:
                self._effect(frame, instruction)

    def _effect(self, frame: Frame, instruction: i.Instr) -> None:
        match instruction:
            case i.Smc(arguments=arguments, results=results):
                answers = self._smc([self._value(frame, x) for x in arguments], False)
                for register, answer in zip(results, answers, strict=True):
                    frame.registers[register.name] = answer
            case i.Forward(context=context):
                base = self._value(frame, context)
                answers = self._smc([self.memory.load(base + 8 * k, 8) for k in range(18)], True)
                for k, answer in enumerate(answers):
                    self.memory.store(base + 8 * k, answer, 8)
            case i.Warn(condition=condition):
                if self._value(frame, condition):
                    self.log.add(WarnDone(self._span, self._where()))
            case i.Assert(kind=kind, condition=condition):
                if not self._value(frame, condition):
                    raise Fault(f"{self._span}: {kind.value}", kind.value)
            case i.Unsupported(construct=construct, span=span):
                raise Fault(f"{span}: unsupported: {construct}")

    def _set(self, frame: Frame, target: e.Register, value: int) -> None:
        frame.registers[target.name] = value
        if self._trace and frame.function.in_tree and not target.name.startswith("%") and self.log.steps:
            last = self.log.steps[-1]
            self.log.steps[-1] = Step(last.span, last.function, (*last.values, (target.name, value)))

    def _begin(self, frame: Frame, name: str) -> None:
        declared: Object = next(local for local in frame.function.locals if local.name == name)
        old = frame.objects.get(name)
        if old is not None:
            self.memory.free(old)
        frame.objects[name] = self.memory.allocate(f"{frame.function.name}.{name}", declared.size)

    def _call(self, frame: Frame, instruction: i.Call) -> None:
        arguments = [self._value(frame, argument) for argument in instruction.arguments]
        result: int | None
        if instruction.callee in self.unit.functions:
            result = self.call(instruction.callee, arguments)
        elif self._world is not None and instruction.callee in ACTIONS:
            result = self._transfer(self._world, instruction.callee, arguments)
        else:
            result = self.environment.outside(instruction.callee, arguments, self.page_shift)
        if instruction.target is not None:
            if result is None:
                raise Fault(f"{instruction.callee} returns nothing")
            self._set(frame, instruction.target, result & mask(instruction.target.bits))

    def _transfer(self, world: World, name: str, arguments: list[int]) -> int:
        asked, before = request(name, arguments, self.page_shift), world.now()
        result = world.transfer(asked)
        self._events += asked.count > 0
        self.log.add(TransferDone(
            asked.action, asked.first, asked.count, result, before, self.held, self._span, self._where()))
        return result

    def _guard(self, address: int, size: int) -> None:
        assert self._world is not None
        first, last = address >> self.page_shift, (address + max(size, 1) - 1) >> self.page_shift
        if not self._world.is_held(first, last + 1):
            raise Fault(f"access to host memory at {address:#x}, whose page EL2 does not hold", "invalid-pointer")

    def _lock(self, address: int, acquire: bool) -> None:
        self.memory.find(address, 1)
        self._events += 1
        path = self._paths.get(address, hex(address))
        self.log.add(LockDone(path, acquire, self.held, self._span, self._where()))
        if acquire == (path in self._held):
            raise Fault(f"{self._span}: {path} is {'already held' if acquire else 'not held'}",
                        "lock-held-already" if acquire else "unlock-of-a-free-lock")
        if acquire:
            self._held[path] = None
        else:
            del self._held[path]

    def _smc(self, arguments: list[int], is_forward: bool) -> list[int]:
        if len(self.log.smcs) >= MAX_SMCS:
            raise Fault("no end after twenty thousand SMCs", "endless-loop")
        self._events += 1
        mailbox, world = self.mailbox, self._world
        tx = mailbox.sent() if mailbox is not None else None
        pages = world.now() if world is not None else None
        answers = [answer & ONES for answer in self.environment.smc(arguments, is_forward)]
        rx = mailbox.received() if mailbox is not None else None
        self.log.add(SmcDone(
            tuple(arguments), tuple(answers), is_forward, self._span, self._where(), self.held, tx, rx, pages,
            len(self.log.transfers), self.told, self._context is not None and not is_forward))
        self.told = self.told.after(arguments[0], answers[0])
        return answers

    def _note_buffer(self, address: int, length: int, is_write: bool, is_copy: bool) -> None:
        home = self.memory.home(address) if self._world is not None else None
        if home is not None and home[0].is_buffer:
            self.log.add(BufferDone(
                home[0].name, is_write, is_copy, home[1], length, self.held, self._span, self._where(),
                is_own=self._context is not None))

    def _look(self, address: int, length: int) -> None:
        """Is it one of the call's parameters that was read?"""
        begin, end = self._context, address + length
        if begin is not None and begin <= address and begin + 8 < end <= begin + CONTEXT_BYTES:
            self._context = None

    def _note_written(self, address: int, length: int) -> None:
        """What lies there now, in a buffer or in the host's memory."""
        home = self.memory.home(address) if self._world is not None else None
        if home is not None and home[0].is_buffer:
            self.log.wrote(self.memory.peek(home, length))

    def _note(self, address: int, is_write: bool, order: i.Order, value: int) -> None:
        path = self._paths.get(address)
        if path is not None:
            self.log.accesses.append(
                AccessDone(path, is_write, order.value, value, self.held, self._span, self._where()))

    # -- what expressions ask ----------------------------------------------------------------------------------

    def wrapped(self) -> None:
        self.log.wraps.append(self._span)

    def static_at(self, name: str) -> int:
        return self._statics[name]

    def object_at(self, frame: Frame, name: str) -> int:
        if name not in frame.objects:  # a goto jumped past the declaration
            self._begin(frame, name)
        return frame.objects[name]

    def unset(self, frame: Frame, name: str, bits: int) -> int:
        label = f"{frame.function.name}.{name}"
        value = sum(self.environment.fill(label, index) << (8 * index) for index in range(size_of(bits)))
        return value & mask(bits)

    def _value(self, frame: Frame, x: e.Expr) -> int:
        return value_of(x)(self, frame)


_BLOCKS: dict[int, tuple[Function, dict[str, Block]]] = {}
"""By the identity of a function, which is kept, so that no other one can have it."""


def _blocks(function: Function) -> dict[str, Block]:
    """By label."""
    known = _BLOCKS.get(id(function))
    if known is None:
        known = _BLOCKS[id(function)] = (function, {block.label: block for block in function.blocks})
    return known[1]
