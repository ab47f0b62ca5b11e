"""`verify rules pages DIR`: the book as Markdown, a page for each chapter."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from verify.cli.clauses import entries
from verify.cli.config import Config
from verify.cli.run import bindings, choose_targets
from verify.report.pages import pages
from verify.rules.binding import choose
from verify.rules.book import load_rules
from verify.verdict.exit_status import OK, VIOLATED
from verify.verdict.options import Options


@click.command("pages")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--check", is_flag=True, help="Write nothing; exit status 1 where a page is not what it would be.")
def pages_(folder: Path, check: bool) -> int:
    """Write a page for each chapter of the book: what its rules say, of which functions, and what tests them.

    Parts are those that the rules have for the first snapshot.
    """
    stale = []
    for name, text in made().items():
        path = folder / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if not check:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in stale:
        click.echo(f"{path}: {'out of date' if check else 'written'}")
    return VIOLATED if check and stale else OK


def made() -> dict[str, str]:
    """File name → text, of the rules that come with the program."""
    rules = load_rules()
    chosen = choose_targets(None, None, (), None, ())[0]
    binding = choose(chosen.unit, bindings(Config()))
    found = list(entries(rules, chosen, binding, Options(profile="STRICT"), with_lines=False))
    return pages(rules, found, importlib.import_module("verify_specs.coverage").TITLES)
