"""Reports are the same bytes in processes that hash differently."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

PROGRAM = """
import hashlib
from tests.unit.report.judged import OPTIONS, judge
from verify.cli.output import RENDERERS
from verify.verdict.baseline import Tolerated
run = judge()
for name, render in sorted(RENDERERS.items()):
    print(name, hashlib.sha256(render([run], OPTIONS, Tolerated()).encode()).hexdigest())
"""


def digests(seed: str) -> dict[str, str]:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    return dict(line.split() for line in done.stdout.splitlines())


def test_two_hash_seeds_give_the_same_bytes() -> None:
    first, second = digests("1"), digests("2")
    assert first == second
    assert set(first) == {"fingerprints", "github", "html", "json", "junit", "markdown", "sarif", "text"}
    assert hashlib.sha256(b"").hexdigest() not in first.values()
