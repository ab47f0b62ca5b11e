"""`verify mutate`: how strong are the rules?"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from verify.cli.options import examples
from verify.cli.output import deliver
from verify.cli.run import judge_all
from verify.cli.selection import Selection, selected
from verify.errors import InputError
from verify.mutate import report
from verify.mutate.campaign import campaign
from verify.mutate.holds import known
from verify.mutate.report import Strength
from verify.verdict.exit_status import OK

FORMATS: dict[str, Callable[[Strength], str]] = {
    "text": report.text, "markdown": report.markdown, "json": report.as_json}


@click.command(epilog=examples(
    "verify mutate --tree ~/linux --rule 'VER-*'", "verify mutate --target 6.12 --every 20",
    "verify mutate --target 6.12 --format markdown --output strength.md"))
@selected
@click.option("--every", type=click.IntRange(1), default=1, show_default=True, metavar="N",
              help="Try each N-th mutant only.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Where the report goes (default: the terminal).")
def mutate(selection: Selection, every: int, form: str, output: Path | None) -> int:
    """Put one small fault after the other into the code's IR, and see whether a rule notices.

    The unit itself is judged first. Then the interpreter makes thousands of calls of each mutant from reset: ordinary
    and hostile ones, refused pages, odd answers of EL3. Killed is a mutant of which a call breaks a part that is
    proved of the unit, or one that is violated in a conjunct that no finding of the unit is about. Proofs are not made
    again: a mutant that is not killed may still be found by `verify run`.

    Exit status: 0 whatever survives; 4 if a call of the unit itself breaks what is proved of it.
    """
    item, options = selection.target, selection.options
    if options.functions:
        raise InputError("mutate tries the faults of all functions; leave out --function")
    store = selection.answers.store
    assert store is not None  # commands about proofs always have one
    run = judge_all([item], [selection.binding], selection.rules, options, store)[0]
    holds = [known(level, run.results) for level in options.trusts]
    tried = tuple(campaign(item.unit, selection.binding, selection.rules, options.profile, holds, every, options.jobs,
                           _told if sys.stderr.isatty() else lambda done, total: None))
    found = Strength(item.name, item.revision, options.profile, options.trusts, every, tried, item.sources)
    deliver(FORMATS[form](found), output)
    return OK


def _told(done: int, total: int) -> None:
    click.echo(f"\r{done} of {total} mutants", nl=done == total, err=True)
