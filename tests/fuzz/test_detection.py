"""The comparison fails where one of the three does something else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fuzz import native
from tests.fuzz.campaign import compare, difference
from tests.fuzz.generator import generate, inputs
from tests.fuzz.judge import Result, interpreted, symbolic, unit
from tests.fuzz.shrink import shrink
from tests.fuzz.syntax import U32, Expr, Function, Program, Stmt
from tests.fuzz.undefined import givers
from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.function import Block, Unit
from verify.ir.function import Function as Lowered

ROWS = 6
STRAIGHT = [program for program in map(generate, range(60))
            if not any(word in program.text for word in ("for (", "while (", "goto "))]
"""A wrong loop would run to the interpreter's limit."""


def _swapped(instruction: i.Instr, old: e.BinaryOp, new: e.BinaryOp) -> i.Instr:
    if isinstance(instruction, i.Assign) and isinstance(instruction.value, e.Binary) and instruction.value.op is old:
        return replace(instruction, value=replace(instruction.value, op=new))
    return instruction


def _wrong_operator(block: Block) -> Block:
    return replace(block, instructions=tuple(
        _swapped(item, e.BinaryOp.SUB, e.BinaryOp.ADD) for item in block.instructions))


def _sides_exchanged(block: Block) -> Block:
    last = block.terminator
    return replace(block, terminator=replace(last, then=last.other, other=last.then)) if isinstance(
        last, i.Branch) else block


def _assertions_lost(block: Block) -> Block:
    return replace(block, instructions=tuple(x for x in block.instructions if not isinstance(x, i.Assert)))


def _signs_lost(block: Block) -> Block:
    def changed(item: i.Instr) -> i.Instr:
        if isinstance(item, i.Assign) and isinstance(item.value, e.Extend):
            return replace(item, value=replace(item.value, signed=False))
        return item

    return replace(block, instructions=tuple(map(changed, block.instructions)))


FAULTS: list[Callable[[Block], Block]] = [_wrong_operator, _sides_exchanged, _signs_lost]


@pytest.mark.compiler
@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_lowering_is_found(tmp_path: Path, fault: Callable[[Block], Block]) -> None:
    programs = STRAIGHT
    rows = [inputs(program, ROWS) for program in programs]
    expected = native.run(programs, rows, tmp_path)
    right = unit([*givers(), *(program.text for program in programs)])
    wrong = _changed(right, fault)
    assert wrong != right
    found = [mismatch for program, own, values in zip(programs, rows, expected, strict=True)
             for mismatch in compare(wrong, program, own, values).mismatches]
    assert {str(mismatch.text).partition(":")[0] for mismatch in found} >= {"interpreter", "engine"}


def _changed(whole: Unit, fault: Callable[[Block], Block]) -> Unit:
    def wrong(function: Lowered) -> Lowered:
        return replace(function, blocks=tuple(map(fault, function.blocks)))

    return replace(whole, functions={name: wrong(function) for name, function in whole.functions.items()})


SHIFT = Program(1, "f", (U32, U32), (), (), (Function(
    "u64 f(u32 a, u32 b)", (Stmt("u32 c = {0};", (Expr("a << b", U32),)), Stmt("return c;"))),), True)


@pytest.mark.compiler
def test_undefined_behaviour_is_seen_natively_and_by_both(tmp_path: Path) -> None:
    rows = [(1, 31), (1, 32), (3, 0xFFFFFFFF)]
    expected = native.run([SHIFT], [rows], tmp_path)[0]
    assert expected == [1 << 31, native.TRAP, native.TRAP]
    whole = unit([SHIFT.text])
    right = compare(whole, SHIFT, rows, expected)
    assert right.mismatches == [] and right.undefined == 2
    silent = symbolic(_changed(whole, _assertions_lost), SHIFT)
    assert [bool(difference(value, silent.on(row))) for row, value in zip(rows, expected, strict=True)] == [
        False, True, True]


def test_what_is_unsupported_is_no_agreement() -> None:
    assert difference(3, Result(3)) == ""
    assert difference(3, Result(4)) and difference(3, Result(violated=("shift-range",)))
    assert difference(native.TRAP, Result(3)) and not difference(native.TRAP, Result(violated=("shift-range",)))
    text = "u64 f(u32 a)\n{\n\tasm(\"nop\");\n\treturn a;\n}\n"
    program = Program(1, "f", (U32,), (), (), (Function("u64 f(u32 a)", ()),))
    outcome = compare(unit([text]), program, [(5,)], [5])
    assert not outcome.agreed and outcome.incomplete == 1
    assert outcome.unsupported == {("interpreter", "asm"): 1, ("engine", "asm"): 1}


def test_a_call_that_never_returns_is_a_difference() -> None:
    """The engine loses what is behind the last iteration that it looks at."""
    whole = unit(["u64 f(u32 a)\n{\n\tu64 n = 0;\n\twhile (n < a)\n\t\tn++;\n\treturn n;\n}\n"])
    program = Program(1, "f", (U32,), (), (), ())
    found = symbolic(whole, program, rounds=3)
    assert (difference(2, found.on((2,))), bool(difference(9, found.on((9,))))) == ("", True)


def test_a_program_shrinks_to_what_matters() -> None:
    program = next(program for program in map(generate, range(200)) if ">> 31" in program.text or "<<=" in program.text)

    def matters(smaller: Program) -> bool:
        return "<<=" in smaller.text or ">> 31" in smaller.text

    assert len(shrink(program, matters).text) < len(program.text) / 3


def test_the_interpreter_stops_at_a_branch_on_what_was_never_set() -> None:
    text = ("static u32 *gone(u32 a)\n{\n\tu32 x = a;\n\tu32 *p = &x;\n\treturn p;\n}\n"
            "u64 f(u32 a)\n{\n\tstruct arm_smccc_res r, s;\n\tu32 u;\n\n\tif (a == 1)\n\t\tu = 7;\n\tr.a1 = u;\n\ts = r;\n"
            "\tif (a == 3)\n\t\treturn *gone(a);\n\tif (s.a1 == 7)\n\t\treturn 1;\n\treturn 2;\n}\n")
    program = Program(1, "f", (U32,), (), (), ())
    whole, rows = unit([text]), [(1,), (2,), (3,)]
    wanted = [Result(1), Result(violated=("branch-on-uninitialised",)), Result(violated=("invalid-pointer",))]
    assert interpreted(whole, program, rows) == wanted
    assert [symbolic(whole, program).on(row) for row in rows] == wanted
