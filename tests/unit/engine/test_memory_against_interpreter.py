"""The engine's call, on numbers, is the interpreter's: every handler, from many states, with an EL3 that answers anything.

What is compared: registers, statics, locks, where pointers to the host's memory lead, a page's state and pins; the SMCs,
page-table calls, accesses to buffers, locks and warnings on the way, in order; which undefined behaviour a call ends in;
and that what the engine assumes of others and of page-table functions holds. Loops are run a few times over, as hunts
for counterexamples have them; what proofs say of any number of iterations is not compared here.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from specs.bindings.pkvm import PKVM
from tests.agreement.comparison import CUT, RETURNED, Compared, Engine
from tests.agreement.runs import HANDLERS, Runs
from tests.answers import answers
from tests.mediators.memory_faults import MEMORY_FAULTS, SERVED
from tests.mediators.trees import REFERENCE, binding, files
from verify.engine import content, pages
from verify.engine.state import State
from verify.frontend.unit import lower_tree
from verify.prove.starts import SMCCC_1_1, Way
from verify.prove.target import Target, make_target
from verify.source.tree import read_tree
from verify.terms import build as t
from verify.terms.term import Term

INPUTS, OF_THE_KERNEL = (int(os.environ.get("VERIFY_ENGINE_INPUTS", usual)) for usual in ("100", "400"))
"""For each handler."""
ROUNDS = 3
"""As many ranges as an ordinary descriptor here has."""
WAYS = (Way("4K"), Way("16K", page_shift=14), Way("64K", page_shift=16), Way("an SPMC of 1.0", spmc=0x10000),
        Way("an old SMCCC", smccc=SMCCC_1_1))
Note = Callable[[str, object], None]


@dataclass(slots=True)
class Sides:
    """The engine, and runs of the interpreter. Formulas are too long to be shown where a test fails."""

    target: Target = field(repr=False)

    def try_out(self, names: Iterable[str] = HANDLERS, inputs: int = INPUTS) -> dict[str, list[Compared]]:
        """By handler."""
        engine, runs = Engine(self.target), Runs(self.target, WAYS)
        found: dict[str, list[Compared]] = {}
        for name in names:
            rng = random.Random(name)
            made = runs.of(name, rng)
            found[name] = [engine.compare(*next(made), rng) for _ in range(inputs)]
        return found


def _reference() -> Sides:
    return Sides(make_target(lower_tree(files(REFERENCE)), binding(REFERENCE), memory=True, rounds=ROUNDS, remembered=answers()))


def _agree(sides: Sides, label: str, note: Note, inputs: int = INPUTS) -> dict[str, list[Compared]]:
    found = sides.try_out(inputs=inputs)
    ends = Counter(item.end for items in found.values() for item in items)
    wrong = [f"{name}: {item.call}: {item.wrong[:3]}" for name, items in found.items() for item in items if item.wrong]
    note("summary", f"engine and interpreter, {label}: {sum(ends.values())} calls, {len(wrong)} differ; {dict(ends)}")
    assert not wrong, "\n".join(wrong[:5])
    for name, items in found.items():
        assert sum(item.end == CUT for item in items) <= 0.05 * len(items), name
    return found


def _served(found: dict[str, list[Compared]]) -> None:
    """Most calls return, and those of the memory functions are not all refused."""
    for name, items in found.items():
        assert sum(item.end == RETURNED for item in items) >= 0.6 * len(items), name
        if name.startswith(("FFA_MEM", "FFA_RXTX", "FFA_PARTITION")):
            assert sum(item.is_served for item in items) >= 0.05 * len(items), name


def test_the_reference(record_property: Note) -> None:
    _served(_agree(_reference(), "reference", record_property))


@pytest.mark.kernel
def test_the_kernel(tree: Path, record_property: Note) -> None:
    unit = lower_tree(read_tree(tree).files)
    _served(_agree(Sides(make_target(unit, PKVM, memory=True, rounds=ROUNDS, remembered=answers())), "kernel", record_property, OF_THE_KERNEL))


FAULTS = ("RX is not pinned", "RX is not forgotten", "what a fragment does not have is parsed", "the length wraps",
          "a message may be longer than EL2 can take back", "the number of ranges is not compared",
          "the composite may lie in the header", "an error path keeps the lock", "a share that fails is asserted")


def test_a_mediator_full_of_faults(record_property: Note) -> None:
    """Both sides meet the same undefined behaviour, which the reference never does."""
    known = {fault.what: fault.edits for fault in MEMORY_FAULTS}
    edits = [edit for what in FAULTS for edit in known[what] if edit[0] not in SERVED.values()]
    unit = lower_tree(files(REFERENCE, *edits))
    sides = Sides(make_target(unit, binding(REFERENCE), memory=True, rounds=ROUNDS, remembered=answers()))
    found = _agree(sides, "a mediator full of faults", record_property, INPUTS // 2)
    ends = {item.end for items in found.values() for item in items}
    assert {"fault: invalid-pointer", "fault: unpin-of-a-page-that-is-not-pinned"} <= ends


def _wide_window(at: Term, length: Term, offset: Term) -> Term:
    """A copy takes a byte too many."""
    return t.and_(t.ule(at, offset), t.ule(offset, t.binary("add", at, length)))


def _forgetful(state: State, action: str, happens: Term) -> None:
    """Page-table functions change nothing."""


PLANTED = (
    (content, "_window", _wide_window, "FFA_MEM_SHARE"),
    pytest.param(pages, "_change", _forgetful, "FFA_RXTX_MAP", marks=pytest.mark.slow),
)


@pytest.mark.parametrize(("module", "name", "wrong", "handler"), PLANTED, ids=["_window", "_change"])
def test_an_engine_that_is_wrong_is_noticed(
    module: object, name: str, wrong: object, handler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, wrong)
    assert any(item.wrong for item in _reference().try_out([handler], 100)[handler])
