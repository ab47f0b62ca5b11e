"""The command as hostile inputs meet it, and what may come of any input at all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 20.0
MEGABYTES = 1500
MOST_LINES = 2
"""What a message about one thing may take."""


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str
    seconds: float


class Server:
    """A process that forks for each try; see `server.py`."""

    def __enter__(self) -> Server:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.server"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._process.communicate(timeout=SECONDS)

    def __call__(
        self, folder: Path, words: Sequence[object], seconds: float = SECONDS, memory: int = MEGABYTES, stdout: str = ""
    ) -> Outcome:
        assert self._process.stdin is not None and self._process.stdout is not None
        asked = {"folder": str(folder), "words": [*map(str, words)], "seconds": seconds, "memory": memory, "stdout": stdout}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))


Verify = Callable[..., Outcome]


def complaint(done: Outcome) -> str:
    """What is wrong with an outcome, whatever the input was; empty if nothing is."""
    if done.status == -9:
        return f"no end within {done.seconds:.0f} s"
    if "Traceback" in done.err or "Error:" in done.err:
        return "a traceback"
    if done.status not in (0, 1, 2, 3):
        return f"status {done.status}"
    if done.status == 2 and not (done.err.startswith("verify: ") and done.err.count("\n") <= MOST_LINES):
        return "not one message"
    if done.status == 2 and len(done.err) > 600:
        return "a message that is too long"
    return ""
