"""The seed's three patches, cut out of the mailing-list thread that started the project.

The thread holds two postings of patch 1; the first one's white space is mangled, so the last posting counts.
`python -m tests.series THREAD DIR` writes `1.patch`, `2.patch` and `3.patch`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_MESSAGE = re.compile(r"^\* (?=\[|Re:)", re.MULTILINE)
_PATCH = re.compile(r"\[PATCH (?P<number>[1-9])/\d+\]")


def postings(thread: str) -> list[tuple[int, str]]:
    """(number, diff) of every posted patch, in the thread's order; replies are left out."""
    found = []
    for message in _MESSAGE.split(thread):
        match = _PATCH.match(message)
        start = message.find("\ndiff --git ")
        if match and start >= 0:
            found.append((int(match["number"]), _without_signature(message[start + 1:])))
    return found


def series(thread: str) -> dict[str, str]:
    """`1.patch` → text, …: the last posting of each."""
    return {f"{number}.patch": text for number, text in sorted(dict(postings(thread)).items())}


def _without_signature(message: str) -> str:
    return re.split(r"^-- $", message, maxsplit=1, flags=re.MULTILINE)[0]


def main(thread: str, directory: str) -> None:
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in series(Path(thread).read_text(encoding="utf-8")).items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
