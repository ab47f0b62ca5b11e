"""`verify rules test`: literate tests, each example held against the verdicts that it names."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
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
@click.option("--quick", is_flag=True, help="Leave out examples that say `slow = true`.")
@click.option("--times", is_flag=True, help="Say how many seconds, on the clock and of CPU, each example takes.")
@given.JOBS
@given.CONFIG
@given.CACHE
@given.FRESH
def test(
    names: tuple[str, ...], own: tuple[Path, ...], quick: bool, times: bool, jobs: int | None,
    config_path: Path | None, folder: Path | None, fresh: bool,
) -> int:
    """Run literate tests: Markdown with C and the verdicts that it must have (docs/writing-rules.md).

    Without a name: those in the folders of rules of --rules and verify.toml, and in tests/rules.
    Exit status: 0 all agree, 1 some do not, 2 a test that cannot be run.
    """
    config = read_config(config_path)
    runner = _Runner(load_book(own, config), open_store(folder, fresh, read_only=False), jobs or os.cpu_count() or 1,
                     times, quick)
    for path in find(names or _usual(own, config)):
        runner.run_file(path)
    runner.store.trim()
    return runner.conclude()


@dataclass(slots=True)
class _Runner:
    """Runs examples and counts. A file or an example that cannot be run does not hide the others."""

    book: Book
    store: Store
    jobs: int
    times: bool
    quick: bool
    count: int = 0
    failed: int = 0
    broken: int = 0
    left_out: int = 0

    def run_file(self, path: Path) -> None:
        try:
            examples = read_examples(path)
        except InputError as problem:
            self.broken += 1
            click.echo(f"FAILED  {path}\n  {problem}")
            return
        for example in examples:
            if self.quick and example.settings.slow:
                self.left_out += 1
            else:
                self._run(example)

    def _run(self, example: Example) -> None:
        before, start = used(), time.perf_counter()
        try:
            problems = disagreements(example, base_of(example), self.book.rules, self.book.own, self.store, self.jobs)
        except InputError as reason:
            problems = [str(reason)]
            self.broken += 1
        else:
            self.failed += bool(problems)
        taken = f"  {time.perf_counter() - start:.1f} s, {used() - before:.1f} s CPU" if self.times else ""
        self.count += 1
        click.echo(f"{'FAILED' if problems else 'ok':<7} {example.path}: {example.name}{taken}")
        for problem in problems:
            click.echo(f"  {problem}")

    def conclude(self) -> int:
        """Say how many; the exit status."""
        bad = [f"{number} {what}" for number, what in (
            (self.failed, "do not agree"), (self.broken, "cannot be run")) if number]
        left_out = f"; {self.left_out} left out, as they are slow" if self.left_out else ""
        click.echo((f"{self.count} examples, {', '.join(bad)}" if bad else f"{self.count} examples agree") + left_out)
        return USAGE if self.broken else VIOLATED if self.failed else OK


def _usual(own: Sequence[Path], config: Config) -> list[str]:
    folders = [path if path.is_dir() else path.parent for path in (*config.rules, *own)]
    found = [str(path) for path in (*folders, USUAL) if path.is_dir() and any(path.rglob("*.md"))]
    if not found:
        raise InputError(f"no literate test in {USUAL} or in a folder of rules; name a file or a folder")
    return list(dict.fromkeys(found))


