"""What may still be written once a path ends where the model does: what its condition and its values leave open."""

from __future__ import annotations

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from verify.engine.record import Boundary
from verify.ir.function import Unit
from verify.prove.target import make_target

HEAD = "    if (func_id == FFA_VERSION) {\n"
VERSION = "hyp_ffa_version"


def boundaries(unit: Unit) -> list[Boundary]:
    return make_target(unit, PKVM).step.record.boundaries


def writes(before: str, helper: str = "") -> set[str]:
    """The footprint of the one boundary that comes before the handler looks whether the version is asked."""
    first = "bool kvm_host_ffa_handler"
    found = boundaries(mini.unit((first, helper + first), (HEAD, before + HEAD)))
    assert [item.construct for item in found] == ["call of missing, which is not declared"]
    return set(found[0].writes)


def test_what_the_path_excludes_is_not_written() -> None:
    assert VERSION not in writes("    if (func_id != FFA_VERSION)\n        missing();\n")


def test_a_condition_that_the_paths_own_excludes() -> None:
    assert VERSION not in writes("    if (func_id == FFA_ID_GET)\n        missing();\n")


def test_a_path_that_comes_there_writes() -> None:
    assert VERSION in writes("    if (cpu_reg(host_ctxt, 1))\n        missing();\n")


def test_in_a_function_that_was_called() -> None:
    helper = "static void help(u32 a) { if (a) missing(); }\n"
    assert VERSION not in writes("    if (func_id != FFA_VERSION)\n        help(func_id & 1);\n", helper)


@pytest.mark.parametrize("before", [
    "    if (func_id != FFA_VERSION) {\n        missing();\n        func_id = FFA_VERSION;\n    }\n",
    "    if (func_id != FFA_VERSION)\n        func_id = help(func_id);\n",
], ids=["later", "by the call that is not over"])
def test_what_is_set_yet_decides_nothing(before: str) -> None:
    helper = "static u32 help(u32 a) { missing(); return FFA_VERSION; }\n" if "help" in before else ""
    assert VERSION in writes(before, helper)


def test_a_switch() -> None:
    switch = "    switch (func_id) {\n    case FFA_VERSION:\n        hyp_ffa_version = 1;\n        break;\n    }\n"
    edits = (("    switch (func_id) {\n    case FFA_ID_GET:\n        return false;\n",
              "    missing();\n" + switch + "    switch (func_id) {\n    case FFA_ID_GET:\n        return false;\n"),)
    (found,) = boundaries(mini.unit(*edits))
    assert VERSION not in found.writes
    (found,) = boundaries(mini.unit((edits[0][0], edits[0][1].replace("case FFA_VERSION", "case FFA_FEATURES"))))
    assert VERSION in found.writes


def test_a_loop_that_sets_what_it_looks_at() -> None:
    loop = ("    u32 k = 1;\n    while (cpu_reg(host_ctxt, 2)) {\n        if (!k)\n            hyp_ffa_version = 1;\n"
            "        if (k)\n            missing();\n        k = 0;\n    }\n")
    found = boundaries(mini.unit((HEAD, loop + HEAD)))
    assert found and all(VERSION in item.writes for item in found)


@pytest.mark.parametrize("body", ["missing(); hyp_ffa_version = 7;", "hyp_ffa_version = missing();"])
def test_a_statement_that_is_not_modelled_and_what_comes_behind_it(body: str) -> None:
    """Otherwise "a negotiated version never changes" would be proved of this."""
    assert VERSION in writes(f"    if (func_id == FFA_ID_GET) {{\n        {body}\n        return true;\n    }}\n")
