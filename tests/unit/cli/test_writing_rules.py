"""docs/writing-rules.md does what it says: its files are written and its commands run, in order, in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.unit.cli.guide import ROOT, blocks, follow

GUIDE = (ROOT / "docs" / "writing-rules.md").read_text(encoding="utf-8")


def test_the_guide_can_be_followed(tmp_path: Path) -> None:
    done = follow(GUIDE, tmp_path)
    assert (done.commands, done.files) == (6, 5)
    assert "wrong    arch/arm64/kvm/hyp/nvhe/ffa.c:" in done.printed


def test_pytest_collects_its_test(tmp_path: Path) -> None:
    for block in blocks(GUIDE):
        if block.given and block.language != "sh":
            path = tmp_path / block.given
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    (tmp_path / "rules" / "wrong.py").unlink()
    test = tmp_path / "rules" / "acme_ver_01.md"
    test.write_text(test.read_text(encoding="utf-8").replace("violated (x1)", "violated (x2)"), encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=tmp_path, text=True,
                          env=os.environ, capture_output=True, check=False, timeout=300)
    assert (done.returncode, "1 failed, 1 passed" in done.stdout) == (1, True), done.stdout
    line = 1 + test.read_text(encoding="utf-8").splitlines().index(
        "\tanswer(host, result, wanted + 1, 0, 0);\t/* ACME-VER-01: violated (x2) */")
    assert f"acme_ver_01.md:{line}: ACME-VER-01: violated is expected here, it is elsewhere" in done.stdout
    assert f"acme_ver_01.md:{line}: not expected: ACME-VER-01 part registers: violated (x1)" in done.stdout
