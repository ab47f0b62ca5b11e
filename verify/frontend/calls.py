"""Calls: of the unit's functions, of outside ones, and of the `__verify_…` names in our environment headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pycparser import c_ast

from verify.frontend import ctypes as ct
from verify.frontend import fold
from verify.frontend.guards import is_guard
from verify.frontend.macros import UNREAD
from verify.frontend.values import MemoryPlace, Typed, common, comparison, convert, from_truth, promoted
from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.expr import Const, Expr

if TYPE_CHECKING:
    from verify.frontend.expressions import Expressions

_RESERVED = ("__verify_", "__builtin_", "__attribute", "asm", "__asm", "typeof", "__typeof")
_ORDERS = {
    "__verify_load_acquire": i.Order.ACQUIRE, "__verify_load_once": i.Order.ONCE,
    "__verify_store_release": i.Order.RELEASE, "__verify_store_once": i.Order.ONCE,
}
_ARGUMENTS = {
    "offsetof": 2, "__builtin_offsetof": 2, "memcpy": 3, "memmove": 3, "__builtin_memcpy": 3, "memset": 3,
    "__builtin_memset": 3, "__verify_smc": 18, "__verify_smc_result": 1, "__verify_lock": 1, "__verify_unlock": 1,
    "__verify_forward": 1, "__verify_warn": 1, "__verify_bug": 1, "__verify_build_bug": 1, "__verify_page_shift": 0,
    "__verify_like": 2, "__verify_lowest_bit": 1, "__verify_add_overflow": 3, "__verify_sub_overflow": 3,
    "__verify_mul_overflow": 3, "__verify_load_acquire": 1, "__verify_load_once": 1, "__verify_store_release": 2,
    "__verify_store_once": 2, "__verify_min": 2, "__verify_max": 2,
}
_STATEMENTS = (
    c_ast.If, c_ast.Switch, c_ast.While, c_ast.DoWhile, c_ast.For, c_ast.Goto, c_ast.Label, c_ast.Return, c_ast.Break,
    c_ast.Continue, c_ast.Compound)
_OVERFLOW = {"add": e.BinaryOp.ADD, "sub": e.BinaryOp.SUB, "mul": e.BinaryOp.MUL}


class Calls:
    """Lowers call expressions."""

    def __init__(self, owner: Expressions) -> None:
        self._owner = owner
        self._results: tuple[e.Register, ...] = ()
        self._special: dict[str, Callable[[str, list[Any], Any], Typed]] = {
            "__verify_smc": self._smc, "__verify_smc_result": self._smc_result, "__verify_lock": self._lock,
            "__verify_unlock": self._unlock, "__verify_forward": self._forward, "__verify_warn": self._warn,
            "__verify_bug": self._bug, "__verify_build_bug": self._build_bug, "__verify_page_shift": self._page_shift,
            "__verify_like": self._like, "__verify_lowest_bit": self._lowest_bit,
            "__verify_add_overflow": self._add_overflow, "__verify_sub_overflow": self._sub_overflow,
            "__verify_mul_overflow": self._mul_overflow, "__verify_recorded": self._recorded,
            "__verify_min": self._chosen, "__verify_max": self._chosen,
        }

    def call(self, node: Any) -> Typed:
        if is_guard(node):
            raise self._owner.refuse("guard() that is no statement of a block", node)
        if not isinstance(node.name, c_ast.ID):
            raise self._owner.refuse("call through a pointer", node)
        name = node.name.name
        if self._owner.builder.find(name) is not None or self._owner.names.static(name) is not None:
            raise self._owner.refuse("call through a pointer", node)
        arguments = list(node.args.exprs) if node.args else []
        wanted = _ARGUMENTS.get(name)
        if wanted is not None and len(arguments) != wanted:
            raise self._owner.refuse(f"{name} with {len(arguments)} arguments", node)
        if name == "offsetof" or name == "__builtin_offsetof":
            return self._offsetof(arguments, node)
        if name in ("memcpy", "memmove", "__builtin_memcpy", "memset", "__builtin_memset"):
            return self._bytes(name, arguments)
        if name in self._special:
            return self._special[name](name, arguments, node)
        if name.startswith("__verify_refused_"):
            raise self._owner.refuse(name.removeprefix("__verify_refused_").replace("_", " "), node)
        if name in self._owner.names.blocks:
            return self._block(self._owner.names.blocks[name])
        if name.startswith(UNREAD):
            raise self._owner.refuse(f"macro {name.removeprefix(UNREAD)}, whose text is not read", node)
        if name in _ORDERS:
            return self._ordered(name, arguments, node)
        if name in self._owner.names.functions:
            return self._plain(name, arguments, node)
        if name.startswith(_RESERVED):
            raise self._owner.refuse(name, node)
        raise self._owner.refuse(f"call of {name}, which is not declared", node)

    def _plain(self, name: str, arguments: list[Any], node: Any) -> Typed:
        owner = self._owner
        kind = owner.names.functions[name]
        if kind.variadic or len(arguments) != len(kind.parameters):
            raise owner.refuse(f"call of {name} with {len(arguments)} arguments", node)
        if isinstance(kind.result, ct.Record) or any(isinstance(p, ct.Record) for p in kind.parameters):
            raise owner.refuse("struct passed by value", node)
        values = tuple(
            owner.converted(argument, parameter)
            for argument, parameter in zip(arguments, kind.parameters, strict=True))
        target = None if isinstance(kind.result, ct.Void) else owner.builder.temporary(ct.bits_of(kind.result))
        owner.names.called.add(name)
        owner.builder.emit(i.Call(target, name, values, owner.types.span(node)))
        return Typed(target if target is not None else Const(0, 32), kind.result)

    def _block(self, body: Any) -> Typed:
        """`({ … })`: declarations and expressions in a scope of their own; what the last one is worth."""
        owner, result = self._owner, Typed(Const(0, 32), ct.VOID)
        owner.builder.push()
        for item in body.block_items or []:
            if isinstance(item, (c_ast.Decl, c_ast.DeclList)):
                for declared in item.decls if isinstance(item, c_ast.DeclList) else [item]:
                    owner.declare(declared)
                result = Typed(Const(0, 32), ct.VOID)
            elif isinstance(item, _STATEMENTS):
                raise owner.refuse(f"{type(item).__name__} inside a statement expression", item)
            elif not isinstance(item, c_ast.EmptyStatement):
                result = owner.value(item)
        owner.builder.pop()
        return result

    # -- memory ----------------------------------------------------------------------------------------------

    def _bytes(self, name: str, arguments: list[Any]) -> Typed:
        owner = self._owner
        pointer = ct.Ptr(ct.VOID)
        target = owner.converted(arguments[0], pointer)
        if "memset" in name:
            value = fold.truncate(owner.converted(arguments[1], ct.INT), 8)
            size = owner.converted(arguments[2], ct.ULONG)
            owner.builder.emit(i.Fill(target, value, size, owner.builder.span))
        else:
            source = owner.converted(arguments[1], pointer)
            size = owner.converted(arguments[2], ct.ULONG)
            owner.builder.emit(i.Copy(target, source, size, owner.builder.span))
        return Typed(target, pointer)

    def _ordered(self, name: str, arguments: list[Any], node: Any) -> Typed:
        owner = self._owner
        pointer = owner.value(arguments[0])
        kind = pointer.type.target if isinstance(pointer.type, ct.Ptr) else ct.VOID
        if not ct.is_scalar(kind):
            raise owner.refuse(f"{name} of something that is no scalar", node)
        bits, align = ct.bits_of(kind), ct.align_of(kind)
        if "load" in name:
            return Typed(owner.builder.load(pointer.expr, bits, align, _ORDERS[name]), kind)
        value = owner.converted(arguments[1], kind)
        owner.builder.store(pointer.expr, value, align, _ORDERS[name])
        return Typed(value, kind)

    def _offsetof(self, arguments: list[Any], node: Any) -> Typed:
        """With an index that may depend on the input, as the kernel's headers use it."""
        kind: ct.CType = self._owner.types.of(arguments[0])
        offset, _ = self._designator(kind, arguments[1])
        return Typed(offset, ct.ULONG)

    def _designator(self, kind: ct.CType, node: Any) -> tuple[Expr, ct.CType]:
        owner = self._owner
        if isinstance(node, c_ast.ID):
            if isinstance(kind, ct.Record) and node.name in kind.index:
                member = kind.index[node.name]
                return Const(member.offset, 64), member.type
        elif isinstance(node, c_ast.StructRef):
            base, inner = self._designator(kind, node.name)
            rest, last = self._designator(inner, node.field)
            return fold.binary(e.BinaryOp.ADD, base, rest), last
        elif isinstance(node, c_ast.ArrayRef):
            base, inner = self._designator(kind, node.name)
            if isinstance(inner, ct.Array):
                index = owner.converted(node.subscript, ct.ULONG)
                size = Const(ct.size_of(inner.element), 64)
                scaled = fold.binary(e.BinaryOp.MUL, index, size)
                return fold.binary(e.BinaryOp.ADD, base, scaled), inner.element
        raise owner.refuse("offsetof of this member", node)

    # -- names of our environment headers; each takes (name, arguments, node) ----------------------------------

    def _smc(self, name: str, arguments: list[Any], node: Any) -> Typed:
        owner = self._owner
        values = tuple(owner.converted(argument, ct.ULONG) for argument in arguments)
        self._results = tuple(owner.builder.temporary(64) for _ in range(18))
        owner.builder.emit(i.Smc(self._results, values, owner.builder.span))
        return Typed(Const(0, 32), ct.VOID)

    def _smc_result(self, name: str, arguments: list[Any], node: Any) -> Typed:
        number = self._owner.types.constant(arguments[0])
        if not 0 <= number < len(self._results):
            raise self._owner.refuse("result of an SMC that was not made", node)
        return Typed(self._results[number], ct.ULONG)

    def _lock(self, name: str, arguments: list[Any], node: Any) -> Typed:
        pointer = self._owner.value(arguments[0]).expr
        self._owner.builder.emit(i.Lock(pointer, self._owner.builder.span))
        return Typed(Const(0, 32), ct.VOID)

    def _unlock(self, name: str, arguments: list[Any], node: Any) -> Typed:
        pointer = self._owner.value(arguments[0]).expr
        self._owner.builder.emit(i.Unlock(pointer, self._owner.builder.span))
        return Typed(Const(0, 32), ct.VOID)

    def _forward(self, name: str, arguments: list[Any], node: Any) -> Typed:
        pointer = self._owner.value(arguments[0]).expr
        self._owner.builder.emit(i.Forward(pointer, self._owner.builder.span))
        return Typed(Const(0, 32), ct.VOID)

    def _warn(self, name: str, arguments: list[Any], node: Any) -> Typed:
        owner = self._owner
        kept = owner.builder.temporary(1)
        owner.builder.assign(kept, owner.truth(arguments[0]))
        owner.builder.emit(i.Warn(kept, owner.builder.span))
        return from_truth(kept)

    def _bug(self, name: str, arguments: list[Any], node: Any) -> Typed:
        return self._assert(i.AssertKind.BUG, arguments[0])

    def _build_bug(self, name: str, arguments: list[Any], node: Any) -> Typed:
        return self._assert(i.AssertKind.BUILD_BUG, arguments[0])

    def _assert(self, kind: i.AssertKind, node: Any) -> Typed:
        owner = self._owner
        holds = fold.not_(owner.truth(node))
        if holds != Const(1, 1):
            owner.builder.emit(i.Assert(kind, holds, owner.builder.span))
        return Typed(Const(0, 32), ct.VOID)

    def _recorded(self, name: str, arguments: list[Any], node: Any) -> Typed:
        """Evaluates its arguments, any number, for what that does; a name that nobody declared is some constant."""
        owner = self._owner
        for argument in arguments:
            name = argument.name if isinstance(argument, c_ast.ID) else ""
            if not name or owner.builder.find(name) is not None or owner.names.static(name) is not None:
                owner.value(argument)
        return Typed(Const(0, 32), ct.VOID)

    def _page_shift(self, name: str, arguments: list[Any], node: Any) -> Typed:
        return Typed(e.PageShift(32), ct.INT)

    def _like(self, name: str, arguments: list[Any], node: Any) -> Typed:
        """The second argument in the type of the first, which is not evaluated."""
        return convert(self._owner.value(arguments[1]), self._owner.type_of(arguments[0]))

    def _chosen(self, name: str, arguments: list[Any], node: Any) -> Typed:
        """The smaller or the larger one, in the type that the arithmetic of C gives both."""
        left, right = (self._owner.value(argument) for argument in arguments)
        if not (isinstance(left.type, ct.Int) and isinstance(right.type, ct.Int)):
            raise self._owner.refuse(f"{name.removeprefix('__verify_')} of these types", node)
        kind = common(promoted(left.type), promoted(right.type))
        is_left = comparison("<" if name == "__verify_min" else ">", left, right)
        return Typed(fold.select(is_left, convert(left, kind).expr, convert(right, kind).expr), kind)

    def _lowest_bit(self, name: str, arguments: list[Any], node: Any) -> Typed:
        mask = self._owner.types.constant(arguments[0])
        if mask == 0:
            raise self._owner.refuse("bit field macro with an empty mask", node)
        return Typed(Const((mask & -mask).bit_length() - 1, 32), ct.INT)

    def _add_overflow(self, name: str, arguments: list[Any], node: Any) -> Typed:
        return self._overflow(_OVERFLOW["add"], arguments, node)

    def _sub_overflow(self, name: str, arguments: list[Any], node: Any) -> Typed:
        return self._overflow(_OVERFLOW["sub"], arguments, node)

    def _mul_overflow(self, name: str, arguments: list[Any], node: Any) -> Typed:
        return self._overflow(_OVERFLOW["mul"], arguments, node)

    def _overflow(self, op: e.BinaryOp, arguments: list[Any], node: Any) -> Typed:
        """The exact result in a width that holds it, then: does it survive the conversion to *d?"""
        owner = self._owner
        left, right, place = (owner.value(argument) for argument in arguments)
        kind = place.type.target if isinstance(place.type, ct.Ptr) else None
        if not (isinstance(kind, ct.Int) and isinstance(left.type, ct.Int) and isinstance(right.type, ct.Int)):
            raise owner.refuse("overflow check on these types", node)
        wide = 130
        exact = fold.binary(
            op, fold.extend(left.expr, left.type.signed, wide), fold.extend(right.expr, right.type.signed, wide))
        narrow = fold.truncate(exact, kind.bits)
        kept = owner.builder.temporary(1)
        again = fold.extend(narrow, kind.signed, wide)
        owner.builder.assign(kept, fold.compare(e.CompareOp.NE, exact, again))
        owner.write(MemoryPlace(place.expr, kind), convert(Typed(narrow, kind), kind))
        return from_truth(kept)
