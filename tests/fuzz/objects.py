"""Random declarations and initialisers: variables, arrays, structs, unions, pointers, compound literals."""

from __future__ import annotations

import random

from tests.fuzz.expressions import ASSIGN, Expressions, binary, literal, unary
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
    Stmt,
    Type,
    atom,
    declaration,
)


def random_record(rng: random.Random, tag: str, known: list[Record]) -> Record:
    members: list[tuple[str, Type]] = []
    for number in range(rng.randint(1, 5)):
        kind: Type = rng.choice(SCALARS)
        if rng.random() < 0.2:
            kind = Array(kind, rng.choice((1, 2, 3, 4)))
        elif known and rng.random() < 0.2:
            kind = rng.choice(known)
        members.append((f"m{number}", kind))
    return Record(f"struct {tag}", tuple(members))


def random_union(rng: random.Random, tag: str) -> Record:
    """All members have eight bytes, so that one that is written leaves nothing uninitialised."""
    views: list[Type] = [U64, Array(U32, 2), Array(U16, 4), Array(U8, 8), Scalar("s64", 64, True)]
    rng.shuffle(views)
    return Record(f"union {tag}", tuple((f"w{number}", kind) for number, kind in enumerate(views[: rng.randint(2, 4)])))


def definition(record: Record) -> str:
    return f"{record.tag} {{ {' '.join(declaration(kind, name) + ';' for name, kind in record.members)} }};\n"


