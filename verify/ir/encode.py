"""IR nodes → JSON values. `codec` makes files of them, `decode` is the way back.

An expression is `[tag, bits, …]`, an instruction `[tag, …, span]`, a span `[file, line]` or `[file, line, column]`
where `file` counts in the table of the file that it stands in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, assert_never

from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.expr import Expr
from verify.ir.function import Block, Object
from verify.ir.span import Span


def line(value: Any) -> str:
    """JSON without spaces, ASCII only."""
    return json.dumps(value, separators=(",", ":"))


class Encoder:
    """Numbers the files of spans in order of their first use."""

    def __init__(self) -> None:
        self.files: dict[str, int] = {}

    def span(self, span: Span) -> list[int]:
        number = self.files.setdefault(span.file, len(self.files))
        return [number, span.line, span.column] if span.column else [number, span.line]

    def object(self, item: Object) -> list[Any]:
        fields = [[field.path, field.offset, field.bits] for field in item.fields]
        initial = None if item.initial is None else item.initial.hex()
        return [item.name, item.size, item.align, fields, item.is_external, initial, self.span(item.span)]

    def block(self, block: Block) -> str:
        rows = [line(self.instr(instruction)) for instruction in block.instructions]
        rows.append(line(self.terminator(block.terminator)))
        return f"[{line(block.label)},\n " + ",\n ".join(rows) + "]"

    def exprs(self, items: Iterable[Expr]) -> list[Any]:
        return [self.expr(item) for item in items]

    def expr(self, x: Expr) -> list[Any]:
        match x:
            case e.Const():
                return ["const", x.bits, x.value]
            case e.PageShift():
                return ["page-shift", x.bits]
            case e.Register():
                return ["reg", x.bits, x.name]
            case e.Binary() | e.Compare():
                return [x.op.value, x.bits, self.expr(x.left), self.expr(x.right)]
            case e.Not():
                return ["not", x.bits, self.expr(x.operand)]
            case e.Extend():
                return ["sext" if x.signed else "zext", x.bits, self.expr(x.operand)]
            case e.Truncate():
                return ["trunc", x.bits, self.expr(x.operand)]
            case e.Select():
                return ["select", x.bits, *self.exprs((x.condition, x.then, x.other))]
            case e.NullPointer():
                return ["null", x.bits]
            case e.AddressOf():
                return ["static" if x.is_static else "local", x.bits, x.name]
            case e.PointerAdd():
                return ["ptr-add", x.bits, self.expr(x.base), self.expr(x.offset)]
            case e.PointerDiff():
                return ["ptr-diff", x.bits, self.expr(x.left), self.expr(x.right)]
            case e.PointerToInt():
                return ["ptr-to-int", x.bits, self.expr(x.operand)]
            case e.IntToPointer():
                return ["int-to-ptr", x.bits, self.expr(x.operand)]
            case _:
                assert_never(x)

    def instr(self, x: i.Instr) -> list[Any]:
        return [*self._instr(x), self.span(x.span)]

    def _instr(self, x: i.Instr) -> list[Any]:
        match x:
            case i.Assign():
                return ["assign", self.expr(x.target), self.expr(x.value)]
            case i.Load():
                return ["load", self.expr(x.target), self.expr(x.pointer), x.align, x.order.value]
            case i.Store():
                return ["store", self.expr(x.pointer), self.expr(x.value), x.align, x.order.value]
            case i.Copy():
                return ["copy", *self.exprs((x.target, x.source, x.size))]
            case i.Fill():
                return ["fill", *self.exprs((x.target, x.value, x.size))]
            case i.ScopeBegin():
                return ["scope", x.name]
            case i.Call():
                target = None if x.target is None else self.expr(x.target)
                return ["call", target, x.callee, self.exprs(x.arguments)]
            case i.Lock():
                return ["lock", self.expr(x.pointer)]
            case i.Unlock():
                return ["unlock", self.expr(x.pointer)]
            case i.Smc():
                return ["smc", self.exprs(x.results), self.exprs(x.arguments)]
            case i.Forward():
                return ["forward", self.expr(x.context)]
            case i.Warn():
                return ["warn", self.expr(x.condition)]
            case i.Assert():
                return ["assert", x.kind.value, self.expr(x.condition)]
            case i.Unsupported():
                return ["unsupported", x.construct, *([list(x.names)] if x.names else [])]
            case _:
                assert_never(x)

    def terminator(self, x: i.Terminator) -> list[Any]:
        span = self.span(x.span)
        match x:
            case i.Jump():
                return ["jump", x.target, span]
            case i.Branch():
                return ["branch", self.expr(x.condition), x.then, x.other, span]
            case i.Switch():
                return ["switch", self.expr(x.operand), [list(case) for case in x.cases], x.default, span]
            case i.Return():
                return ["return", None if x.value is None else self.expr(x.value), span]
            case i.Stop():
                return ["stop", span]
            case _:
                assert_never(x)
