"""Findings that rest on particular words on EL2's stack: the compiled code finds them where it looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from tests.unit.native.faulty import Case, judged
from verify.native.confirm import CONFIRMED, CONTRADICTED, NOT_CONFIRMED, NOT_SEEN, Run, execute
from verify.native.findings import all_told, asked, contradictions, said_of, with_marks, written
from verify.verdict.options import Options

LEAVES = (
    ("    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n", "    leave(host_ctxt);\n"),
    ("static void negotiate(", "static void leave(struct kvm_cpu_context *ctxt)\n{\n    u64 a0, a1;\n\n"
     "    answer(ctxt, a0, a1, 0);\n}\n\nstatic void negotiate("))
"""An answer that nobody wrote is a wrong success only for few of the words that may lie there."""
OPTIONS = Options(("ERR-04",), ("FFA_RXTX_MAP",), trusts=("L2",))
pytestmark = pytest.mark.compiler


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return judged(tmp_path_factory.mktemp("leaves"), OPTIONS, *LEAVES)


def test_they_are_confirmed(case: Case) -> None:
    assert len(case.all_told) == 2
    for told in case.all_told:
        done = execute(written(case.run, case.unit, PKVM, told), case.tree)
        assert "filled with 0x00, but where it comes from: x0=0xc4000061 x1=0x1:\n" in done.output
        assert "after: x0=0xc4000061 x1=0x1\n" in done.output
        assert "warning" not in done.output, "the program is quiet C"
        assert asked(case.run, case.unit, PKVM, case.tree, told) == CONFIRMED


def test_a_tree_that_reads_no_stack_is_not_blamed(case: Case, tmp_path: Path) -> None:
    mended = mini.write(tmp_path, (LEAVES[0][0], "    answer(host_ctxt, FFA_ERROR, 0, 1);\n"))
    marked = with_marks(case.run, lambda told: asked(case.run, case.unit, PKVM, mended, told))
    marks = {told.finding.native for told in all_told(marked)}
    assert CONFIRMED not in marks and contradictions(marked) == []


@pytest.mark.parametrize("last", ["shown 0 of 1, differs 0", "shown 0 of 1, differs 1", "shown 1 of 1, differs 1"])
def test_what_the_stack_does_not_show_says_so(case: Case, last: str) -> None:
    said = said_of(case.all_told[0], Run(int(last.startswith("shown 1")), f"verdict: {last}\n"))
    assert said.startswith(f"{NOT_CONFIRMED}it rests on particular bytes in EL2's stack")
    assert said != NOT_SEEN and not said.startswith(CONTRADICTED)
