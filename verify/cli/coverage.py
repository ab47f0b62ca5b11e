"""`verify coverage`: which lines the proofs lean on, and which none does."""

from __future__ import annotations

from pathlib import Path

import click

from verify.cli.options import examples
from verify.cli.output import deliver
from verify.cli.selection import Selection, selected
from verify.errors import InputError
from verify.frontend.preprocess import FFA_C
from verify.prove.leaning import Leaning, Line
from verify.report import coverage as report
from verify.report.coverage import Told
from verify.verdict.bound import place_of
from verify.verdict.coverage import Coverage, computing, leans_on
from verify.verdict.exit_status import OK

FORMATS = {"text": report.text, "json": report.as_json, "markdown": report.markdown, "source": report.source}


@click.command(epilog=examples(
    "verify coverage --target 6.12 --trust L2", "verify coverage --tree ~/linux --rule 'VER-*' --format source",
    "verify coverage --line 720"))
@selected
@click.option("--line", metavar="[FILE:]N", help="Only the proofs that lean on this line (of ffa.c).")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True,
              help="source: the lines themselves; needs a tree.")
@click.option("--output", type=click.Path(path_type=Path), help="Where the report goes (default: the terminal).")
def coverage(selection: Selection, line: str | None, form: str, output: Path | None) -> int:
    """Prove, and say for each line which proofs lean on it: by their unsat cores, and what these were made of.

    More lines than are needed, never fewer: what no proof leans on may compute anything, and no refutation fails
    (whether a call still meets the premise is another question).
    What is violated or undecided has no proof. Exit status: 0, or that of what went wrong.
    """
    if form == "source" and not selection.target.sources:
        raise InputError("--format source shows the text of a tree: give --tree")
    lines = computing(selection.target.unit)
    place = _known(line, {one for some in lines.values() for one in some}) if line else None
    target, options = selection.executed(), selection.options
    leaning = Leaning(target)
    proofs = selection.each(
        lambda evidence, _: leans_on(evidence, leaning, selection.rules, options.profile), target)
    ordered = tuple(sorted(proofs, key=lambda proof: (proof.rule, proof.name, proof.trust)))
    found = Coverage(ordered, lines, leaning.reached())
    item = selection.target
    told = Told(item.name, item.revision, options.profile, options.trusts, item.sources)
    deliver(report.at_line(found, place) if place else FORMATS[form](found, told), output)
    return OK


def _known(text: str, lines: set[Line]) -> Line:
    place = place_of(text, FFA_C)
    if place not in lines:
        raise InputError(f"--line {text}: nothing is computed there")
    return place
