"""docs/writing-rules.md does what it says: its files are written and its commands run, in order, in an empty folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "writing-rules.md"
_BLOCK = re.compile(r"^(`{3,})(\w+)[ ]?([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_ENTRY = "from verify.cli.entry import entry; entry()"


@dataclass(frozen=True)
class Block:
    language: str
    given: str
    text: str


def blocks() -> Iterator[Block]:
    for match in _BLOCK.finditer(GUIDE.read_text(encoding="utf-8")):
        yield Block(match[2], match[3], match[4])


def run(line: str, folder: Path) -> tuple[int, str]:
    words = shlex.split(line)
    if words[0] == "rm":
        (folder / words[1]).unlink()
        return 0, ""
    assert words[0] == "verify"
    done = subprocess.run([sys.executable, "-c", _ENTRY, *words[1:]], cwd=folder, env=os.environ, text=True,
                          capture_output=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


def test_the_guide_can_be_followed(tmp_path: Path) -> None:
    printed, commands, files = "", 0, 0
    for block in blocks():
        if block.language == "sh":
            (line,) = block.text.splitlines()
            status, printed = run(line, tmp_path)
            assert status == int(block.given.removeprefix("exit=") or 0), (line, printed)
            commands += 1
        elif block.language == "text":
            assert printed.rstrip() == block.text.rstrip()
        elif block.given:
            (tmp_path / block.given).write_text(block.text, encoding="utf-8")
            files += 1
    assert (commands, files) == (6, 5)
    assert "wrong    arch/arm64/kvm/hyp/nvhe/ffa.c:" in printed


def test_pytest_collects_its_test(tmp_path: Path) -> None:
    for block in blocks():
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
