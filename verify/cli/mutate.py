"""`verify mutate`: how strong are the rules?"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import click

from verify.cli.options import examples
from verify.cli.output import deliver
from verify.cli.run import judge_all
from verify.cli.selection import Selection, selected
from verify.errors import InputError
from verify.mutate import report
from verify.mutate.campaign import Fate, Plan, campaign
from verify.mutate.holds import known
from verify.mutate.report import Strength
from verify.verdict.exit_status import INTERNAL, OK

FORMATS: dict[str, Callable[[Strength], str]] = {
    "text": report.text, "markdown": report.markdown, "json": report.as_json}


@click.command(epilog=examples(
    "verify mutate --tree ~/linux --rule 'VER-*'", "verify mutate --target 6.12 --every 20",
    "verify mutate --target 6.12 --format markdown --output strength.md"))
@selected
@click.option("--every", type=click.IntRange(1), default=1, show_default=True, metavar="N",
              help="Try each N-th mutant only.")
@click.option("--prove", "proofs", type=click.IntRange(0), default=0, show_default=True, metavar="N",
              help="Judge each N-th mutant that is left, and each N-th that calls kill, again by proof; 0: none.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Where the report goes (default: the terminal).")
def mutate(selection: Selection, every: int, proofs: int, form: str, output: Path | None) -> int:
    """Put one small fault after the other into the code's IR, and see whether a rule notices.

    The unit itself is judged first. Then the interpreter makes thousands of calls of each mutant from reset: ordinary
    and hostile ones, refused pages, odd answers of EL3. Killed is a mutant of which a call breaks a part that is
    proved of the unit, or one that is violated in a conjunct that no finding of the unit is about. Where no call
    differs, the engine compares all calls at once: a mutant that nobody can tell from the unit is proved equivalent.
    With --prove, parts that are proved of the unit are judged again of mutants: one with a counterexample is killed.

    Exit status: 0 whatever survives; 4, after the report, if a call of the unit itself breaks what is proved of it, or
    engine and interpreter contradict each other about a mutant.
    """
    item, options = selection.target, selection.options
    if options.functions:
        raise InputError("mutate tries the faults of all functions; leave out --function")
    store = selection.answers.store
    assert store is not None  # commands about proofs always have one
    run = judge_all([item], [selection.binding], selection.rules, options, store)[0]
    holds = [known(level, run.results) for level in options.trusts]
    plan = Plan(item.unit, selection.binding, selection.rules, options.profile, holds, every, proofs, selection.answers)
    begun = monotonic()
    tried = tuple(campaign(plan, options.jobs, _told if sys.stderr.isatty() else lambda what, done, total: None))
    minutes = max(monotonic() - begun, 1) / 60
    click.echo(f"verify: {len(tried)} mutants in {minutes:.1f} min, {len(tried) / minutes:.0f} a minute", err=True)
    found = Strength(item.name, item.revision, options.profile, options.trusts, every, proofs, tried, item.sources,
                     tuple(rule.identity for rule in selection.rules))
    deliver(FORMATS[form](found), output)
    return INTERNAL if found.count(Fate.CONTRADICTED) else OK


def _told(what: str, done: int, total: int) -> None:
    click.echo(f"\r{what}: {done} of {total} mutants", nl=done == total, err=True)
