"""Statics of the unit as IR objects, with their constant initialisers."""

from __future__ import annotations

from typing import Any

from verify.errors import UnsupportedC
from verify.frontend import ctypes as ct
from verify.frontend.builder import Builder
from verify.frontend.declare import Types
from verify.frontend.expressions import Expressions
from verify.frontend.parse import Parsed
from verify.frontend.scope import Names
from verify.ir import instr as i
from verify.ir.expr import AddressOf, Const, NullPointer, PointerAdd
from verify.ir.function import Object


def static_object(types: Types, names: Names, node: Any, parsed: Parsed) -> Object:
    """An initialiser that is no constant leaves the content unknown, like that of another file's static."""
    types.span = parsed.span
    kind = names.statics[node.name]
    fields = tuple(ct.fields_of(kind))
    try:
        size, align = ct.size_of(kind), ct.align_of(kind)
    except ct.LayoutError:
        return Object(node.name, 0, 1, (), parsed.span(node), True)
    external = "extern" in (node.storage or []) and node.init is None
    initial = None
    if node.init is not None:
        initial = _content(types, names, kind, size, node.init)
        external = initial is None
    return Object(node.name, size, align, fields, parsed.span(node), external, initial)


def _content(types: Types, names: Names, kind: ct.CType, size: int, node: Any) -> bytes | None:
    """Lower the initialiser as if for a local, then play back its stores."""
    builder = Builder()
    expressions = Expressions(builder, types, names)
    try:
        builder.local_object("initial", kind, builder.span)
        expressions.initialisers.initialise(AddressOf("initial", False), kind, node)
    except (UnsupportedC, ct.LayoutError):
        return None
    content = bytearray(size)
    builder.end(i.Return(None, builder.span))
    blocks = builder.blocks()
    if len(blocks) != 1:
        return None
    for instruction in blocks[0].instructions:
        if not isinstance(instruction, i.ScopeBegin) and not _play(instruction, content):
            return None
    return bytes(content)


def _play(instruction: i.Instr, content: bytearray) -> bool:
    if not isinstance(instruction, (i.Store, i.Fill)):
        return False
    pointer = instruction.pointer if isinstance(instruction, i.Store) else instruction.target
    offset = 0
    if isinstance(pointer, PointerAdd) and isinstance(pointer.offset, Const):
        offset, pointer = pointer.offset.value, pointer.base
    if not (isinstance(pointer, AddressOf) and pointer.name == "initial"):
        return False
    match instruction:
        case i.Store(value=Const(value=value, bits=bits)):
            content[offset : offset + bits // 8] = value.to_bytes(bits // 8, "little")
        case i.Store(value=NullPointer()):
            content[offset : offset + 8] = bytes(8)
        case i.Fill(value=Const(value=value), size=Const(value=size)):
            content[offset : offset + size] = bytes([value]) * size
        case _:
            return False
    return True
