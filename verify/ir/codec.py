"""IR as JSON text and back: one file per function and one for the rest of a unit.

A function's file holds one instruction a line, so that line-based tools can compare two of them. Decoding trusts
nothing: text that is malformed, cut off or of another schema raises InputError.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from verify.errors import InputError
from verify.ir.decode import (
    Decoder,
    Malformed,
    boolean,
    each,
    integer,
    mapping,
    optional,
    short,
    signature,
    string,
)
from verify.ir.encode import Encoder, line
from verify.ir.function import Block, Function, Unit

SCHEMA = 1
"""Goes up with every change of what a file may hold; other numbers are not read."""

_Item = TypeVar("_Item")
_FUNCTION_KEYS = ("schema", "name", "parameters", "result", "in_tree", "files", "span", "locals", "blocks")
_UNIT_KEYS = ("schema", "entry", "files", "assumptions", "externs", "constants", "statics", "layouts", "unparsed",
              "functions")


@dataclass(frozen=True, slots=True)
class Header:
    """A unit without its functions, and the names of those."""

    unit: Unit
    functions: tuple[str, ...]

    def complete(self, functions: Mapping[str, Function]) -> Unit:
        """The whole unit."""
        return replace(self.unit, functions=functions)


def encode_function(function: Function) -> str:
    """Ends in a line feed; the same function always gives the same text."""
    encoder = Encoder()
    values = {
        "schema": line(SCHEMA),
        "name": line(function.name),
        "parameters": line(encoder.exprs(function.parameters)),
        "result": line(function.result_bits),
        "in_tree": line(function.in_tree),
        "span": line(encoder.span(function.span)),
        "locals": _rows([line(encoder.object(local)) for local in function.locals]),
        "blocks": _rows([_block(encoder, block) for block in function.blocks]),
    }
    return _document(_FUNCTION_KEYS, values, encoder)


def decode_function(text: str, where: str) -> Function:
    """`where` names the file in messages."""
    try:
        data, decoder = _read(text, _FUNCTION_KEYS)
        return Function(
            string(data["name"]), each(data["parameters"], decoder.register), optional(data["result"], integer),
            each(data["locals"], decoder.object), each(data["blocks"], decoder.block), decoder.span(data["span"]),
            boolean(data["in_tree"]),
        )
    except Malformed as problem:
        raise InputError(f"{where}: {problem}") from None
    except RecursionError:
        raise InputError(f"{where}: nested too deeply") from None


def encode_unit_header(unit: Unit) -> str:
    """All of a unit but its functions, which it only names."""
    encoder = Encoder()
    values = {
        "schema": line(SCHEMA),
        "entry": line(unit.entry),
        "assumptions": _rows([line(text) for text in unit.assumptions]),
        "externs": _table(unit.externs, list),
        "constants": _table(unit.constants, int),
        "statics": _table(unit.statics, encoder.object),
        "layouts": _table(unit.layouts, encoder.object),
        "unparsed": _table(unit.unparsed, lambda refused: [refused[0], encoder.span(refused[1])]),
        "functions": _rows([line(name) for name in sorted(unit.functions)]),
    }
    return _document(_UNIT_KEYS, values, encoder)


def decode_unit_header(text: str, where: str) -> Header:
    """`where` names the file in messages."""
    try:
        data, decoder = _read(text, _UNIT_KEYS)
        unit = Unit(
            {}, mapping(data["statics"], decoder.object), mapping(data["externs"], signature),
            mapping(data["constants"], integer), mapping(data["layouts"], decoder.object),
            each(data["assumptions"], string), string(data["entry"]), mapping(data["unparsed"], decoder.refused),
        )
        return Header(unit, each(data["functions"], string))
    except Malformed as problem:
        raise InputError(f"{where}: {problem}") from None
    except RecursionError:
        raise InputError(f"{where}: nested too deeply") from None


def _block(encoder: Encoder, block: Block) -> str:
    rows = [line(encoder.instr(instruction)) for instruction in block.instructions]
    rows.append(line(encoder.terminator(block.terminator)))
    return f"[{line(block.label)},\n " + ",\n ".join(rows) + "]"


def _rows(rows: list[str]) -> str:
    return "[\n" + ",\n".join(rows) + "\n]" if rows else "[]"


def _table(items: Mapping[str, _Item], encode: Callable[[_Item], Any]) -> str:
    rows = [f"{line(name)}:{line(encode(item))}" for name, item in sorted(items.items())]
    return "{\n" + ",\n".join(rows) + "\n}" if rows else "{}"


def _document(keys: Iterable[str], values: dict[str, str], encoder: Encoder) -> str:
    """`files` is known only when all else is encoded."""
    values["files"] = line(list(encoder.files))
    return "{\n" + ",\n".join(f'"{key}":{values[key]}' for key in keys) + "\n}\n"


def _read(text: str, keys: tuple[str, ...]) -> tuple[dict[str, Any], Decoder]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as problem:
        raise Malformed(f"line {problem.lineno}: malformed or cut off ({problem.msg})") from None
    except (ValueError, RecursionError) as problem:
        raise Malformed(f"malformed ({problem})") from None
    if type(data) is not dict or "schema" not in data:
        raise Malformed("no schema number")
    if type(data["schema"]) is not int or data["schema"] != SCHEMA:
        raise Malformed(f"has schema {short(data['schema'])}, and this program reads {SCHEMA}; extract it anew")
    for key in sorted(set(keys) ^ set(data)):
        raise Malformed(f"{short(key)} is {'missing' if key in keys else 'unknown'}")
    return data, Decoder(each(data["files"], string))
