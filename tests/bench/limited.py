"""A command in a process of its own, with limits: how long it took, the most memory it had, how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Timer

KIB = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    seconds: int
    gib: int


@dataclass(frozen=True, slots=True)
class Ended:
    """`seconds` on the clock, `cpu` seconds and `peak` MiB of the process and those that it waited for."""

    status: int
    timed_out: bool
    seconds: float
    cpu: float
    peak: float
    out: str
    err: str


def limited(command: Sequence[str], limits: Limits) -> Ended:
    """Raises OSError where the command cannot be started."""
    bounded = ("sh", "-c", 'ulimit -v "$0" && exec "$@"', str(limits.gib * KIB * KIB), *command)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start, late = time.perf_counter(), Event()
        process = subprocess.Popen(bounded, stdout=out, stderr=err, stdin=subprocess.DEVNULL, start_new_session=True)
        timer = Timer(limits.seconds, _stop, (process.pid, late))
        timer.start()
        _, raw, used = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(raw)  # else Popen would wait for it once more
        seconds = time.perf_counter() - start
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Ended(process.returncode, late.is_set(), seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / KIB, *texts)


def _stop(group: int, late: Event) -> None:
    """The whole group, for a tool may have started others."""
    late.set()
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
