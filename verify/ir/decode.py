"""JSON values → IR nodes; the way back from `encode`. Nothing is trusted: raises Malformed at the first oddity."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.expr import Expr, Register
from verify.ir.function import Block, Field, Object
from verify.ir.span import Span

_Item = TypeVar("_Item")
_BINARY = {op.value: op for op in e.BinaryOp}
_COMPARE = {op.value: op for op in e.CompareOp}
_ORDER = {order.value: order for order in i.Order}
_ASSERT = {kind.value: kind for kind in i.AssertKind}


MOST_DEEP = 150
MOST_BITS = 200
"""Of an integer in a file."""


class Malformed(Exception):
    """Says what is wrong; the name of the file is added where it is caught."""


def integer(value: Any) -> int:
    if type(value) is not int or abs(value) >= 1 << MOST_BITS:
        raise Malformed(f"{short(value)} is not an integer of this size")
    return value


def string(value: Any) -> str:
    if type(value) is not str or not value.isprintable():
        raise Malformed(f"{short(value)} is not a string of printable characters")
    return value


def boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise Malformed(f"{short(value)} is neither true nor false")
    return value


def optional(value: Any, decode: Callable[[Any], _Item]) -> _Item | None:
    return None if value is None else decode(value)


def each(value: Any, decode: Callable[[Any], _Item]) -> tuple[_Item, ...]:
    if type(value) is not list:
        raise Malformed(f"{short(value)} is not a list")
    return tuple([decode(item) for item in value])


def mapping(value: Any, decode: Callable[[Any], _Item]) -> dict[str, _Item]:
    """Sorted by name."""
    if type(value) is not dict:
        raise Malformed(f"{short(value)} is not a table")
    return {string(name): decode(value[name]) for name in sorted(value)}


def signature(value: Any) -> tuple[int | None, tuple[int, ...]]:
    match value:
        case [result, parameters]:
            return optional(result, integer), each(parameters, integer)
    raise Malformed(f"{short(value)} is no signature")


def short(value: object) -> str:
    """A value as JSON, cut to what fits in a message."""
    try:
        text = json.dumps(value)
    except (RecursionError, ValueError):
        return "a value"
    return text if len(text) <= 60 else text[:57] + "..."


def _known(value: Any, table: Mapping[str, _Item], what: str) -> _Item:
    if type(value) is not str or value not in table:
        raise Malformed(f"{short(value)} is no {what}")
    return table[value]


def _content(value: Any) -> bytes:
    try:
        return bytes.fromhex(string(value))
    except ValueError:
        raise Malformed(f"{short(value)} is not hexadecimal") from None


def _field(value: Any) -> Field:
    match value:
        case [path, offset, bits]:
            return Field(string(path), integer(offset), integer(bits))
    raise Malformed(f"{short(value)} is no field")


def _case(value: Any) -> tuple[int, str]:
    match value:
        case [number, label]:
            return integer(number), string(label)
    raise Malformed(f"{short(value)} is no case")


class Decoder:
    """The nodes of one file; `files` is its table. Equal registers and spans become one object."""

    def __init__(self, files: Sequence[str]) -> None:
        self._files = files
        self._spans: dict[tuple[int, ...], Span] = {}
        self._registers: dict[tuple[str, int], Register] = {}
        self._depth = 0

    def span(self, value: Any) -> Span:
        numbers = each(value, integer)
        found = self._spans.get(numbers)
        if found is None:
            if len(numbers) not in (2, 3) or min(numbers) < 0 or numbers[0] >= len(self._files):
                raise Malformed(f"{short(value)} is no span")
            found = self._spans[numbers] = Span(self._files[numbers[0]], *numbers[1:])
        return found

    def refused(self, value: Any) -> tuple[str, Span]:
        match value:
            case [construct, span]:
                return string(construct), self.span(span)
        raise Malformed(f"{short(value)} is no construct with its span")

    def object(self, value: Any) -> Object:
        match value:
            case [name, size, align, fields, is_external, initial, span]:
                return Object(
                    string(name), integer(size), integer(align), each(fields, _field), self.span(span),
                    boolean(is_external), optional(initial, _content))
        raise Malformed(f"{short(value)} is no object")

    def block(self, value: Any) -> Block:
        match value:
            case [label, *rows, last]:
                return Block(string(label), tuple([self.instr(row) for row in rows]), self.terminator(last))
        raise Malformed(f"{short(value)} is no block")

    # -- expressions -----------------------------------------------------------------------------------------

    def register(self, value: Any) -> Register:
        match value:
            case ["reg", bits, name]:
                key = (string(name), integer(bits))
                return self._registers.get(key) or self._registers.setdefault(key, Register(*key))
        raise Malformed(f"{short(value)} is no register")

    def exprs(self, value: Any) -> tuple[Expr, ...]:
        return each(value, self.expr)

    def expr(self, value: Any) -> Expr:
        """What reads expressions calls itself: these have an end before that has one."""
        if self._depth > MOST_DEEP:
            raise Malformed("an expression nested too deeply")
        self._depth += 1
        result = self._expr(value)
        self._depth -= 1
        return result

    def _expr(self, value: Any) -> Expr:
        match value:
            case ["reg", _, _]:
                return self.register(value)
            case ["const", bits, number]:
                return e.Const(integer(number), integer(bits))
            case ["static" | "local" as where, bits, name]:
                return e.AddressOf(string(name), where == "static", integer(bits))
            case [str(tag), bits, operand]:
                return self._unary(tag, integer(bits), self.expr(operand))
            case [str(tag), bits, left, right]:
                return self._binary(tag, integer(bits), self.expr(left), self.expr(right))
            case ["page-shift", bits]:
                return e.PageShift(integer(bits))
            case ["null", bits]:
                return e.NullPointer(integer(bits))
            case ["select", bits, condition, then, other]:
                return e.Select(self.expr(condition), self.expr(then), self.expr(other), integer(bits))
        raise Malformed(f"{short(value)} is no expression")

    def _unary(self, tag: str, bits: int, operand: Expr) -> Expr:
        match tag:
            case "not":
                return e.Not(operand, bits)
            case "sext" | "zext":
                return e.Extend(operand, tag == "sext", bits)
            case "trunc":
                return e.Truncate(operand, bits)
            case "ptr-to-int":
                return e.PointerToInt(operand, bits)
            case "int-to-ptr":
                return e.IntToPointer(operand, bits)
        raise Malformed(f"{short(tag)} is no expression with one operand")

    def _binary(self, tag: str, bits: int, left: Expr, right: Expr) -> Expr:
        if tag in _BINARY:
            return e.Binary(_BINARY[tag], left, right, bits)
        if tag in _COMPARE:
            return e.Compare(_COMPARE[tag], left, right, bits)
        if tag == "ptr-add":
            return e.PointerAdd(left, right, bits)
        if tag == "ptr-diff":
            return e.PointerDiff(left, right, bits)
        raise Malformed(f"{short(tag)} is no expression with two operands")

    # -- instructions ----------------------------------------------------------------------------------------

    def instr(self, value: Any) -> i.Instr:
        match value:
            case ["assign", target, source, span]:
                return i.Assign(self.register(target), self.expr(source), self.span(span))
            case ["load", target, pointer, align, order, span]:
                return i.Load(self.register(target), self.expr(pointer), integer(align),
                              _known(order, _ORDER, "memory order"), self.span(span))
            case ["store", pointer, stored, align, order, span]:
                return i.Store(self.expr(pointer), self.expr(stored), integer(align),
                               _known(order, _ORDER, "memory order"), self.span(span))
            case ["call", target, callee, arguments, span]:
                return i.Call(optional(target, self.register), string(callee), self.exprs(arguments),
                              self.span(span))
            case ["smc", results, arguments, span]:
                return i.Smc(each(results, self.register), self.exprs(arguments), self.span(span))
            case ["copy", target, source, size, span]:
                return i.Copy(self.expr(target), self.expr(source), self.expr(size), self.span(span))
            case ["fill", target, byte, size, span]:
                return i.Fill(self.expr(target), self.expr(byte), self.expr(size), self.span(span))
            case ["assert", kind, condition, span]:
                return i.Assert(_known(kind, _ASSERT, "assertion"), self.expr(condition), self.span(span))
            case ["scope", name, span]:
                return i.ScopeBegin(string(name), self.span(span))
            case ["unsupported", construct, span]:
                return i.Unsupported(string(construct), self.span(span))
            case ["unsupported", construct, [*names], span]:
                return i.Unsupported(string(construct), self.span(span), tuple(map(string, names)))
            case [str(tag), operand, span]:
                return self._one_operand(tag, operand, self.span(span))
        raise Malformed(f"{short(value)} is no instruction")

    def _one_operand(self, tag: str, operand: Any, span: Span) -> i.Instr:
        match tag:
            case "lock":
                return i.Lock(self.expr(operand), span)
            case "unlock":
                return i.Unlock(self.expr(operand), span)
            case "forward":
                return i.Forward(self.expr(operand), span)
            case "warn":
                return i.Warn(self.expr(operand), span)
        raise Malformed(f"{short(tag)} is no instruction with one operand")

    def terminator(self, value: Any) -> i.Terminator:
        match value:
            case ["jump", target, span]:
                return i.Jump(string(target), self.span(span))
            case ["branch", condition, then, other, span]:
                return i.Branch(self.expr(condition), string(then), string(other), self.span(span))
            case ["switch", operand, cases, default, span]:
                return i.Switch(self.expr(operand), each(cases, _case), string(default), self.span(span))
            case ["return", returned, span]:
                return i.Return(optional(returned, self.expr), self.span(span))
            case ["stop", span]:
                return i.Stop(self.span(span))
        raise Malformed(f"{short(value)} is no end of a block")
