"""IR to JSON and back, and what malformed JSON is answered with."""

from __future__ import annotations

import dataclasses
import enum
import json
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from verify.errors import InputError
from verify.frontend.unit import lower_tree
from verify.ir import expr, function, instr, span
from verify.ir.codec import (
    SCHEMA,
    decode_function,
    decode_unit_header,
    encode_function,
    encode_unit_header,
)
from verify.ir.function import Unit
from verify.ir.validate import validate
from verify.source.tree import read_tree


def parts(node: object) -> Iterator[object]:
    """Every object within a node."""
    yield node
    if dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            yield from parts(getattr(node, field.name))
    elif isinstance(node, dict):
        for item in node.values():
            yield from parts(item)
    elif isinstance(node, tuple):
        for item in node:
            yield from parts(item)


def round_trip(unit: Unit) -> Unit:
    header = decode_unit_header(encode_unit_header(unit), "unit.json")
    assert header.functions == tuple(sorted(unit.functions))
    return header.complete(
        {name: decode_function(encode_function(unit.functions[name]), name) for name in header.functions})


def test_the_unit_of_these_tests_holds_every_node(unit: Unit) -> None:
    found = {type(part) for part in parts(unit)}
    for union in (expr.Expr, instr.Instr, instr.Terminator):
        assert set(typing.get_args(union)) <= found
    for module in (function, span):
        classes = {x for x in vars(module).values() if isinstance(x, type) and dataclasses.is_dataclass(x)}
        assert classes <= found
    members = {part for part in parts(unit) if isinstance(part, enum.Enum)}
    for kind in (expr.BinaryOp, expr.CompareOp, instr.Order, instr.AssertKind):
        assert set(kind) <= members


def test_round_trip(unit: Unit) -> None:
    again = round_trip(unit)
    assert again == unit
    assert repr(again) == repr(unit)


def test_deterministic_and_one_instruction_a_line(unit: Unit) -> None:
    text = encode_function(unit.functions["handle_host_smc"])
    assert text == encode_function(round_trip(unit).functions["handle_host_smc"])
    assert text.isascii() and text.endswith("]\n}\n")
    count = sum(len(block.instructions) + 1 for block in unit.functions["handle_host_smc"].blocks)
    assert sum(line.startswith(" [") for line in text.splitlines()) == count


def test_order_of_mappings_does_not_matter(unit: Unit) -> None:
    turned = dataclasses.replace(unit, constants=dict(reversed(unit.constants.items())))
    assert encode_unit_header(turned) == encode_unit_header(unit)


def test_equal_registers_and_spans_are_one_object(unit: Unit) -> None:
    decoded = decode_function(encode_function(unit.functions["handle_host_smc"]), "f")
    for kind in (expr.Register, span.Span):
        found = [part for part in parts(decoded) if isinstance(part, kind)]
        assert len({id(part) for part in found}) == len(set(found)) < len(found)


def test_every_prefix_is_refused(unit: Unit) -> None:
    text = encode_function(unit.functions["helper"])
    for length in range(len(text) - 2):
        with pytest.raises(InputError, match=r"^f\.json: ") as caught:
            decode_function(text[:length], "f.json")
        assert "\n" not in str(caught.value)


def changed(text: str, change: Callable[[Any], object]) -> str:
    data = json.loads(text)
    change(data)
    return json.dumps(data)


def put(key: str, value: object) -> Callable[[Any], object]:
    return lambda data: data.__setitem__(key, value)


def in_block(*rows: object) -> Callable[[Any], object]:
    return put("blocks", [["entry.1", *rows]])


SPAN, REG, BAD = [0, 1], ["reg", 64, "a"], "is no "


