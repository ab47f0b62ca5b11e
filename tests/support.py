"""Small C texts as units, for tests: our own minimal headers, any functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from verify.frontend.preprocess import FFA_C, FFA_H, SMCCC_H
from verify.frontend.unit import lower_tree
from verify.interpret.environment import Scripted
from verify.interpret.machine import Machine
from verify.ir import instr as i
from verify.ir.function import Unit

SCHEMAS = Path(__file__).resolve().parent.parent / "docs" / "schema"
SMCCC = """
struct arm_smccc_res { unsigned long a0, a1, a2, a3; };
struct arm_smccc_1_2_regs { unsigned long a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17; };
"""
FFA = """
struct ffa_mem_region { u16 sender_id; u16 attributes; u32 flags; u64 handle; u64 tag; u32 ep_mem_size; u32 ep_count; };
struct ffa_mem_region_attributes { u16 receiver; u8 attrs; u8 flag; u32 composite_off; u64 reserved; };
struct ffa_composite_mem_region { u32 total_pg_cnt; u32 addr_range_cnt; u64 reserved; };
struct ffa_mem_region_addr_range { u64 address; u32 pg_cnt; u32 reserved; };
"""


def unit_of(text: str, ffa_h: str = FFA) -> Unit:
    """The unit of a tree whose ffa.c is `text`."""
    return lower_tree({FFA_C: text, FFA_H: ffa_h, SMCCC_H: SMCCC})


def evaluate(text: str, name: str, *arguments: int) -> int | None:
    """What the interpreter returns for one function of `text`."""
    machine = Machine(unit_of(text), Scripted())
    return machine.call(name, arguments)


def unsupported(unit: Unit, name: str) -> list[tuple[str, int]]:
    """(construct, line) of each Unsupported in a function."""
    return [
        (item.construct, item.span.line) for block in unit.functions[name].blocks for item in block.instructions
        if isinstance(item, i.Unsupported)
    ]


def has_schema(data: Any, name: str) -> None:
    """Raises ValidationError where the data are not as the documented schema says."""
    jsonschema.validate(data, json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8")))
