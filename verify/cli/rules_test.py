"""`verify rules test`: literate tests, each example held against the verdicts that it names."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import click

from verify.cache.store import Store
from verify.cli import options as given
from verify.cli.config import Config, load_book, read_config
from verify.cli.literate import base_of, find
from verify.cli.measure import used
from verify.cli.run import open_store
from verify.errors import InputError
from verify.literate.document import Example, read_examples
from verify.literate.judged import disagreements
from verify.rules.book import Book
from verify.verdict.exit_status import OK, USAGE, VIOLATED

USUAL = Path("tests") / "rules"
"""Where tests lie if nobody says."""


@click.command("test")
@click.argument("names", nargs=-1, metavar="[FILE|DIR|GLOB]...")
@given.OWN
@click.option("--times", is_flag=True, help="Say how many seconds, on the clock and of CPU, each example takes.")
@given.JOBS
@given.CONFIG
@given.CACHE
@given.FRESH
def test(
    names: tuple[str, ...], own: tuple[Path, ...], times: bool, jobs: int | None, config_path: Path | None,
    folder: Path | None, fresh: bool,
) -> int:
    """Run literate tests: Markdown with C and the verdicts that it must have (docs/writing-rules.md).

    Without a name: those in the folders of rules of --rules and verify.toml, and in tests/rules.
    Exit status: 0 all agree, 1 some do not, 2 a test that cannot be run.
    """
    config = read_config(config_path)
    book, store = load_book(own, config), open_store(folder, fresh, read_only=False)
    count = failed = broken = 0
    for path in find(names or _usual(own, config)):
        for example in read_examples(path):
            before, start = used(), time.perf_counter()
            problems, is_run = _judged(example, book, store, jobs or os.cpu_count() or 1)
            broken += not is_run
            taken = f"  {time.perf_counter() - start:.1f} s, {used() - before:.1f} s CPU" if times else ""
            count, failed = count + 1, failed + bool(problems)
            click.echo(f"{'FAILED' if problems else 'ok':<7} {path}: {example.name}{taken}")
            for problem in problems:
                click.echo(f"  {problem}")
    store.trim()
    click.echo(f"{count} examples, {failed} do not agree" if failed else f"{count} examples agree")
    return USAGE if broken else VIOLATED if failed else OK


def _judged(example: Example, book: Book, store: Store, jobs: int) -> tuple[list[str], bool]:
    """What does not agree; and could it be judged? One that cannot be does not hide the others."""
    try:
        return disagreements(example, base_of(example), book.rules, book.own, store, jobs), True
    except InputError as problem:
        return [str(problem)], False


def _usual(own: Sequence[Path], config: Config) -> list[str]:
    folders = [path if path.is_dir() else path.parent for path in (*config.rules, *own)]
    found = [str(path) for path in (*folders, USUAL) if path.is_dir() and any(path.rglob("*.md"))]
    if not found:
        raise InputError(f"no literate test in {USUAL} or in a folder of rules; name a file or a folder")
    return list(dict.fromkeys(found))


