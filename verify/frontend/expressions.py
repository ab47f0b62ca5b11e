"""C expressions → IR: values, places, side effects in order."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pycparser import c_ast

from verify.errors import UnsupportedC
from verify.frontend import ctypes as ct
from verify.frontend import fold
from verify.frontend.builder import BrokenVariable, Builder, ObjectVariable, RegisterVariable
from verify.frontend.choice import choice
from verify.frontend.declare import Types
from verify.frontend.scope import Names
from verify.frontend.values import (
    ConversionError,
    MemoryPlace,
    Place,
    RegisterPlace,
    Typed,
    arithmetic,
    comparison,
    convert,
    decayed,
    from_truth,
    truth,
)
from verify.ir import expr as e
from verify.ir.expr import Const, Expr

MOST_DIGITS = 80
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


class Expressions:
    """Lowers expressions into a builder; `names` knows the unit's statics, functions and enumerators."""

    def __init__(self, builder: Builder, types: Types, names: Names) -> None:
        from verify.frontend.calls import Calls
        from verify.frontend.initialise import Initialisers

        self.builder = builder
        self.types = types
        self.names = names
        self.calls = Calls(self)
        self.initialisers = Initialisers(self)
        self.declare: Callable[[Any], None] = self._no_declaration
        """Lowers a declaration inside `({ … })`: the statements' part."""
        self._known: dict[int, tuple[Any, Typed]] = {}
        """What a node was without its effects, asked once: conditions within conditions would double the work."""

    def refuse(self, construct: str, node: Any) -> UnsupportedC:
        return self.types.refuse(construct, node)

    def _no_declaration(self, node: Any) -> None:
        raise self.refuse("declaration outside a function", node)

    # -- values ----------------------------------------------------------------------------------------------

    def value(self, node: Any) -> Typed:
        try:
            return self._value(node)
        except ConversionError as problem:
            raise self.refuse(str(problem), node) from None
        except ct.LayoutError as problem:
            raise self.refuse(str(problem), node) from None

    def converted(self, node: Any, kind: ct.CType) -> Expr:
        try:
            return convert(self.value(node), kind).expr
        except ConversionError as problem:
            raise self.refuse(str(problem), node) from None

    def _value(self, node: Any) -> Typed:
        match node:
            case c_ast.Constant():
                return self._constant(node)
            case c_ast.ID() if node.name in self.types.enumerators and self.builder.find(node.name) is None:
                number, kind = self.types.enumerators[node.name]
                return Typed(fold.const(number, kind.bits), kind)
            case c_ast.ID() | c_ast.StructRef() | c_ast.ArrayRef() | c_ast.CompoundLiteral():
                return self.read(self.place(node))
            case c_ast.UnaryOp():
                return self._unary(node)
            case c_ast.BinaryOp():
                return self._binary(node)
            case c_ast.Assignment():
                return self._assignment(node)
            case c_ast.Cast():
                return convert(self.value(node.expr), self.types.of(node.to_type))
            case c_ast.TernaryOp():
                return choice(self, node)
            case c_ast.FuncCall():
                return self.calls.call(node)
            case c_ast.ExprList():
                results = [self.value(item) for item in node.exprs]
                return results[-1]
        raise self.refuse(type(node).__name__, node)

    def _constant(self, node: Any) -> Typed:
        if node.type == "char" and re.fullmatch(r"'[^\\]'", node.value):
            return Typed(fold.const(ord(node.value[1]), 32), ct.INT)
        found = re.fullmatch(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)([uUlL]*)", node.value)
        if found is None:
            raise self.refuse(f"constant {node.type}", node)
        text, suffix = found[1], found[2].lower()
        if len(text) > MOST_DIGITS:
            raise self.refuse("integer constant that fits no type", node)
        octal = len(text) > 1 and text[0] == "0" and text[1] not in "xXbB"
        number = int(text, 8) if octal else int(text, 0)
        decimal = text[0] != "0" or text == "0"
        for bits, is_signed in _candidates(suffix, decimal):
            if number < 1 << (bits - is_signed):
                return Typed(Const(number, bits), ct.Int(bits, is_signed))
        raise self.refuse("integer constant that fits no type", node)

    def type_of(self, node: Any) -> ct.CType:
        """The type of an expression, without its effects."""
        return self.without_effects(node).type

    def without_effects(self, node: Any) -> Typed:
        if id(node) in self._known:
            return self._known[id(node)][1]
        saved = self.builder
        self.builder = saved.scratch()
        try:
            result = self.value(node)
        finally:
            self.builder = saved
        self._known[id(node)] = node, result
        return result

    def _unary(self, node: Any) -> Typed:
        match node.op:
            case "sizeof":
                return Typed(fold.const(self._sizeof(node.expr), 64), ct.ULONG)
            case "_Alignof" | "alignof":
                return Typed(fold.const(ct.align_of(self.types.of(node.expr)), 64), ct.ULONG)
            case "&":
                return self._address(node.expr)
            case "*":
                return self.read(self.place(node))
            case "!":
                return from_truth(fold.not_(self.truth(node.expr)))
            case "++" | "--" | "p++" | "p--":
                return self._step(node)
            case "+" | "-" | "~":
                return self._sign(node)
        raise self.refuse(f"operator {node.op}", node)

    def _sign(self, node: Any) -> Typed:
        zero = Typed(Const(0, 32), ct.INT)
        value = arithmetic(self.builder, "+", self.value(node.expr), zero)
        if node.op == "+":
            return value
        if node.op == "~":
            return Typed(fold.not_(value.expr), value.type)
        return arithmetic(self.builder, "-", zero, value)

    def _sizeof(self, node: Any) -> int:
        kind = self.types.of(node) if isinstance(node, c_ast.Typename) else self._place_type(node)
        return ct.size_of(kind)

    def _place_type(self, node: Any) -> ct.CType:
        """Type of a sizeof operand: an lvalue does not decay, and nothing is evaluated."""
        saved = self.builder
        self.builder = saved.scratch()
        try:
            is_place = isinstance(node, (c_ast.ID, c_ast.StructRef, c_ast.ArrayRef)) or (
                isinstance(node, c_ast.UnaryOp) and node.op == "*")
            return self.place(node).type if is_place else self.value(node).type
        finally:
            self.builder = saved

    def _address(self, node: Any) -> Typed:
        place = self.place(node)
        if isinstance(place, RegisterPlace):
            raise self.refuse("address of a register variable", node)
        kind = place.type.element if isinstance(place.type, ct.Array) else place.type
        return Typed(place.pointer, ct.Ptr(kind))

    def _step(self, node: Any) -> Typed:
        place = self.place(node.expr)
        before = self.read(place)
        if isinstance(place, RegisterPlace):
            kept = self.builder.temporary(place.register.bits)
            self.builder.assign(kept, before.expr)
            before = Typed(kept, before.type)
        one = Typed(Const(1, 32), ct.INT)
        after = self.combine("+" if "+" in node.op else "-", before, one, node)
        after = self.write(place, after)
        return before if node.op.startswith("p") else after

    def _binary(self, node: Any) -> Typed:
        if node.op in ("&&", "||"):
            return self._logical(node)
        left, right = self.value(node.left), self.value(node.right)
        return self.combine(node.op, left, right, node)

    def combine(self, op: str, left: Typed, right: Typed, node: Any) -> Typed:
        """A binary operator on two values: arithmetic, comparison, or with pointers."""
        left, right = decayed(left), decayed(right)
        if op in _COMPARISONS:
            return from_truth(comparison(op, left, right))
        if isinstance(left.type, ct.Ptr) and isinstance(right.type, ct.Ptr) and op == "-":
            distance = Typed(e.PointerDiff(left.expr, right.expr), ct.LONG)
            size = Typed(Const(ct.size_of(left.type.target), 64), ct.LONG)
            return distance if ct.size_of(left.type.target) == 1 else arithmetic(self.builder, "/", distance, size)
        if isinstance(right.type, ct.Ptr) and op == "+":
            left, right = right, left
        if isinstance(left.type, ct.Ptr):
            if op not in ("+", "-") or not isinstance(right.type, ct.Int):
                raise self.refuse(f"operator {op} on pointers", node)
            return Typed(self.offset(left, right, op == "-"), left.type)
        return arithmetic(self.builder, op, left, right)

    def offset(self, base: Typed, index: Typed, negative: bool = False) -> Expr:
        assert isinstance(base.type, ct.Ptr)
        count = convert(index, ct.Int(64, index.type.signed if isinstance(index.type, ct.Int) else False)).expr
        size = Const(ct.size_of(base.type.target), 64)
        amount = fold.binary(e.BinaryOp.MUL, count, size) if size.value != 1 else count
        if negative:
            amount = fold.binary(e.BinaryOp.SUB, Const(0, 64), amount)
        return fold.pointer_add(base.expr, amount)

    def _logical(self, node: Any) -> Typed:
        b = self.builder
        yes, no, done = b.label("true"), b.label("false"), b.label("merged")
        register = b.temporary(1)
        self.branch(node, yes, no)
        for label, result in ((yes, 1), (no, 0)):
            b.start(label)
            b.assign(register, Const(result, 1))
            b.jump(done)
        b.start(done)
        return from_truth(register)

    def truth(self, node: Any) -> Expr:
        try:
            return truth(decayed(self.value(node)))
        except ConversionError as problem:
            raise self.refuse(str(problem), node) from None

    def branch(self, node: Any, then: str, other: str) -> None:
        """Control by a condition; && and || as control."""
        b = self.builder
        if isinstance(node, c_ast.UnaryOp) and node.op == "!":
            self.branch(node.expr, other, then)
        elif isinstance(node, c_ast.BinaryOp) and node.op in ("&&", "||"):
            middle = b.label("and" if node.op == "&&" else "or")
            self.branch(node.left, *((middle, other) if node.op == "&&" else (then, middle)))
            b.start(middle)
            self.branch(node.right, then, other)
        else:
            condition = self.truth(node)
            if isinstance(condition, Const):
                b.jump(then if condition.value else other)
            else:
                b.branch(condition, then, other)

    # -- places ----------------------------------------------------------------------------------------------

    def place(self, node: Any) -> Place:
        match node:
            case c_ast.ID():
                return self._named(node)
            case c_ast.StructRef():
                return self._member(node)
            case c_ast.ArrayRef():
                base = decayed(self.value(node.name))
                if not isinstance(base.type, ct.Ptr):
                    raise self.refuse("subscript of something that is no array", node)
                return MemoryPlace(self.offset(base, self.value(node.subscript)), base.type.target)
            case c_ast.UnaryOp(op="*"):
                base = decayed(self.value(node.expr))
                if not isinstance(base.type, ct.Ptr):
                    raise self.refuse("dereference of something that is no pointer", node)
                return MemoryPlace(base.expr, base.type.target)
            case c_ast.CompoundLiteral():
                return self.initialisers.compound_literal(node)
        raise self.refuse(f"{type(node).__name__} as a place", node)

    def _named(self, node: Any) -> Place:
        variable = self.builder.find(node.name)
        match variable:
            case RegisterVariable():
                return RegisterPlace(variable.register, variable.type)
            case ObjectVariable():
                return MemoryPlace(e.AddressOf(variable.name, variable.is_static), variable.type)
            case BrokenVariable():
                raise UnsupportedC(variable.construct, variable.where)
        kind = self.names.static(node.name)
        if kind is None:
            raise self.refuse(f"unknown name {node.name}", node)
        return MemoryPlace(e.AddressOf(node.name, True), kind)

    def _member(self, node: Any) -> Place:
        if node.type == "->":
            base = decayed(self.value(node.name))
            record = base.type.target if isinstance(base.type, ct.Ptr) else None
            pointer = base.expr
        else:
            place = self.place(node.name)
            if isinstance(place, RegisterPlace):
                raise self.refuse("member of a scalar", node)
            record, pointer = place.type, place.pointer
        if not isinstance(record, ct.Record) or record.members is None:
            raise self.refuse("member of an incomplete type", node)
        member = record.index.get(node.field.name)
        if member is None:
            raise self.refuse(f"struct {record.name} has no member {node.field.name}", node)
        return MemoryPlace(fold.pointer_add(pointer, Const(member.offset, 64)), member.type)

    def read(self, place: Place) -> Typed:
        if isinstance(place, RegisterPlace):
            return Typed(place.register, place.type)
        if not ct.is_scalar(place.type):
            return Typed(place.pointer, place.type)
        bits = ct.bits_of(place.type)
        return Typed(self.builder.load(place.pointer, bits, ct.align_of(place.type)), place.type)

    def write(self, place: Place, value: Typed) -> Typed:
        """Assign, with conversion; the result is the value of the place."""
        if isinstance(place.type, ct.Record) and isinstance(place, MemoryPlace):
            if value.type != place.type:
                raise ConversionError("assignment of another struct")
            self.builder.copy(place.pointer, value.expr, ct.size_of(place.type))
            return Typed(place.pointer, place.type)
        new = convert(value, place.type)
        if isinstance(place, RegisterPlace):
            self.builder.assign(place.register, new.expr)
            return Typed(place.register, place.type)
        self.builder.store(place.pointer, new.expr, ct.align_of(place.type))
        return new

    def _assignment(self, node: Any) -> Typed:
        if node.op == "=":
            value = self.value(node.rvalue)
            return self.write(self.place(node.lvalue), value)
        place = self.place(node.lvalue)
        value = self.combine(node.op[:-1], self.read(place), self.value(node.rvalue), node)
        return self.write(place, value)


def _candidates(suffix: str, decimal: bool) -> list[tuple[int, bool]]:
    """(bits, signed) in the order in which C tries them."""
    longs = "l" in suffix
    if "u" in suffix:
        return [(64, False)] if longs else [(32, False), (64, False)]
    order = [(32, True), (32, False), (64, True), (64, False)]
    return [(bits, s) for bits, s in order if (bits == 64 or not longs) and (s or not decimal)]
