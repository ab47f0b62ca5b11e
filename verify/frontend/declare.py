"""Declarations: names of types, structs and enumerators, resolved from pycparser's nodes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from pycparser import c_ast

from verify.errors import UnsupportedC
from verify.frontend import ctypes as ct
from verify.frontend.macros import KEYWORDS
from verify.ir.span import Span

_BASIC: dict[tuple[str, ...], ct.CType] = {
    ("void",): ct.VOID, ("_Bool",): ct.BOOL, ("char",): ct.Int(8, False),
    ("char", "signed"): ct.Int(8, True), ("char", "unsigned"): ct.Int(8, False),
    ("short",): ct.Int(16, True), ("short", "unsigned"): ct.Int(16, False),
    ("int",): ct.INT, ("unsigned",): ct.UINT, ("long",): ct.LONG, ("long", "unsigned"): ct.ULONG,
    ("long", "long"): ct.LONG, ("long", "long", "unsigned"): ct.ULONG, ("__int128",): ct.Int(128, True),
}

Constant = Callable[[Any], int]
"""Evaluates a constant expression node; raises UnsupportedC."""


def basic(words: list[str]) -> ct.CType | None:
    """`unsigned long int` and its like, in any order."""
    left = sorted(word for word in words if word != "signed" or "char" in words)
    if len(left) > 1 or not left:
        left = [word for word in left if word != "int"]
    return _BASIC.get(tuple(left or ["int"]))


class Types:
    """Type names, tags and enumerators of the unit."""

    def __init__(self, span: Callable[[Any], Span]) -> None:
        self.typedefs: dict[str, ct.CType] = {}
        self.tags: dict[str, ct.Record] = {}
        self.enumerators: dict[str, tuple[int, ct.Int]] = {}
        self.enums: dict[str, ct.Int] = {}
        self._anonymous: dict[int, tuple[Any, ct.Record]] = {}
        self._enum_nodes: dict[int, tuple[Any, ct.Int]] = {}
        self._bodies: dict[str, Any] = {}
        """Where a tag's body stands; there may be one: nothing here knows the scope of another."""
        self.span = span
        self.constant: Constant = lambda node: self._no_constant(node)

    def refuse(self, construct: str, node: Any) -> UnsupportedC:
        return UnsupportedC(construct, str(self.span(node)))

    def _no_constant(self, node: Any) -> int:
        raise self.refuse("constant expression here", node)

    def of(self, node: Any) -> ct.CType:
        """The type that a declarator or type name stands for."""
        match node:
            case c_ast.Decl() | c_ast.Typename() | c_ast.Typedef() | c_ast.TypeDecl():
                return self.of(node.type)
            case c_ast.PtrDecl():
                return ct.Ptr(self._pointee(node.type))
            case c_ast.ArrayDecl():
                count = None if node.dim is None else self.constant(node.dim)
                return self._array(self.of(node.type), count, node)
            case c_ast.FuncDecl():
                return self._function(node)
            case c_ast.IdentifierType():
                return self._named(node)
            case c_ast.Struct() | c_ast.Union():
                return self._record(node)
            case c_ast.Enum():
                return self._enum(node)
        raise self.refuse(f"type {type(node).__name__}", node)

    def _array(self, element: ct.CType, count: int | None, node: Any) -> ct.Array:
        if count is not None and count < 0:
            raise self.refuse("array of negative size", node)
        kind = ct.Array(element, count)
        is_incomplete = isinstance(element, ct.Record) and element.members is None
        if not is_incomplete and ct.size_of(kind) > ct.MAX_SIZE:
            raise self.refuse(f"type of more than {ct.MAX_SIZE} bytes", node)
        return kind

    def _pointee(self, node: Any) -> ct.CType:
        try:
            return self.of(node)
        except UnsupportedC:
            inner = node
            while hasattr(inner, "type"):
                inner = inner.type
            if isinstance(inner, c_ast.IdentifierType):
                raise
            return ct.VOID

    def _named(self, node: Any) -> ct.CType:
        if len(node.names) == 1 and node.names[0] in self.typedefs:
            return self.typedefs[node.names[0]]
        found = basic(list(node.names))
        if found is None:
            what = ", which is not known" if len(node.names) == 1 and node.names[0] not in KEYWORDS else ""
            raise self.refuse(f"type {' '.join(node.names)}{what}", node)
        return found

    def _function(self, node: Any) -> ct.Function:
        parameters: list[ct.CType] = []
        variadic = False
        for parameter in node.args.params if node.args else []:
            if isinstance(parameter, c_ast.EllipsisParam):
                variadic = True
                continue
            kind = self.of(parameter)
            if isinstance(kind, ct.Array):
                kind = ct.Ptr(kind.element)
            if kind != ct.VOID:
                parameters.append(kind)
        return ct.Function(self.of(node.type), tuple(parameters), variadic)

    def _record(self, node: Any) -> ct.Record:
        if id(node) in self._anonymous:
            return self._anonymous[id(node)][1]
        word = "union" if isinstance(node, c_ast.Union) else "struct"
        name = node.name or f"<anonymous {self.span(node)}>"
        if not node.name:
            name += "'" * sum(tag.startswith(f"{word} {name}") for tag in self.tags)
        key = f"{word} {name}"
        record = self.tags.setdefault(key, ct.Record(name, isinstance(node, c_ast.Union)))
        if not node.name:
            self._anonymous[id(node)] = (node, record)
        if node.decls is not None and self._bodies.setdefault(key, node) is not node:
            raise self.refuse(f"second definition of {key}", node)
        if node.decls is None or record.members is not None:
            return record
        members = []
        for member in node.decls:
            if isinstance(member, c_ast.Pragma):
                raise self.refuse("#pragma in a struct", member)
            width = self.constant(member.bitsize) if getattr(member, "bitsize", None) else 0
            kind = self.of(member.type if isinstance(member, c_ast.Decl) else member)
            members.append((getattr(member, "name", None) or "", kind, width))
        try:
            ct.complete(record, members)
        except ct.LayoutError as problem:
            raise self.refuse(str(problem), node) from None
        return record

    def _enum(self, node: Any) -> ct.Int:
        if node.values is None:
            return self.enums.get(node.name, ct.UINT)
        if id(node) in self._enum_nodes:
            return self._enum_nodes[id(node)][1]
        values: dict[str, int] = {}
        following = 0
        for enumerator in node.values.enumerators:
            if enumerator.value is not None:
                following = self.constant(enumerator.value)
            if enumerator.name in self.enumerators:
                raise self.refuse(f"enumerator {enumerator.name}, defined twice", node)
            values[enumerator.name] = following
            self.enumerators[enumerator.name] = (following, _enumerator_type(following, ct.UINT))
            following += 1
        kind = _enum_type(values.values())
        for name, value in values.items():
            self.enumerators[name] = (value, _enumerator_type(value, kind))
        self._enum_nodes[id(node)] = (node, kind)
        if node.name:
            self.enums[node.name] = kind
        return kind


def _enum_type(values: Collection[int]) -> ct.Int:
    """As gcc chooses it: unsigned int, int for negative values, and 64 bits where they do not do."""
    low, high = min(values), max(values)
    if low < 0:
        return ct.INT if low >= -(1 << 31) and high < 1 << 31 else ct.LONG
    return ct.UINT if high < 1 << 32 else ct.ULONG


def _enumerator_type(value: int, kind: ct.Int) -> ct.Int:
    """int where the value fits, else the enumeration's type (gcc before C23)."""
    return ct.INT if -(1 << 31) <= value < 1 << 31 else kind
