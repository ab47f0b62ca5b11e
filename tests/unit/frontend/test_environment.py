"""Environment headers: what the comparison with the kernel's own definitions once found wrong."""

from __future__ import annotations

import pytest

from tests.support import FFA, evaluate, unit_of
from verify.interpret.environment import Scripted
from verify.interpret.machine import Machine

CASES = [
    ("ALIGN has the type of what it aligns", "u64 f(u64 a, u32 b) { return ALIGN(a, b); }", (0x2BDB804EC8929401, 0x100000),
     0x2BDB804EC8A00000),
    ("ALIGN wraps in that type", "u64 f(u32 a, u64 b) { return ALIGN(a, b); }", (0x7FFFFFFFF, 0x40000000), 0),
    ("PAGE_ALIGN too", "u64 f(u32 a) { return PAGE_ALIGN(a); }", (0xFFFFFFFF,), 0),
    ("IS_ALIGNED too", "u64 f(u64 a, u32 b) { return IS_ALIGNED(a, b); }", (1 << 40, 1 << 31), 1),
    ("scatter lists chain on arm64", "u64 f(void) { return SG_MAX_SEGMENTS; }", (), 2048),
]


@pytest.mark.parametrize(("what", "text", "arguments", "expected"), CASES, ids=[case[0] for case in CASES])
def test_macro(what: str, text: str, arguments: tuple[int, ...], expected: int) -> None:
    assert evaluate(text, "f", *arguments) == expected


def test_a_constant_made_of_bit_fields_is_a_constant() -> None:
    header = "#define FFA_MAJOR GENMASK(30, 16)\n#define FFA_VERSION_1_2 (FIELD_PREP(FFA_MAJOR, 1) | 2)\n" + FFA
    assert unit_of("u32 f(void) { return 0; }", header).constants["FFA_VERSION_1_2"] == 0x10002


def test_the_number_of_this_cpu_is_any() -> None:
    unit = unit_of("u32 f(void) { return hyp_smp_processor_id() + 1; }")
    assert unit.statics["hyp_cpu_number"].is_external
    machine = Machine(unit, Scripted())
    machine.set_static("hyp_cpu_number", 6)
    assert machine.call("f", ()) == 7
    assert "hyp_cpu_number" not in unit_of("u32 f(void) { return 1; }").statics
