"""Which lines of ffa.c ran natively, as gcov counts them: blocks that the front end had lost would show here."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.differential.build import FFA_C


def line_counts(folders: Iterable[Path]) -> dict[int, int]:
    """Line of ffa.c that has code → how often it ran, over all builds (made with --coverage) in these folders."""
    counts: dict[int, int] = {}
    for folder in folders:
        done = subprocess.run(
            ["gcov", "--json-format", "--stdout", "proxy.gcda"], cwd=folder, capture_output=True, text=True, check=True)
        for file in json.loads(done.stdout)["files"]:
            if not file["file"].endswith(FFA_C):
                continue
            for line in file["lines"]:
                number = line["line_number"]
                counts[number] = counts.get(number, 0) + line["count"]
    return counts
