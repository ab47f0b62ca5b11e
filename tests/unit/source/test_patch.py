"""Patches on sources in memory: what applies, what is refused, what is said about it."""

from __future__ import annotations

import difflib

import pytest

from verify.errors import InputError
from verify.source.patch import apply
from verify.source.paths import ARM_FFA_H, ARM_SMCCC_H, FFA_C
from verify.source.tree import SourceFiles, frozen

OLD = "".join(f"line {number}\n" for number in range(1, 31))
NEW = OLD.replace("line 15\n", "line fifteen\nand a half\n")


def files(ffa: str = OLD, header: str = OLD) -> SourceFiles:
    return SourceFiles(frozen({FFA_C: ffa, ARM_FFA_H: header, ARM_SMCCC_H: OLD}), "tree")


def diff(path: str, old: str = OLD, new: str = NEW) -> str:
    return "".join(difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{path}", f"b/{path}"))


def test_a_patch_that_fits() -> None:
    patched, report = apply(files(), [("1.patch", diff(FFA_C))])
    assert patched.files[FFA_C] == NEW
    assert patched.files[ARM_FFA_H] == OLD
    assert report.lines() == ()
    assert patched.label == "tree + 1.patch"
    assert set(patched.before) == {FFA_C}


def test_patches_apply_in_order() -> None:
    newer = NEW.replace("and a half", "and three quarters")
    patched, _ = apply(files(), [("1.patch", diff(FFA_C)), ("2.patch", diff(FFA_C, NEW, newer))])
    assert patched.files[FFA_C] == newer
    with pytest.raises(InputError, match=r"2\.patch:3: hunk #1"):
        apply(files(), [("2.patch", diff(FFA_C, NEW, newer))])


def test_an_offset_is_accepted_and_told() -> None:
    moved = "a\nb\nc\n" + OLD
    patched, report = apply(files(moved), [("1.patch", diff(FFA_C))])
    assert patched.files[FFA_C] == "a\nb\nc\n" + NEW
    assert report.lines() == (f"1.patch: hunk #1 of {FFA_C} applied at line 15 with offset +3 lines",)


def test_fuzz_is_refused_in_ffa_c() -> None:
    with pytest.raises(InputError, match="with fuzz 1, which is refused here"):
        apply(files(OLD.replace("line 12\n", "another\n")), [("1.patch", diff(FFA_C))])


def test_fuzz_elsewhere_keeps_the_files_own_lines() -> None:
    changed = OLD.replace("line 12\n", "another\n")
    patched, report = apply(files(header=changed), [("1.patch", diff(ARM_FFA_H))])
    assert patched.files[ARM_FFA_H] == changed.replace("line 15\n", "line fifteen\nand a half\n")
    assert report.lines() == (f"1.patch: hunk #1 of {ARM_FFA_H} applied at line 12 with fuzz 1",)


def test_files_that_are_not_read_are_left_out() -> None:
    patched, report = apply(files(), [("1.patch", diff("drivers/other.c") + diff(FFA_C))])
    assert patched.files[FFA_C] == NEW
    assert report.lines() == ("1.patch: 1 hunk of drivers/other.c left out: the front end does not read it",)


def test_a_patch_without_effect_says_so() -> None:
    _, report = apply(files(), [("1.patch", diff("drivers/other.c"))])
    assert "changes nothing that the front end reads" in report.lines()[-1]


@pytest.mark.parametrize(("text", "said"), [
    ("no diff at all\n", "no unified diff found"),
    (diff(FFA_C)[:-20], "cut off|longer|does not have the lines"),
    (diff(FFA_C).replace(" line 13", "line 13"), "does not have the lines that its header says"),
    (diff(FFA_C).replace("line 13", "line  13"), "white space is mangled"),
    (diff(FFA_C, NEW, OLD.replace("line 15\n", "line fifteen\nand a half\nmore\n")), "does not apply"),
    (diff(FFA_C, OLD, "").replace(f"+++ b/{FFA_C}", "+++ /dev/null"), "is missing"),
])
def test_what_does_not_apply_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        apply(files(), [("1.patch", text)])


def test_a_patch_that_is_there_already() -> None:
    with pytest.raises(InputError, match="has this change already"):
        apply(files(NEW), [("1.patch", diff(FFA_C))])
