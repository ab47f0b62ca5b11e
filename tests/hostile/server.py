"""Runs the command again and again, each time in a fork with limits: `python -m tests.hostile.server`.

A line of JSON on stdin is one try, a line on stdout what came of it. The process that forks does nothing else, so that
every try begins alike and an import is paid once.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import time
from typing import Any

from verify.cli import entry as command
from verify.cli import main as whole
from verify.rules.book import load_rules

MOST_OUTPUT = 100_000
KILLED = -9


def _child(asked: dict[str, Any], out: int, err: int) -> None:
    os.setsid()
    os.chdir(asked["folder"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(asked["stdout"], os.O_WRONLY) if asked["stdout"] else out, 1)
    os.dup2(err, 2)
    limit = asked["memory"] << 20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    sys.argv = ["verify", *asked["words"]]
    command.entry()


def _wait(process: int, seconds: float) -> int:
    """The exit status; what takes longer is killed with all that it began."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return KILLED


def _try(asked: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        process = os.fork()
        if not process:
            try:
                _child(asked, out.fileno(), err.fileno())
            except SystemExit as stopped:
                sys.stdout.flush()
                os._exit(stopped.code if isinstance(stopped.code, int) else 1)
            finally:
                os._exit(99)
        status = _wait(process, asked["seconds"])
        seconds = time.monotonic() - start
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read(MOST_OUTPUT).decode(errors="backslashreplace"))
    return {"status": status, "out": texts[0], "err": texts[1], "seconds": seconds}


def main() -> None:
    assert whole.cli.commands  # all of it is imported by now
    load_rules()
    for line in sys.stdin:
        print(json.dumps(_try(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
