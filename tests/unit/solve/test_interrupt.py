"""Ctrl-C that arrives in a destructor."""

from __future__ import annotations

import subprocess
import sys

import pytest

TEXT = """
from verify.solve import interrupt
interrupt.install()
class Gone:
    def __del__(self):
        raise {}
Gone()
print("went on")
"""


@pytest.mark.parametrize(("kind", "is_told"), [("KeyboardInterrupt", False), ("ValueError", True)])
def test_what_a_destructor_drops(kind: str, is_told: bool) -> None:
    done = subprocess.run([sys.executable, "-c", TEXT.format(kind)], capture_output=True, text=True, check=True)
    assert done.stdout == "went on\n"
    assert (kind in done.stderr) == ("Traceback" in done.stderr) == is_told
