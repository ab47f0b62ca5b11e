"""The same work on many items, side by side in processes that inherit what they need.

A process may be killed from outside, or run out of memory: its item is worked at once more, when less else runs, and
if that ends alike the run says so. multiprocessing.Pool would wait for ever.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import traceback
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from verify.errors import InternalError, VerifyError
from verify.solve import interrupt

T = TypeVar("T")
ATTEMPTS = 2
OUT_OF_MEMORY = 41
"""Exit status of a worker."""


class WorkerLost(InternalError):
    """The process that worked at an item ended each time before it had a result; `done` are others that have one."""

    def __init__(self, number: int, how: str, done: Sequence[int] = ()) -> None:
        super().__init__(f"the process at work ended {ATTEMPTS} times without a result ({how})")
        self.number = number
        self.how = how
        self.done = tuple(done)


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    connection: Connection
    number: int | None = None


Told = Callable[[Sequence[int], int], None]
"""(what is at work now, how much is done)"""
TICK = 1.0
"""Seconds after which somebody who is told is told again."""


def side_by_side(
    work: Callable[[int], T], order: Sequence[int], jobs: int, tell: Told | None = None,
) -> Generator[T]:
    """The results in the order given, begun in that order; never in this process, for Ctrl-C is this one's.

    Raises what the work raises, or WorkerLost.
    """
    crew = _Crew(work, order, min(jobs, len(order)), tell)  # of nothing to do, nobody
    try:
        crew.hire()
        interrupt.ask()
        for number in order:
            while number not in crew.results:
                crew.turn()
            is_done, result = crew.results.pop(number)
            if not is_done:
                raise result
            yield result
    finally:
        crew.dismiss()


class _Crew:
    """The processes, what is to be done and what is done."""

    def __init__(self, work: Callable[[int], Any], order: Sequence[int], size: int, tell: Told | None) -> None:
        self.results: dict[int, tuple[bool, Any]] = {}
        """By number: was it done, and what came of it, or why not."""
        self._work = work
        self._size = size
        self._tell = tell
        self._all = len(order)
        self._todo = deque(order)
        self._lost: Counter[int] = Counter()
        self._workers: list[_Worker] = []

    def hire(self) -> None:
        """Half a worker would be left behind by Ctrl-C."""
        context = multiprocessing.get_context("fork")
        with interrupt.deferred():
            while len(self._workers) < self._size:
                ours, theirs = context.Pipe()
                others = [ours, *(worker.connection for worker in self._workers)]
                process = context.Process(target=_serve, args=(self._work, theirs, others), daemon=True)
                process.start()
                theirs.close()
                self._workers.append(_Worker(process, ours))

    def turn(self) -> None:
        """Give out what there is to do, and wait for the next result."""
        for worker in list(self._workers):
            if worker.number is None and self._todo:
                worker.number = self._todo.popleft()
                self._send(worker)
        busy = {worker.connection: worker for worker in self._workers if worker.number is not None}
        if self._tell is not None:
            now = [worker.number for worker in busy.values() if worker.number is not None]
            self._tell(now, self._all - len(self._todo) - len(now))
        for connection in wait(list(busy), None if self._tell is None else TICK):
            assert isinstance(connection, Connection)
            self._receive(busy[connection])

    def dismiss(self) -> None:
        with interrupt.deferred():
            for worker in self._workers:
                worker.process.kill()
            for worker in self._workers:
                worker.process.join()
                worker.connection.close()
            self._workers.clear()

    def _send(self, worker: _Worker) -> None:
        try:
            worker.connection.send(worker.number)
        except OSError:  # it is gone, which `_receive` will find
            return

    def _receive(self, worker: _Worker) -> None:
        assert worker.number is not None
        try:
            self.results[worker.number] = worker.connection.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            self._replace(worker, worker.number)
            return
        worker.number = None

    def _replace(self, worker: _Worker, number: int) -> None:
        with interrupt.deferred():
            worker.process.kill()
            worker.process.join()
            worker.connection.close()
            self._workers.remove(worker)
        self._lost[number] += 1
        if self._lost[number] == ATTEMPTS:
            raise WorkerLost(number, _how(worker.process.exitcode), sorted(self.results))
        self._todo.append(number)
        self.hire()


def _how(status: int | None) -> str:
    if status == OUT_OF_MEMORY:
        return "out of memory"
    return f"killed by signal {-status}" if status is not None and status < 0 else f"exit status {status}"


def _serve(work: Callable[[int], Any], connection: Connection, others: Sequence[Connection]) -> None:
    """In the worker. Ends with its parent, whose ends of the pipes must not stay open here."""
    interrupt.block()
    for other in others:
        other.close()
    while True:
        try:
            number = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(_attempt(work, number))


def _attempt(work: Callable[[int], Any], number: int) -> tuple[bool, Any]:
    try:
        return True, work(number)
    except Exception as problem:
        if isinstance(problem, MemoryError) or "out of memory" in str(problem):
            os._exit(OUT_OF_MEMORY)
        return False, _portable(problem)


def _portable(problem: Exception) -> Exception:
    """An exception that survives the way to the parent; one that nobody expected takes its traceback along."""
    if not isinstance(problem, VerifyError):
        problem.add_note("in a worker process:\n" + traceback.format_exc())
    try:
        pickle.loads(pickle.dumps(problem))
    except Exception:
        return InternalError(f"{type(problem).__name__}: {problem}")
    return problem
