"""Random programs do the same natively, in the interpreter and in the engine; the generator keeps its word."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz.campaign import run_campaign
from tests.fuzz.generator import generate, inputs
from tests.fuzz.syntax import promoted

PROGRAMS = "VERIFY_FUZZ_PROGRAMS"
DEFAULT_PROGRAMS = 500
MOST_INCOMPLETE, LEAST_UNDEFINED, MOST_UNDEFINED = 0.05, 0.05, 0.3


@pytest.mark.compiler
def test_no_mismatch(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    outcome = run_campaign(int(os.environ.get(PROGRAMS, DEFAULT_PROGRAMS)), 1, tmp_path)
    for line in outcome.lines():
        record_property("summary", line)
    assert not outcome.mismatches, "\n".join(map(str, outcome.mismatches[:10]))
    assert outcome.incomplete <= MOST_INCOMPLETE * outcome.programs
    assert LEAST_UNDEFINED * outcome.calls <= outcome.undefined <= MOST_UNDEFINED * outcome.calls
    assert not any(who == "interpreter" for who, _ in outcome.unsupported)


def test_the_same_seed_gives_the_same_program() -> None:
    assert generate(7) == generate(7)
    assert generate(7).text != generate(8).text


def test_every_kind_of_statement_is_made() -> None:
    """So that a change of the generator does not leave one out unnoticed."""
    text = "".join(generate(seed).text for seed in range(300))
    for word in ("switch (", "default:", "case -1:", "for (", "while (", "do {", "goto ", "break;", "continue;", "union r",
                 "struct r", "memcpy(", "memset(", "check_mul_overflow", "? &", "NULL", "->", "<<=", "%=", "sizeof(",
                 "UB_IF", "gone_", "[0] = ", "return a", " && ", " *)&"):
        assert word in text, word


def test_inputs_are_those_of_the_parameters_types() -> None:
    for seed in range(50):
        program = generate(seed)
        for row in inputs(program, 4):
            assert all(0 <= value < 1 << (1 if kind.is_bool else kind.bits)
                       for value, kind in zip(row, program.parameters, strict=True))
            assert all(promoted(kind).bits in (32, 64) for kind in program.parameters)
