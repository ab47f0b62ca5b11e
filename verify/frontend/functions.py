"""One function definition → one IR function."""

from __future__ import annotations

from typing import Any

from verify.errors import UnsupportedC
from verify.frontend import ctypes as ct
from verify.frontend.builder import Builder, ObjectVariable, RegisterVariable
from verify.frontend.declare import Types
from verify.frontend.expressions import Expressions
from verify.frontend.parse import Parsed
from verify.frontend.scope import Names
from verify.frontend.shape import address_taken
from verify.frontend.statements import Statements
from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.expr import Register
from verify.ir.function import Block, Function
from verify.ir.span import Span

ENVIRONMENT = "<env>/"


def lower_function(node: Any, parsed: Parsed, types: Types, names: Names) -> Function:
    """`node` is a pycparser FuncDef; raises UnsupportedC where its signature is not modelled."""
    types.span = parsed.span
    span = parsed.span(node.decl)
    signature = types.of(node.decl.type)
    assert isinstance(signature, ct.Function)
    builder = Builder()
    builder.span = span
    in_memory = address_taken(node.body, names.blocks)
    parameters = _parameters(node, signature, builder, in_memory, types)
    result_bits = None if isinstance(signature.result, ct.Void) else _scalar(signature.result, node, types)
    Statements(Expressions(builder, types, names), signature.result, in_memory).body(node.body)
    return Function(
        node.decl.name, parameters, result_bits, tuple(builder.locals), builder.blocks(), span,
        not span.file.startswith(ENVIRONMENT),
    )


def _parameters(
    node: Any, signature: ct.Function, builder: Builder, in_memory: frozenset[str], types: Types
) -> tuple[Register, ...]:
    declared = [p for p in (node.decl.type.args.params if node.decl.type.args else []) if getattr(p, "name", None)]
    if signature.variadic or len(declared) != len(signature.parameters):
        raise types.refuse("parameters of this form", node.decl)
    registers = []
    for parameter, kind in zip(declared, signature.parameters, strict=True):
        register = Register(builder.unique(parameter.name), _scalar(kind, parameter, types))
        registers.append(register)
        if parameter.name not in in_memory:
            builder.declare(parameter.name, RegisterVariable(register, kind))
            continue
        _spill(builder, parameter.name, kind, register)
    return tuple(registers)


def _spill(builder: Builder, name: str, kind: ct.CType, register: Register) -> None:
    local = builder.local_object(name, kind, builder.span)
    builder.store(e.AddressOf(local, False), register, ct.align_of(kind))
    builder.declare(name, ObjectVariable(local, kind, False))


def _scalar(kind: ct.CType, node: Any, types: Types) -> int:
    if not ct.is_scalar(kind):
        raise types.refuse("struct passed by value", node)
    return ct.bits_of(kind)


def unsupported_function(
    name: str, signature: ct.Function | None, problem: UnsupportedC, span: Span, names: tuple[str, ...],
) -> Function:
    """Stands for a definition that is not modelled at all: calling it is reaching an `Unsupported`."""
    kinds = signature.parameters if signature else ()
    parameters = tuple(
        Register(f"p{k}", ct.bits_of(kind) if ct.is_scalar(kind) else 64) for k, kind in enumerate(kinds))
    result = signature.result if signature else ct.VOID
    block = Block("entry.1", (i.Unsupported(problem.construct, span, names),), i.Stop(span))
    bits = ct.bits_of(result) if ct.is_scalar(result) else None
    return Function(name, parameters, bits, (), (block,), span)
