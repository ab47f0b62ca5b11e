"""Runs the program of a finding on this machine, within limits, and says what came of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import which

SECONDS = 10
MEMORY = 2 << 30
WRITTEN = 64 << 20
LIMITED = (f"ulimit -t {SECONDS}; ulimit -v {MEMORY >> 10}; ulimit -f {WRITTEN >> 9}; ulimit -c 0; "
           'exec sh "$0" "$1"')
"""Time on a processor, address space, size of files, no core: of each process."""
MOST_OUTPUT = 1 << 20
CONFIRMED = "confirmed natively"
NOT_CONFIRMED = "not confirmed natively: "
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
    """Exit status and what was printed."""

    status: int
    output: str

    @property
    def differences(self) -> list[str]:
        """What is not as in the counterexample."""
        lines = (line.strip() for line in self.output.splitlines())
        return [line.removeprefix(DIFFERS) for line in lines if line.startswith(DIFFERS)]

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
        command = [*_alone(), "sh", "-c", LIMITED, str(file), str(tree.resolve())]
        with subprocess.Popen(
            command, cwd=folder, env=_environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        ) as process:
            try:
                said, _ = process.communicate(timeout=4 * SECONDS)
            except BaseException as problem:
                os.killpg(process.pid, signal.SIGKILL)
                if not isinstance(problem, subprocess.TimeoutExpired):
                    raise
                return Run(NOT_RUN, f"no end after {4 * SECONDS} seconds")
    return Run(process.returncode, said[:MOST_OUTPUT].decode(errors="replace"))


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
    counted = run.counted
    if counted is None:
        return f"{NOT_CONFIRMED}the program did not run: {' / '.join(run.output.strip().splitlines()[-3:])}"
    if counted.differences:
        return CONTRADICTED + "; ".join(run.differences[:3] or [f"{counted.differences} differences"])
    if run.status == SHOWN:
        return CONFIRMED
    return f"{NOT_CONFIRMED}compiled here, all happens as listed, and the numbers do not show what is wrong"
