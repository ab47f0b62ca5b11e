"""`verify watch FILE`: the same as `verify rules check`, each time that a file is saved."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from verify.cli import options as given
from verify.cli.rules_check import looker_from, looking, rules_of, show, worst
from verify.errors import InputError
from verify.verdict.exit_status import OK

PAUSE = 0.2
"""Seconds between looks at the files."""


@click.command("watch", epilog=given.examples("verify watch rules/acme_ver_01.py"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--once", is_flag=True, hidden=True, help="End after the first look.")
def _watch(file: Path, once: bool, quick: bool, own: tuple[Path, ...], **said: Any) -> int:
    """Check the rules of FILE now and whenever it or a *.py file beside it is saved; Ctrl-C ends.

    The target is prepared once, so that a look takes what the rules take.
    """
    config, looker = looker_from(**said)
    looker.prepare()
    before: object = None
    status = OK
    while True:
        now = _stamp(file)
        if now != before:
            before, start = now, time.perf_counter()
            try:
                status = worst(*(show(rule, looker, quick) for rule in rules_of(file, own, config)))
            except InputError as problem:
                if not file.is_file() and before is None:
                    raise
                click.echo(f"verify: {problem}", err=True)
            click.echo(f"-- {time.perf_counter() - start:.1f} s; waiting for {file} to be saved (Ctrl-C ends)")
        if once:
            return status
        time.sleep(PAUSE)


watch = looking(_watch)


def _stamp(file: Path) -> list[tuple[str, int, int]]:
    """Of all *.py files of the folder: one may import another. A file that is being replaced is gone for a moment."""
    result = []
    for path in sorted(file.parent.glob("*.py")):
        try:
            found = path.stat()
        except OSError:
            continue
        result.append((path.name, found.st_mtime_ns, found.st_size))
    return result
