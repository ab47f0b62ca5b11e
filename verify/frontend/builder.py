"""A function under construction: blocks, temporaries, named registers and local objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verify.frontend import ctypes as ct
from verify.frontend.reach import reached
from verify.ir import instr as i
from verify.ir.expr import Const, Expr, Register
from verify.ir.function import Block, Object
from verify.ir.span import Span

MOST_LOCAL = 1 << 16
"""More than any stack has room for."""


@dataclass(frozen=True, slots=True)
class RegisterVariable:
    register: Register
    type: ct.CType


@dataclass(frozen=True, slots=True)
class ObjectVariable:
    """A local (or function-local static) in memory."""

    name: str
    type: ct.CType
    is_static: bool


@dataclass(frozen=True, slots=True)
class BrokenVariable:
    """Its declaration could not be lowered; using it cannot be either."""

    construct: str
    where: str


@dataclass(frozen=True, slots=True)
class Mark:
    """`instructions` and `ends` count what the current block has."""

    blocks: int
    current: str
    instructions: int
    ends: int
    locals_count: int
    names: dict[str, Variable]


Variable = RegisterVariable | ObjectVariable | BrokenVariable


class Builder:
    """Appends instructions to the current block; `span` is that of the statement being lowered."""

    def __init__(self) -> None:
        self.span = Span("<none>", 0)
        self.locals: list[Object] = []
        self._blocks: dict[str, tuple[list[i.Instr], list[i.Terminator]]] = {}
        self._current = ""
        self._temporaries = 0
        self._labels = 0
        self._names: dict[str, int] = {}
        self._scopes: list[dict[str, Variable]] = [{}]
        self._repeated: list[tuple[str, int]] = []
        self.start(self.label("entry"))

    # -- blocks ----------------------------------------------------------------------------------------------

    def label(self, hint: str) -> str:
        self._labels += 1
        return f"{hint}.{self._labels}"

    def start(self, label: str) -> None:
        self._blocks.setdefault(label, ([], []))
        self._current = label

    def emit(self, instruction: i.Instr) -> None:
        instructions, ends = self._blocks[self._current]
        if not ends:
            instructions.append(instruction)

    def end(self, terminator: i.Terminator) -> None:
        """Later ones are unreachable code after a jump."""
        ends = self._blocks[self._current][1]
        if not ends:
            ends.append(terminator)

    @property
    def is_open(self) -> bool:
        return not self._blocks[self._current][1]

    def jump(self, label: str) -> None:
        self.end(i.Jump(label, self.span))

    def branch(self, condition: Expr, then: str, other: str) -> None:
        self.end(i.Branch(condition, then, other, self.span))

    def repeats(self) -> None:
        """Control may come back to this block's start: objects that are declared from here on are new then.

        A jump may pass their declarations, which would leave in them what they held before.
        """
        self._repeated.append((self._current, len(self.locals)))

    def _renewed(self, label: str) -> list[i.Instr]:
        firsts = [first for at, first in self._repeated if at == label]
        return [i.ScopeBegin(item.name, item.span) for item in self.locals[min(firsts):]] if firsts else []

    def blocks(self) -> tuple[Block, ...]:
        return tuple(
            Block(label, (*self._renewed(label), *instructions), ends[0])
            for label, (instructions, ends) in reached(self._blocks).items()
        )

    def scratch(self) -> Builder:
        """A builder that sees the same names and is thrown away: to learn the type of an expression."""
        result = Builder()
        result.span, result._scopes = self.span, self._scopes
        return result

    def mark(self) -> Mark:
        """Where the function stands now, for `rollback`."""
        instructions, ends = self._blocks[self._current]
        return Mark(len(self._blocks), self._current, len(instructions), len(ends), len(self.locals),
                    dict(self._scopes[-1]))

    def rollback(self, mark: Mark) -> None:
        """Forget what was lowered since: a statement that is not modelled leaves no half of itself."""
        while len(self._blocks) > mark.blocks:
            self._blocks.popitem()
        instructions, ends = self._blocks[mark.current]
        del instructions[mark.instructions :], ends[mark.ends :]
        self._current = mark.current
        del self.locals[mark.locals_count :]
        self._scopes[-1] = dict(mark.names)

    # -- values ----------------------------------------------------------------------------------------------

    def temporary(self, bits: int) -> Register:
        self._temporaries += 1
        return Register(f"%{self._temporaries}", bits)

    def load(self, pointer: Expr, bits: int, align: int, order: i.Order = i.Order.PLAIN) -> Register:
        target = self.temporary(bits)
        self.emit(i.Load(target, pointer, align, order, self.span))
        return target

    def store(self, pointer: Expr, value: Expr, align: int, order: i.Order = i.Order.PLAIN) -> None:
        self.emit(i.Store(pointer, value, align, order, self.span))

    def assign(self, target: Register, value: Expr) -> None:
        self.emit(i.Assign(target, value, self.span))

    def copy(self, target: Expr, source: Expr, size: int) -> None:
        self.emit(i.Copy(target, source, Const(size, 64), self.span))

    def unsupported(self, construct: str, span: Span, names: tuple[str, ...]) -> None:
        self.emit(i.Unsupported(construct, span, names))

    def any_of(self, labels: Sequence[str]) -> None:
        """Control may go on at any of these, behind what is not modelled."""
        if len(labels) == 1:
            self.jump(labels[0])
            return
        choice = self.temporary(32)
        self.assign(choice, Const(0, 32))
        self.end(i.Switch(choice, tuple(enumerate(labels[1:])), labels[0], self.span))

    # -- names -----------------------------------------------------------------------------------------------

    def unique(self, name: str) -> str:
        count = self._names.get(name, 0) + 1
        self._names[name] = count
        return name if count == 1 else f"{name}.{count}"

    def push(self) -> None:
        self._scopes.append({})

    def pop(self) -> None:
        self._scopes.pop()

    def declare(self, name: str, variable: Variable) -> None:
        self._scopes[-1][name] = variable

    def find(self, name: str) -> Variable | None:
        return next((scope[name] for scope in reversed(self._scopes) if name in scope), None)

    def local_object(self, name: str, kind: ct.CType, span: Span) -> str:
        """A new object of the frame, alive and uninitialised from here on."""
        if ct.size_of(kind) > MOST_LOCAL:
            raise ct.LayoutError(f"local object of more than {MOST_LOCAL} bytes")
        unique = self.unique(name)
        fields = tuple(ct.fields_of(kind))
        self.locals.append(Object(unique, ct.size_of(kind), ct.align_of(kind), fields, span))
        self.emit(i.ScopeBegin(unique, self.span))
        return unique
