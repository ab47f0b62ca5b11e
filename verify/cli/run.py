"""`verify run`: judge targets by the rules."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from verify.cache.store import Store, default_folder
from verify.cli import options as given
from verify.cli.config import Config, read_config
from verify.cli.targets import Chosen, from_snapshots, from_source, snapshot_folder, snapshot_names
from verify.errors import InputError
from verify.frontend.unit import HANDLER
from verify.report import fingerprints, github, json_report, junit, sarif, story, summary, text
from verify.report.decode import names_of
from verify.rules.binding import Binding, choose
from verify.rules.own import load_own
from verify.rules.rule import Rule, registered
from verify.verdict.baseline import Tolerated, read_baseline
from verify.verdict.exit_status import INTERRUPTED, exit_status
from verify.verdict.options import Options
from verify.verdict.reuse import reuse_from
from verify.verdict.run import Interrupted, Progress, TargetRun, judge_target

RENDERERS: dict[str, Callable[[Sequence[TargetRun], Options, Tolerated], str]] = {
    "text": text.render, "json": json_report.render, "sarif": sarif.render, "junit": junit.render,
    "markdown": summary.render, "github": github.render, "fingerprints": fingerprints.render,
}


@dataclass(frozen=True, slots=True)
class Book:
    """The rules that there are; `own` is a digest of the texts that a user brought."""

    rules: tuple[Rule, ...]
    own: str = ""


def load_rules() -> tuple[Rule, ...]:
    """Those that come with the program."""
    return load_book().rules


def load_book(own: Sequence[Path] = (), config: Config | None = None) -> Book:
    """Those that come with the program, those of verify.toml and of --rules. Raises InputError."""
    importlib.import_module("verify_specs").load()
    digest = load_own((*(config.rules if config else ()), *own))
    return Book(registered(), digest)


def bindings(config: Config) -> list[Binding]:
    """The target's names from verify.toml if it has any, then those that come with the rules."""
    shipped: list[Binding] = list(importlib.import_module("verify_specs").BINDINGS)
    return ([config.binding(shipped[0])] if config.binding_table else []) + shipped


@click.command()
@given.TREE
@given.REVISION
@given.PATCHES
@given.EXTRACTED
@click.option("--target", "targets", multiple=True, metavar="NAME", help="This snapshot; repeatable.")
@given.RULES
@given.OWN
@given.FUNCTIONS
@given.PROFILE
@given.TRUSTS
@click.option("--page-size", default="", metavar="4K|16K|64K", help="Only this page size (default: all).")
@click.option("--format", "formats", multiple=True, type=click.Choice(sorted(RENDERERS)), help="Repeatable.")
@click.option("--output", "outputs", multiple=True, type=click.Path(path_type=Path), help="One for each --format.")
@given.JOBS
@click.option("--baseline", type=click.Path(path_type=Path), help="Fail only for findings new against this file.")
@given.CONFIG
@given.CACHE
@given.FRESH
@click.option("--read-only", is_flag=True, help="Take results from the cache, and add none.")
@click.option("--rlimit", type=click.IntRange(1), default=None, help="Solver's resource units for one query.")
def run(
    tree: Path | None, revision: str | None, patches: tuple[Path, ...], extracted: Path | None,
    targets: tuple[str, ...], rule_globs: tuple[str, ...], own: tuple[Path, ...],
    functions: tuple[str, ...], profile: str, trusts: tuple[str, ...], page_size: str, formats: tuple[str, ...],
    outputs: tuple[Path, ...], jobs: int | None, baseline: Path | None, config_path: Path | None,
    folder: Path | None, fresh: bool, read_only: bool, rlimit: int | None,
) -> int:
    """Judge a kernel tree, or snapshots: the first of those that come with the program, or all of a folder.

    What an earlier run of this version found of the same code, asked the same, is taken from the cache.

    Exit status: 0 proved, 1 violated, 2 wrong input, 3 undecided, 4 internal error.
    """
    config = read_config(config_path)
    book = load_book(own, config)
    options = Options(
        rule_globs, functions, profile, tuple(dict.fromkeys(trusts)) or ("L0", "L2"), page_size,
        jobs or os.cpu_count() or 1, rlimit or 0, book.own)
    rules = options.select(book.rules)
    tolerated = config.tolerated.with_baseline(read_baseline(baseline) if baseline else ())
    places = pair_outputs(formats or ("text",), outputs)
    chosen = choose_targets(tree, revision, patches, extracted, targets, config.handler)
    store = open_store(folder, fresh, read_only)
    try:
        runs = judge_all(chosen, bindings(config), rules, options, store)
    except Interrupted as stop:
        click.echo(f"verify: {stop}", err=True)
        return INTERRUPTED
    write_reports(runs, options, tolerated, places)
    store.trim()
    if store.problem:
        click.echo(f"verify: {store.problem}", err=True)
    for line in tolerated.unmatched(runs):
        click.echo(line, err=True)
    return exit_status(runs, options.strictest, tolerated.fingerprints)


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


def judge_all(
    chosen: Sequence[Chosen], known: Sequence[Binding], rules: tuple[Rule, ...], options: Options, store: Store
) -> list[TargetRun]:
    runs: list[TargetRun] = []
    for item in chosen:
        binding, names = choose(item.unit, known), names_of(item.unit.constants)
        reuse = reuse_from(store, item.unit, binding, options, partial(story.told, names=names))
        try:
            runs.append(judge_target(item.name, item.revision, item.unit, binding, rules, options, item.notes,
                                     progress(item.name), reuse))
            report_reuse(runs[-1])
        except Interrupted as stop:
            before = ", ".join(run.name for run in runs) or "none"
            raise Interrupted(f"{stop}; targets finished before: {before}") from None
    return runs


def report_reuse(run: TargetRun) -> None:
    reused = {result.rule for result in run.results if result.is_cached}
    if reused:
        again = len({result.rule for result in run.results}) - len(reused)
        click.echo(f"verify: {run.name}: rules told as an earlier run found them: {len(reused)}, judged now: {again} "
                   "(--fresh judges all)", err=True)


def progress(name: str) -> Progress | None:
    """A line that counts, on a terminal only."""
    if not sys.stderr.isatty() or os.environ.get("CI"):
        return None

    def show(rule: str, done: int, total: int) -> None:
        end = "\n" if done == total else ""
        sys.stderr.write(f"\r{name}: {done}/{total} rules ({rule})\x1b[K{end}")
        sys.stderr.flush()

    return show


def pair_outputs(formats: Sequence[str], outputs: Sequence[Path]) -> list[tuple[str, Path | None]]:
    """Which report goes where; the first format without a file goes to the terminal."""
    if len(outputs) > len(formats):
        raise InputError("more --output than --format")
    missing = len(formats) - len(outputs)
    if missing > 1:
        raise InputError("only one report can go to the terminal; give an --output for each other --format")
    return list(zip(formats, [*outputs, *[None] * missing], strict=True))


def write_reports(
    runs: Sequence[TargetRun], options: Options, tolerated: Tolerated, places: Sequence[tuple[str, Path | None]]
) -> None:
    """Raises InputError where a file cannot be written."""
    for name, path in places:
        content = RENDERERS[name](runs, options, tolerated)
        if path is None:
            click.echo(content, nl=False)
            continue
        try:
            path.write_text(content, encoding="utf-8")
        except OSError as problem:
            raise InputError(f"{path}: cannot be written: {problem.strerror}") from None
