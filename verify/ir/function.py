"""Functions and units: what the front end hands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from verify.ir.expr import Register
from verify.ir.instr import Instr, Terminator
from verify.ir.span import Span


@dataclass(frozen=True, slots=True)
class Field:
    """A scalar member of an object, flattened: dotted path, byte offset, width (POINTER for a pointer)."""

    path: str
    offset: int
    bits: int


@dataclass(frozen=True, slots=True)
class Object:
    """A static or an aggregate (or address-taken) local. `size` in bytes.

    `fields` name the scalar members, so that reports and bindings can speak of `host_buffers.tx`;
    a scalar object has one field with the path "". Array elements are `name[i]`.
    """

    name: str
    size: int
    align: int
    fields: tuple[Field, ...]
    span: Span
    is_external: bool = False
    initial: bytes | None = None
    """Content of a static with a constant initialiser; None: zeros (defined) or unknown (external)."""


@dataclass(frozen=True, slots=True)
class Block:
    label: str
    instructions: tuple[Instr, ...]
    terminator: Terminator


@dataclass(frozen=True, slots=True)
class Function:
    """Blocks in source order; the first one is the entry. Parameters are registers, written on entry.

    `result_bits` is None for void, POINTER for a pointer. `in_tree` is False for environment code.
    """

    name: str
    parameters: tuple[Register, ...]
    result_bits: int | None
    locals: tuple[Object, ...]
    blocks: tuple[Block, ...]
    span: Span
    in_tree: bool = True


@dataclass(frozen=True, slots=True)
class Unit:
    """One translation unit. Mappings are sorted by name.

    `externs` are the functions that are called and not defined: name → (result bits, parameter bits).
    `constants` are object-like macros of the tree that evaluate to integers (FFA_VERSION_1_1, …).
    `layouts` give, for each struct used, size and (member path, offset, bits) for reports and rules.
    `assumptions` name every default that stood in for something the tree did not have.
    `entry` is the function where the host's SMC arrives: it takes one pointer, the saved context.
    """

    functions: Mapping[str, Function]
    statics: Mapping[str, Object]
    externs: Mapping[str, tuple[int | None, tuple[int, ...]]]
    constants: Mapping[str, int]
    layouts: Mapping[str, Object]
    assumptions: tuple[str, ...] = ()
    entry: str = "handle_host_smc"
    unparsed: Mapping[str, tuple[str, Span]] = field(default_factory=dict)
    """Definitions that could not be lowered at all: name → (construct, span)."""
