"""What may still run once a path ends where the model does: where its condition says which way, that way alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from verify.engine.expressions import Expressions
from verify.engine.frame import Frame
from verify.engine.state import Registers
from verify.engine.value import Integer, NotModelled
from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.flow import remaining, targets
from verify.ir.function import Block
from verify.ir.live import registers_in, set_by
from verify.terms import build as t
from verify.terms.evaluate import assume, outright
from verify.terms.term import Term

NO_SITE = t.const(0, 16)


@dataclass(frozen=True, slots=True)
class Known:
    """What holds on the path: its condition, the page size, and registers that nothing ahead sets."""

    guard: Term
    page_shift: Term
    registers: Registers


def ahead(frame: Frame, guard: Term, page_shift: Term, is_inner: bool) -> tuple[Block, ...]:
    """The blocks of one call that may run yet; its instruction itself if no function that it calls is where the path
    ends."""
    function, block, index = frame.function, frame.block, frame.index
    changed = {name for rest in remaining(function, block, index) for instruction in rest.instructions
               for name in set_by(instruction)}
    fixed = {name: value for name, value in frame.registers.items() if name not in changed}
    known = Known(guard, page_shift, fixed)
    return remaining(function, block, index if is_inner else index + 1, lambda terminator: _ways(terminator, known))


def _ways(terminator: i.Terminator, known: Known) -> tuple[str, ...]:
    """Labels that control may go to next."""
    match terminator:
        case i.Branch():
            condition = _term(terminator.condition, known)
            if condition is None:
                return targets(terminator)
            truth = t.eq(condition, t.const(1, 1)) if condition.bits else condition
            choices = [(truth, terminator.then), (t.not_(truth), terminator.other)]
        case i.Switch():
            operand = _term(terminator.operand, known)
            if operand is None:
                return targets(terminator)
            choices = [(t.eq(operand, t.const(value, operand.bits)), label) for value, label in terminator.cases]
            choices.append((t.and_(*(t.not_(hit) for hit, _ in choices)), terminator.default))
        case i.Jump() | i.Return() | i.Stop():
            return targets(terminator)
        case _:
            assert_never(terminator)
    possible = assume([condition for condition, _ in choices], _said(known.guard))
    return tuple(label for found, (_, label) in zip(possible, choices, strict=True) if found is not t.FALSE)


def _said(guard: Term) -> dict[Term, Term]:
    """What the condition says outright: truths, and numbers that something is."""
    parts = guard.args if guard.op == "band" else (guard,)
    said = outright(parts)
    said.update((part.args[0], part.args[1]) for part in parts if part.op == "eq" and part.args[1].is_const)
    return said


def _term(expression: e.Expr, known: Known) -> Term | None:
    """What it is worth, if it is made of numbers that are known."""
    registers = known.registers
    if not all(isinstance(registers.get(name), Integer) for name in registers_in(expression)):
        return None
    numbers = Expressions(known.page_shift, lambda register: registers[register.name], lambda name: name, NO_SITE,
                          lambda term: None)
    try:
        value = numbers.value(expression)
    except NotModelled:
        return None
    return value.term if isinstance(value, Integer) else None
