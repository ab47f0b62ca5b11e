"""Which registers may still be read."""

from __future__ import annotations

from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.function import Block, Function
from verify.ir.live import live
from verify.ir.span import NOWHERE

A, B, C = (e.Register(name, 32) for name in "abc")


def assign(target: e.Register, value: e.Expr) -> i.Assign:
    return i.Assign(target, value, NOWHERE)


def function(*blocks: Block) -> Function:
    return Function("f", (A,), 32, (), blocks, NOWHERE)


def test_what_is_set_before_it_is_read_is_not_live() -> None:
    found = live(function(
        Block("entry", (assign(B, A),), i.Jump("next", NOWHERE)),
        Block("next", (assign(C, e.Const(1, 32)),), i.Return(e.Binary(e.BinaryOp.ADD, B, C, 32), NOWHERE))))
    assert found == {"entry": {"a"}, "next": {"b"}}


def test_a_loop_reads_what_the_iteration_before_left() -> None:
    is_less = e.Compare(e.CompareOp.ULT, B, A)
    found = live(function(
        Block("entry", (assign(B, e.Const(0, 32)),), i.Jump("head", NOWHERE)),
        Block("head", (), i.Branch(is_less, "body", "end", NOWHERE)),
        Block("body", (assign(B, e.Binary(e.BinaryOp.ADD, B, e.Const(1, 32), 32)),), i.Jump("head", NOWHERE)),
        Block("end", (), i.Return(None, NOWHERE))))
    assert found == {"entry": {"a"}, "head": {"a", "b"}, "body": {"a", "b"}, "end": frozenset()}


def test_all_that_an_instruction_looks_at_counts() -> None:
    """Where to, how much, which arguments; results of a call and of an SMC are set."""
    pointer, size = e.Register("to", e.POINTER), e.Register("size", 64)
    results = tuple(e.Register(f"r{k}", 64) for k in range(18))
    instructions = (
        i.Copy(pointer, pointer, size, NOWHERE), i.Store(pointer, B, 4, i.Order.PLAIN, NOWHERE),
        i.Call(C, "g", (A,), NOWHERE), i.Load(A, pointer, 4, i.Order.PLAIN, NOWHERE),
        i.Smc(results, tuple([size] * 18), NOWHERE))
    found = live(function(Block("entry", instructions, i.Return(results[3], NOWHERE))))
    assert found == {"entry": {"to", "size", "a", "b"}}
