"""`verify run`: judge targets by the rules."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from verify.cache.store import Store, default_folder
from verify.cli import natively
from verify.cli import options as given
from verify.cli.complete import target_names
from verify.cli.config import Config, load_book, named, read_config
from verify.cli.output import RENDERERS, pair_outputs, write_reports
from verify.cli.progress import watched
from verify.cli.targets import Chosen, from_snapshots, from_source, snapshot_folder, snapshot_names
from verify.errors import InputError, InternalError, VerifyError
from verify.frontend.unit import HANDLER
from verify.native.findings import asked, contradictions, with_marks
from verify.report import story
from verify.report.decode import names_of
from verify.report.markup import visible
from verify.report.text import Detail
from verify.rules.binding import Binding, choose
from verify.rules.book import SPECS, Book
from verify.rules.rule import Rule
from verify.scale.cluster import Cluster
from verify.scale.executor import Executor, Local, Question, Watching
from verify.verdict.earlier import Baseline, read_baseline
from verify.verdict.exit_status import INTERRUPTED, exit_status
from verify.verdict.options import Options
from verify.verdict.reuse import reuse_from
from verify.verdict.run import Interrupted, TargetRun


def bindings(config: Config) -> list[Binding]:
    """The target's names from verify.toml if it has any, then those that come with the rules."""
    shipped: list[Binding] = list(importlib.import_module(SPECS).BINDINGS)
    return ([config.binding(shipped[0])] if config.binding_table else []) + shipped


@click.command(epilog=given.examples(
    "verify run                                     # Linux 6.12, all rules, four minutes",
    "verify run --tree ~/linux --rule 'VER-*' --trust L2",
    "verify run --tree ~/linux --git v6.12 --patch fix.patch",
    "verify run --tree ~/linux --format html --output report.html",
    "verify run --tree ~/linux --baseline old.json --format sarif --output new.sarif --format text",
    "verify run --target 6.12 --target 6.12+1-3 --rule SEC-01 --quiet"))
@given.TREE
@given.REVISION
@given.PATCHES
@given.EXTRACTED
@click.option("--target", "targets", multiple=True, metavar="NAME", help="This snapshot; repeatable.",
              shell_complete=target_names)
@given.RULES
@given.OWN
@given.FUNCTIONS
@given.PROFILE
@given.TRUSTS
@given.PAGE_SIZE
@click.option("--format", "formats", multiple=True, type=click.Choice(sorted(RENDERERS)), help="Repeatable.")
@given.OUTPUTS
@given.JOBS
@click.option("--baseline", type=click.Path(path_type=Path), help="Fail only for findings new against this file.")
@given.CONFIG
@given.CACHE
@given.FRESH
@given.READ_ONLY
@given.SCHEDULER
@click.option("--confirm", is_flag=True, help="Play each counterexample to the tree's compiled code as well.")
@given.LIMIT
@click.option("-q", "--quiet", is_flag=True, help="No progress or notices; as text only counts, and a line a finding.")
@click.option("-v", "--verbose", is_flag=True, help="Tell each rule when it is judged; as text all parts and calls.")
def run(
    tree: Path | None, revision: str | None, patches: tuple[Path, ...], extracted: Path | None,
    targets: tuple[str, ...], rule_globs: tuple[str, ...], own: tuple[Path, ...], functions: tuple[str, ...],
    profile: str, trusts: tuple[str, ...], page_size: str, formats: tuple[str, ...], outputs: tuple[Path, ...],
    jobs: int | None, baseline: Path | None, config_path: Path | None, folder: Path | None, fresh: bool,
    read_only: bool, scheduler: str | None, confirm: bool, rlimit: int | None, quiet: bool, verbose: bool,
) -> int:
    """Judge a kernel tree, or snapshots: the first of those that come with the program, or all of a folder.

    What an earlier run of this version found of the same code, asked the same, is taken from the cache.

    Exit status: 0 proved, 1 violated, 2 wrong input, 3 undecided, 4 internal error.
    """
    detail = _detail(quiet, verbose)
    config = read_config(config_path)
    book = load_book(own, config)
    options = replace(given.judged_how(book.own, rule_globs, functions, profile, trusts, jobs, page_size, rlimit),
                      named=named(config_path, own))
    rules = options.select(book.rules)
    before = read_baseline(baseline) if baseline else Baseline()
    places = pair_outputs(formats or ("text",), outputs)
    chosen = choose_targets(tree, revision, patches, extracted, targets, config.handler)
    store = open_store(folder, fresh, read_only)
    asks = natively.asker(confirm, tree, revision, patches, scheduler)
    try:
        with executor(scheduler, book, fresh) as judge:
            runs = judge_all(chosen, bindings(config), rules, options, store, judge, quiet, verbose, asks is None)
        if asks is not None:
            with asks as place:
                runs = [confirmed(runs[0], chosen[0], bindings(config), place)]
    except Interrupted as stop:
        click.echo(f"verify: {stop}", err=True)
        return INTERRUPTED
    tolerated = config.tolerated.with_baseline(before.again(runs, options.strictest))
    write_reports(runs, options, tolerated, places, [item.sources for item in chosen], detail)
    finish(store)
    for line in [*tolerated.unmatched(runs, options), *before.notes(runs, options.strictest)]:
        click.echo(line, err=True)
    if wrong := [line for run in runs for line in contradictions(run)]:
        raise InternalError("; ".join(wrong))
    return exit_status(runs, options.strictest, tolerated.at(options.strictest))


