"""The console's entry: runs the command in a child, so that its end is told whatever ends it.

Solvers are native code: without memory they abort, and the system kills whom it likes. No exception tells of that.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from types import FrameType

INTERNAL = 4
"""As in verdict/exit_status.py, which is not imported here: this process stays small."""
PR_SET_PDEATHSIG = 1
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def entry() -> None:
    """Ends as the command does; where a signal ended that, with one line and status 4."""
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)  # until both know what to do with them
    child = os.fork()
    if not child:
        _run(parent)
    for number in FORWARDED:
        signal.signal(number, lambda number, frame: _forward(child, number, frame))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status >= 0:
        os._exit(status)
    _tell(-status)


def _run(parent: int) -> None:
    with contextlib.suppress(OSError, AttributeError):  # Linux alone has it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(INTERNAL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `main` has a better way
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    from verify.cli.main import main

    main()


def _forward(child: int, number: int, frame: FrameType | None) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, number)


def _tell(number: int) -> None:
    if number in FORWARDED:
        print("verify: interrupted", file=sys.stderr, flush=True)
        os._exit(128 + number)
    why = signal.strsignal(number) or f"signal {number}"
    print(f"verify: internal error: the run was ended from outside or ran out of memory ({why.lower()}); "
          "give it more, or judge fewer rules (--rule) in fewer processes (--jobs)", file=sys.stderr, flush=True)
    os._exit(INTERNAL)
