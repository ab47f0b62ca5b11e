"""What runs in a worker of a cluster: a text comes in, a text goes out; processes of its own do the work."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO

from verify.errors import InternalError
from verify.scale.message import write_problem

KEPT = 2
"""Questions without work that a worker keeps prepared: each has half a GiB and took half a minute."""
ATTEMPTS = 2


class Lost(Exception):
    """The process ended before it had an answer."""


class Child:
    """A process that judges one question."""

    def __init__(self, question: str) -> None:
        self.question = question
        self._process = subprocess.Popen(
            [sys.executable, "-m", "verify.scale.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            encoding="utf-8")
        self._write(question)

    def ask(self, rule: str) -> str:
        """Raises Lost."""
        self._write(rule)
        line = self._pipe(self._process.stdout).readline()
        if not line.endswith("\n"):
            self.end()
            raise Lost(f"exit status {self._process.returncode}")
        return str(json.loads(line))

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what it was still to read
                self._pipe(pipe).close()

    def _write(self, text: str) -> None:
        try:
            pipe = self._pipe(self._process.stdin)
            pipe.write(json.dumps(text) + "\n")
            pipe.flush()
        except OSError:  # it is gone, which `ask` will find
            return

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


_IDLE: list[Child] = []
"""The one that worked last comes last."""
_LOCK = threading.Lock()


def judged(question: str, rule: str) -> str:
    """The answer for one rule, or what went wrong."""
    how = ""
    for _ in range(ATTEMPTS):
        child = _taken(question)
        try:
            answer = child.ask(rule)
        except Lost as problem:
            how = str(problem)
        else:
            _put_back(child)
            return answer
    return write_problem(InternalError(
        f"{rule or 'preparing'}: on a worker the process at work ended {ATTEMPTS} times without a result ({how}); is "
        "there enough memory?"))


def _taken(question: str) -> Child:
    with _LOCK:
        for child in _IDLE:
            if child.question == question:
                _IDLE.remove(child)
                return child
    return Child(question)


def _put_back(child: Child) -> None:
    with _LOCK:
        _IDLE.append(child)
        spare = _IDLE[:-KEPT]
        del _IDLE[:-KEPT]
    for one in spare:
        one.end()
