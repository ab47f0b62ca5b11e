"""`python -m tests.series THREAD DIR` writes the patches of a series that was saved as a thread: `1.patch`, `2.patch`, …."""

from __future__ import annotations

import sys
from pathlib import Path

from verify.source.series import read_series


def series(thread: Path) -> dict[str, str]:
    """`1.patch` → text, …"""
    return {f"{number}.patch": patch.text for number, patch in enumerate(read_series([thread]).patches, 1)}


def main(thread: str, directory: str) -> None:
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in series(Path(thread)).items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
