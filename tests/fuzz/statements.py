"""Random statements, all defined and all ending: assignments, branches, loops, jumps, calls."""

from __future__ import annotations

from tests.fuzz.expressions import ASSIGN, Expressions, binary
from tests.fuzz.objects import Objects
from tests.fuzz.scope import Helper, Scope, Variable
from tests.fuzz.syntax import (
    ATOM,
    S32,
    SCALARS,
    UNARY,
    Array,
    Expr,
    Pointer,
    Record,
    Scalar,
    Stmt,
    atom,
    common,
    declaration,
    promoted,
)

MOST_ROUNDS = 5
COUNTERS = [kind for kind in SCALARS if not kind.is_bool]


class Statements:
    """Makes blocks. `labels` stand behind what is being made."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.rng = scope.rng
        self.x = Expressions(scope)
        self.objects = Objects(scope, self.x)
        self._loops = 0
        self._can_break = self._can_continue = False
        self._labels: list[str] = []

    def block(self, depth: int, most: int = 3) -> tuple[Stmt, ...]:
        self.scope.blocks.append({})
        made = tuple(self.statement(depth) for _ in range(self.rng.randint(1, most)))
        self.scope.blocks.pop()
        return made

    def statement(self, depth: int) -> Stmt:
        choice = self.rng.random()
        if depth <= 0 or choice < 0.5:
            return self._simple()
        if choice < 0.64:
            return self._if(depth)
        if choice < 0.74:
            return self._switch(depth)
        if choice < 0.86 and self._loops < 2:
            return self._loop(depth)
        if choice < 0.92:
            return self._jump(depth)
        if choice < 0.95:
            return self._set_on_both_sides(depth)
        ways = [*(["break"] * self._can_break), *(["continue"] * self._can_continue), *(f"goto {x}" for x in self._labels)]
        if ways and choice < 0.98:
            return Stmt(f"if ({{0}}) {self.rng.choice(ways)};", (self.x.condition(),))
        return Stmt("<0>", (), (self.block(depth - 1),))

    def _simple(self) -> Stmt:
        choice = self.rng.random()
        made: Stmt | None = None
        if choice < 0.25:
            return self.objects.declare()
        if choice < 0.35:
            made = self._step()
        elif choice < 0.42:
            made = self._aggregate()
        elif choice < 0.48:
            made = self._pointer()
        elif choice < 0.60:
            made = self._call()
        elif choice < 0.65:
            made = self._in_sequence()
        elif choice < 0.68:
            made = self._overflow()
        return made or self._assignment()

    # -- without control -------------------------------------------------------------------------------------

    def _assignment(self) -> Stmt:
        place = self.x.place(to_write=True)
        if place is None:
            return self.objects.declare()
        kind = promoted(place.scalar)
        op = self.rng.choice(("=", "=", "=", "+=", "-=", "*=", "&=", "|=", "^=", "<<=", ">>=", "/=", "%="))
        if op in ("<<=", ">>="):
            value = self.x.amount(kind, 1)
        elif op in ("/=", "%="):
            value = self.x.divisor(1)
        else:
            value = self.x.value(self.rng.choice((1, 2, 2, 3)))
        return Stmt(f"{{0}} {op} {{1}};", (place, value))

    def _plain(self, other_than: str = "") -> Variable | None:
        return self.scope.pick(
            lambda v: v.is_plain and not v.is_fixed and isinstance(v.type, Scalar) and v.name != other_than)

    def _step(self) -> Stmt | None:
        """++ and --; where the value is used, it is put into another variable that has no other name."""
        form = self.rng.choice(("++{0}", "--{0}", "{0}++", "{0}--"))
        changed, into = self._plain(), None
        if changed is not None and self.rng.random() < 0.6:
            into = self._plain(changed.name)
        if changed is None or into is None:
            place = self.x.place(to_write=True)
            return None if place is None else Stmt("{0};", (Expr(form, place.type, (place,), UNARY, (ATOM,)),))
        stepped = Expr(form, changed.type, (atom(changed.name, changed.type),), UNARY, (UNARY,))
        return Stmt("{0} = {1};", (atom(into.name, into.type), stepped))

    def _in_sequence(self) -> Stmt | None:
        """Side effects between sequence points."""
        one, two = self._plain(), self._plain()
        if one is None or two is None:
            return None
        first = Expr(f"{{0}} {self.rng.choice(('=', '+=', '^=', '-='))} {{1}}", one.type,
                     (atom(one.name, one.type), self.x.value(1)), ASSIGN, (UNARY, ASSIGN))
        second = Expr(self.rng.choice(("{0}++", "--{0}")), two.type, (atom(two.name, two.type),), UNARY, (UNARY,))
        joined = self.rng.choice((
            binary("&&", self.x.condition(), first, S32), binary("||", first, second, S32),
            binary("&&", second, first, S32), binary("||", binary("&&", first, self.x.condition(), S32), second, S32),
            Expr("{0} ? {1} : {2}", common(first.scalar, second.scalar), (self.x.condition(), first, second), 2, (3, 0, 2)),
            Expr("{0}, {1}", second.type, (first, second), 0, (ASSIGN, ASSIGN)),
        ))
        if self.rng.random() < 0.5:
            return Stmt("{0};", (joined,))
        result = self.scope.fresh("v")
        kind = self.rng.choice(SCALARS)
        self.scope.declare(Variable(result, kind, is_plain=True))
        return Stmt(f"{declaration(kind, result)} = ({{0}});", (joined,))

    def _aggregate(self) -> Stmt | None:
        seen = self.scope.pick(lambda v: isinstance(v.type, Record) or (
            isinstance(v.type, Pointer) and isinstance(v.type.target, Record)))
        if seen is None:
            return self._bytes()
        kind = seen.type.target if isinstance(seen.type, Pointer) else seen.type
        assert isinstance(kind, Record)
        to, other = self.objects.record_place(kind), self.objects.record_place(kind)
        assert to is not None and other is not None
        if self.rng.random() < 0.4:
            return Stmt("{0} = {1};", (to, self.objects.compound(kind)))
        if to.text == other.text or self.rng.random() < 0.5:
            return Stmt("{0} = {1};", (to, other))
        return self._bytes()

    def _bytes(self) -> Stmt | None:
        """memset and memcpy of whole arrays."""
        seen = self.scope.pick(lambda v: isinstance(v.type, Array) and isinstance(v.type.element, Scalar)
                               and not v.type.element.is_bool)
        if seen is None:
            return None
        assert isinstance(seen.type, Array)
        name, kind = seen.name, seen.type
        other = self.scope.pick(lambda v: v.type == kind and v.name != name)
        if other is not None and self.rng.random() < 0.6:
            call = self.rng.choice(("memcpy", "memmove"))
            return Stmt(f"{call}({name}, {other.name}, sizeof({name}));")
        size = self.rng.choice((f"sizeof({name})", f"sizeof({name}[0])", str(self.rng.randint(0, kind.count))))
        return Stmt(f"memset({name}, {{0}}, {size});", (self.x.value(1),))

    def _pointer(self) -> Stmt | None:
        """A pointer is led elsewhere, or compared, or subtracted."""
        seen = self.scope.pick(lambda v: isinstance(v.type, Pointer) and not v.is_fixed)
        if seen is None:
            return self.objects.pointer()
        assert isinstance(seen.type, Pointer)
        if self.rng.random() < 0.5:
            value = self.objects.pointing(seen.type.target, seen.type.room, seen.name)
            return None if value is None else Stmt("{0} = {1};", (atom(seen.name, seen.type), value))
        other = self.scope.pick(lambda v: v.type == seen.type)
        assert other is not None
        test = self.rng.choice((f"{seen.name} == {other.name}", f"{seen.name} != NULL", f"!{seen.name}",
                                f"&{seen.name}[{seen.type.room - 1}] - {seen.name}"))
        place = self.x.place(to_write=True)
        return None if place is None else Stmt(f"{{0}} = {test};", (place,))

    def _overflow(self) -> Stmt | None:
        into = self.scope.pick(
            lambda v: isinstance(v.type, Scalar) and not v.is_plain and not v.is_fixed and not v.type.is_bool)
        if into is None:
            return None
        kind, name = self.rng.choice(SCALARS), self.scope.fresh("v")
        parts = self._own(self.x.value(2)), self._own(self.x.value(1))
        self.scope.declare(Variable(name, kind, is_plain=True))
        op = self.rng.choice(("add", "sub", "mul"))
        return Stmt(f"{declaration(kind, name)} = check_{op}_overflow({{0}}, {{1}}, &{into.name});", parts)

    @staticmethod
    def _own(value: Expr) -> Expr:
        """A macro's argument."""
        return Expr("({0})", value.type, (value,), ATOM, (0,))

    # -- calls -----------------------------------------------------------------------------------------------

    def _call(self) -> Stmt | None:
        if not self.scope.helpers:
            return None
        helper = self.rng.choice(self.scope.helpers)
        call = self.call(helper)
        if call is None:
            return None
        if not isinstance(helper.result, Scalar):
            return Stmt("{0};", (call,))
        into = self._plain()
        if into is None or (self.rng.random() < 0.3 and not helper.is_pure):
            return Stmt("{0};", (call,))
        value: Expr = call
        if self.rng.random() < 0.4 and (beside := self._plain()) is not None:
            left = atom(beside.name, beside.type)
            value = binary(self.rng.choice("+-^*"), left, call, common(left.scalar, call.scalar))
        return Stmt("{0} = {1};", (atom(into.name, into.type), value))

    def call(self, helper: Helper) -> Expr | None:
        arguments: list[Expr] = []
        for kind in helper.parameters:
            if isinstance(kind, Pointer):
                found = self.objects.address(kind.target, kind.room)
                if found is None:
                    return None
                arguments.append(found)
            else:
                arguments.append(self.x.value(2))
        form = ", ".join(f"{{{number}}}" for number in range(len(arguments)))
        return Expr(f"{helper.name}({form})", helper.result or S32, tuple(arguments), ATOM, (ASSIGN,) * len(arguments))

    # -- control ---------------------------------------------------------------------------------------------

    def _if(self, depth: int) -> Stmt:
        condition = self.x.condition()
        if self.rng.random() < 0.5:
            return Stmt("if ({0}) <0> else <1>", (condition,), (self.block(depth - 1), self.block(depth - 1)))
        return Stmt("if ({0}) <0>", (condition,), (self.block(depth - 1),))

    def _set_on_both_sides(self, depth: int) -> Stmt:
        """A variable without an initialiser that every path sets."""
        name, kind = self.scope.fresh("v"), self.rng.choice(SCALARS)
        setting = [Stmt(f"{name} = {{0}};", (self.x.value(2),)) for _ in range(2)]
        condition = self.x.condition()
        both = [(Stmt("<0>", (), (self.block(depth - 1, 2),)), one) for one in setting]
        self.scope.blocks.append({name: Variable(name, kind, is_plain=True)})
        after = self.block(depth - 1)
        self.scope.blocks.pop()
        declared = Stmt(f"{declaration(kind, name)};")
        return Stmt("<0>", (), ((declared, Stmt("if ({0}) <0> else <1>", (condition,), tuple(both)),
                                 Stmt("<0>", (), (after,))),))

    def _switch(self, depth: int) -> Stmt:
        mask = self.rng.choice((3, 7, 0xFF))
        operand = self.x.value(2)
        if self.rng.random() < 0.7:
            operand = binary("&", operand, atom(str(mask), S32), common(operand.scalar, S32))
        values = self.rng.sample((0, 1, 2, 3, 4, 5, 6, 7, 255, -1, 0x7FFFFFFF, 0x80), self.rng.randint(1, 4))
        labels = [f"case {value}:" for value in values]
        if self.rng.random() < 0.6:
            labels.insert(self.rng.randint(0, len(labels)), "default:")
        items: list[Stmt] = []
        outside, self._can_break = self._can_break, True
        for label in labels:
            items.append(Stmt(label))
            if self.rng.random() < 0.8:
                items.append(Stmt("<0>", (), (self.block(depth - 1, 2),)))
            if self.rng.random() < 0.6:
                items.append(Stmt("break;"))
        items.append(Stmt("break;"))
        self._can_break = outside
        return Stmt("switch ({0}) <0>", (operand,), (tuple(items),))

    def _jump(self, depth: int) -> Stmt:
        """Forward out of a block, or backward a few times."""
        label = self.scope.fresh("l")
        if self.rng.random() < 0.7:
            self._labels.append(label)
            before, after = self.block(depth - 1, 2), self.block(depth - 1, 2)
            self._labels.pop()
            leave = Stmt(f"if ({{0}}) goto {label};", (self.x.condition(),))
            inner = (Stmt("<0>", (), (before,)), leave, Stmt("<0>", (), (after,)))
            return Stmt(f"<0>\n\t{label}: ;", (), (inner,))
        counter, kind = self.scope.fresh("n"), self.rng.choice(COUNTERS)
        self.scope.blocks.append({counter: Variable(counter, kind, True, True)})
        loops, self._loops = self._loops, self._loops + 1
        repeated = self.block(depth - 1, 3)
        self._loops = loops
        self.scope.blocks.pop()
        back = Stmt(f"if (++{counter} < {self.rng.randint(1, 3)}) goto {label};")
        return Stmt("<0>", (), ((Stmt(f"{declaration(kind, counter)} = 0;"), Stmt(f"{label}: ;"),
                                 Stmt("<0>", (), (repeated,)), back),))

    def _loop(self, depth: int) -> Stmt:
        walk = self._walk(depth) if self.rng.random() < 0.25 else None
        return walk or self._counted(depth)

    def _body(self, depth: int, *names: Variable) -> tuple[Stmt, ...]:
        saved = self._loops, self._can_break, self._can_continue
        self._loops, self._can_break, self._can_continue = self._loops + 1, True, True
        self.scope.blocks.append({variable.name: variable for variable in names})
        made = self.block(depth - 1)
        self.scope.blocks.pop()
        self._loops, self._can_break, self._can_continue = saved
        return made

    def _bound(self) -> Expr:
        if self.rng.random() < 0.5:
            return atom(str(self.rng.randint(0, MOST_ROUNDS)), S32)
        inner = self.x.value(1)
        return binary("&", inner, atom(self.rng.choice("13"), S32), common(inner.scalar, S32))

    def _counted(self, depth: int) -> Stmt:
        """The bound is worked out once: what the body does cannot change how often it runs."""
        kind, name, end = self.rng.choice(COUNTERS), self.scope.fresh("n"), self.scope.fresh("n")
        bound = self._bound()
        counter, limit = Variable(name, kind, True, True), Variable(end, kind, True, True)
        body = self._body(depth, counter, limit)
        declared = Stmt(f"{declaration(kind, end)} = {{0}};", (bound,))
        head, typed = "", declaration(kind, name)
        match self.rng.randrange(6):
            case 0 | 1:
                head = f"for ({typed} = 0; {name} < {end}; {self.rng.choice((f'{name}++', f'++{name}', f'{name} += 1'))}) <0>"
            case 2:
                head = f"for ({typed} = {end}; {name} > 0; {name}--) <0>"
            case 3:
                return Stmt("<0>", (), ((declared, Stmt(f"{typed} = 0;"), Stmt(f"while ({name}++ < {end}) <0>", (), (body,))),))
            case 4:
                return Stmt("<0>", (), ((declared, Stmt(f"{typed} = {end};"), Stmt(f"while ({name}--) <0>", (), (body,))),))
            case 5:
                return Stmt("<0>", (), ((declared, Stmt(f"{typed} = 0;"), Stmt(f"do <0> while (++{name} < {end});", (), (body,))),))
        return Stmt("<0>", (), ((declared, Stmt(head, (), (body,))),))

    def _walk(self, depth: int) -> Stmt | None:
        """A pointer goes through an array."""
        seen = self.scope.pick(lambda v: isinstance(v.type, Array) and not v.is_plain)
        if seen is None:
            return None
        assert isinstance(seen.type, Array)
        name, element = self.scope.fresh("p"), seen.type.element
        body = self._body(depth, Variable(name, Pointer(element), True))
        typed = declaration(Pointer(element), name)
        stop = f"{seen.name} + {seen.type.count}"
        if self.scope.symbolic and self.rng.random() < 0.3:
            return Stmt(f"for ({typed} = {seen.name}; {name} < {stop}; {name}++) <0>", (), (body,))
        return Stmt(f"for ({typed} = {seen.name}; {name} != {stop}; {name}++) <0>", (), (body,))
