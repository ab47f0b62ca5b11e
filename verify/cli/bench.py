"""`verify bench`: what a run costs, stage by stage. Figures for people; no test depends on them."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click

from verify.cli.config import Config
from verify.cli.run import bindings, choose_targets, load_rules
from verify.cli.targets import Chosen, snapshot_folder, snapshot_names
from verify.frontend import unit
from verify.frontend.parse import Parser
from verify.frontend.preprocess import preprocess
from verify.frontend.split import split
from verify.prove import replay
from verify.report import text
from verify.rules.binding import choose
from verify.rules.rule import Rule
from verify.solve.query import Solver
from verify.source.tree import read_tree
from verify.verdict.options import Options
from verify.verdict.run import judge_rule, judge_target, prepare

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stage:
    """`peak` is the most memory that any process had so far, in MiB. Parts of another stage are not in the total."""

    name: str
    seconds: float
    peak: float
    is_part: bool


@dataclass(slots=True)
class Clock:
    """Wall-clock seconds by stage, in order."""

    stages: list[Stage] = field(default_factory=list)

    def time(self, stage: str, action: Callable[[], T], is_part: bool = False) -> T:
        start = time.perf_counter()
        result = action()
        self.add(stage, time.perf_counter() - start, is_part)
        return result

    def add(self, stage: str, seconds: float, is_part: bool) -> None:
        self.stages.append(Stage(stage, seconds, peak_memory(), is_part))

    def table(self) -> Iterator[str]:
        total = sum(stage.seconds for stage in self.stages if not stage.is_part)
        yield f"{'stage':<44}{'seconds':>9}{'peak MiB':>10}"
        for stage in self.stages:
            yield f"{'  ' * stage.is_part + stage.name:<44}{stage.seconds:>9.3f}{stage.peak:>10.0f}"
        yield f"{'total':<44}{total:>9.3f}{peak_memory():>10.0f}"


def peak_memory() -> float:
    """MiB of this process or of its largest child, whichever is more."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


@contextmanager
def stopwatch(owner: Any, name: str) -> Iterator[list[float]]:
    """Seconds spent in a function of a module or class while the context lasts, calls from within itself not twice."""
    original, spent, depth = getattr(owner, name), [0.0], [0]

    def timed(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        depth[0] += 1
        try:
            return original(*arguments, **named)
        finally:
            depth[0] -= 1
            spent[0] += (time.perf_counter() - start) * (not depth[0])

    setattr(owner, name, timed)
    try:
        yield spent
    finally:
        setattr(owner, name, original)


@click.command()
@click.option("--tree", type=click.Path(path_type=Path), help="Kernel tree (default: all snapshots).")
@click.option("--jobs", type=click.IntRange(1), default=None, help="Processes (default: one a core).")
def bench(tree: Path | None, jobs: int | None) -> int:
    """Time every stage of a run and print a table.

    Indented stages are measured once more in one process: they say where a run's time goes.
    """
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
    for line in clock.table():
        click.echo(line)
    total = sum(stage.seconds for stage in clock.stages if not stage.is_part)
    each = 1000 * total / max(obligations, 1)
    click.echo(f"{options.jobs} processes, {obligations} obligations, {queries} queries, {each:.1f} ms an obligation")
    return 0


def _front_end(clock: Clock, tree: Path) -> None:
    """Its stages once for themselves; `read target` runs them again."""
    files = clock.time("read files", lambda: read_tree(tree).files, is_part=True)
    source = clock.time("preprocess", lambda: preprocess(files), is_part=True)
    parser = Parser()
    wanted = [item for item in split(source.tokens) if not item.refusal]
    clock.time("parse", lambda: [parser.parse(item) for item in wanted], is_part=True)
    with stopwatch(unit, "preprocess") as first, stopwatch(Parser, "parse") as second:
        start = time.perf_counter()
        unit.lower_tree(files)
        clock.add("lower", time.perf_counter() - start - first[0] - second[0], is_part=True)


def _judge(clock: Clock, label: str, item: Chosen, options: Options, rules: tuple[Rule, ...]) -> tuple[int, int]:
    binding = choose(item.unit, bindings(Config()))
    run = clock.time(f"{label}judge", lambda: judge_target(
        item.name, item.revision, item.unit, binding, rules, options))
    clock.time(f"{label}report", lambda: text.render([run], options, {}))
    _, settings = clock.time(f"{label}execute, invariants", lambda: prepare(item.unit, binding, options), is_part=True)
    start = time.perf_counter()
    with stopwatch(Solver, "ask") as solve, stopwatch(replay, "confirm") as replayed:
        for rule in rules:
            judge_rule(settings, rule, Solver())
    rest = time.perf_counter() - start - solve[0] - replayed[0]
    for stage, seconds in (("solve", solve[0]), ("replay", replayed[0]), ("state obligations, find numbers", rest)):
        clock.add(f"{label}{stage}", seconds, is_part=True)
    parts = sum(len(result.parts) for result in run.results)
    return parts, sum(result.cost.queries for result in run.results)
