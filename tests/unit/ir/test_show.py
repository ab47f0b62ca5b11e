"""The text of IR."""

from __future__ import annotations

import pytest

from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.expr import POINTER, BinaryOp, CompareOp, Const, Expr, Register
from verify.ir.function import Unit
from verify.ir.show import show_expr, show_function, show_instruction, show_terminator, show_unit
from verify.ir.span import NOWHERE, Span

A, P = Register("a", 64), Register("p", POINTER)
STATIC = e.AddressOf("host_buffers", True)


@pytest.mark.parametrize(("expression", "text"), [
    (Const(5, 32), "5:32"),
    (Const(0x84000061, 64), "0x84000061:64"),
    (e.PageShift(32), "page-shift:32"),
    (e.Binary(BinaryOp.ADD, A, Const(1, 64), 64), "(a + 1)"),
    (e.Binary(BinaryOp.SHL, Const(1, 64), A, 64), "(1 << a)"),
    (e.Binary(BinaryOp.SHL, Const(1, 64), e.PageShift(64), 64), "(1:64 << page-shift)"),
    (e.Compare(CompareOp.SLT, Const(0, 8), Const(1, 8)), "(0:8 <s 1)"),
    (e.Not(Const(0, 1), 1), "~0:1"),
    (e.Extend(A, True, 130), "sext130(a)"),
    (e.Extend(Const(1, 8), False, 16), "zext16(1:8)"),
    (e.Truncate(A, 8), "trunc8(a)"),
    (e.Select(Register("c", 1), Const(1, 8), Const(2, 8), 8), "(c ? 1:8 : 2)"),
    (e.NullPointer(), "null"),
    (STATIC, "@host_buffers"),
    (e.AddressOf("res", False), "&res"),
    (e.PointerAdd(STATIC, Const(16, 64)), "(@host_buffers+16)"),
    (e.PointerAdd(P, Const(2**64 - 8, 64)), "(p-8)"),
    (e.PointerAdd(e.PointerAdd(P, A), Const(8, 64)), "(p+a+8)"),
    (e.PointerDiff(P, STATIC), "ptrdiff(p, @host_buffers)"),
    (e.PointerToInt(P), "int(p)"),
    (e.IntToPointer(A), "ptr(a)"),
])
def test_expressions(expression: Expr, text: str) -> None:
    assert show_expr(expression) == text


@pytest.mark.parametrize(("instruction", "text"), [
    (i.Load(A, e.PointerAdd(STATIC, Const(8, 64)), 8, i.Order.ONCE, NOWHERE), "a:64 = load [@host_buffers+8] once"),
    (i.Load(P, P, 4, i.Order.PLAIN, NOWHERE), "p:ptr = load [p] align 4"),
    (i.Store(P, Const(1, 16), 2, i.Order.PLAIN, NOWHERE), "store [p] = 1:16"),
    (i.Store(P, P, 1, i.Order.RELEASE, NOWHERE), "store [p] = p:ptr align 1 release"),
    (i.Assign(A, Const(3, 64), NOWHERE), "a:64 = 3"),
    (i.Copy(P, STATIC, Const(8, 64), NOWHERE), "copy [p] = [@host_buffers], 8 bytes"),
    (i.Fill(P, Const(0, 8), A, NOWHERE), "fill [p] = 0, a bytes"),
    (i.Call(A, "f", (P, Const(1, 32)), NOWHERE), "a:64 = call f(p, 1:32)"),
    (i.Call(None, "f", (), NOWHERE), "call f()"),
    (i.Unsupported("inline assembly", NOWHERE), "unsupported: inline assembly"),
])
def test_instructions(instruction: i.Instr, text: str) -> None:
    assert show_instruction(instruction) == text


def test_ends_of_blocks() -> None:
    switch = i.Switch(A, ((1, "one"), (0x84000061, "two")), "rest", NOWHERE)
    assert show_terminator(switch) == "switch a {1: one, 0x84000061: two, else: rest}"
    assert show_terminator(i.Branch(Register("c", 1), "x", "y", NOWHERE)) == "if c then x else y"
    assert show_terminator(i.Return(Const(1, 8), NOWHERE)) == "return 1"


def test_a_function(unit: Unit) -> None:
    assert show_function(unit.functions["helper"]) == (
        "environment function helper(a:64, context:ptr) -> 8   ; arch/arm64/kvm/hyp/nvhe/ffa.c:40\n"
        "entry.1:\n"
        "  return 1   ; ffa.c:41\n")
    text = show_function(unit.functions["handle_host_smc"])
    assert "  one:1 = 1   ; ffa.c:11:3\n" in text
    assert "  call outside(5:32)   ; <env>/after.h:9\n" in text


def test_without_spans(unit: Unit) -> None:
    assert ";" not in show_unit(unit, spans=False)


def test_a_unit_shows_everything(unit: Unit) -> None:
    text = show_unit(unit)
    for name in (*unit.functions, *unit.statics, *unit.externs, *unit.constants, *unit.layouts, *unit.unparsed):
        assert name in text
    assert "static table: 4 bytes, align 4 = 00ff1020   ; ffa.c:6\n  +0 (all):32\n" in text
    assert f"not lowered: odd: inline assembly   ; {Span('ffa.c', 50, 4)}\n" in text
    assert "assumption: the host's SMC has immediate 0\n" in text
    assert text.endswith("\n") and not text.endswith("\n\n")
