"""`guard(hyp_spinlock)(lock);` and `scoped_guard(hyp_spinlock, lock) …`: locks that end with a scope.

Linux's include/linux/cleanup.h: whatever leaves the scope gives the lock back, the youngest first: its end, `return`
(once the value is there), `break`, `continue` and `goto`. The classes of other guards are not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pycparser import c_ast

from verify.ir import instr as i
from verify.ir.expr import Expr
from verify.ir.live import registers_in

if TYPE_CHECKING:
    from verify.frontend.builder import Builder
    from verify.frontend.expressions import Expressions

GUARD, SCOPED = "guard", "__verify_scoped_guard"
LOCK = "hyp_spinlock"
Held = tuple[int, ...]
"""Guards by the identity of their nodes, the oldest first."""


def is_guard(node: Any) -> bool:
    """A statement that holds a lock to the end of the block that it stands in."""
    return _is_call(node) and _is_call(node.name) and _called(node.name) == GUARD


def is_scoped(node: Any) -> bool:
    """A statement that holds a lock while its body runs: a loop of one round, as in the kernel."""
    return isinstance(node, c_ast.For) and _is_call(node.init) and _called(node.init) == SCOPED


class Guards:
    """Of one function, while it is lowered; `labels`: the guards in whose scope each label is."""

    def __init__(self, expressions: Expressions) -> None:
        self._x = expressions
        self._held: list[tuple[int, Expr]] = []
        self._labels: Mapping[str, Held] = {}

    def begin(self, body: Any) -> None:
        self._labels = labels(body)

    @property
    def depth(self) -> int:
        return len(self._held)

    def take(self, node: Any) -> None:
        """Raises UnsupportedC for a guard of something else."""
        name, arguments = _parts(node)
        if name != LOCK or len(arguments) != 1:
            raise self._x.refuse(f"guard({name or '…'}) with {len(arguments)} arguments", node)
        pointer = self._x.value(arguments[0]).expr
        if any(registers_in(pointer)):  # they may change until it is given back
            kept = self._builder.temporary(64)
            self._builder.assign(kept, pointer)
            pointer = kept
        self._builder.emit(i.Lock(pointer, self._builder.span))
        self._held.append((id(node), pointer))

    def leave(self, depth: int) -> None:
        """Control leaves all scopes but the outermost `depth`; what follows in the text is still inside."""
        for _, pointer in reversed(self._held[depth:]):
            self._builder.emit(i.Unlock(pointer, self._builder.span))

    def close(self, depth: int) -> None:
        """The text of these scopes ends here."""
        self.leave(depth)
        del self._held[depth:]

    def leave_for(self, label: str, node: Any) -> None:
        """Raises UnsupportedC for a jump into a scope: its lock would be given back and was never taken."""
        there = self._labels.get(label, ())
        if tuple(number for number, _ in self._held[:len(there)]) != there:
            raise self._x.refuse("jump into the scope of a guard", node)
        self.leave(len(there))

    @property
    def _builder(self) -> Builder:
        return self._x.builder


def labels(node: Any, held: Held = ()) -> dict[str, Held]:
    """Label → the guards in whose scope it is."""
    result: dict[str, Held] = {}
    match node:
        case c_ast.Compound():
            for item in node.block_items or []:
                result.update(labels(item, held))
                held = (*held, id(item)) if is_guard(item) else held
        case c_ast.Node():
            result.update({node.name: held} if isinstance(node, c_ast.Label) else {})
            held = (*held, id(node)) if is_scoped(node) else held
            for _, child in node.children():
                result.update(labels(child, held))
    return result


def _parts(node: Any) -> tuple[str, list[Any]]:
    """The guard's class and what it is made of."""
    if is_scoped(node):
        first, *others = node.init.args.exprs if node.init.args else [None]
        return _name(first), others
    classes = node.name.args.exprs if node.name.args else []
    return _name(classes[0]) if len(classes) == 1 else "", list(node.args.exprs) if node.args else []


def _name(node: Any) -> str:
    return str(node.name) if isinstance(node, c_ast.ID) else ""


def _called(node: Any) -> str:
    return _name(node.name)


def _is_call(node: Any) -> bool:
    return isinstance(node, c_ast.FuncCall)
