"""IR as text for people: `%3:64 = load [@host_buffers+8] once   ; ffa.c:212`.

Integers carry their width (`5:32`) where nothing beside them says it; registers do where they are written. Statics
are `@name`, local objects `&name`. Comparisons and operators that C has in two kinds end in u or s.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.expr import POINTER, BinaryOp, CompareOp, Expr
from verify.ir.function import Function, Object, Unit
from verify.ir.span import Span

_OPERATORS: dict[BinaryOp | CompareOp, str] = {
    BinaryOp.ADD: "+", BinaryOp.SUB: "-", BinaryOp.MUL: "*", BinaryOp.UDIV: "/u", BinaryOp.SDIV: "/s",
    BinaryOp.UREM: "%u", BinaryOp.SREM: "%s", BinaryOp.AND: "&", BinaryOp.OR: "|", BinaryOp.XOR: "^",
    BinaryOp.SHL: "<<", BinaryOp.LSHR: ">>u", BinaryOp.ASHR: ">>s",
    CompareOp.EQ: "==", CompareOp.NE: "!=", CompareOp.ULT: "<u", CompareOp.ULE: "<=u", CompareOp.SLT: "<s",
    CompareOp.SLE: "<=s",
}


def show_unit(unit: Unit, spans: bool = True) -> str:
    """Everything that a unit holds; ends in a line feed."""
    parts = [[f"entry {unit.entry}"], *([f"assumption: {text}"] for text in unit.assumptions)]
    parts += [show_object("static", unit.statics[name], spans) for name in sorted(unit.statics)]
    parts += [[show_extern(name, *unit.externs[name])] for name in sorted(unit.externs)]
    parts += [[show_constant(name, unit.constants[name])] for name in sorted(unit.constants)]
    parts += [show_object("layout", unit.layouts[name], False) for name in sorted(unit.layouts)]
    parts += [[show_refused(name, *unit.unparsed[name], spans)] for name in sorted(unit.unparsed)]
    lines = [line for part in parts for line in part]
    functions = [show_function(unit.functions[name], spans) for name in sorted(unit.functions)]
    return "\n".join(["\n".join(lines) + "\n", *functions])


def show_function(function: Function, spans: bool = True) -> str:
    """A function with its locals and blocks; ends in a line feed."""
    parameters = ", ".join(f"{x.name}:{width(x.bits)}" for x in function.parameters)
    kind = "function" if function.in_tree else "environment function"
    end = f"   ; {function.span}" if spans else ""
    lines = [f"{kind} {function.name}({parameters}) -> {_result(function.result_bits)}{end}"]
    for local in function.locals:
        lines += ["  " + line for line in show_object("local", local, spans)]
    for block in function.blocks:
        lines.append(f"{block.label}:")
        lines += [f"  {show_instruction(x)}{_end(x.span, spans)}" for x in block.instructions]
        lines.append(f"  {show_terminator(block.terminator)}{_end(block.terminator.span, spans)}")
    return "\n".join(lines) + "\n"


def show_object(kind: str, item: Object, spans: bool = True) -> list[str]:
    """A line for the object and one for each member."""
    origin = " external" if item.is_external else ""
    content = "" if item.initial is None else f" = {item.initial.hex() or 'empty'}"
    head = f"{kind} {item.name}: {item.size} bytes, align {item.align}{origin}{content}{_end(item.span, spans)}"
    return [head, *(f"  +{x.offset} {x.path or '(all)'}:{width(x.bits)}" for x in item.fields)]


def show_extern(name: str, result: int | None, parameters: Iterable[int]) -> str:
    return f"extern {name}({', '.join(width(bits) for bits in parameters)}) -> {_result(result)}"


def show_constant(name: str, value: int) -> str:
    return f"constant {name} = {_number(value)}"


def show_refused(name: str, construct: str, span: Span, spans: bool = True) -> str:
    return f"not lowered: {name}: {construct}{_end(span, spans)}"


def width(bits: int) -> str:
    return "ptr" if bits == POINTER else str(bits)


def _result(bits: int | None) -> str:
    return "void" if bits is None else width(bits)


def _end(span: Span, spans: bool) -> str:
    """The file's last name is enough where the function's line gives its path."""
    if not spans:
        return ""
    file = span.file if span.file.startswith("<") else span.file.rpartition("/")[2]
    return f"   ; {Span(file, span.line, span.column)}"


def _number(value: int) -> str:
    return str(value) if -10 < value < 10 else hex(value)


# -- expressions -------------------------------------------------------------------------------------------------


def show_expr(x: Expr, width_known: bool = False) -> str:
    """`width_known` leaves out the width of a lone integer."""
    match x:
        case e.Const():
            return _number(x.value) if width_known else f"{_number(x.value)}:{x.bits}"
        case e.PageShift():
            return "page-shift" if width_known else f"page-shift:{x.bits}"
        case e.Register():
            return x.name
        case e.Binary() | e.Compare():
            return f"({_pair(_OPERATORS[x.op], x.left, x.right)})"
        case e.Not():
            return f"~{show_expr(x.operand)}"
        case e.Extend():
            return f"{'sext' if x.signed else 'zext'}{x.bits}({show_expr(x.operand)})"
        case e.Truncate():
            return f"trunc{x.bits}({show_expr(x.operand)})"
        case e.Select():
            return f"({show_expr(x.condition)} ? {show_expr(x.then)} : {show_expr(x.other, True)})"
        case e.NullPointer():
            return "null"
        case e.AddressOf():
            return f"{'@' if x.is_static else '&'}{x.name}"
        case e.PointerAdd():
            return f"({_place(x)})"
        case e.PointerDiff():
            return f"ptrdiff({show_expr(x.left)}, {show_expr(x.right)})"
        case e.PointerToInt():
            return f"int({show_expr(x.operand)})"
        case e.IntToPointer():
            return f"ptr({show_expr(x.operand)})"
        case _:
            assert_never(x)


def _pair(operator: str, left: Expr, right: Expr) -> str:
    """One of the two says the width of both."""
    right_tells = not isinstance(right, e.Const | e.PageShift)
    return f"{show_expr(left, right_tells)} {operator} {show_expr(right, True)}"


def _place(x: Expr) -> str:
    """A pointer as it stands in brackets; offsets below zero as such."""
    match x:
        case e.PointerAdd(base=base, offset=e.Const(value=value)):
            signed = value - (1 << 64) if value >> 63 else value
            return f"{_place(base)}{signed:+}"
        case e.PointerAdd(base=base, offset=offset):
            return f"{_place(base)}+{show_expr(offset, True)}"
    return show_expr(x)


# -- instructions ------------------------------------------------------------------------------------------------


def _written(register: e.Register) -> str:
    return f"{register.name}:{width(register.bits)}"


def _list(items: Iterable[Expr]) -> str:
    return ", ".join(show_expr(item) for item in items)


def _access(bits: int, align: int, order: i.Order) -> str:
    """Plain accesses of natural alignment say nothing."""
    natural = 8 if bits == POINTER else bits // 8
    return ("" if align == natural else f" align {align}") + ("" if order is i.Order.PLAIN else f" {order.value}")


def show_instruction(x: i.Instr) -> str:
    match x:
        case i.Assign():
            return f"{_written(x.target)} = {show_expr(x.value, True)}"
        case i.Load():
            return f"{_written(x.target)} = load [{_place(x.pointer)}]{_access(x.target.bits, x.align, x.order)}"
        case i.Store():
            value = f"{show_expr(x.value, True)}:{width(x.value.bits)}"
            return f"store [{_place(x.pointer)}] = {value}{_access(x.value.bits, x.align, x.order)}"
        case i.Copy():
            return f"copy [{_place(x.target)}] = [{_place(x.source)}], {show_expr(x.size, True)} bytes"
        case i.Fill():
            return f"fill [{_place(x.target)}] = {show_expr(x.value, True)}, {show_expr(x.size, True)} bytes"
        case i.ScopeBegin():
            return f"begin &{x.name}"
        case i.Call():
            target = "" if x.target is None else f"{_written(x.target)} = "
            return f"{target}call {x.callee}({_list(x.arguments)})"
        case i.Lock():
            return f"lock [{_place(x.pointer)}]"
        case i.Unlock():
            return f"unlock [{_place(x.pointer)}]"
        case i.Smc():
            return f"({', '.join(map(_written, x.results))}) = smc({_list(x.arguments)})"
        case i.Forward():
            return f"forward [{_place(x.context)}]"
        case i.Warn():
            return f"warn if {show_expr(x.condition)}"
        case i.Assert():
            return f"assert {x.kind.value}: {show_expr(x.condition)}"
        case i.Unsupported():
            return f"unsupported: {x.construct}" + (f" of {', '.join(x.names)}" if x.names else "")
        case _:
            assert_never(x)


def show_terminator(x: i.Terminator) -> str:
    match x:
        case i.Jump():
            return f"jump {x.target}"
        case i.Branch():
            return f"if {show_expr(x.condition)} then {x.then} else {x.other}"
        case i.Switch():
            cases = "".join(f"{_number(value)}: {label}, " for value, label in x.cases)
            return f"switch {show_expr(x.operand)} {{{cases}else: {x.default}}}"
        case i.Return():
            return "return" if x.value is None else f"return {show_expr(x.value, True)}"
        case i.Stop():
            return "stop"
        case _:
            assert_never(x)
