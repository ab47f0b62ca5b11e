"""`verify mutate` from the command line."""

from __future__ import annotations

import re
from pathlib import Path

from tests import mini
from tests.unit.cli.conftest import Command


def test_mutants_of_a_tree_and_who_notices_them(verify: Command, tmp_path: Path) -> None:
    tree = mini.write(tmp_path / "tree")
    out = tmp_path / "strength.txt"
    done = verify("mutate", "--tree", tree, "--rule", "VER-03", "--every", "30", "--output", out)
    assert done.status == 0, done.err
    text = out.read_text()
    (tried,) = re.findall(r"^(\d+) mutants, one of 30 that can be made$", text, re.MULTILINE)
    counts = re.findall(r"^  (killed by calls|killed by proof|proved equivalent|survived|does not boot|not told apart|not reached|contradicted) +(\d+) ", text, re.MULTILINE)
    assert len(counts) == 8 and sum(int(number) for _, number in counts) == int(tried) > 1
    assert re.findall(r"^FFA-\S+", text, re.MULTILINE) == ["FFA-VER-03"]
    assert any(f"    {line.strip()}\n  - " in text for line in mini.SOURCE.splitlines() if line.strip())


def test_functions_are_not_chosen(verify: Command) -> None:
    done = verify("mutate", "--function", "FFA_VERSION")
    assert done.status == 2 and "--function" in done.err
