"""A unit with one small fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

from verify.ir import instr as i
from verify.ir.function import Block, Function, Unit
from verify.ir.show import show_instruction, show_terminator
from verify.ir.span import Span

Statement = i.Instr | i.Terminator


@dataclass(frozen=True, slots=True)
class Mutant:
    """`kind` says what was done in a block of a function; `before` and `after` are IR text, none where it is gone."""

    kind: str
    function: str
    block: str
    index: int
    """Of the instruction in its block; the terminator comes last."""
    span: Span
    before: str
    after: str
    changed: Function

    def of(self, unit: Unit) -> Unit:
        return replace(unit, functions={**unit.functions, self.function: self.changed})

    @property
    def identity(self) -> str:
        """The same as long as the function's IR is."""
        said = (self.function, self.block, str(self.index), self.kind, self.before, self.after)
        return sha256("\0".join(said).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Place:
    """A statement of a function, and what may become of it."""

    function: Function
    block: Block
    index: int

    @property
    def statement(self) -> Statement:
        return (*self.block.instructions, self.block.terminator)[self.index]

    def mutant(self, kind: str, *statements: i.Instr) -> Mutant:
        """These stand in the instruction's place."""
        rest = self.block.instructions
        return self._made(kind, replace(self.block, instructions=(
            *rest[:self.index], *statements, *rest[self.index + 1:])), statements)

    def ending(self, kind: str, terminator: i.Terminator) -> Mutant:
        return self._made(kind, replace(self.block, terminator=terminator), (terminator,))

    def moved(self, kind: str, to: int) -> Mutant:
        """The instruction stands elsewhere in its block."""
        rest = [*self.block.instructions]
        one = rest.pop(self.index)
        rest.insert(to, one)
        made = self._made(kind, replace(self.block, instructions=tuple(rest)), ())
        where = "before" if to < self.index else "after"
        beside = self.block.instructions[to]
        return replace(made, after=f"{made.before}, {where}: {show_instruction(beside)}")

    def _made(self, kind: str, block: Block, statements: tuple[Statement, ...]) -> Mutant:
        blocks = tuple(block if one.label == block.label else one for one in self.function.blocks)
        return Mutant(kind, self.function.name, block.label, self.index, self.statement.span, _shown(self.statement),
                      "; ".join(map(_shown, statements)), replace(self.function, blocks=blocks))


def _shown(statement: Statement) -> str:
    if isinstance(statement, i.Jump | i.Branch | i.Switch | i.Return | i.Stop):
        return show_terminator(statement)
    return show_instruction(statement)


def places(unit: Unit) -> Iterator[Place]:
    """Every statement of the tree's functions, in the order of their names."""
    for name in sorted(unit.functions):
        function = unit.functions[name]
        for block in function.blocks if function.in_tree else ():
            for index in range(len(block.instructions) + 1):
                yield Place(function, block, index)
