"""A command in a process group of its own, with limits: how long it took, the most memory it had, how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

KIB = 1024
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` on the clock; `gib` of address space for each process."""

    seconds: int
    gib: int


@dataclass(frozen=True, slots=True)
class Ended:
    """`cpu` seconds of all processes of the command; `peak` MiB of the largest."""

    status: int
    timed_out: bool
    seconds: float
    cpu: float
    peak: float
    out: str
    err: str


def limited(command: Sequence[str], limits: Limits) -> Ended:
    """Raises OSError where no shell can be started. `peak` is not below this process's own: Linux counts that, too."""
    bounded = ("sh", "-c", 'ulimit -v "$0" && exec "$@"', str(limits.gib * KIB * KIB), *command)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start, late = time.perf_counter(), list[tuple[float, float]]()
        process = subprocess.Popen(bounded, stdout=out, stderr=err, stdin=subprocess.DEVNULL, start_new_session=True)
        timer = Timer(limits.seconds, _stop, (process.pid, late))
        timer.start()
        _, raw, used = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(raw)  # else Popen would wait for it once more
        seconds = time.perf_counter() - start
        spent = [(used.ru_utime + used.ru_stime, used.ru_maxrss / KIB), *late]
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    cpu, peak = (max(figures) for figures in zip(*spent, strict=True))
    return Ended(process.returncode, bool(late), seconds, cpu, peak, *texts)


def _stop(group: int, late: list[tuple[float, float]]) -> None:
    """The whole group. Whoever is stopped leaves its own children's figures to nobody: they are read before."""
    found = list(_figures(group))
    late.append((sum(cpu for cpu, _ in found), max((peak for _, peak in found), default=0.0)))
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _figures(group: int) -> Iterator[tuple[float, float]]:
    """CPU seconds and most MiB of each process of the group, as /proc has them."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(fields[2]) == group:
                status = (folder / "status").read_text(encoding="utf-8").splitlines()
                peak = next((int(line.split()[1]) for line in status if line.startswith("VmHWM")), 0)
                yield (int(fields[11]) + int(fields[12])) / TICKS, peak / KIB
