"""IR expressions as values."""

from __future__ import annotations

from collections.abc import Callable

from verify.engine.value import Integer, NotModelled, Pointer, Target, Value, as_pointer, disjunction, join, null
from verify.ir import expr as ir
from verify.terms import build as t
from verify.terms.term import Term


class Expressions:
    """Evaluates expressions; `read` yields a register's value, `origin` names the current statement."""

    def __init__(self, page_shift: Term, read: Callable[[ir.Register], Value], locals_: Callable[[str], str],
                 origin: Term, made: Callable[[Term], None]) -> None:
        """`made` hears of each sum and product."""
        self._page_shift = page_shift
        self._read = read
        self._local = locals_
        self.origin = origin
        self._made = made

    def integer(self, expression: ir.Expr) -> Integer:
        value = self.value(expression)
        if isinstance(value, Pointer):
            raise NotModelled("a pointer used as an integer")
        return value

    def pointer(self, expression: ir.Expr) -> Pointer:
        value = self.value(expression)
        return as_pointer(value)

    def term(self, expression: ir.Expr) -> Term:
        return self.integer(expression).term

    def truth(self, expression: ir.Expr) -> Term:
        """A width-1 expression as a truth value."""
        term = self.term(expression)
        return t.eq(term, t.const(1, 1)) if term.bits else term

    def value(self, expression: ir.Expr) -> Value:
        match expression:
            case ir.Register():
                return self._read(expression)
            case ir.Const():
                if expression.bits == 1:
                    return Integer(t.truth(bool(expression.value)), self.origin)
                return Integer(t.const(expression.value, expression.bits), self.origin)
            case ir.PageShift():
                return Integer(_resize(self._page_shift, expression.bits), self.origin)
            case ir.NullPointer():
                return null(self.origin)
            case ir.AddressOf():
                name = expression.name if expression.is_static else self._local(expression.name)
                return Pointer((Target(t.TRUE, name, t.const(0, 64)),), self.origin)
            case ir.PointerAdd():
                return self._add(expression)
            case ir.IntToPointer():
                return as_pointer(self.integer(expression.operand))
            case ir.Extend() | ir.Truncate():
                return self._resize(expression)
            case ir.Select():
                condition = self.truth(expression.condition)
                return join(condition, self.value(expression.then), self.value(expression.other))
        return Integer(self._computed(expression), self.origin)

    def _add(self, expression: ir.PointerAdd) -> Pointer:
        base, offset = self.pointer(expression.base), self.term(expression.offset)
        targets = (Target(x.guard, x.object, t.binary("add", x.offset, offset)) for x in base.targets)
        return Pointer(tuple(targets), base.origin)

    def _resize(self, expression: ir.Extend | ir.Truncate) -> Integer:
        inner = self.integer(expression.operand)
        if isinstance(expression, ir.Truncate):
            if expression.bits == 1:
                low = t.extract(inner.term, 0, 0)
                return Integer(t.eq(low, t.const(1, 1)), inner.origin)
            return Integer(t.extract(inner.term, expression.bits - 1, 0), inner.origin)
        term = as_bits(inner.term, signed=expression.signed)
        widen = t.sext if expression.signed else t.zext
        pushed = _push(inner.term, expression)
        return Integer(widen(term, expression.bits) if pushed is None else pushed, inner.origin)

    def _computed(self, expression: ir.Expr) -> Term:
        match expression:
            case ir.Not():
                term = self.term(expression.operand)
                return t.complement(term) if term.bits else t.not_(term)
            case ir.Binary():
                return self._binary(expression)
            case ir.Compare():
                return self._compare(expression)
            case ir.PointerDiff():
                return self._difference(expression)
        raise NotModelled("the address of an object as a number")

    def _binary(self, expression: ir.Binary) -> Term:
        left, right = self.term(expression.left), self.term(expression.right)
        if expression.bits == 1:
            match expression.op:
                case ir.BinaryOp.AND:
                    return t.and_(left, right)
                case ir.BinaryOp.OR:
                    return t.or_(left, right)
                case ir.BinaryOp.XOR:
                    return t.ne(left, right)
            raise NotModelled(f"{expression.op.value} on truth values")
        result = t.binary(expression.op.value, left, right)
        if expression.op in (ir.BinaryOp.ADD, ir.BinaryOp.MUL, ir.BinaryOp.SHL):
            self._made(result)
        return result

    def _compare(self, expression: ir.Compare) -> Term:
        left, right = self.value(expression.left), self.value(expression.right)
        if isinstance(left, Pointer) or isinstance(right, Pointer):
            return self._compare_pointers(expression.op, as_pointer(left), as_pointer(right))
        relation = {"eq": t.eq, "ne": t.ne, "ult": t.ult, "ule": t.ule, "slt": t.slt, "sle": t.sle}
        return relation[expression.op.value](left.term, right.term)

    def _compare_pointers(self, op: ir.CompareOp, left: Pointer, right: Pointer) -> Term:
        if op not in (ir.CompareOp.EQ, ir.CompareOp.NE):
            raise NotModelled("order of pointers")
        equal = t.FALSE
        for a in left.targets:
            for b in right.targets:
                both = t.and_(a.guard, b.guard)
                if both is t.FALSE:
                    continue
                same = t.eq(a.offset, b.offset) if a.object == b.object else self._apart(a, b)
                equal = disjunction(equal, t.and_(both, same))
        return equal if op is ir.CompareOp.EQ else t.not_(equal)

    @staticmethod
    def _apart(a: Target, b: Target) -> Term:
        plain = a if a.object is None else b
        if plain.object is None and plain.offset.is_const and plain.offset.value == 0:
            return t.FALSE
        raise NotModelled("comparison of addresses in different objects")

    def _difference(self, expression: ir.PointerDiff) -> Term:
        left, right = self.pointer(expression.left), self.pointer(expression.right)
        result = None
        for a in left.targets:
            for b in right.targets:
                both = t.and_(a.guard, b.guard)
                if both is t.FALSE:
                    continue
                if a.object != b.object:
                    raise NotModelled("difference of pointers that may point into different objects")
                here = t.binary("sub", a.offset, b.offset)
                result = here if result is None else t.ite(both, here, result)
        if result is None:
            raise NotModelled("difference of pointers that lead nowhere")
        return result


def as_bits(term: Term, signed: bool = False) -> Term:
    """A truth value as one bit."""
    return term if term.bits else t.ite(term, t.const(1, 1), t.const(0, 1))


def _push(term: Term, expression: ir.Extend) -> Term | None:
    """Widening a truth value directly to constants."""
    if term.bits:
        return None
    ones = (1 << expression.bits) - 1 if expression.signed else 1
    return t.ite(term, t.const(ones, expression.bits), t.const(0, expression.bits))


def _resize(term: Term, bits: int) -> Term:
    return t.zext(term, bits) if bits >= term.bits else t.extract(term, bits - 1, 0)