@pytest.mark.parametrize(("change", "message"), [
    (put("schema", SCHEMA + 1), f"has schema {SCHEMA + 1}, and this program reads {SCHEMA}"),
    (put("schema", True), "has schema true"),
    (put("schema", "1"), 'has schema "1"'),
    (lambda data: data.pop("schema"), "no schema number"),
    (lambda data: data.pop("locals"), '"locals" is missing'),
    (put("comment", ""), '"comment" is unknown'),
    (put("name", 3), "3 is not a string"),
    (put("result", True), "true is not an integer"),
    (put("in_tree", 1), "1 is neither true nor false"),
    (put("parameters", {}), "{} is not a list"),
    (put("parameters", [["const", 1, 1]]), "is no register"),
    (put("span", [0]), "is no span"),
    (put("span", [9, 1]), "is no span"),
    (put("span", [0, -1]), "is no span"),
    (put("span", [0, 1, 2, 3]), "is no span"),
    (put("span", []), "is no span"),
    (put("files", 1), "1 is not a list"),
    (put("locals", [["x"]]), "is no object"),
    (put("locals", [["x", 1, 1, [["y"]], False, None, SPAN]]), "is no field"),
    (put("locals", [["x", 1, 1, [], False, "zz", SPAN]]), "is not hexadecimal"),
    (put("blocks", [[]]), "is no block"),
    (put("blocks", [["entry.1"]]), "is no block"),
    (put("blocks", ["x"]), "is no block"),
    (in_block(["lod", REG, SPAN], ["stop", SPAN]), '"lod" is no instruction'),
    (in_block(["load", REG, REG, 8, "relaxed", SPAN], ["stop", SPAN]), '"relaxed" is no memory order'),
    (in_block(["load", REG, REG, 8, [], SPAN], ["stop", SPAN]), "[] is no memory order"),
    (in_block(["assert", "hope", REG, SPAN], ["stop", SPAN]), '"hope" is no assertion'),
    (in_block([], ["stop", SPAN]), "[] is no instruction"),
    (in_block(["warn", ["and", 64, REG], SPAN], ["stop", SPAN]), '"and" is no expression with one operand'),
    (in_block(["warn", ["nand", 64, REG, REG], SPAN], ["stop", SPAN]), '"nand" is no expression with two operands'),
    (in_block(["warn", ["const", 64, 1.0], SPAN], ["stop", SPAN]), "1.0 is not an integer"),
    (in_block(["warn", ["const", 64, False], SPAN], ["stop", SPAN]), "false is not an integer"),
    (in_block(["warn", None, SPAN], ["stop", SPAN]), "null is no expression"),
    (in_block(["stop", SPAN], ["stop", SPAN]), "is no instruction"),
    (in_block(["jump", 1, SPAN]), "1 is not a string"),
    (in_block(["goto", "x", SPAN]), "is no end of a block"),
    (in_block(["switch", REG, [[1]], "x", SPAN]), "[1] is no case"),
])
def test_malformed_function(unit: Unit, change: Callable[[Any], object], message: str) -> None:
    text = changed(encode_function(unit.functions["helper"]), change)
    with pytest.raises(InputError) as caught:
        decode_function(text, "functions/helper.json")
    assert str(caught.value).startswith("functions/helper.json: ") and message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("change", "message"), [
    (put("schema", 0), "has schema 0"),
    (put("externs", {"f": [1]}), "is no signature"),
    (put("externs", []), "[] is not a table"),
    (put("constants", {"A": "1"}), '"1" is not an integer'),
    (put("unparsed", {"f": "x"}), "is no construct with its span"),
    (put("functions", [1]), "1 is not a string"),
    (lambda data: data.pop("entry"), '"entry" is missing'),
])
def test_malformed_header(unit: Unit, change: Callable[[Any], object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        decode_unit_header(changed(encode_unit_header(unit), change), "unit.json")
    assert str(caught.value).startswith("unit.json: ") and message in str(caught.value)


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"schema":NaN}', "[" * 100_000, "1" * 5000, '{"schema":1}'])
def test_what_is_no_function_at_all(text: str) -> None:
    with pytest.raises(InputError, match=r"^x\.json: "):
        decode_function(text, "x.json")


@pytest.mark.kernel
def test_round_trip_of_a_kernel_tree(tree: Path) -> None:
    unit = lower_tree(read_tree(tree).files)
    assert round_trip(unit) == unit
    assert validate(unit) == []