class Objects:
    """Declares variables with all their bytes set."""

    def __init__(self, scope: Scope, expressions: Expressions) -> None:
        self.scope = scope
        self.rng = scope.rng
        self._x = expressions

    def type(self) -> Type:
        choice = self.rng.random()
        if choice < 0.6 or not self.scope.records:
            return self.rng.choice(SCALARS)
        if choice < 0.78:
            return self.rng.choice(self.scope.records)
        element: Type = self.rng.choice(SCALARS)
        if self.rng.random() < 0.15:
            element = self.rng.choice(self.scope.records)
        return Array(element, self.rng.choice((1, 2, 3, 4, 4, 5)))

    def name(self) -> str:
        """Now and then that of an outer variable, which is hidden then."""
        hidden = self.scope.pick(lambda v: not v.is_fixed and v.name not in self.scope.blocks[-1] and v.name[0] == "v")
        if len(self.scope.blocks) > 2 and hidden is not None and self.rng.random() < 0.15:
            return hidden.name
        return self.scope.fresh("v")

    def declare(self) -> Stmt:
        if self.rng.random() < 0.2:
            made = self.pointer()
            if made is not None:
                return made
        kind = self.type()
        is_plain = isinstance(kind, Scalar) and self.rng.random() < 0.5
        initial = self.initialiser(kind, 2)
        name = self.name()
        text = declaration(kind, name)
        if name in initial.text:  # the initialiser would see the new variable
            name = self.scope.fresh("v")
            text = declaration(kind, name)
        self.scope.declare(Variable(name, kind, is_plain=is_plain))
        return Stmt(f"{text} = {{0}};", (initial,))

    # -- initialisers ----------------------------------------------------------------------------------------

    def initialiser(self, kind: Type, depth: int, constant: bool = False) -> Expr:
        """Something that may stand behind `=`."""
        match kind:
            case Scalar():
                return self._number(depth, constant)
            case Array(element=element, count=count):
                return self._array(element, count, depth, constant)
            case Record() if kind.is_union:
                return self._union(kind, depth, constant)
            case Record():
                other = self.record_place(kind) if not constant and self.rng.random() < 0.2 else None
                return other if other is not None else self._struct(kind, depth, constant)
        raise AssertionError(kind)

    def _number(self, depth: int, constant: bool) -> Expr:
        if not constant:
            return self._x.value(depth)
        number = literal(self.rng)
        return unary("-", number, number.type) if self.rng.random() < 0.2 else number

    def _list(self, kind: Type, items: list[tuple[str, Expr]]) -> Expr:
        form = ", ".join(f"{prefix}{{{number}}}" for number, (prefix, _) in enumerate(items))
        return Expr(f"{{{{ {form} }}}}", kind, tuple(item for _, item in items), ATOM, (ASSIGN,) * len(items))

    def _array(self, element: Type, count: int, depth: int, constant: bool) -> Expr:
        shown = self.rng.randint(0, count)
        if self.rng.random() < 0.2:
            chosen = sorted(self.rng.sample(range(count), shown))
            items = [(f"[{at}] = ", self.initialiser(element, depth - 1, constant)) for at in chosen]
        else:
            items = [("", self.initialiser(element, depth - 1, constant)) for _ in range(shown)]
        return self._list(Array(element, count), items)

    def _struct(self, kind: Record, depth: int, constant: bool) -> Expr:
        if self.rng.random() < 0.6:
            chosen = [member for member in kind.members if self.rng.random() < 0.7]
            if self.rng.random() < 0.3:
                self.rng.shuffle(chosen)
            items = [(f".{name} = ", self.initialiser(member, depth - 1, constant)) for name, member in chosen]
        else:
            shown = kind.members[: self.rng.randint(0, len(kind.members))]
            items = [("", self.initialiser(member, depth - 1, constant)) for _, member in shown]
        return self._list(kind, items)

    def _union(self, kind: Record, depth: int, constant: bool) -> Expr:
        """All bytes are named, or none."""
        name, member = self.rng.choice(kind.members)
        if self.rng.random() < 0.15:
            return self._list(kind, [])
        return self._list(kind, [(f".{name} = ", self.initialiser(member, depth - 1, constant))])

    def compound(self, kind: Record) -> Expr:
        inner = self._struct(kind, 1, False) if not kind.is_union else self._union(kind, 1, False)
        return Expr(f"({kind.tag}){{0}}", kind, (inner,), ATOM, (0,))

    # -- aggregates and pointers -----------------------------------------------------------------------------

    def record_place(self, kind: Record) -> Expr | None:
        """A struct of this type that exists."""
        found = self.scope.pick(lambda v: v.type == kind or (isinstance(v.type, Pointer) and v.type.target == kind))
        if found is None:
            return None
        base = atom(found.name, found.type)
        return base if found.type == kind else Expr("*{0}", kind, (base,), UNARY, (UNARY,))

    def address(self, target: Type, room: int, outlives: str = "") -> Expr | None:
        """Of at least `room` elements of a type, which are there as long as the variable `outlives`."""
        lasting = self.scope.lasting(outlives)
        fits = self.scope.pick(lambda v: not v.is_plain and self._room(v.type, target) >= room and v in lasting)
        if fits is None:
            return None
        base = atom(fits.name, fits.type)
        if isinstance(fits.type, Array):
            spare = self.rng.randint(0, fits.type.count - room)
            if spare and self.rng.random() < 0.5:
                return binary("+", base, atom(str(spare), S32), S32)
            element = Expr("{0}[{1}]", target, (base, atom(str(spare), S32)), ATOM, (ATOM, 0))
            return unary("&", element, Pointer(target, room)) if spare else base
        if isinstance(fits.type, Pointer):
            return base
        if fits.type == target:
            return unary("&", base, Pointer(target))
        assert isinstance(fits.type, Record)
        name = self.rng.choice([name for name, kind in fits.type.members if kind == target])
        return unary("&", Expr(f"{{0}}.{name}", target, (base,), ATOM, (ATOM,)), Pointer(target))

    @staticmethod
    def _room(kind: Type, target: Type) -> int:
        match kind:
            case Array(element=element, count=count) if element == target:
                return count
            case Pointer(target=other, room=room) if other == target:
                return room
            case Record(members=members) if target in (member for _, member in members):
                return 1
        return int(kind == target)

    def pointer(self) -> Stmt | None:
        """A pointer to something that is there, perhaps one of two things."""
        seen = self.scope.pick(lambda v: not v.is_plain and not isinstance(v.type, Pointer))
        if seen is None:
            return None
        target, room = seen.type, 1
        if isinstance(seen.type, Array):
            target, room = seen.type.element, self.rng.randint(1, seen.type.count)
        elif isinstance(seen.type, Record) and self.rng.random() < 0.4:
            target = self.rng.choice(seen.type.members)[1]
        if isinstance(target, Array):
            return None
        initial = self.pointing(target, room)
        if initial is None:
            return None
        name = self.scope.fresh("p")
        self.scope.declare(Variable(name, Pointer(target, room)))
        return Stmt(f"{declaration(Pointer(target), name)} = {{0}};", (initial,))

    def pointing(self, target: Type, room: int, outlives: str = "") -> Expr | None:
        first, second = self.address(target, room, outlives), self.address(target, room, outlives)
        if first is None or second is None:
            return None
        if isinstance(target, Record) and room == 1 and not outlives and self.rng.random() < 0.15:
            return unary("&", self.compound(target), Pointer(target))
        if self.rng.random() < 0.3 and first.text != second.text:
            return Expr("{0} ? {1} : {2}", Pointer(target, room), (self._x.condition(), first, second), 2, (3, 0, 2))
        return first
