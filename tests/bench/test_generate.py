"""The larger mediators: complete, and each copy of a handler does what the original does."""

from __future__ import annotations

import re

import pytest

from tests.bench.generate import FIRST_FREE, generated
from tests.mediators.trees import REFERENCE, files
from verify.frontend.preprocess import FFA_C, PKVM_H
from verify.frontend.unit import lower_tree
from verify.interpret.session import Session
from verify.interpret.spmc import Spmc
from verify.ir import instr as i
from verify.ir.function import Unit

FEATURES, MAP, UNMAP = 0x84000064, 0xC4000066, 0x84000067
COPY = {FEATURES: 0x84000000 | FIRST_FREE, MAP: 0xC4000001 | FIRST_FREE, UNMAP: 0x84000002 | FIRST_FREE}
VERSION, AGREED = 0x84000063, 0x10001


@pytest.fixture(scope="module")
def twice() -> Unit:
    return lower_tree(generated(files(REFERENCE), handlers=2))


def test_nothing_changes_where_nothing_is_asked() -> None:
    assert generated(files(REFERENCE)) == files(REFERENCE)


def test_everything_is_lowered(twice: Unit) -> None:
    once = lower_tree(files(REFERENCE))
    copied = {name for name in twice.functions if name.endswith("_2") and name not in once.functions}
    assert {"send_memory_2", "take_memory_back_2", "share_ranges_2", "answer_2"} <= copied
    assert len(twice.functions) == len(once.functions) + len(copied)
    assert not twice.unparsed
    assert not [item for function in twice.functions.values() for block in function.blocks
                for item in block.instructions if isinstance(item, i.Unsupported)]


def test_copies_have_numbers_of_their_own() -> None:
    text = generated(files(REFERENCE), handlers=8)[FFA_C]
    cases = re.findall(r"case (0x[0-9a-f]+):", text)
    assert len(set(cases)) == len(cases) > 7 * 8


def test_copies_call_copies_only(twice: Unit) -> None:
    """Otherwise the copies would share what is to be measured."""
    for name, function in twice.functions.items():
        called = {item.callee for block in function.blocks for item in block.instructions if isinstance(item, i.Call)}
        both = {other for other in called if f"{other}_2" in twice.functions}
        assert not name.endswith("_2") or not both, name


def _after(unit: Unit, identifiers: dict[int, int]) -> list[tuple[object, ...]]:
    session = Session(unit, Spmc(version=0x10002))
    assert session.initialise() == 0
    result: list[tuple[object, ...]] = []
    for registers in ((VERSION, AGREED), (FEATURES, MAP), (MAP, 0x40000000, 0x40001000, 1), (FEATURES, 0x99), (UNMAP, 0)):
        done = session.call((identifiers.get(registers[0], registers[0]), *registers[1:]))
        assert done.fault is None
        result.append((done.registers[1:8] if not done.handled else done.registers[:8], done.handled, done.state_after))
    return result


def test_copies_do_what_the_originals_do(twice: Unit) -> None:
    assert _after(twice, COPY) == _after(twice, {})


def test_mailboxes_have_as_many_pages_as_asked() -> None:
    assert "#define KVM_FFA_MBOX_NR_PAGES 8" in generated(files(REFERENCE), pages=8)[PKVM_H]
