"""Processes that are killed, no memory, no room: a run ends with a result that is true, or says why it has none."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.command import Verify
from verify.errors import InputError, InternalError
from verify.verdict.pool import ATTEMPTS, WorkerLost, side_by_side

COMMAND = (sys.executable, "-c", "from verify.cli.entry import entry; entry()")


def _dies(number: int) -> int:
    if number == 2:
        time.sleep(0.5)  # others are finished by then
        os.kill(os.getpid(), signal.SIGKILL)
    return number * 10


def test_a_worker_that_is_always_lost_is_named_with_what_is_done() -> None:
    with pytest.raises(WorkerLost, match="killed by signal 9") as lost:
        list(side_by_side(_dies, [2, 1, 3], 2))
    assert lost.value.number == 2
    assert lost.value.done == (1, 3)


def test_what_a_lost_worker_was_at_is_done_again(tmp_path: Path) -> None:
    def once(number: int) -> int:
        mark = tmp_path / str(number)
        if number == 3 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number * 10

    assert list(side_by_side(once, [4, 3, 2, 1], 2)) == [40, 30, 20, 10]


def test_a_worker_without_memory(tmp_path: Path) -> None:
    def hungry(number: int) -> int:
        (tmp_path / f"{os.getpid()}").touch()
        raise MemoryError

    with pytest.raises(WorkerLost, match="out of memory"):
        list(side_by_side(hungry, [1], 1))
    assert len([*tmp_path.iterdir()]) == ATTEMPTS


def test_results_and_errors_keep_their_order() -> None:
    def work(number: int) -> int:
        time.sleep(0.02 * number)
        if number == 3:
            raise InputError("three")
        return number

    results: Iterator[int] = side_by_side(work, [5, 1, 3, 2], 3)
    assert [next(results), next(results)] == [5, 1]
    with pytest.raises(InputError, match="three"):
        next(results)
    assert list(side_by_side(work, [], 3)) == []


def test_an_error_that_cannot_travel_is_told_all_the_same() -> None:
    class Local(Exception):
        pass

    def work(number: int) -> int:
        raise Local("lost on the way")

    with pytest.raises(InternalError, match="lost on the way"):
        list(side_by_side(work, [1], 1))


@pytest.mark.parametrize(("victim", "status"), [("worker", 0), ("workers", 4), ("run", 4)])
def test_the_system_kills(tree: Path, victim: str, status: int) -> None:
    """One worker once, each worker there is, or the whole run."""
    words = ("run", "--tree", ".", "--rule", "VER-0*", "--trust", "L2", "--jobs", "1")
    with subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tree) as process:
        (run,) = _children(process.pid, process)
        for _ in range({"worker": 1, "workers": 40, "run": 1}[victim]):
            if process.poll() is not None:
                break
            target = run if victim == "run" else _children(run, process)[0]
            with contextlib.suppress(ProcessLookupError):
                os.kill(target, signal.SIGKILL)
            while Path(f"/proc/{target}").exists() and process.poll() is None:
                time.sleep(0.01)
        out, err = process.communicate(timeout=200)
    assert process.returncode == status, err
    assert "Traceback" not in err
    if status == 4:
        assert err.startswith("verify: internal error: ") and err.count("\n") == 1
    else:
        assert "proved" in out


def _children(parent: int, process: subprocess.Popen[str]) -> list[int]:
    """Waits for one."""
    while process.poll() is None:
        try:
            found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        except OSError:
            found = []
        if found:
            return [int(number) for number in found]
        time.sleep(0.01)
    return [parent]


@pytest.mark.parametrize("seconds", [0.2, 1.5])
def test_ctrl_c_ends_all_of_it(tree: Path, seconds: float) -> None:
    with subprocess.Popen([*COMMAND, "run", "--jobs", "2"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          cwd=tree, start_new_session=True) as process:
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "verify: interrupted" in err and "Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.mark.parametrize("megabytes", [60, 80, 100, 120, 200])
def test_little_memory(verify: Verify, tree: Path, megabytes: int) -> None:
    done = verify(tree, ["run", "--tree", tree, "--rule", "VER-07", "--trust", "L2", "--jobs", "1"], memory=megabytes, seconds=60)
    assert done.status in (0, 4)
    assert "Traceback" not in done.err
    assert done.status == 0 or "memory" in done.err


@pytest.mark.parametrize("words", [("rules",), ("call", "FFA_VERSION"), ("extract", "--tree", ".", "--print")])
def test_no_room_for_the_output(verify: Verify, tree: Path, words: tuple[str, ...]) -> None:
    done = verify(tree, words, stdout="/dev/full")
    assert (done.status, done.err) == (2, "verify: standard output: No space left on device\n")
