"""`verify bench`: what a run costs, stage by stage. Figures for people; no test depends on them."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import click

from verify.cli.config import Config
from verify.cli.run import bindings, choose_targets, load_rules
from verify.cli.targets import Chosen, snapshot_folder, snapshot_names
from verify.frontend.parse import Parser
from verify.frontend.preprocess import preprocess
from verify.frontend.split import split
from verify.frontend.unit import lower_tree
from verify.report import text
from verify.rules.binding import choose
from verify.rules.rule import Rule
from verify.source.tree import read_tree
from verify.verdict.options import Options
from verify.verdict.run import judge_target, prepare

T = TypeVar("T")


@dataclass(slots=True)
class Clock:
    """Wall-clock seconds by stage, in order."""

    stages: list[tuple[str, float]] = field(default_factory=list)

    def time(self, stage: str, action: Callable[[], T]) -> T:
        start = time.perf_counter()
        result = action()
        self.stages.append((stage, time.perf_counter() - start))
        return result


def peak_memory() -> float:
    """MiB of this process and its largest child, added."""
    return sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


@click.command()
@click.option("--tree", type=click.Path(path_type=Path), help="Kernel tree (default: all snapshots).")
@click.option("--jobs", type=click.IntRange(1), default=None, help="Processes (default: one a core).")
def bench(tree: Path | None, jobs: int | None) -> int:
    """Time every stage of a run and print a table."""
    clock = Clock()
    options = Options(jobs=jobs or os.cpu_count() or 1)
    rules = clock.time("load rules", load_rules)
    if tree is not None:
        _front_end(clock, tree)
    names = [None] if tree is not None else snapshot_names(snapshot_folder())
    obligations = queries = 0
    for name in names:
        label = f"{name}: " if name else ""
        (item,) = clock.time(f"{label}read target", lambda n=name: choose_targets(  # type: ignore[misc]
            tree, None, (), None, (n,) if n else ()))
        counts = _judge(clock, label, item, options, rules)
        obligations, queries = obligations + counts[0], queries + counts[1]
    total = sum(seconds for stage, seconds in clock.stages if not stage.startswith(" "))
    for stage, seconds in clock.stages:
        click.echo(f"{stage:<44}{seconds:>9.3f} s")
    click.echo(f"{'total':<44}{total:>9.3f} s   {options.jobs} processes, peak {peak_memory():.0f} MiB")
    each = 1000 * total / max(obligations, 1)
    click.echo(f"{obligations} obligations, {queries} queries, {each:.1f} ms an obligation")
    return 0


def _front_end(clock: Clock, tree: Path) -> None:
    """Its stages once for themselves; `read target` runs them again."""
    files = clock.time("  read files", lambda: read_tree(tree).files)
    source = clock.time("  preprocess", lambda: preprocess(files))
    parser = Parser()
    clock.time("  split and parse", lambda: [parser.parse(item) for item in split(source.tokens) if not item.refusal])
    clock.time("  all of it, with lowering", lambda: lower_tree(files))


def _judge(clock: Clock, label: str, item: Chosen, options: Options, rules: tuple[Rule, ...]) -> tuple[int, int]:
    binding = choose(item.unit, bindings(Config()))
    clock.time(f"  {label}execute, invariants", lambda: prepare(item.unit, binding, options))
    run = clock.time(f"{label}judge (execute, solve, replay)", lambda: judge_target(
        item.name, item.revision, item.unit, binding, rules, options))
    clock.time(f"{label}report", lambda: text.render([run], options, {}))
    parts = sum(len(result.parts) for result in run.results)
    return parts, sum(result.cost.queries for result in run.results)
