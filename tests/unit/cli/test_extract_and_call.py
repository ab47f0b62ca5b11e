"""`verify extract`, `verify call`, `verify rules` and the findings of a kernel tree."""

from __future__ import annotations

from pathlib import Path

from tests import mini
from tests.unit.cli.conftest import Command
from tests.unit.cli.test_run import FAULT
from verify.frontend.unit import lower_tree
from verify.snapshot import store
from verify.snapshot.manifest import Manifest
from verify.source.tree import read_tree


def test_equal_sources_and_equal_ir(verify: Command, tmp_path: Path) -> None:
    tree = mini.write(tmp_path / "tree")
    assert verify("extract", "--tree", tree, "--out", tmp_path / "s", "--name", "mini").status == 0
    done = verify("extract", "--tree", tree, "--name", "mini", "--check", tmp_path / "s")
    assert (done.status, done.out) == (0, "mini: same sources, same IR\n")


def test_a_source_that_moved_on_shows_its_drift_and_goes_on(verify: Command, tmp_path: Path) -> None:
    verify("extract", "--tree", mini.write(tmp_path / "tree"), "--out", tmp_path / "s", "--name", "mini")
    done = verify("extract", "--tree", mini.write(tmp_path / "new", FAULT), "--name", "mini", "--check", tmp_path / "s")
    assert done.status == 0
    assert "the sources moved on" in done.out
    assert "function negotiate: changed" in done.out


def test_equal_sources_with_another_ir_fail(verify: Command, tmp_path: Path) -> None:
    files = read_tree(mini.write(tmp_path / "tree"))
    other = lower_tree(read_tree(mini.write(tmp_path / "new", FAULT)).files)
    store.write(tmp_path / "s" / "mini", other, Manifest("mini", "tree", files.digests))
    done = verify("extract", "--tree", tmp_path / "tree", "--name", "mini", "--check", tmp_path / "s")
    assert done.status == 1
    assert "the front end changed" in done.out


def test_ir_is_printed_with_what_is_not_lowered(verify: Command, tmp_path: Path) -> None:
    tree = mini.write(tmp_path, ("    answer(ctxt, FFA_ERROR, 0, (u32)code);", '    asm("nop");'))
    assert "unsupported" in verify("extract", "--tree", tree, "--function", "refuse", "--print").out
    assert "unsupported" not in verify("extract", "--tree", tree, "--function", "negotiate", "--print").out


def test_calls_from_reset(verify: Command, tmp_path: Path) -> None:
    done = verify("call", "--tree", mini.write(tmp_path), "0x84000063", "w1=0x10000", "0x84000063", "w1=0x10001")
    assert done.status == 0
    assert "FFA_VERSION(1.0)" in done.out
    assert "FFA_VERSION(1.1)" in done.out


def test_rules_are_listed_and_explained(verify: Command) -> None:
    listed = verify("rules").out.splitlines()
    assert len(listed) >= 34
    assert "Reading" in verify("rules", "VER-07").out
