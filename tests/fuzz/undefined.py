"""Statements that are undefined for some inputs. `UB_IF` marks where, for what no sanitizer sees."""

from __future__ import annotations

from tests.fuzz.expressions import binary, cast
from tests.fuzz.scope import Variable
from tests.fuzz.statements import Statements
from tests.fuzz.syntax import S32, SCALARS, U64, Array, Expr, Pointer, Scalar, Stmt, atom, common, declaration, promoted

WIDE = [kind for kind in SCALARS if not kind.is_bool]


class Undefined:
    """One statement each; its effect is on variables that are there."""

    def __init__(self, statements: Statements) -> None:
        self._s = statements
        self.rng = statements.rng

    def statement(self) -> Stmt:
        makers = (self._shift, self._division, self._uninitialised, self._null, self._subscript, self._carried, self._gone,
                  self._shift_by_constant, self._left_unset)
        made = self.rng.choice(makers)()
        return made or self._shift() or Stmt(";")

    def _into(self) -> Expr | None:
        return self._s.x.place(to_write=True)

    def _value(self) -> Expr:
        return self._s.x.value(1)

    def _small(self, most: int) -> Expr:
        """0 to `most`, a power of two less one: often what is allowed, sometimes not."""
        inner = self._value()
        return binary("&", inner, atom(str(most), S32), common(inner.scalar, S32))

    def _shift(self) -> Stmt | None:
        place, left = self._into(), self._value()
        right = self._value() if self.rng.random() < 0.3 else self._small(promoted(left.scalar).bits * 2 - 1)
        shifted = binary(self.rng.choice(("<<", ">>")), left, right, promoted(left.scalar))
        return None if place is None else Stmt("{0} = {1};", (place, shifted))

    def _shift_by_constant(self) -> Stmt | None:
        place, left = self._into(), self._value()
        if place is None:
            return None
        amount = promoted(left.scalar).bits + self.rng.choice((-1, 0, 1))
        shifted = binary(self.rng.choice(("<<", ">>")), left, atom(str(amount), S32), promoted(left.scalar))
        return Stmt("if ({0}) <0>", (self._s.x.condition(),), ((Stmt("{0} = {1};", (place, shifted)),),))

    def _division(self) -> Stmt | None:
        place, left, right = self._into(), self._value(), self._small(self.rng.choice((1, 3)))
        if self.rng.random() < 0.3:
            right = cast(U64, self._value())
        divided = binary(self.rng.choice("/%"), left, right, common(left.scalar, right.scalar))
        return None if place is None else Stmt("{0} = {1};", (place, divided))

    def _uninitialised(self) -> Stmt | None:
        """A branch on what only one path set."""
        name, kind, place = self._s.scope.fresh("q"), self.rng.choice(SCALARS), self._into()
        if place is None:
            return None
        where = self.rng.choice(("if ({0}) <0>", "switch ({0}) <0>", "while ({0}) <0>"))
        test = atom(self.rng.choice((name, f"!{name}", f"({name} ^ 1)", f"{name} != 1")), kind)  # each depends on it
        inner = Stmt("{0} = {1};", (place, self._value()))
        body = (inner,) if where.startswith("if") else (inner, Stmt("break;"))
        if where.startswith("switch"):
            body = (Stmt("case 1:"), *body)
        return Stmt("<0>", (), ((
            Stmt(f"{declaration(kind, name)};"), Stmt(f"u8 {name}c = !!({{0}});", (self._s.x.condition(),)),
            Stmt(f"if ({name}c) {name} = {{0}};", (self._value(),)), Stmt(f"UB_IF(!{name}c);"), Stmt(where, (test,), (body,)),
        ),))

    def _left_unset(self) -> Stmt | None:
        """A loop that may run no iteration sets it, or a jump goes past the setting."""
        name, kind, place = self._s.scope.fresh("q"), self.rng.choice(SCALARS), self._into()
        if place is None:
            return None
        setting = (Stmt(f"u8 {name}k = 0;"), Stmt(f"for (; {name}k < {name}c; {name}k++) <0>", (), (
            (Stmt(f"{name} = {{0}};", (self._value(),)),),)))
        if self.rng.random() < 0.5:
            setting = (Stmt(f"if (!{name}c) goto {name}l;"), Stmt(f"{name} = {{0}};\n\t{name}l: ;", (self._value(),)))
        return Stmt("<0>", (), ((
            Stmt(f"{declaration(kind, name)};"), Stmt(f"u8 {name}c = {{0}};", (self._small(1),)), *setting,
            Stmt(f"UB_IF(!{name}c);"), Stmt(f"if ({name}) <0>", (), ((Stmt("{0} = {1};", (place, self._value())),),)),
        ),))

    def _target(self) -> Variable | None:
        return self._s.scope.pick(lambda v: not v.is_plain and isinstance(v.type, Scalar))

    def _null(self) -> Stmt | None:
        seen, place, name = self._target(), self._into(), self._s.scope.fresh("q")
        if seen is None or place is None:
            return None
        typed = declaration(Pointer(seen.type), name)
        use = self.rng.choice((f"{{0}} = *{name};", f"*{name} = {{0}};"))
        return Stmt("<0>", (), ((
            Stmt(f"u8 {name}c = !!({{0}});", (self._s.x.condition(),)),
            Stmt(f"{typed} = {name}c ? &{seen.name} : NULL;"), Stmt(f"UB_IF(!{name}c);"), Stmt(use, (place,)),
        ),))

    def _gone(self) -> Stmt | None:
        """A pointer to a variable of a function that has returned."""
        seen, place, name = self._target(), self._into(), self._s.scope.fresh("q")
        if seen is None or place is None or not isinstance(seen.type, Scalar):
            return None
        giver = f"gone_{seen.type.name.replace(' ', '_')}"
        return Stmt("<0>", (), ((
            Stmt(f"u8 {name}c = !!({{0}});", (self._s.x.condition(),)),
            Stmt(f"{declaration(Pointer(seen.type), name)} = {name}c ? &{seen.name} : {giver}(3);"),
            Stmt(f"UB_IF(!{name}c);"), Stmt(f"{{0}} = *{name};", (place,)),
        ),))

    def _subscript(self) -> Stmt | None:
        """Of an array, or through a pointer to its first element, with an index that may be too large."""
        seen = self._s.scope.pick(lambda v: isinstance(v.type, Array) and isinstance(v.type.element, Scalar))
        place, name = self._into(), self._s.scope.fresh("q")
        if seen is None or place is None or not isinstance(seen.type, Array):
            return None
        kind = self.rng.choice(WIDE)
        use = self.rng.choice((f"{seen.name}[{name}]", f"*({seen.name} + {name})", f"(&{seen.name}[0])[{name}]"))
        return Stmt("<0>", (), ((
            Stmt(f"{declaration(kind, name)} = {{0}};", (self._small(7),)),
            Stmt(f"UB_IF((u64){name} >= {seen.type.count});"), Stmt(f"{{0}} = {use};", (place,)),
        ),))

    def _carried(self) -> Stmt | None:
        """A loop that may go one element too far."""
        seen = self._s.scope.pick(lambda v: isinstance(v.type, Array) and isinstance(v.type.element, Scalar))
        place, name = self._into(), self._s.scope.fresh("q")
        if seen is None or place is None or not isinstance(seen.type, Array):
            return None
        count = seen.type.count
        return Stmt("<0>", (), ((
            Stmt(f"u8 {name}c = !!({{0}});", (self._s.x.condition(),)), Stmt(f"u32 {name};"),
            Stmt(f"for ({name} = 0; {name} < {count} + {name}c; {name}++) <0>", (), ((
                Stmt(f"UB_IF({name} >= {count});"), Stmt(f"{{0}} ^= {seen.name}[{name}];", (place,))),)),
        ),))


def givers() -> list[str]:
    """Functions that return the address of what is gone."""
    return [f"static {kind.name} *gone_{kind.name.replace(' ', '_')}({kind.name} a)\n{{\n\t{kind.name} x[1] = {{ a }};\n"
            f"\t{kind.name} *p = x;\n\treturn p;\n}}\n"
            for kind in dict.fromkeys(SCALARS)]