def _detail(quiet: bool, verbose: bool) -> Detail:
    if quiet and verbose:
        raise InputError("--quiet tells less, --verbose more: give one of them")
    return Detail.BRIEF if quiet else Detail.FULL if verbose else Detail.NORMAL


def choose_targets(
    tree: Path | None, revision: str | None, patches: Sequence[Path], extracted: Path | None, names: Sequence[str],
    handler: str = HANDLER,
) -> list[Chosen]:
    if tree is None:
        if revision or patches:
            raise InputError("--git and --patch need --tree")
        folder = extracted or snapshot_folder()
        return from_snapshots(folder, names or (() if extracted else snapshot_names(folder)[:1]))
    if extracted or names:
        raise InputError("--extracted and --target do not go with --tree")
    return [from_source(tree, revision, patches, handler)]


def open_store(folder: Path | None, fresh: bool, read_only: bool) -> Store:
    """Raises InputError where the options contradict each other, or the folder is none."""
    if fresh and read_only:
        raise InputError("--fresh judges everything again and keeps it, --read-only keeps nothing: give one of them")
    place = folder or default_folder()
    if place.exists() and not place.is_dir():
        raise InputError(f"{place}: not a directory; --cache names one, or one to be made")
    return Store(place, reads=not fresh, writes=not read_only)


@contextmanager
def executor(scheduler: str | None, book: Book, is_fresh: bool) -> Iterator[Executor]:
    """Raises InputError where no scheduler answers, and for rules that its workers do not have."""
    if scheduler is None:
        yield Local()
        return
    if book.own:
        raise InputError("--scheduler: its workers have the rules that come with the program, and no others")
    with Cluster(scheduler, is_fresh) as cluster:
        yield cluster


def finish(store: Store) -> None:
    """Keep it in bounds; say what could not be kept."""
    store.trim()
    if store.problem:
        click.echo(f"verify: {store.problem}", err=True)


def judge_all(
    chosen: Sequence[Chosen], known: Sequence[Binding], rules: tuple[Rule, ...], options: Options, store: Store,
    judge: Executor | None = None, is_quiet: bool = False, is_verbose: bool = False, retells: bool = True,
) -> list[TargetRun]:
    """By this machine, unless another executor is given. Raises what a target that cannot be judged raises.

    `retells`: what is in the store is told again; else all is judged, and findings keep their episodes.
    """
    runs: list[TargetRun] = []
    is_first = store.is_empty
    questions = [question(item, known, rules, options, store, retells) for item in chosen]
    try:
        for answer in (judge or Local()).judge(questions, watching(is_quiet, is_verbose)):
            if isinstance(answer, VerifyError):
                raise answer
            runs.append(answer)
            if store.reads and not is_first and not is_quiet:
                report_reuse(answer)
    except Interrupted as stop:
        before = ", ".join(run.name for run in runs) or "none"
        raise Interrupted(f"{stop}; targets finished before: {before}") from None
    return runs


def watching(is_quiet: bool = False, is_verbose: bool = False) -> Watching:
    return partial(watched, is_quiet=is_quiet, is_verbose=is_verbose)


def question(
    item: Chosen, known: Sequence[Binding], rules: tuple[Rule, ...], options: Options, store: Store,
    retells: bool = True,
) -> Question:
    """Raises InputError where no binding fits."""
    binding, names = choose(item.unit, known), names_of(item.unit.constants)
    reuse = reuse_from(store, item.unit, binding, options, partial(story.told, names=names))
    return Question(item.name, item.revision, item.unit, binding, rules, options, replace(reuse, retells=retells),
                    item.notes)


def confirmed(run: TargetRun, item: Chosen, known: Sequence[Binding], place: Path) -> TargetRun:
    """With what the code in `place`, compiled, says to each finding."""
    return with_marks(run, partial(asked, run, item.unit, choose(item.unit, known), place))


def report_reuse(run: TargetRun) -> None:
    """What an earlier run saved: whole rules, and, after an edit, questions of those that are judged again."""
    reused = {result.rule for result in run.results if result.is_cached}
    queries = sum(result.cost.queries for result in run.results if not result.is_cached)
    known = queries - sum(result.cost.asked for result in run.results if not result.is_cached)
    again = len({result.rule for result in run.results}) - len(reused)
    questions = f"; of {queries} questions about them {known} were answered before" if again else ""
    click.echo(f"verify: {visible(run.name)}: rules told as an earlier run found them: {len(reused)}, "
               f"judged now: {again}{questions} (--fresh judges all)", err=True)
