"""`verify matrix`: many targets, profiles and page sizes in one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from verify.cache.store import Store
from verify.cli import options as given
from verify.cli.config import load_book, read_config
from verify.cli.output import deliver, pair_outputs
from verify.cli.run import bindings, choose_targets, executor, finish, open_store, question, watching
from verify.cli.targets import Chosen
from verify.errors import InputError, VerifyError
from verify.rules.binding import Binding
from verify.rules.rule import ALL_PROFILES, Rule
from verify.scale.executor import Question
from verify.scale.matrix import Row, Unread, as_json, judged, table, worst
from verify.verdict.exit_status import INTERRUPTED
from verify.verdict.options import PAGE_SIZES, Options
from verify.verdict.pool import WorkerLost, side_by_side
from verify.verdict.run import Interrupted, explained

ALL = "all"
Reading = tuple[Options, tuple[Rule, ...]]
"""One profile and page size, with the rules that it has."""


@click.command(epilog=given.examples(
    "verify matrix --target 6.12 --target 6.12+1-3 --rule VER-07", "verify matrix --tree ~/a --tree ~/b --profile all",
    "verify matrix --tree ~/linux --page-size all --format json --output matrix.json"))
@click.option("--tree", "trees", type=click.Path(path_type=Path), multiple=True, help="Kernel tree; repeatable.")
@click.option("--target", "targets", multiple=True, metavar="NAME", help="Snapshot; repeatable.")
@given.EXTRACTED
@given.RULES
@given.OWN
@given.FUNCTIONS
@click.option("--profile", "profiles", multiple=True, default=["SEED"], show_default=True,
              help="Reading of contested sentences; repeatable, or all.")
@click.option("--page-size", "page_sizes", multiple=True, metavar="4K|16K|64K|all",
              help="Page size by itself; repeatable, or all (default: one judgement about any).")
@given.TRUSTS
@click.option("--format", "formats", multiple=True, type=click.Choice(["text", "json"]), help="Repeatable.")
@given.OUTPUTS
@given.JOBS
@given.CONFIG
@given.CACHE
@given.FRESH
@given.SCHEDULER
def matrix(
    trees: tuple[Path, ...], targets: tuple[str, ...], extracted: Path | None, rule_globs: tuple[str, ...],
    own: tuple[Path, ...], functions: tuple[str, ...], profiles: tuple[str, ...], page_sizes: tuple[str, ...],
    trusts: tuple[str, ...], formats: tuple[str, ...], outputs: tuple[Path, ...], jobs: int | None,
    config_path: Path | None, folder: Path | None, fresh: bool, scheduler: str | None,
) -> int:
    """Judge each target in each profile for each page size: a row each, with its own exit status.

    A target that cannot be read is a row that says why. Exit status: the worst row's, of 4, 2, 1, 3 and 0 in this
    order.
    """
    config = read_config(config_path)
    book = load_book(own, config)
    base = given.judged_how(book.own, rule_globs, functions, "SEED", trusts, jobs)  # each reading has its own
    readings = _readings(base, book.rules, profiles, page_sizes)
    places = pair_outputs(formats or ("text",), outputs)
    store = open_store(folder, fresh, read_only=False)
    if not trees and not targets:
        raise InputError("give what to judge: --tree DIR or --target NAME, as often as you like")
    asked = [cell for source in _sources(trees, targets, extracted, config.handler, base.jobs)
             for cell in _cells(source, bindings(config), readings, store)]
    try:
        with executor(scheduler, book, fresh) as judge:
            rows = list(judged(asked, judge, watching(), config.tolerated))
    except Interrupted as stop:
        click.echo(f"verify: {stop}; what was found is in the cache", err=True)
        return INTERRUPTED
    for form, path in places:
        deliver(as_json(rows) if form == "json" else "".join(f"{line}\n" for line in table(rows)), path)
    _say(rows)
    finish(store)
    return worst(rows)


def _readings(
    base: Options, known: tuple[Rule, ...], profiles: Sequence[str], page_sizes: Sequence[str]
) -> list[Reading]:
    """Raises InputError for a name that does not exist."""
    made = [replace(base, profile=profile, page_size=size)
            for profile in _each(profiles, ALL_PROFILES) for size in _each(page_sizes or ("",), PAGE_SIZES)]
    return [(options, options.select(known)) for options in made]


def _each(names: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    return tuple(known) if ALL in names else tuple(dict.fromkeys(names))


def _sources(
    trees: Sequence[Path], targets: Sequence[str], extracted: Path | None, handler: str, jobs: int
) -> Iterator[Chosen | Unread]:
    """Read side by side; two of the same name get numbers."""
    places: list[Path | str] = [*trees, *targets]

    def read(number: int) -> Chosen | Unread:
        place = places[number]
        tree, names = (place, ()) if isinstance(place, Path) else (None, (place,))
        try:
            return choose_targets(tree, None, (), None if tree else extracted, names, handler)[0]
        except VerifyError as problem:
            return Unread(place.name if isinstance(place, Path) else place, problem)

    seen: Counter[str] = Counter()
    try:
        with closing(side_by_side(read, range(len(places)), jobs)) as found:
            for source in found:
                seen[source.name] += 1
                count = seen[source.name]
                yield replace(source, name=f"{source.name} ({count})") if count > 1 else source
    except WorkerLost as lost:
        raise explained(lost, f"reading {places[lost.number]}") from None


def _cells(
    source: Chosen | Unread, known: Sequence[Binding], readings: Sequence[Reading], store: Store
) -> list[Question | Unread]:
    if isinstance(source, Unread):
        return [source]
    try:
        return [question(source, known, rules, options, store) for options, rules in readings]
    except VerifyError as problem:
        return [Unread(source.name, problem)]


def _say(rows: Sequence[Row]) -> None:
    reused, results = sum(row.reused for row in rows), sum(row.results for row in rows)
    if reused:
        click.echo(f"verify: {reused} of {results} results as an earlier run found them (--fresh judges all)", err=True)
