"""A handmade unit that holds every node of the IR; it is valid."""

from __future__ import annotations

import pytest

from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.expr import POINTER, BinaryOp, CompareOp, Const, Expr, Register
from verify.ir.function import Block, Field, Function, Object, Unit
from verify.ir.span import NOWHERE, Span

MAIN = "arch/arm64/kvm/hyp/nvhe/ffa.c"
A64, B64, C8, ONE = Register("a", 64), Register("b", 64), Register("c", 8), Register("one", 1)
CONTEXT = Register("context", POINTER)


def at(line: int, column: int = 0) -> Span:
    return Span(MAIN, line, column)


def every_expression() -> tuple[Expr, ...]:
    local, static = e.AddressOf("local", False), e.AddressOf("buffers", True)
    place = e.PointerAdd(static, Const(8, 64))
    truth = e.Compare(CompareOp.EQ, A64, Const(0xFFFF_FFFF_FFFF_FFFF, 64))
    return (
        Const(2**130 - 1, 130), e.PageShift(32), C8,
        *(e.Binary(op, A64, Const(7, 64), 64) for op in BinaryOp),
        *(e.Compare(op, B64, A64) for op in CompareOp),
        e.Compare(CompareOp.ULT, place, local),
        e.Not(truth, 1), e.Extend(C8, True, 64), e.Extend(C8, False, 16), e.Truncate(A64, 8),
        e.Select(truth, C8, Const(5, 8), 8), e.NullPointer(), static, local, place,
        e.PointerAdd(CONTEXT, e.Binary(BinaryOp.MUL, A64, Const(16, 64), 64)),
        e.PointerDiff(place, static), e.PointerToInt(place), e.IntToPointer(B64),
    )


def every_instruction() -> tuple[i.Instr, ...]:
    local, static = e.AddressOf("local", False), e.AddressOf("buffers", True)
    results = tuple(Register(f"%{n}", 64) for n in range(18))
    return (
        i.ScopeBegin("local", at(10)),
        i.Assign(ONE, Const(1, 1), at(11, 3)),
        i.Load(A64, static, 8, i.Order.ONCE, at(12)),
        i.Load(CONTEXT, e.PointerAdd(static, Const(2**64 - 8, 64)), 1, i.Order.ACQUIRE, at(12)),
        i.Store(local, Const(3, 32), 4, i.Order.PLAIN, at(13)),
        i.Store(local, e.PageShift(32), 2, i.Order.RELEASE, at(13)),
        i.Copy(local, CONTEXT, Const(16, 64), at(14)),
        i.Fill(local, Const(0, 8), A64, at(15)),
        i.Call(C8, "helper", (A64, CONTEXT), at(16)),
        i.Call(None, "outside", (Const(5, 32),), Span("<env>/after.h", 9)),
        i.Lock(static, at(17)), i.Unlock(static, at(17)),
        i.Smc(results, tuple(Const(n, 64) for n in range(18)), at(18)),
        i.Forward(CONTEXT, at(19)), i.Warn(ONE, at(20)),
        *(i.Assert(kind, ONE, at(21)) for kind in i.AssertKind),
        i.Unsupported('call "through" a pointer – …', at(22)),
    )


def make_unit() -> Unit:
    fields = (Field("lock", 0, 32), Field("tx", 8, POINTER), Field("flag", 16, 1))
    values = [
        i.Assign(Register(f"v{n}", x.bits), x, at(100 + n)) for n, x in enumerate(every_expression())]
    entry = Function("handle_host_smc", (CONTEXT,), None, (Object("local", 16, 8, (), at(9)),), (
        Block("entry.1", every_instruction(), i.Branch(ONE, "then.2", "switch.3", at(30))),
        Block("then.2", tuple(values), i.Jump("end.4", at(31))),
        Block("switch.3", (), i.Switch(C8, ((0, "then.2"), (255, "end.4")), "stop.5", at(32))),
        Block("end.4", (), i.Return(None, at(33))),
        Block("stop.5", (), i.Stop(at(34))),
    ), at(8))
    helper = Function(
        "helper", (A64, CONTEXT), 8, (), (Block("entry.1", (), i.Return(Const(1, 8), at(41))),), at(40), False)
    return Unit(
        {"handle_host_smc": entry, "helper": helper},
        {"buffers": Object("buffers", 24, 8, fields, at(5)),
         "table": Object("table", 4, 4, (Field("", 0, 32),), at(6), False, b"\0\xff\x10\x20"),
         "theirs": Object("theirs", 0, 1, (), at(7), True)},
        {"outside": (None, (32,)), "unused": (POINTER, ())}, {"FFA_OK": 0x84000061, "MINUS": -2},
        {"struct s": Object("struct s", 24, 8, fields, NOWHERE)}, ("the host's SMC has immediate 0",),
        unparsed={"odd": ("inline assembly", at(50, 4))})


@pytest.fixture
def unit() -> Unit:
    return make_unit()
