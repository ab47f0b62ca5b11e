"""What the interpreter and the engine make of a program, on the inputs that ran natively."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.fuzz.syntax import Program
from tests.fuzz.watching import Watching
from tests.support import unit_of
from verify.engine.access import Accesses
from verify.engine.contracts import CONTRACTS
from verify.engine.execute import Executor
from verify.engine.record import Record
from verify.engine.shared import Shared
from verify.engine.transition import initial_zero
from verify.engine.value import Integer
from verify.interpret.environment import Scripted
from verify.interpret.memory import Fault
from verify.ir.function import Function, Unit
from verify.ir.instr import Call
from verify.terms import build as t
from verify.terms.evaluate import evaluate
from verify.terms.term import Term

PATTERN = 0xA5A5A5A5A5A5A5A5
ROUNDS = 7
"""More iterations than any loop of the generator has."""
BOUND = ("hyp_ffa_version", "has_version_negotiated")
HEADER = "#define UB_IF(c) do { } while (0)\n" + "".join(f"static u32 {name};\n" for name in BOUND)


@dataclass(frozen=True, slots=True)
class Result:
    """Of one call: a value, or kinds of what was violated, or a construct that is not modelled."""

    value: int | None = None
    violated: tuple[str, ...] = ()
    unsupported: str = ""


def unit(texts: Sequence[str]) -> Unit:
    return unit_of(HEADER + "".join(texts))


def interpreted(whole: Unit, program: Program, rows: Sequence[tuple[int, ...]]) -> list[Result]:
    return [_interpreted(whole, program, row) for row in rows]


def _interpreted(whole: Unit, program: Program, row: tuple[int, ...]) -> Result:
    machine = Watching(whole, Scripted(), trace=False)
    try:
        return Result(machine.call(program.name, row))
    except Fault as problem:
        if problem.kind:
            return Result(violated=(problem.kind,))
        return Result(unsupported=str(problem).partition("unsupported: ")[2] or str(problem))


class _Values(Mapping[str, int]):
    """Of the parameters; what is not initialised holds a pattern."""

    def __init__(self, known: Mapping[str, int]) -> None:
        self._known = known

    def __getitem__(self, name: str) -> int:
        return self._known.get(name, PATTERN)

    def get(self, name: str, default: object = None) -> int:  # type: ignore[override]
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


@dataclass(frozen=True, slots=True)
class Symbolic:
    """A program as the engine sees it: its result, and what must hold."""

    record: Record
    parameters: tuple[Term, ...]
    alive: Term
    value: Term | None

    def on(self, row: tuple[int, ...]) -> Result:
        values = _Values({str(p.data): value for p, value in zip(self.parameters, row, strict=True)})
        obligations, boundaries = self.record.obligations, self.record.boundaries
        roots = [self.alive, *([self.value] if self.value is not None else []),
                 *(x for item in obligations for x in (item.guard, item.holds)), *(item.guard for item in boundaries)]
        found = iter(evaluate(roots, values))
        alive, value = next(found), next(found) if self.value is not None else None
        violated = tuple(sorted({item.kind for item in obligations if next(found) > next(found)}))
        lost = [item.construct for item in boundaries if next(found)]
        if violated:
            return Result(violated=violated)
        if lost:
            return Result(unsupported=lost[0])
        return Result(value) if alive else Result(unsupported="")


def alone(whole: Unit, program: Program) -> Unit:
    """What a program calls, of a unit that holds many."""
    wanted, todo = dict[str, Function](), [program.name]
    while todo:
        name = todo.pop()
        if name in whole.functions and name not in wanted:
            wanted[name] = whole.functions[name]
            todo += [item.callee for block in wanted[name].blocks for item in block.instructions if isinstance(item, Call)]
    return replace(whole, functions=wanted, statics={
        name: item for name, item in whole.statics.items() if name in (*program.statics, *BOUND)})


def symbolic(whole: Unit, program: Program, rounds: int = ROUNDS) -> Symbolic:
    """One run for all inputs; loops are run `rounds` times."""
    whole, record = alone(whole, program), Record("z.")
    shared = Shared({}, *BOUND, memory=True, rounds=rounds)
    shift = t.const(12, 32)
    accesses = Accesses(record, whole.statics, shared, {}, shift)
    executor = Executor(whole, record, accesses, shift, CONTRACTS, lambda given, claims: [False for _ in claims])
    parameters = tuple(t.var(f"z.p{at}", kind.bits) for at, kind in enumerate(program.parameters))
    origin = t.const(0, 16)
    state, value = executor.run(
        program.name, tuple(Integer(parameter, origin) for parameter in parameters), initial_zero(whole, record))
    return Symbolic(record, parameters, state.guard, value.term if isinstance(value, Integer) else None)
