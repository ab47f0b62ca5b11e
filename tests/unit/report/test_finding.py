"""A finding about memory, made up from calls that the interpreter ran, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from specs.bindings.pkvm import PKVM
from tests.unit.report.test_sequence import EXTRACTED, WRITER, run
from verify.ir.function import Unit
from verify.prove.histories import DATA, HANDLE, RECLAIM, Call
from verify.prove.outcome import Cause, Episode, Finding
from verify.report import story
from verify.report.decode import names_of
from verify.report.text import followed
from verify.snapshot import store

SCHEMA = Path(__file__).parents[3] / "docs" / "schema" / "run-2.json"
CAUSE = Cause("f", "a.c", 1, ("page",), "access", "", "0" * 16)


@pytest.fixture(scope="module")
def unit() -> Unit:
    return store.read(EXTRACTED / "6.12")[0]


def finding(unit: Unit, *calls: Call) -> Finding:
    done = tuple(run(unit, *calls))
    return Finding(CAUSE, "a clause", Episode(12, 0xAA, (), (), done, page=DATA >> 12, index=2, names=PKVM), "0" * 16)


@pytest.mark.parametrize("calls", [
    (WRITER.send(WRITER.descriptor(3)),),
    (WRITER.send(WRITER.descriptor(1)), WRITER.call(RECLAIM, HANDLE)),
    (WRITER.send(replace(WRITER.descriptor(1), emad_offset=0xFFA)),),
])
def test_the_schema_has_all_of_it(unit: Unit, calls: tuple[Call, ...]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    told = story.finding(finding(unit, *calls), names_of(unit.constants))
    jsonschema.validate(told, {"$ref": "#/$defs/finding", "$defs": schema["$defs"]})
    assert json.dumps(told) == json.dumps(story.finding(finding(unit, *calls), names_of(unit.constants)))


def test_the_page_that_matters_before_and_after(unit: Unit) -> None:
    told = story.episode(finding(unit, WRITER.send(WRITER.descriptor(1))).episode, names_of(unit.constants))
    assert told["page"] == {
        "page": "0x90000", "before": "the host's own", "after": "shared with the secure world"}
    assert list(followed(told)) == [
        "  page 0x90000: the host's own → shared with the secure world", "  for the index 0x2"]
    assert list(followed({"page": None, "index": None})) == []
