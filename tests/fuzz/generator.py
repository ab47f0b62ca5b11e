"""Random programs: one function with numbers as parameters, its helpers, statics and types. The same seed, the same text."""

from __future__ import annotations

import random

from tests.fuzz.objects import Objects, definition, random_record, random_union
from tests.fuzz.scope import Helper, Scope, Variable
from tests.fuzz.statements import Statements
from tests.fuzz.syntax import (
    BOOL,
    SCALARS,
    Array,
    Expr,
    Function,
    Pointer,
    Program,
    Record,
    Scalar,
    Stmt,
    Type,
    atom,
    declaration,
)
from tests.fuzz.undefined import Undefined

UNDEFINED_SHARE, SYMBOLIC_SHARE = 0.25, 0.05


def generate(seed: int, size: int = 4) -> Program:
    """`size`: the most statements in a block of a function."""
    rng = random.Random(seed)
    records = _records(rng, seed)
    statics = [_static(rng, f"s{seed}_{number}", records) for number in range(rng.randint(0, 3))]
    symbolic, is_undefined = rng.random() < SYMBOLIC_SHARE, rng.random() < UNDEFINED_SHARE
    helpers: list[Helper] = []
    functions = []
    for number in range(rng.choice((0, 0, 1, 1, 2))):
        scope = _scope(rng, records, helpers, [variable for variable, _ in statics], symbolic)
        function, helper = _helper(scope, f"h{seed}_{number}")
        functions.append(function)
        helpers.append(helper)
    scope = _scope(rng, records, helpers, [variable for variable, _ in statics], symbolic)
    parameters = tuple(rng.choice(SCALARS) for _ in range(rng.randint(1, 4)))
    functions.append(_main(scope, f"f{seed}", parameters, size, is_undefined))
    return Program(
        seed, f"f{seed}", parameters, (*(definition(record) for record in records), *(text for _, text in statics)),
        tuple(variable.name for variable, _ in statics), tuple(functions), is_undefined)


def _records(rng: random.Random, seed: int) -> tuple[Record, ...]:
    known: list[Record] = []
    for number in range(rng.randint(0, 2)):
        tag = f"r{seed}_{number}"
        known.append(random_union(rng, tag) if rng.random() < 0.2 else random_record(rng, tag, known))
    return tuple(known)


def _scope(
    rng: random.Random, records: tuple[Record, ...], helpers: list[Helper], statics: list[Variable], symbolic: bool
) -> Scope:
    return Scope(rng, records, list(helpers), [{v.name: v for v in statics}, {}], symbolic=symbolic)


def _static(rng: random.Random, name: str, records: tuple[Record, ...]) -> tuple[Variable, str]:
    scope = Scope(rng, records)
    objects = Objects(scope, Statements(scope).x)
    kind = objects.type()
    text = f"static {declaration(kind, name)}"
    if rng.random() < 0.7:
        text += f" = {objects.initialiser(kind, 1, constant=True).text}"
    return Variable(name, kind), f"{text};\n"


def _parameters(scope: Scope, kinds: tuple[Type, ...]) -> str:
    names = []
    for kind in kinds:
        is_plain = isinstance(kind, Scalar) and scope.rng.random() < 0.6
        variable = scope.declare(Variable(scope.fresh("a"), kind, is_plain=is_plain))
        names.append(declaration(kind, variable.name))
    return ", ".join(names) or "void"


def _helper(scope: Scope, name: str) -> tuple[Function, Helper]:
    rng = scope.rng
    targets: list[Type] = [*SCALARS, *scope.records]
    kinds: tuple[Type, ...] = tuple(
        Pointer(rng.choice(targets)) if rng.random() < 0.4 else rng.choice(SCALARS) for _ in range(rng.randint(0, 3)))
    result = rng.choice(SCALARS) if rng.random() < 0.8 else None
    head = f"static {result.name if result else 'void'} {name}({_parameters(scope, kinds)})"
    statements = Statements(scope)
    body = [statements.statement(rng.choice((0, 1, 2))) for _ in range(rng.randint(1, 2))]
    if result is not None:
        if rng.random() < 0.3:
            body.insert(rng.randint(0, len(body)), _early(scope, statements))
        body.append(Stmt("return {0};", (statements.x.value(2),)))
    return Function(head, tuple(body)), Helper(name, kinds, result, False)


def _early(scope: Scope, statements: Statements) -> Stmt:
    """A return before the end, of parameters alone: what is declared later is not there yet."""
    names = [v for v in scope.visible() if v.name[0] == "a" and isinstance(v.type, Scalar)]
    value = atom(scope.rng.choice(names).name, SCALARS[0]) if names else atom("3", SCALARS[0])
    return Stmt("if ({0} > 2) return {0};", (value,))


def _main(scope: Scope, name: str, kinds: tuple[Scalar, ...], size: int, is_undefined: bool) -> Function:
    head = f"u64 {name}({_parameters(scope, kinds)})"
    statements = Statements(scope)
    body = [statements.objects.declare() for _ in range(scope.rng.randint(1, 3))]
    body += [statements.statement(scope.rng.choice((0, 1, 1, 2, 2, 3))) for _ in range(scope.rng.randint(1, size))]
    if is_undefined:
        undefined = Undefined(statements)
        body += [undefined.statement() for _ in range(scope.rng.randint(1, 2))]
        body += [statements.statement(2) for _ in range(scope.rng.randint(0, 2))]
    body.append(Stmt("u64 sum = 0;"))
    for variable in scope.visible():
        body += [Stmt("sum = (sum << 7 | sum >> 57) ^ (u64)({0});", (number,))
                 for number in _numbers(atom(variable.name, variable.type))]
    body.append(Stmt("return sum;"))
    return Function(head, tuple(body))


def _numbers(base: Expr) -> list[Expr]:
    """All that an object holds."""
    match base.type:
        case Array(element=element, count=count):
            return [number for k in range(count)
                    for number in _numbers(Expr(f"{{0}}[{k}]", element, (base,), 15, (15,)))]
        case Pointer(target=target):
            return _numbers(Expr("*{0}", target, (base,), 13, (13,)))
        case Record(members=members):
            return [number for name, kind in (members[:1] if base.type.is_union else members)
                    for number in _numbers(Expr(f"{{0}}.{name}", kind, (base,), 15, (15,)))]
    return [base]


INTERESTING = (0, 1, 2, 3, 4, 7, 8, 31, 32, 33, 63, 64, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF,
               0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 0x100000000, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def inputs(program: Program, count: int) -> list[tuple[int, ...]]:
    """Numbers as the parameters' types hold them."""
    rng = random.Random(program.seed ^ 0x5EED)
    rows = []
    for _ in range(count):
        row = [rng.choice(INTERESTING) if rng.random() < 0.6 else rng.getrandbits(64) for _ in program.parameters]
        rows.append(tuple(
            int(value != 0) if kind == BOOL else value & ((1 << kind.bits) - 1)
            for value, kind in zip(row, program.parameters, strict=True)))
    return rows


