"""A scheduler and two workers on this machine, as anybody starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

TRIES = 600


@dataclass
class Machines:
    address: str
    workers: list[subprocess.Popen[bytes]]


def start(folder: Path, module: str, *words: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "VERIFY_CACHE": str(folder / "kept")}
    with (folder / f"{module}.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", f"distributed.cli.{module}", *map(str, words), "--no-dashboard"],
                                stdout=log, stderr=log, env=environment, cwd=folder)


def scheduler(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """It, and its address."""
    place = folder / "scheduler.json"
    process = start(folder, "dask_scheduler", "--host", "127.0.0.1", "--port", 0, "--scheduler-file", place)
    wait_until(lambda: place.exists() and place.read_text().endswith("}"), folder / "dask_scheduler.log")
    return process, str(json.loads(place.read_text())["address"])


def wait_until(is_done: Callable[[], bool], log: Path) -> None:
    for _ in range(TRIES):
        if is_done():
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("machines")
    process, address = scheduler(folder)
    workers = [
        start(folder, "dask_worker", address, "--nthreads", 1, "--no-nanny", "--local-directory", folder / str(number))
        for number in range(2)]
    log = folder / "dask_worker.log"
    wait_until(lambda: log.read_text().count("Registered to") == len(workers), log)
    yield Machines(address, workers)
    end([*workers, process])
