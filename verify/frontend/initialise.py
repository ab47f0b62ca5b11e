"""Initialisers: members that are not named become zero, padding stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pycparser import c_ast

from verify.frontend import ctypes as ct
from verify.frontend import fold
from verify.frontend.values import MemoryPlace
from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.expr import Const, Expr

if TYPE_CHECKING:
    from verify.frontend.expressions import Expressions


MAX_SLOTS = 4096


class Initialisers:
    """Writes initialisers into objects."""

    def __init__(self, owner: Expressions) -> None:
        self._owner = owner

    def compound_literal(self, node: Any) -> MemoryPlace:
        owner = self._owner
        kind = owner.types.of(node.type)
        if isinstance(kind, ct.Array) and kind.count is None:
            kind = ct.Array(kind.element, len(node.init.exprs))
        span = owner.types.span(node)
        name = owner.builder.local_object("literal", kind, span)
        pointer = e.AddressOf(name, False)
        self.initialise(pointer, kind, node.init)
        return MemoryPlace(pointer, kind)

    def initialise(self, pointer: Expr, kind: ct.CType, node: Any) -> None:
        """One object from one initialiser (a list in braces, or an expression)."""
        if isinstance(node, c_ast.InitList) or node is None:
            self._list(pointer, kind, node)
            return
        owner = self._owner
        value = owner.value(node)
        owner.write(MemoryPlace(pointer, kind), value)

    def _list(self, pointer: Expr, kind: ct.CType, node: Any) -> None:
        items = list(node.exprs) if node is not None and node.exprs else []
        if ct.is_scalar(kind):
            self._scalar(pointer, kind, items, node)
            return
        if isinstance(kind, ct.Array) and (kind.count or 0) > MAX_SLOTS:
            if items:
                raise self._owner.refuse(f"initialiser of more than {MAX_SLOTS} elements", node)
            self._zero_array(pointer, kind)
            return
        slots = self._slots(kind, node)
        chosen: dict[int, Any] = {}
        position = 0
        for item in items:
            position, value = self._designated(kind, slots, position, item)
            if position >= len(slots):
                raise self._owner.refuse("more initialisers than members", item)
            chosen[position] = value
            position += 1
        for index, (offset, member) in enumerate(slots):
            if isinstance(kind, ct.Record) and kind.is_union and chosen and index not in chosen:
                continue
            place = fold.pointer_add(pointer, Const(offset, 64))
            if index in chosen:
                self.initialise(place, member, chosen[index])
            else:
                self.zero(place, member)

    def _scalar(self, pointer: Expr, kind: ct.CType, items: list[Any], node: Any) -> None:
        if len(items) > 1:
            raise self._owner.refuse("braces around a scalar", node)
        if items:
            self.initialise(pointer, kind, items[0])
        else:
            self.zero(pointer, kind)

    def _slots(self, kind: ct.CType, node: Any) -> list[tuple[int, ct.CType]]:
        if isinstance(kind, ct.Array) and kind.count is not None:
            step = ct.size_of(kind.element)
            return [(index * step, kind.element) for index in range(kind.count)]
        if isinstance(kind, ct.Record) and kind.members is not None:
            return [(member.offset, member.type) for member in kind.members]
        raise self._owner.refuse("initialiser for this type", node)

    def _designated(
        self, kind: ct.CType, slots: list[tuple[int, ct.CType]], position: int, item: Any
    ) -> tuple[int, Any]:
        if not isinstance(item, c_ast.NamedInitializer):
            elided = not isinstance(item, c_ast.InitList) and position < len(slots)
            if elided and self._elided(slots[position][1], item):
                raise self._owner.refuse("initialiser without the braces of a nested aggregate", item)
            return position, item
        if len(item.name) != 1:
            raise self._owner.refuse("designator of more than one level", item)
        designator = item.name[0]
        if isinstance(kind, ct.Record) and isinstance(designator, c_ast.ID) and kind.members is not None:
            names = [member.name for member in kind.members]
            if designator.name in names:
                return names.index(designator.name), item.expr
        elif isinstance(kind, ct.Array) and isinstance(designator, c_ast.ArrayDesignator):
            return self._owner.types.constant(designator.expr), item.expr
        raise self._owner.refuse("designator", item)

    def _elided(self, kind: ct.CType, item: Any) -> bool:
        """Braces are left out: the item initialises the first scalar of a nested aggregate."""
        return not ct.is_scalar(kind) and ct.is_scalar(self._owner.type_of(item))

    def zero(self, pointer: Expr, kind: ct.CType) -> None:
        owner = self._owner
        if isinstance(kind, ct.Array):
            self._zero_array(pointer, kind)
            return
        if isinstance(kind, ct.Record):
            for member in kind.members or ():
                self.zero(fold.pointer_add(pointer, Const(member.offset, 64)), member.type)
            return
        for field in ct.fields_of(kind):
            place = fold.pointer_add(pointer, Const(field.offset, 64))
            is_pointer = field.bits == e.POINTER
            value: Expr = e.NullPointer() if is_pointer else Const(0, field.bits)
            owner.builder.store(place, value, 8 if is_pointer else field.bits // 8)

    def _zero_array(self, pointer: Expr, kind: ct.Array) -> None:
        count, step = kind.count or 0, ct.size_of(kind.element)
        if count > ct.MAX_FIELDS:
            size = Const(count * step, 64)
            self._owner.builder.emit(i.Fill(pointer, Const(0, 8), size, self._owner.builder.span))
            return
        for index in range(count):
            self.zero(fold.pointer_add(pointer, Const(index * step, 64)), kind.element)
