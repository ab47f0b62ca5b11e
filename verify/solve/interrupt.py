"""Ctrl-C that is not lost, and does not wait for Z3.

Python drops a KeyboardInterrupt that arrives in a destructor, so it is noted too, and asked for at each question.
Z3's own handler (parameter `ctrl_c`) may take the signal without a trace, so it is switched off, and a thread that
hears of the signal at once stops what Z3 is working at.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import z3

_NOTED: list[int] = []
_WORKING: list[z3.Context] = []
_RAISED = [float("-inf")]
_AT_ONCE = 1.0
"""Seconds; and when the last one was raised."""
_TIMES = 20
"""How often Z3 is told, 50 ms apart: it listens only while it solves."""


def install() -> None:
    """For the process that the user talks to; the main thread's business."""
    signal.signal(signal.SIGINT, _note)
    sys.unraisablehook = _dropped
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    threading.Thread(target=_listen, args=(heard,), daemon=True).start()


def _dropped(what: sys.UnraisableHookArgs) -> None:
    """A KeyboardInterrupt is noted, and nobody needs the traceback of a destructor."""
    if not isinstance(what.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(what)


def _listen(heard: int) -> None:
    while os.read(heard, 1):
        for _ in range(_TIMES):
            for context in list(_WORKING):
                context.interrupt()
            time.sleep(0.05)


def _note(number: int, frame: FrameType | None) -> None:
    """Pressed again at once it is the same wish: what the first one set going is not disturbed."""
    is_first = time.monotonic() - _RAISED[-1] > _AT_ONCE
    _NOTED.append(number)
    if is_first:
        _RAISED[:] = [time.monotonic()]
        raise KeyboardInterrupt


def ask() -> None:
    """Raises KeyboardInterrupt where Ctrl-C came while it was deferred, or was lost."""
    if _NOTED:
        _NOTED.clear()
        _RAISED[:] = [time.monotonic()]
        raise KeyboardInterrupt


def is_noted() -> bool:
    return bool(_NOTED)


def check(solver: z3.Solver, *assumptions: z3.BoolRef) -> z3.CheckSatResult:
    """Raises KeyboardInterrupt where Ctrl-C came, before or meanwhile."""
    solver.set("ctrl_c", False)
    _WORKING.append(solver.ctx)
    try:
        verdict = solver.check(*assumptions)
    finally:
        _WORKING.clear()
    ask()
    return verdict


@contextmanager
def deferred() -> Iterator[None]:
    """Ctrl-C is noted, and raised by `ask` or at the next question: what ends the workers has to be done to its end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda number, _: _NOTED.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def block() -> None:
    """For a worker: its parent ends it."""
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
