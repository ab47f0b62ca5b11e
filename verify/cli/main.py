"""The command `verify`."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
import traceback
from typing import NoReturn

import click

from verify import __version__
from verify.cli.bench import bench
from verify.cli.bisect import bisect
from verify.cli.call import call
from verify.cli.certify import certify
from verify.cli.clauses import clauses
from verify.cli.completion import VARIABLE, completion
from verify.cli.coverage import coverage
from verify.cli.diff import diff
from verify.cli.explain import explain
from verify.cli.extract import extract
from verify.cli.matrix import matrix
from verify.cli.memory import memory
from verify.cli.mutate import mutate
from verify.cli.options import examples
from verify.cli.proofs import export, ledger, recheck_
from verify.cli.replay import replay
from verify.cli.rules import rules
from verify.cli.run import run
from verify.cli.series import series
from verify.cli.stability import stability
from verify.cli.watch import watch
from verify.errors import InputError, UnsupportedC, VerifyError
from verify.report.markup import visible
from verify.solve import interrupt
from verify.verdict.exit_status import INTERNAL, INTERRUPTED, UNDECIDED, USAGE

MOST_SAID = 1000
NO_MEMORY = "out of memory; give it more, or judge fewer rules (--rule) in fewer processes (--jobs)"


@click.group(epilog=examples(
    "verify run --tree ~/linux", "verify run --target 6.12 --rule SEC-01 --format html --output report.html",
    "verify rules VER-07", "verify COMMAND --help"), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="verify")
def cli() -> None:
    """Proves that pKVM's FF-A proxy keeps the rules of DEN0077A and DEN0028, or shows the calls that break them."""


for command in (run, series, diff, bisect, matrix, explain, replay, extract, call, rules, clauses, watch, bench, memory,
                export, recheck_, stability, coverage, mutate, ledger, certify, completion):
    cli.add_command(command)


def main() -> None:
    """Console entry; every failure is one line on stderr and an exit status."""
    interrupt.install()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = cli.main(prog_name="verify", complete_var=VARIABLE, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as problem:
        problem.show()
        sys.exit(USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("verify: interrupted", err=True)
        _leave(INTERRUPTED)
    except InputError as problem:
        _end(str(problem), USAGE)
    except UnsupportedC as problem:
        _end(str(problem), UNDECIDED)
    except VerifyError as problem:
        _end(f"internal error: {problem}", INTERNAL)
    except OSError as problem:
        if problem.errno in (errno.ENOMEM, errno.EAGAIN):
            _end(NO_MEMORY, INTERNAL)
        name = problem.filename or _given_up()
        _end(f"{name}: {problem.strerror or problem}", USAGE)
    except Exception as problem:
        if isinstance(problem, MemoryError) or "out of memory" in str(problem):
            _end(NO_MEMORY, INTERNAL)
        if isinstance(problem, RecursionError):
            _end("internal error: what is judged is nested too deeply for this program", INTERNAL)
        traceback.print_exc()
        click.echo("verify: internal error: please report the lines above", err=True)
        sys.exit(INTERNAL)
    if status == INTERRUPTED:
        _leave(INTERRUPTED)
    sys.exit(status if isinstance(status, int) else 0)


def _end(message: str, status: int) -> NoReturn:
    """Parts of a message may come from files that nobody trusts: a terminal gets no control characters from it."""
    click.echo(f"verify: {visible(message)[:MOST_SAID]}", err=True)
    sys.exit(status)


def _given_up() -> str:
    """Where Python would try once more, at its end, to write what could not be written."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return "standard output"


def _leave(status: int) -> NoReturn:
    """At once: to take millions of terms apart would keep the user waiting."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
