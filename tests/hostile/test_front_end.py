"""Whatever ffa.c holds, the command ends soon, with a status of the README and a message, and evaluates nothing."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests import mini
from tests.hostile.bombs import BOMBS
from tests.hostile.command import Verify, complaint
from tests.hostile.mutate import damaged
from verify.frontend.preprocess import FFA_C

SHARDS = 4


@pytest.mark.parametrize("name", BOMBS)
def test_a_text_that_is_meant_to_harm(verify: Verify, tree: Path, name: str) -> None:
    text, said = BOMBS[name]
    (tree / FFA_C).write_text(text, newline="")
    done = verify(tree, ["extract", "--tree", tree, "--print", "--out", tree / "out"])
    assert complaint(done) == ""
    if said.startswith("unsupported: "):
        assert done.status == 0
        assert said.removeprefix("unsupported: ") in done.out
    else:
        assert (done.status, said in done.err) == (2 if said else 0, True), done.err


@pytest.mark.parametrize("shard", range(SHARDS))
def test_damaged_texts(verify: Verify, tree: Path, shard: int, inputs: int) -> None:
    rng = Random(shard)
    for number in range(inputs):
        (tree / FFA_C).write_bytes(damaged(mini.SOURCE.encode(), rng))
        done = verify(tree, ["extract", "--tree", tree, "--print"])
        assert complaint(done) == "", (shard, number, done.err)


@pytest.mark.kernel
def test_damaged_kernels(verify: Verify, tree: Path, inputs: int, request: pytest.FixtureRequest) -> None:
    from tests.conftest import kernel_tree

    found = kernel_tree()
    assert found is not None
    text, rng = (found / FFA_C).read_bytes(), Random(1)
    for number in range(inputs):
        (tree / FFA_C).write_bytes(damaged(text, rng))
        done = verify(tree, ["extract", "--tree", tree, "--print"])
        assert complaint(done) == "", (number, done.err)


@pytest.mark.parametrize("statement", [
    "frobnicate(host_ctxt);", "asm volatile(\"nop\");", "kvm_host_ffa_handler(host_ctxt, func_id);", "u8 big[1 << 20]; big[func_id] = 1;",
    "cpu_reg(host_ctxt, 3) = " + "+".join(["func_id"] * 200) + ";",
    "cpu_reg(host_ctxt, 3) = " + "(" * 60 + "func_id" + ")" * 60 + ";",
])
def test_what_is_not_understood_is_never_proved(verify: Verify, tree: Path, statement: str) -> None:
    text = mini.SOURCE.replace("        negotiate(host_ctxt);\n", f"        {statement}\n        negotiate(host_ctxt);\n")
    (tree / FFA_C).write_text(text)
    done = verify(tree, ["run", "--tree", tree, "--rule", "VER-07", "--trust", "L2", "--jobs", "1"])
    assert (done.status, complaint(done)) == (3, "")
    assert "unsupported" in done.out and "  proved" not in done.out
