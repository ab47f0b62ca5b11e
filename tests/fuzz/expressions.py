"""Random expressions without side effects, of any integer type; shifts and divisions are defined."""

from __future__ import annotations

import random

from tests.fuzz.scope import Scope, Variable
from tests.fuzz.syntax import (
    ATOM,
    S32,
    SCALARS,
    U8,
    U16,
    U32,
    U64,
    UNARY,
    Array,
    Expr,
    Pointer,
    Record,
    Scalar,
    Type,
    atom,
    common,
    promoted,
)

STRENGTHS = {"*": 12, "/": 12, "%": 12, "+": 11, "-": 11, "<<": 10, ">>": 10, "<": 9, "<=": 9, ">": 9, ">=": 9,
             "==": 8, "!=": 8, "&": 7, "^": 6, "|": 5, "&&": 4, "||": 3}
TERNARY, ASSIGN = 2, 1
NUMBERS = (0, 1, 2, 3, 5, 7, 8, 31, 32, 63, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF,
           0x80000000, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF)
SUFFIXES = {"": S32, "u": U32, "L": Scalar("long", 64, True), "UL": U64, "ll": Scalar("long", 64, True), "ULL": U64}

DIVISORS = (("2", S32), ("3", S32), ("7", S32), ("16u", U32), ("255", S32), ("(-3)", S32), ("(-128)", S32),
            ("0x10001L", SUFFIXES["L"]), ("1000000007ULL", U64))


def binary(op: str, left: Expr, right: Expr, kind: Scalar) -> Expr:
    strength = STRENGTHS[op]
    return Expr(f"{{0}} {op} {{1}}", kind, (left, right), strength, (strength, strength + 1))


def unary(op: str, operand: Expr, kind: Type) -> Expr:
    """The operand is put into brackets where two operators would become another one."""
    need = ATOM if operand.text[:1] == op[-1] else UNARY
    return Expr(f"{op}{{0}}", kind, (operand,), UNARY, (need,))


def cast(kind: Scalar, operand: Expr) -> Expr:
    return Expr(f"({kind.name}){{0}}", kind, (operand,), UNARY, (UNARY,))


def literal(rng: random.Random) -> Expr:
    number = rng.choice(NUMBERS) if rng.random() < 0.6 else rng.getrandbits(rng.choice((3, 8, 16, 32, 64)))
    if rng.random() < 0.1:
        return atom(repr(chr(rng.choice(range(ord("A"), ord("z"))))).replace("'\\\\'", "'B'"), S32)
    suffix = rng.choice(tuple(SUFFIXES))
    base = rng.choice((str, hex, hex, lambda value: f"0{value:o}" if value else "0"))
    if number >> 63 and base is str:
        base = hex
    return atom(base(number) + suffix, _literal_type(number, suffix, base is str))


def _literal_type(number: int, suffix: str, decimal: bool) -> Scalar:
    if "u" in suffix.lower():
        return U64 if "l" in suffix.lower() or number >> 32 else U32
    long = SUFFIXES["L"]
    order = [(S32, 31), (U32, 32), (long, 63), (U64, 64)]
    for kind, bits in order:
        if not number >> bits and (kind.bits == 64 or not suffix) and (kind.signed or not decimal):
            return kind
    return U64


