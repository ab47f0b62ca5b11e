"""`verify diff`: what one target has that another one has not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from verify.cli import options as given
from verify.cli.output import deliver, pair_outputs
from verify.cli.run import open_store
from verify.cli.sides import Report, Side, find_side, unit_of
from verify.cli.steps import Judging, judging_by
from verify.errors import InputError
from verify.prove.trust import LEVELS
from verify.report import diff_json, diff_markdown, diff_text
from verify.report.compare import compare
from verify.report.difference import Difference
from verify.report.judged import Judged
from verify.snapshot import drift
from verify.verdict.exit_status import INTERRUPTED
from verify.verdict.run import Interrupted

RENDERERS: dict[str, Callable[[Difference], str]] = {
    "text": diff_text.render, "json": diff_json.render, "markdown": diff_markdown.render,
}


@click.command(epilog=given.examples(
    "verify diff 6.12 6.12+1 --rule VER-07", "verify diff before.json after.json --format markdown",
    "verify diff ~/linux@v6.12 ~/linux --trust L2"))
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@given.EXTRACTED
@given.RULES
@given.OWN
@given.FUNCTIONS
@given.PROFILE
@given.TRUSTS
@given.PAGE_SIZE
@click.option("--format", "formats", multiple=True, type=click.Choice(sorted(RENDERERS)), help="Repeatable.")
@given.OUTPUTS
@given.JOBS
@given.CONFIG
@given.CACHE
@given.FRESH
@given.READ_ONLY
@given.LIMIT
def diff(
    old: str, new: str, extracted: Path | None, rule_globs: tuple[str, ...], own: tuple[Path, ...],
    functions: tuple[str, ...], profile: str,
    trusts: tuple[str, ...], page_size: str, formats: tuple[str, ...], outputs: tuple[Path, ...], jobs: int | None,
    config_path: Path | None, folder: Path | None, fresh: bool, read_only: bool, rlimit: int | None,
) -> int:
    """Compare two targets: newly violated, mended, undecided; what it costs; the functions that explain it.

    A and B: each a report of `verify run --format json`, a tree, REPO@REVISION, or a snapshot's name.

    Reports are compared in what both have judged, and have no IR. The others are judged now, or taken from the cache.

    Exit status, by the strictest trust level of both: 1 B is newly violated, 3 B is newly undecided or a violation of A
    is lost from sight, 0 otherwise, 2 wrong input.
    """
    judging = judging_by(
        config_path, own, partial(given.judged_how, rule_globs=rule_globs, functions=functions, profile=profile,
                                  trusts=trusts, jobs=jobs, page_size=page_size, rlimit=rlimit),
        open_store(folder, fresh, read_only))
    places = pair_outputs(formats or ("text",), outputs)
    sides = [find_side(text, extracted, judging) for text in (old, new)]
    try:
        before, after = (side.judged if isinstance(side, Report) else judging.target(side) for side in sides)
    except Interrupted as stop:
        click.echo(f"verify: {stop}", err=True)
        return INTERRUPTED
    found = _difference(sides, before, after, judging)
    for name, path in places:
        deliver(RENDERERS[name](found), path)
    judging.finish()
    return found.exit_status()


def _difference(sides: list[Side], old: Judged, new: Judged, judging: Judging) -> Difference:
    """Raises InputError where the two have no rule and trust level in common."""
    trusts = sorted(set(old.trusts) & set(new.trusts), key=LEVELS.index, reverse=True)
    alike = not any(isinstance(side, Report) for side in sides)
    levels = tuple(compare(old, new, trust, alike) for trust in trusts)
    if not any(set(old.at(trust)) & set(new.at(trust)) for trust in trusts):
        raise InputError("A and B have no rule at the same trust level in common; choose both with --rule and --trust")
    units = [unit_of(side) for side in sides]
    changes = tuple(drift.compare(units[0], units[1])) if units[0] and units[1] else None
    return Difference(old, new, levels, changes, tuple(_notes(old, new)), judging.config.tolerated.at(trusts[0]))


def _notes(old: Judged, new: Judged) -> list[str]:
    """What makes the two hard to compare."""
    notes = []
    asked = [{(rule.profile, rule.page_sizes) for rule in side.rules.values()} for side in (old, new)]
    if asked[0] != asked[1]:
        notes.append("A and B were judged with different profiles or page sizes")
    only = sorted(set(old.trusts) ^ set(new.trusts))
    if only:
        notes.append(f"only one side was judged at {', '.join(only)}")
    for name, one, other in (("A", old, new), ("B", new, old)):
        notes += [f"assumed of {name} alone: {text}" for text in one.assumptions if text not in other.assumptions]
    return notes
