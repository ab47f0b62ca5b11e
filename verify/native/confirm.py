"""Runs the program of a finding on this machine, within limits, and says what came of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import which
from typing import IO

SECONDS = 10
LONGEST = 4 * SECONDS
"""By the clock, of all together: a busy machine says nothing about the code, so its end is no verdict."""
MEMORY = 2 << 30
WRITTEN = 64 << 20
LIMITED = (f"ulimit -t {SECONDS}; ulimit -v {MEMORY >> 10}; ulimit -f {WRITTEN >> 9}; ulimit -c 0; "
           'exec sh "$0" "$1"')
"""Time on a processor, address space, size of files, no core: of each process."""
MOST_OUTPUT = 1 << 20
"""Bytes. Where there are more, not all that differs would be seen."""
CONFIRMED = "confirmed natively"
NOT_CONFIRMED = "not confirmed natively: "
NOT_SEEN = f"{NOT_CONFIRMED}compiled here, all happens as listed, and the numbers do not show what is wrong"
CONTRADICTED = "contradicted natively: "
COMPILERS = ("cc", "gcc", "clang")
SHOWN, NOT_SHOWN, NOT_RUN = 1, 0, 2
DIFFERS = "differs: "
VERDICT = re.compile(r"verdict: shown (\d+) of (\d+), differs (\d+)")
"""The last line of a program that ran to its end."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Statements that are shown violated, of how many, and what was not as in the counterexample."""

    shown: int
    statements: int
    differences: int


@dataclass(frozen=True, slots=True)
class Run:
    """Exit status and what was printed, or the end of it. `unheard`: why it says nothing about the finding."""

    status: int
    output: str
    unheard: str = ""

    @property
    def differences(self) -> list[str]:
        """What is not as in the counterexample."""
        lines = (line.strip() for line in self.output.splitlines())
        return [line.removeprefix(DIFFERS) for line in lines if line.startswith(DIFFERS)]

    @property
    def is_heard(self) -> bool:
        """It ran to its end, and all that it printed is known."""
        return not self.unheard and self.counted is not None

    @property
    def counted(self) -> Counted | None:
        """What the program says at its end; None if it did not get there, whatever the exit status is.

        A shell, `unshare` or a compiler ends with 0 or 1 as well.
        """
        found = VERDICT.fullmatch(self.output.removesuffix("\n").rpartition("\n")[2])
        if found is None:
            return None
        counted = Counted(*map(int, found.groups()))
        is_shown = 0 < counted.shown == counted.statements
        return counted if self.status == (SHOWN if is_shown else NOT_SHOWN) else None


def compiler() -> str | None:
    """What the program will be compiled with."""
    named = os.environ.get("CC")
    return named if named else next((name for name in COMPILERS if which(name)), None)


def execute(program: str, tree: Path) -> Run:
    """Compile and run it: ten seconds, two gigabytes for a process, a folder of its own, no network where the system
    lets us leave it.
    """
    with tempfile.TemporaryDirectory(prefix="verify-native-") as name:
        folder = Path(name)
        file = folder / "replay.c"
        file.write_text(program, encoding="utf-8")
        with tempfile.TemporaryFile(dir=folder) as said:
            status = _status([*_alone(), "sh", "-c", LIMITED, str(file), str(tree.resolve())], folder, said)
            size = os.fstat(said.fileno()).st_size
            output = os.pread(said.fileno(), MOST_OUTPUT, max(0, size - MOST_OUTPUT)).decode(errors="replace")
            output = _relative(output, folder, tree)
    if status is None:
        return Run(NOT_RUN, output, f"it took too long, no end after {LONGEST} seconds")
    return Run(status, output, f"too much output, {size} bytes" if size > MOST_OUTPUT else "")


def _relative(output: str, folder: Path, tree: Path) -> str:
    """Files by their names in the tree, or among what was written: where these are is no part of what is said."""
    output = output.replace(f"{tree.resolve()}/", "")
    return re.sub(rf"{re.escape(str(folder))}/(tmp\.\w+/)?", "", output)


def _status(command: Sequence[str], folder: Path, said: IO[bytes]) -> int | None:
    """None: it did not end. All that it started and that is still in its session's first group ends with it.

    What it prints goes to a file: that has the limit of every file that it writes, and no reader who keeps it.
    """
    with subprocess.Popen(
        command, cwd=folder, env=_environment(folder), stdin=subprocess.DEVNULL, stdout=said,
        stderr=subprocess.STDOUT, start_new_session=True,
    ) as process:
        try:
            return process.wait(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _environment(folder: Path) -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "CC") if name in os.environ}
    return {**kept, "LC_ALL": "C", "TMPDIR": str(folder), "HOME": str(folder)}


@cache
def _alone() -> tuple[str, ...]:
    """Words that start a command without a network, if this user may do so."""
    if which("unshare") is not None:
        for words in (("unshare", "-n"), ("unshare", "-rn")):
            done = subprocess.run([*words, "true"], capture_output=True, check=False)
            if done.returncode == 0:
                return words
    return ()


def is_alone() -> bool:
    return bool(_alone())


def verdict(run: Run) -> str:
    """What the run says to the finding, in one line: CONFIRMED, or with why not; or CONTRADICTED."""
    if run.unheard:
        return f"{NOT_CONFIRMED}{run.unheard}"
    counted = run.counted
    if counted is None:
        return f"{NOT_CONFIRMED}the program did not run: {' / '.join(run.output.strip().splitlines()[-3:])}"
    if counted.differences:
        return CONTRADICTED + "; ".join(run.differences[:3] or [f"{counted.differences} differences"])
    if run.status == SHOWN:
        return CONFIRMED
    return NOT_SEEN
