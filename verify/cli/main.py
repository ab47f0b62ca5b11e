"""The command `verify`."""

from __future__ import annotations

import os
import sys
import traceback
from typing import NoReturn

import click

from verify import __version__
from verify.cli.bench import bench
from verify.cli.call import call
from verify.cli.extract import extract
from verify.cli.memory import memory
from verify.cli.rules import rules
from verify.cli.run import run
from verify.errors import InputError, InternalError, UnsupportedC, VerifyError
from verify.solve import interrupt
from verify.verdict.exit_status import INTERNAL, INTERRUPTED, UNDECIDED, USAGE


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="verify")
def cli() -> None:
    """Proves that pKVM's FF-A proxy keeps the rules of DEN0077A and DEN0028, or shows the calls that break them."""


for command in (run, extract, call, rules, bench, memory):
    cli.add_command(command)


def main() -> None:
    """Console entry; every failure is one line on stderr and an exit status."""
    interrupt.install()
    try:
        status = cli.main(standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        sys.exit(USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("verify: interrupted", err=True)
        _leave(INTERRUPTED)
    except InputError as problem:
        click.echo(f"verify: {problem}", err=True)
        sys.exit(USAGE)
    except UnsupportedC as problem:
        click.echo(f"verify: {problem}", err=True)
        sys.exit(UNDECIDED)
    except (InternalError, VerifyError) as problem:
        click.echo(f"verify: internal error: {problem}", err=True)
        sys.exit(INTERNAL)
    except OSError as problem:
        name = f"{problem.filename}: " if problem.filename else ""
        click.echo(f"verify: {name}{problem.strerror or problem}", err=True)
        sys.exit(USAGE)
    except Exception:
        traceback.print_exc()
        click.echo("verify: internal error: please report the lines above", err=True)
        sys.exit(INTERNAL)
    if status == INTERRUPTED:
        _leave(INTERRUPTED)
    sys.exit(status if isinstance(status, int) else 0)


def _leave(status: int) -> NoReturn:
    """At once: to take millions of terms apart would keep the user waiting."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
