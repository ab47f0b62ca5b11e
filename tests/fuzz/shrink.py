"""A smaller program that still shows what is looked for: statements go, expressions become plain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.fuzz.syntax import Array, Expr, Function, Pointer, Program, Scalar, Stmt, atom

Interesting = Callable[[Program], bool]


def shrink(program: Program, is_interesting: Interesting, most: int = 400) -> Program:
    """Tries at most so many smaller programs; what does not compile is not interesting."""
    tried = 0
    changed = True
    while changed:
        changed = False
        for smaller in _smaller(program):
            tried += 1
            if tried > most:
                return program
            if is_interesting(smaller):
                program, changed = smaller, True
                break
    return program


def _smaller(program: Program) -> Iterator[Program]:
    for number in range(len(program.functions) - 1):
        rest = (*program.functions[:number], *program.functions[number + 1 :])
        yield replace(program, functions=rest)
    for at, _ in enumerate(program.statics):
        declarations = [text for text in program.declarations if f" {program.statics[at]}" not in text]
        yield replace(program, statics=(*program.statics[:at], *program.statics[at + 1 :]),
                      declarations=tuple(declarations))
    for at, text in enumerate(program.declarations):
        if text.startswith(("struct", "union")):
            yield replace(program, declarations=(*program.declarations[:at], *program.declarations[at + 1 :]))
    for number, function in enumerate(program.functions):
        for body in _bodies(function.body):
            changed = Function(function.head, body)
            yield replace(program, functions=(*program.functions[:number], changed, *program.functions[number + 1 :]))


def _bodies(body: tuple[Stmt, ...]) -> Iterator[tuple[Stmt, ...]]:
    """Large steps first."""
    size = len(body)
    while size > 1:
        size = (size + 1) // 2
        for start in range(0, len(body), size):
            yield (*body[:start], *body[start + size :])
    for at, statement in enumerate(body):
        before, after = body[:at], body[at + 1 :]
        for inner in statement.bodies:
            yield (*before, *inner, *after)
            yield (*before, Stmt("<0>", (), (inner,)), *after)
        for one in _statements(statement):
            yield (*before, one, *after)


def _statements(statement: Stmt) -> Iterator[Stmt]:
    for at, inner in enumerate(statement.bodies):
        for body in _bodies(inner):
            yield replace(statement, bodies=(*statement.bodies[:at], body, *statement.bodies[at + 1 :]))
    for at, expression in enumerate(statement.exprs):
        for simpler in _expressions(expression):
            yield replace(statement, exprs=(*statement.exprs[:at], simpler, *statement.exprs[at + 1 :]))


def _expressions(expression: Expr) -> Iterator[Expr]:
    if isinstance(expression.type, Scalar):
        for number in ("0", "1"):
            if expression.text not in ("0", "1"):
                yield atom(number, expression.type)
    if isinstance(expression.type, Pointer | Array) and not expression.parts:
        return
    yield from expression.parts
    for at, part in enumerate(expression.parts):
        for simpler in _expressions(part):
            yield replace(expression, parts=(*expression.parts[:at], simpler, *expression.parts[at + 1 :]))
