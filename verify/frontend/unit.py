"""A kernel tree's files → one IR unit: the functions of `ffa.c`, the caller, and what they use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pycparser import c_ast

from verify.errors import InputError, UnsupportedC
from verify.frontend import constants
from verify.frontend import ctypes as ct
from verify.frontend.agreed import with_agreement
from verify.frontend.builder import Builder
from verify.frontend.declare import Types
from verify.frontend.expressions import Expressions
from verify.frontend.functions import lower_function, unsupported_function
from verify.frontend.named import in_texts
from verify.frontend.parse import Parsed, Parser
from verify.frontend.preprocess import FFA_C, preprocess
from verify.frontend.scope import Names
from verify.frontend.split import BLOCK, Definition, split
from verify.frontend.statics import static_object
from verify.ir import instr as i
from verify.ir.expr import POINTER, AddressOf, Const
from verify.ir.function import Function, Object, Unit
from verify.ir.nesting import MOST_CALLS, recursive, too_deep
from verify.ir.span import NOWHERE, Span

ENTRY = "handle_host_smc"
HANDLER = "kvm_host_ffa_handler"
PROXY_PAGES = "hyp_ffa_proxy_pages"
"""Says how much memory initialisation gets, whether ffa.c asks it or not."""


@dataclass(slots=True)
class _Draft:
    """What the definitions say, before any body is lowered."""

    parser: Parser
    types: Types
    names: Names
    bodies: dict[str, tuple[Any, Parsed]] = field(default_factory=dict)
    statics: dict[str, tuple[Any, Parsed]] = field(default_factory=dict)
    refused: dict[str, tuple[UnsupportedC, Span, tuple[str, ...]]] = field(default_factory=dict)
    """With its words."""


def lower_tree(files: Mapping[str, str], handler: str = HANDLER) -> Unit:
    """Raises InputError where the files are not C; what is C and not modelled becomes `Unsupported`.

    `handler` decides one call of the host; it is called like that where the tree does not show its caller.
    """
    source = preprocess(files, handler)
    draft = _Draft(Parser(), Types(lambda node: NOWHERE), Names())
    draft.types.constant = lambda node: _constant(draft, node)
    for definition in split(source.tokens):
        _collect(draft, definition)
    draft.names.defined = set(draft.bodies) | set(draft.refused)
    functions = _without_deep_calls(draft, _lower_needed(draft))
    _check_entry(functions)
    used = _statics_used(functions.values())
    statics = {
        name: static_object(draft.types, draft.names, node, parsed)
        for name, (node, parsed) in sorted(draft.statics.items())
        if name in used or parsed.span(node).file == FFA_C
    }
    values = constants.evaluate(source.expanded, draft.parser, draft.types, draft.names)
    return with_agreement(Unit(
        dict(sorted(functions.items())), statics, _externs(draft, functions), values, _layouts(draft.types),
        source.assumptions, ENTRY,
        {name: (problem.construct, span) for name, (problem, span, _) in sorted(draft.refused.items())},
    ))


def _constant(draft: _Draft, node: Any) -> int:
    value = Expressions(Builder(), draft.types, draft.names).value(node)
    if not isinstance(value.expr, Const):
        raise draft.types.refuse("expression that is not constant", node)
    negative = isinstance(value.type, ct.Int) and value.type.signed and value.expr.value >> (value.expr.bits - 1)
    return value.expr.value - (1 << value.expr.bits) if negative else value.expr.value


def _collect(draft: _Draft, definition: Definition) -> None:
    span = definition.tokens[0].span
    try:
        parsed = draft.parser.parse(definition)
        draft.types.span = parsed.span
        for node in parsed.nodes:
            _declare(draft, node, parsed)
    except (UnsupportedC, RecursionError, ct.LayoutError) as problem:
        if definition.is_function:
            words = tuple(token.text for token in definition.tokens)
            draft.refused[definition.name] = (_located(problem, span), span, words)


def _located(problem: Exception, span: Span) -> UnsupportedC:
    if isinstance(problem, UnsupportedC):
        return problem
    return UnsupportedC("nesting too deep" if isinstance(problem, RecursionError) else str(problem), str(span))


def _declare(draft: _Draft, node: Any, parsed: Parsed) -> None:
    types, names = draft.types, draft.names
    match node:
        case c_ast.Typedef():
            types.typedefs[node.name] = types.of(node.type)
        case c_ast.FuncDef() if node.decl.name.startswith(BLOCK):
            names.blocks[node.decl.name] = node.body
        case c_ast.FuncDef():
            kind = types.of(node.decl.type)
            if not isinstance(kind, ct.Function):
                raise types.refuse("function of this type", node.decl)
            here, before = parsed.span(node.decl), draft.bodies.get(node.decl.name)
            if before is not None and before[1].span(before[0].decl).file == here.file:
                raise InputError(f"{here}: second definition of {node.decl.name}")
            names.functions[node.decl.name] = kind
            draft.bodies[node.decl.name] = (node, parsed)
        case c_ast.Decl() if node.name is None:
            types.of(node.type)
        case c_ast.Decl():
            kind = types.of(node.type)
            if isinstance(kind, ct.Function):
                names.functions[node.name] = kind
            elif node.name not in draft.statics or node.init is not None or "extern" not in (node.storage or []):
                names.statics[node.name] = _sized(kind, node)
                draft.statics[node.name] = (node, parsed)


def _sized(kind: ct.CType, node: Any) -> ct.CType:
    if isinstance(kind, ct.Array) and kind.count is None and isinstance(node.init, c_ast.InitList):
        return ct.Array(kind.element, len(node.init.exprs))
    return kind


def _lower_needed(draft: _Draft) -> dict[str, Function]:
    """Functions of ffa.c, the entry and what says how much memory there is; then whatever they call."""
    todo = [name for name, (node, parsed) in draft.bodies.items() if parsed.span(node.decl).file == FFA_C]
    todo += [name for name, (_, span, _) in draft.refused.items() if span.file == FFA_C] + [ENTRY, PROXY_PAGES]
    done: dict[str, Function] = {}
    while todo:
        name = todo.pop()
        if name in done or name not in draft.names.defined:
            continue
        done[name] = _lower_one(draft, name)
        todo += _called(done[name])
    return done


def _called(function: Function) -> list[str]:
    """What it calls, and what an unmodelled statement in it names."""
    result: list[str] = []
    for instruction in (x for block in function.blocks for x in block.instructions):
        if isinstance(instruction, i.Call):
            result.append(instruction.callee)
        elif isinstance(instruction, i.Unsupported):
            result += sorted(instruction.functions)
    return result


def _lower_one(draft: _Draft, name: str) -> Function:
    signature = draft.names.functions.get(name)
    if name in draft.refused:
        problem, span, words = draft.refused[name]
        return unsupported_function(name, signature, problem, span, in_texts(words, draft.names))
    node, parsed = draft.bodies[name]
    try:
        return lower_function(node, parsed, draft.types, draft.names)
    except (UnsupportedC, RecursionError, ct.LayoutError) as problem:
        span = parsed.span(node.decl)
        words = tuple(token.text for token in parsed.tokens)
        return unsupported_function(name, signature, _located(problem, span), span, in_texts(words, draft.names))


def _check_entry(functions: Mapping[str, Function]) -> None:
    """A tree may define it itself."""
    entry = functions.get(ENTRY)
    if entry is None or [parameter.bits for parameter in entry.parameters] != [POINTER]:
        raise InputError(f"{entry.span if entry else FFA_C}: {ENTRY} is no function of one pointer, the host's context")


def _without_deep_calls(draft: _Draft, functions: dict[str, Function]) -> dict[str, Function]:
    """What follows calls has to come to an end."""
    for construct, found in (("recursion", recursive), (f"calls more than {MOST_CALLS} deep", too_deep)):
        for name in found(functions):
            span = functions[name].span
            functions[name] = unsupported_function(
                name, draft.names.functions.get(name), UnsupportedC(construct, str(span)), span,
                _named(functions[name]))
    return functions


def _externs(
    draft: _Draft, functions: Mapping[str, Function]
) -> dict[str, tuple[int | None, tuple[int, ...]]]:
    result = {}
    for name in sorted(draft.names.called - set(functions)):
        kind = draft.names.functions[name]
        bits = None if isinstance(kind.result, ct.Void) else ct.bits_of(kind.result)
        result[name] = (bits, tuple(ct.bits_of(parameter) for parameter in kind.parameters))
    return result


def _layouts(types: Types) -> dict[str, Object]:
    return {
        tag: Object(tag, record.size, record.align, tuple(ct.fields_of(record)), NOWHERE)
        for tag, record in sorted(types.tags.items())
        if record.members is not None and not record.name.startswith("<")
    }


def _named(function: Function) -> tuple[str, ...]:
    statics, called = _statics_used([function]), {*_called(function)} - {function.name}
    return tuple(sorted({*(f"&{name}" for name in statics), *(f"{name}()" for name in called)}))


def _statics_used(functions: Iterable[Function]) -> set[str]:
    found: set[str] = set()
    for function in functions:
        for block in function.blocks:
            for instruction in (*block.instructions, block.terminator):
                _mentions(instruction, found)
    return found


def _mentions(node: Any, found: set[str]) -> None:
    if isinstance(node, AddressOf):
        if node.is_static:
            found.add(node.name)
    elif isinstance(node, i.Unsupported):
        found |= node.statics
    elif isinstance(node, tuple):
        for item in node:
            _mentions(item, found)
    elif hasattr(node, "__dataclass_fields__") and not isinstance(node, Span):
        for item in fields(node):
            _mentions(getattr(node, item.name), found)
