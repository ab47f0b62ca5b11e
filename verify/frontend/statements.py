"""C statements → blocks. A statement that is not modelled becomes one located `Unsupported`, whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pycparser import c_ast

from verify.errors import UnsupportedC
from verify.frontend import ctypes as ct
from verify.frontend import fold
from verify.frontend.builder import BrokenVariable, Builder, ObjectVariable, RegisterVariable
from verify.frontend.expressions import Expressions
from verify.frontend.guards import Guards, is_guard, is_scoped
from verify.frontend.named import in_node, jumps_in
from verify.frontend.shape import has_nested_case, may_skip
from verify.frontend.split import RANGE
from verify.frontend.values import ConversionError, RegisterPlace, convert, promoted
from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.expr import Register

MOST_CASES = 1024
"""Of one range."""


class Statements:
    """Lowers the body of one function that returns `result`; `in_memory` are the locals whose address is taken."""

    def __init__(self, expressions: Expressions, result: ct.CType, in_memory: frozenset[str]) -> None:
        self._x = expressions
        expressions.declare = self._declare
        self._types = expressions.types
        self._result = result
        self._in_memory = in_memory
        self._guards = Guards(expressions)
        self._breaks: list[str] = []
        self._continues: list[str] = []
        self._depths: dict[str, int] = {}
        """How many guards there were where a loop, a switch or a scope began, by the labels that it is left for."""
        self._in_loop = 0
        self._labelled = False
        """A label was seen: a jump back to it makes a loop of what follows."""
        self._skipping = 0
        """Loops around that have jumps inside past declarations."""

    @property
    def _builder(self) -> Builder:
        """Declarations inside an expression go where that goes."""
        return self._x.builder

    def body(self, node: Any) -> None:
        self._guards.begin(node)
        self.lower(node)
        if self._builder.is_open and isinstance(self._result, ct.Void):
            self._builder.end(i.Return(None, self._builder.span))

    def lower(self, node: Any) -> None:
        match node:
            case None | c_ast.EmptyStatement():
                return
            case c_ast.Compound():
                self._compound(node)
                return
            case c_ast.Label():
                self._labelled = True
                self._begin(f"label.{node.name}")
                self._builder.repeats()
                self.lower(node.stmt)
                return
            case c_ast.DeclList():
                for item in node.decls:
                    self.lower(item)
                return
        self._builder.span = self._types.span(node)
        match node:
            case c_ast.If():
                self._if(node)
            case c_ast.Switch():
                self._switch(node)
            case c_ast.For() if is_scoped(node):
                self._scoped(node)
            case c_ast.While() | c_ast.DoWhile() | c_ast.For():
                self._loop(node)
            case _:
                self._attempt(lambda: self._simple(node), node)

    def _compound(self, node: Any) -> None:
        depth = self._guards.depth
        self._builder.push()
        for item in node.block_items or []:
            if is_guard(item):
                self._builder.span = self._types.span(item)
                self._attempt(partial(self._guards.take, item), item)
            else:
                self.lower(item)
        self._guards.close(depth)
        self._builder.pop()

    def _scoped(self, node: Any) -> None:
        """`break` and `continue` leave it."""
        done = self._builder.label("guard.end")
        self._breaks.append(done)
        self._continues.append(done)
        self._depths[done] = self._guards.depth
        self._attempt(lambda: self._guards.take(node), node.init)
        self.lower(node.stmt)
        self._guards.close(self._depths[done])
        self._continues.pop()
        self._breaks.pop()
        self._begin(done)

    def _leave(self, label: str) -> None:
        self._guards.leave(self._depths[label])
        self._builder.jump(label)
        self._builder.start(self._builder.label("after"))

    def _attempt(self, action: Callable[[], None], node: Any) -> bool:
        """Run `action`; if it meets something that is not modelled, undo it and say so there.

        The code behind is kept, for it may run then and write.
        """
        mark = self._builder.mark()
        try:
            action()
            return True
        except (UnsupportedC, ConversionError, ct.LayoutError) as problem:
            self._builder.rollback(mark)
            construct = problem.construct if isinstance(problem, UnsupportedC) else str(problem)
            self._builder.unsupported(construct, self._builder.span, in_node(node, self._x.names))
            after = self._builder.label("after")
            if isinstance(node, c_ast.Return):
                self._builder.end(i.Stop(self._builder.span))
            else:
                self._builder.any_of([after, *self._jumps(node)])
            self._builder.start(after)
            return False

    def _jumps(self, node: Any) -> list[str]:
        """Where it may go besides, out of a `({ … })`."""
        labels, is_leaving = jumps_in(node, self._x.names)
        around = [*self._breaks[-1:], *self._continues[-1:]] if is_leaving else []
        return [*(f"label.{name}" for name in sorted(labels)), *around]

    def _begin(self, label: str) -> None:
        """A new block, entered from the one before too."""
        self._builder.jump(label)
        self._builder.start(label)

    def _simple(self, node: Any) -> None:
        b = self._builder
        match node:
            case c_ast.Decl():
                self._declare(node)
            case c_ast.Return():
                self._return(node)
            case c_ast.Goto():
                self._guards.leave_for(node.name, node)
                b.jump(f"label.{node.name}")
                b.start(b.label("after"))
            case c_ast.Break() if self._breaks:
                self._leave(self._breaks[-1])
            case c_ast.Continue() if self._continues:
                self._leave(self._continues[-1])
            case c_ast.Pragma():
                raise self._types.refuse("#pragma", node)
            case _:
                self._x.value(node)

    def _return(self, node: Any) -> None:
        b = self._builder
        if node.expr is None or isinstance(self._result, ct.Void):
            if node.expr is not None:
                self._x.value(node.expr)
            self._guards.leave(0)
            b.end(i.Return(None, b.span))
        else:
            value = self._x.converted(node.expr, self._result)
            self._guards.leave(0)
            b.end(i.Return(value, b.span))
        b.start(b.label("after"))

    def _condition(self, node: Any, then: str, other: str) -> None:
        if not self._attempt(lambda: self._x.branch(node, then, other), node):
            self._builder.any_of([then, other])

    def _if(self, node: Any) -> None:
        b = self._builder
        then, other, done = b.label("if.then"), b.label("if.else"), b.label("if.end")
        self._condition(node.cond, then, other if node.iffalse is not None else done)
        b.start(then)
        self.lower(node.iftrue)
        b.jump(done)
        if node.iffalse is not None:
            b.start(other)
            self.lower(node.iffalse)
            b.jump(done)
        b.start(done)

    # -- switch ----------------------------------------------------------------------------------------------

    def _switch(self, node: Any) -> None:
        b = self._builder
        done = b.label("switch.end")
        items = node.stmt.block_items or [] if isinstance(node.stmt, c_ast.Compound) else [node.stmt]
        labels = {id(item): b.label("case") for item in items if isinstance(item, (c_ast.Case, c_ast.Default))}
        if not self._attempt(lambda: self._dispatch(node, items, labels, done), node.cond):
            b.any_of([*labels.values(), done])
        b.start(b.label("after"))
        self._breaks.append(done)
        self._depths[done] = self._guards.depth
        b.push()
        for item in items:
            if id(item) not in labels:
                self.lower(item)
                continue
            self._begin(labels[id(item)])
            for statement in item.stmts or []:
                self.lower(statement)
        b.pop()
        self._breaks.pop()
        b.jump(done)
        b.start(done)

    def _dispatch(self, node: Any, items: list[Any], labels: dict[int, str], done: str) -> None:
        if has_nested_case(items):
            raise self._types.refuse("case label inside another statement", node)
        operand = self._x.value(node.cond)
        kind = promoted(operand.type)
        value = convert(operand, kind).expr
        default, cases = done, []
        for item in items:
            if isinstance(item, c_ast.Default):
                default = labels[id(item)]
            elif isinstance(item, c_ast.Case):
                cases += [(constant, labels[id(item)]) for constant in self._constants(item, kind)]
        if len({constant for constant, _ in cases}) != len(cases):
            raise self._types.refuse("two cases of one value", node)
        self._builder.end(i.Switch(value, tuple(cases), default, self._builder.span))

    def _constants(self, case: Any, kind: ct.Int) -> list[int]:
        """The values of one label, in the type of what is switched on, as bits."""
        is_range = isinstance(case.expr, c_ast.FuncCall) and case.expr.name.name == RANGE
        bounds = case.expr.args.exprs if is_range else (case.expr, case.expr)
        low, high = (_as(kind, self._types.constant(bound)) for bound in bounds)
        if high - low >= MOST_CASES:
            raise self._types.refuse(f"case range of more than {MOST_CASES} values", case)
        return [number & (1 << kind.bits) - 1 for number in range(low, high + 1)]

    # -- loops -----------------------------------------------------------------------------------------------

    def _loop(self, node: Any) -> None:
        b = self._builder
        b.push()
        head, body, step, done = (b.label(f"loop.{part}") for part in ("head", "body", "step", "end"))
        if isinstance(node, c_ast.For):
            self._start_for(node)
        span = b.span
        if isinstance(node, c_ast.DoWhile):
            b.jump(body)
        else:
            self._head(node, head, body, done)
        self._breaks.append(done)
        self._continues.append(step)
        self._depths[done] = self._depths[step] = self._guards.depth
        self._in_loop += 1
        skips = may_skip(node.stmt)
        self._skipping += skips
        b.start(body)
        if skips:
            b.repeats()
        self.lower(node.stmt)
        self._skipping -= skips
        self._in_loop -= 1
        self._begin(step)
        b.span = span
        if isinstance(node, c_ast.DoWhile):
            self._condition(node.cond, body, done)
        else:
            if isinstance(node, c_ast.For) and node.next is not None:
                self._attempt(lambda: self._simple(node.next), node.next)
            b.jump(head)
        self._breaks.pop()
        self._continues.pop()
        b.pop()
        b.start(done)

    def _head(self, node: Any, head: str, body: str, done: str) -> None:
        self._begin(head)
        if node.cond is None:
            self._builder.jump(body)
        else:
            self._condition(node.cond, body, done)

    def _start_for(self, node: Any) -> None:
        if isinstance(node.init, c_ast.DeclList):
            self.lower(node.init)
        elif node.init is not None:
            self._attempt(lambda: self._simple(node.init), node.init)

    # -- declarations ----------------------------------------------------------------------------------------

    def _declare(self, node: Any) -> None:
        if node.name is None:
            self._types.of(node.type)
            return
        try:
            kind = self._local_type(node)
        except UnsupportedC as problem:
            self._builder.declare(node.name, BrokenVariable(problem.construct, problem.where))
            if node.init is not None:
                raise
            return
        needs_memory = not ct.is_scalar(kind) or node.name in self._in_memory
        may_repeat = self._in_loop > 0 or self._labelled
        if needs_memory or (may_repeat and (node.init is None or self._labelled or self._skipping)):
            self._declare_object(node, kind)
            return
        register = Register(self._builder.unique(node.name), ct.bits_of(kind))
        self._builder.declare(node.name, RegisterVariable(register, kind))  # its initialiser sees it already
        self._initial_register(node, kind, register)

    def _initial_register(self, node: Any, kind: ct.CType, register: Register) -> None:
        initial = node.init
        if isinstance(initial, c_ast.InitList):
            items = initial.exprs or []
            if len(items) > 1:
                raise self._types.refuse("initialiser of a scalar", node)
            initial = items[0] if items else c_ast.Constant("int", "0", node.coord)
        if initial is not None:
            self._x.write(RegisterPlace(register, kind), self._x.value(initial))

    def _declare_object(self, node: Any, kind: ct.CType) -> None:
        span = self._types.span(node)
        name = self._builder.local_object(node.name, kind, span)
        self._builder.declare(node.name, ObjectVariable(name, kind, False))
        if node.init is not None:
            self._x.initialisers.initialise(e.AddressOf(name, False), kind, node.init)

    def _local_type(self, node: Any) -> ct.CType:
        if set(node.storage or []) & {"static", "extern"}:
            raise self._types.refuse(f"{' '.join(node.storage)} variable inside a function", node)
        if "volatile" in (node.quals or []):
            raise self._types.refuse("volatile variable", node)
        kind = self._types.of(node.type)
        if isinstance(kind, ct.Array) and kind.count is None and isinstance(node.init, c_ast.InitList):
            kind = ct.Array(kind.element, len(node.init.exprs))
        if isinstance(kind, (ct.Function, ct.Void)) or (isinstance(kind, ct.Array) and kind.count is None):
            raise self._types.refuse("declaration of this type inside a function", node)
        try:
            ct.size_of(kind)
        except ct.LayoutError as problem:
            raise self._types.refuse(str(problem), node) from None
        return kind


def _as(kind: ct.Int, number: int) -> int:
    """A constant, converted."""
    low = number & (1 << kind.bits) - 1
    return fold.signed(low, kind.bits) if kind.signed else low
