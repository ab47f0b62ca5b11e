"""The seed's series, applied by us and by patch(1): the same text."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import seed_thread
from verify.errors import InputError
from verify.source.mail import read_mails
from verify.source.patch import apply, apply_patches
from verify.source.postings import newest_whole, postings
from verify.source.tree import read_tree

pytestmark = [pytest.mark.kernel, pytest.mark.shared]


def test_the_same_as_patch_1_makes_of_it(tree: Path, patches: tuple[Path, ...], tmp_path: Path) -> None:
    files = read_tree(tree)
    for name, text in files.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    program = shutil.which("patch")
    assert program is not None
    for patch in patches:
        text = re.sub(r"^diff --git a/\S*/Makefile.*?(?=^diff --git )", "", patch.read_text(), flags=re.M | re.S)
        subprocess.run([program, "-p1", "-s", "--no-backup-if-mismatch", "-d", str(tmp_path)], input=text, text=True,
                       check=True)
    patched, notes = apply_patches(files, patches)
    assert patched.files == read_tree(tmp_path).files
    assert any("arm_ffa.h" in note and "fuzz 2" in note for note in notes)
    assert any("Makefile left out" in note for note in notes)
    assert not any("ffa.c" in note and "fuzz" in note for note in notes)


def test_the_posting_that_a_mailer_mangled_is_refused(tree: Path) -> None:
    thread = seed_thread()
    assert thread is not None
    mails = read_mails(thread)
    first = postings(mails)[0].patches[1]
    with pytest.raises(InputError, match="white space is mangled"):
        apply(read_tree(tree), [("1.patch", first.diff)])
    _, said = newest_whole(thread.name, mails)
    assert len(said) == 1
    assert "patches 2–3 of 3 missing and its white space is mangled" in said[0]
