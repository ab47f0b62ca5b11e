"""`a ? b : c` and GNU's `a ?: c`: one value for both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pycparser import c_ast

from verify.frontend import ctypes as ct
from verify.frontend.split import SAME
from verify.frontend.values import Typed, common, convert, decayed, promoted, truth
from verify.ir import expr as e
from verify.ir.expr import Const

if TYPE_CHECKING:
    from verify.frontend.expressions import Expressions


def choice(owner: Expressions, node: Any) -> Typed:
    b = owner.builder
    then, other, done = b.label("then"), b.label("else"), b.label("merged")
    kept = None
    if isinstance(node.iftrue, c_ast.ID) and node.iftrue.name == SAME:
        kept = _kept(owner, node.cond)
        b.branch(truth(kept), then, other)
    else:
        owner.branch(node.cond, then, other)
    kind = _type(kept or owner.without_effects(node.iftrue), owner.without_effects(node.iffalse))
    register = None if isinstance(kind, ct.Void) else b.temporary(ct.bits_of(kind))
    for label, arm in ((then, node.iftrue), (other, node.iffalse)):
        b.start(label)
        value = convert(kept if kept and arm is node.iftrue else owner.value(arm), kind)
        if register is not None:
            b.assign(register, value.expr)
        b.jump(done)
    b.start(done)
    return Typed(register if register is not None else Const(0, 32), kind)


def _kept(owner: Expressions, node: Any) -> Typed:
    """The condition's value, which may change later; it is evaluated once."""
    found = decayed(owner.value(node))
    kept = owner.builder.temporary(ct.bits_of(found.type))
    owner.builder.assign(kept, found.expr)
    return Typed(kept, found.type)


def _type(then: Typed, other: Typed) -> ct.CType:
    """A null pointer has the other one's type."""
    a, b = decayed(then).type, decayed(other).type
    if isinstance(a, ct.Ptr):
        if isinstance(b, ct.Ptr) and isinstance(then.expr, e.NullPointer):
            return b
        is_null = isinstance(other.expr, e.NullPointer)
        return b if isinstance(b, ct.Ptr) and b.target == ct.VOID and not is_null else a
    if isinstance(b, ct.Ptr):
        return b
    if isinstance(a, ct.Void) or isinstance(b, ct.Void):
        return ct.VOID
    return common(promoted(a), promoted(b))