class Expressions:
    """Makes expressions out of what a scope shows."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.rng = scope.rng

    # -- places ----------------------------------------------------------------------------------------------

    def place(self, to_write: bool = False) -> Expr | None:
        """A number in a variable, or inside of one."""
        variable = self.scope.pick(lambda v: not (to_write and v.is_fixed and isinstance(v.type, Scalar)))
        return None if variable is None else self.inside(atom(variable.name, variable.type), variable)

    def inside(self, base: Expr, variable: Variable | None = None) -> Expr:
        """Goes down to a number, through members, elements and what is pointed to."""
        rng = self.rng
        match base.type:
            case Array(element=element, count=count):
                return self.inside(Expr("{0}[{1}]", element, (base, self._index(count)), ATOM, (ATOM, 0)))
            case Pointer(target=target, room=room):
                return self.inside(self._pointed(base, target, rng.randrange(room)))
            case Record(members=members):
                name, kind = rng.choice(members)
                return self.inside(Expr(f"{{0}}.{name}", kind, (base,), ATOM, (ATOM,)))
        if variable is not None and not variable.is_plain and not base.scalar.is_bool and rng.random() < 0.1:
            return self._punned(base)
        return base

    def _index(self, count: int) -> Expr:
        if self.scope.symbolic and count & (count - 1) == 0 and self.rng.random() < 0.5:
            return binary("&", self.value(1), atom(str(count - 1), S32), S32)
        return atom(str(self.rng.randrange(count)), S32)

    def _pointed(self, base: Expr, target: Type, at: int) -> Expr:
        offset = atom(str(at), S32)
        moved = binary("+", base, offset, S32) if at else base
        if isinstance(target, Record) and self.rng.random() < 0.6:
            name, kind = self.rng.choice(target.members)
            return Expr(f"{{0}}->{name}", kind, (moved,), ATOM, (ATOM,))
        if at or self.rng.random() < 0.3:
            return Expr("{0}[{1}]", target, (base, offset), ATOM, (ATOM, 0))
        return Expr("*{0}", target, (moved,), UNARY, (UNARY,))

    def _punned(self, base: Expr) -> Expr:
        """Some bytes of a number."""
        kind = self.rng.choice([kind for kind in (U8, U16, U32, U64) if kind.bits <= base.scalar.bits])
        at = self.rng.randrange(base.scalar.bits // kind.bits)
        return Expr(f"(({kind.name} *)&{{0}})[{at}]", kind, (base,), ATOM, (UNARY,))

    # -- values ----------------------------------------------------------------------------------------------

    def value(self, depth: int) -> Expr:
        """A number."""
        rng = self.rng
        if depth <= 0 or rng.random() < 0.15:
            found = self.place() if rng.random() < 0.75 else None
            return found or literal(rng)
        choice = rng.random()
        if choice < 0.42:
            return self._arithmetic(depth)
        if choice < 0.52:
            return self._shift(depth)
        if choice < 0.59:
            return self._division(depth)
        if choice < 0.70:
            return binary(rng.choice(("==", "!=", "<", "<=", ">", ">=")), self.value(depth - 1), self.value(depth - 1), S32)
        if choice < 0.76:
            return binary(rng.choice(("&&", "||")), self.value(depth - 1), self.value(depth - 1), S32)
        if choice < 0.84:
            return self._sign(depth)
        if choice < 0.92:
            return cast(rng.choice(SCALARS), self.value(depth - 1))
        return self._other(depth)

    def _arithmetic(self, depth: int) -> Expr:
        left, right = self.value(depth - 1), self.value(depth - 1)
        return binary(self.rng.choice("+-*&|^+-&|^"), left, right, common(left.scalar, right.scalar))

    def _shift(self, depth: int) -> Expr:
        left = self.value(depth - 1)
        kind = promoted(left.scalar)
        return binary(self.rng.choice(("<<", ">>")), left, self.amount(kind, depth - 1), kind)

    def amount(self, kind: Scalar, depth: int) -> Expr:
        """Less than the width."""
        if self.rng.random() < 0.5:
            return atom(str(self.rng.randrange(kind.bits)), S32)
        inner = self.value(depth)
        return binary("&", inner, atom(str(kind.bits - 1), S32), common(inner.scalar, S32))

    def _division(self, depth: int) -> Expr:
        left, right = self.value(depth - 1), self.divisor(depth - 1)
        return binary(self.rng.choice("/%"), left, right, common(left.scalar, right.scalar))

    def divisor(self, depth: int) -> Expr:
        """Neither 0 nor -1, by which the smallest number cannot be divided."""
        choice = self.rng.random()
        if choice < 0.4:
            return atom(*self.rng.choice(DIVISORS))
        inner = self.value(depth)
        if choice < 0.7:
            return cast(self.rng.choice((U32, U64)), binary("|", inner, atom("1", S32), common(inner.scalar, S32)))
        masked = binary("&", inner, atom("15", S32), common(inner.scalar, S32))
        return binary("+", masked, atom("1", S32), masked.scalar)

    def _sign(self, depth: int) -> Expr:
        op, inner = self.rng.choice("-~!+"), self.value(depth - 1)
        return unary(op, inner, S32 if op == "!" else promoted(inner.scalar))

    def _other(self, depth: int) -> Expr:
        if self.rng.random() < 0.75:
            where, then, other = (self.value(depth - 1) for _ in range(3))
            kind = common(then.scalar, other.scalar)
            return Expr("{0} ? {1} : {2}", kind, (where, then, other), TERNARY, (3, 0, TERNARY))
        kind, found = self.rng.choice(SCALARS), self.place()
        if found is not None and self.rng.random() < 0.5:
            return Expr("sizeof({0})", U64, (found,), ATOM, (0,))
        return atom(f"sizeof({kind.name})", U64)

    def condition(self) -> Expr:
        return self.value(self.rng.choice((1, 1, 2, 3)))
