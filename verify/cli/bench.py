"""`verify bench`: what a run costs, stage by stage. Figures for people; no test depends on them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from verify.cli import options as given
from verify.cli.config import Config, load_book
from verify.cli.measure import MILLION, Clock, Spent, figures, metered, peak_memory, stopwatch
from verify.cli.records import Record, recorded, write
from verify.cli.run import bindings, choose_targets
from verify.cli.targets import Chosen, snapshot_folder, snapshot_names
from verify.errors import InternalError
from verify.frontend import unit
from verify.frontend.parse import Parser
from verify.frontend.preprocess import preprocess
from verify.frontend.split import split
from verify.ir.function import Unit
from verify.prove.replay import Replay
from verify.prove.safety import check_safety
from verify.prove.target import make_target
from verify.report import text
from verify.rules.binding import Binding, choose
from verify.rules.rule import Rule
from verify.solve.query import Solver
from verify.source.tree import read_tree
from verify.verdict.baseline import Tolerated
from verify.verdict.options import Options
from verify.verdict.run import judge_rule, judge_target, prepare

MOST_RULES = 10
SAFETY_LEVEL = "L2"


@dataclass(frozen=True, slots=True)
class Measured:
    """One target; `rules` are those that took longest, with their obligations, if each was measured by itself."""

    name: str
    clock: Clock
    functions: int
    instructions: int
    obligations: int
    peak: float
    rules: tuple[tuple[str, int, Spent], ...] = ()
    records: tuple[Record, ...] = ()


@click.command(epilog=given.examples(
    "verify bench --rule 'VER-*' --jobs 1", "verify bench --tree ~/linux --tree ~/linux-patched --detail"))
@click.option("--tree", "trees", type=click.Path(path_type=Path), multiple=True,
              help="Kernel tree; several are compared (default: all snapshots).")
@click.option("--rule", "names", multiple=True, metavar="GLOB", help="Rules (default: all).")
@given.OWN
@given.JOBS
@click.option("--detail", is_flag=True, help="Judge once more in one process: what each stage and rule takes.")
@click.option("--memory", is_flag=True, help="Memory safety of every access instead of the rules.")
@click.option("--records", type=click.Path(path_type=Path), metavar="FILE",
              help="JSON lines: the cost of each part of a rule at each trust level (as --detail measures it).")
def bench(
    trees: tuple[Path, ...], names: tuple[str, ...], own: tuple[Path, ...], jobs: int | None, detail: bool,
    memory: bool, records: Path | None,
) -> int:
    """Measure seconds, the solvers' resource units and memory of a run, and print tables.

    Indented stages are parts of others, or measured once more in one process: they say where a run's time goes. Each
    target is measured in a process of its own, so that the peaks are theirs.
    """
    if memory and records is not None:
        raise click.UsageError("--records is about rules: it cannot be joined with --memory")
    options = Options(rules=names, jobs=jobs or os.cpu_count() or 1)
    detail = detail or records is not None
    targets: list[Path | str] = [*trees] if trees else [*snapshot_names(snapshot_folder())]
    results = []
    for target in targets:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            results.append(_result(pool.submit(_measure, target, options, detail, memory, own), target))
        for line in _report(results[-1], options):
            click.echo(line)
    for line in _comparison(results) if len(results) > 1 else ():
        click.echo(line)
    if records is not None:
        write(records, [(item.name, record) for item in results for record in item.records])
    return 0


def _result(future: Future[Measured], target: Path | str) -> Measured:
    try:
        return future.result()
    except BrokenProcessPool:
        raise InternalError(f"{target}: the process that measured it was ended; is there enough memory?") from None


def _measure(target: Path | str, options: Options, detail: bool, memory: bool, own: Sequence[Path]) -> Measured:
    """In a process of its own."""
    clock = Clock()
    rules = options.select(clock.time("load rules", partial(load_book, own)).rules)
    tree, name = (target, "") if isinstance(target, Path) else (None, target)
    if tree is not None:
        _front_end(clock, tree)
    (item,) = clock.time("read target", lambda: choose_targets(tree, None, (), None, (name,) if name else ()))
    binding = choose(item.unit, bindings(Config()))
    measured = _safety if memory else _judge
    obligations = measured(clock, item, binding, options, rules)
    with recorded() as records:
        costs = _detail(clock, item.unit, binding, options, rules) if detail and not memory else ()
    functions = item.unit.functions
    instructions = sum(len(block.instructions) for function in functions.values() for block in function.blocks)
    return Measured(str(target), clock, len(functions), instructions, obligations, peak_memory(), costs,
                    tuple(records))


def _front_end(clock: Clock, tree: Path) -> None:
    """Its stages once for themselves; `read target` runs them again."""
    files = clock.time("read files", lambda: read_tree(tree).files, is_part=True)
    source = clock.time("preprocess", lambda: preprocess(files), is_part=True)
    parser = Parser()
    wanted = [item for item in split(source.tokens) if not item.refusal]
    clock.time("parse", lambda: [parser.parse(item) for item in wanted], is_part=True)
    with stopwatch(unit, "preprocess") as first, stopwatch(Parser, "parse") as second, metered() as spent:
        unit.lower_tree(files)
    clock.add("lower", Spent(spent.seconds - first.seconds - second.seconds, spent.cpu - first.cpu - second.cpu), True)


def _judge(clock: Clock, item: Chosen, binding: Binding, options: Options, rules: tuple[Rule, ...]) -> int:
    """The number of obligations."""
    with metered() as spent:
        run = judge_target(item.name, item.revision, item.unit, binding, rules, options)
    spent.units += sum(result.cost.units for result in run.results)
    spent.queries += sum(result.cost.queries for result in run.results)
    clock.add(f"judge, {options.jobs} processes", spent, is_part=False)
    clock.time("report", lambda: text.render([run], options, Tolerated()))
    return sum(len(result.parts) for result in run.results)


def _safety(clock: Clock, item: Chosen, binding: Binding, options: Options, rules: tuple[Rule, ...]) -> int:
    """The number of places where memory is accessed."""
    target = clock.time("execute with memory", lambda: make_target(item.unit, binding, memory=True))
    safety = clock.time("prove accesses", lambda: check_safety(target, SAFETY_LEVEL, Solver()))
    return len(safety.checked)


def _detail(
    clock: Clock, item: Unit, binding: Binding, options: Options, rules: tuple[Rule, ...]
) -> tuple[tuple[str, int, Spent], ...]:
    """The dearest rules, each measured for itself."""
    _, settings = clock.time("execute, invariants", lambda: prepare(item, binding, options), is_part=True)
    costs = []
    with metered() as spent, stopwatch(Replay, "_run") as replayed:
        for rule in rules:
            with metered() as one:
                results = judge_rule(settings, rule, Solver())
            costs.append((rule.identity, sum(len(result.parts) for result in results), one))
    clock.add("solvers", Spent(spent.solving, 0, spent.solving, spent.units, spent.queries), is_part=True)
    clock.add("replay", replayed, is_part=True)
    rest = spent.seconds - spent.solving - replayed.seconds
    clock.add("state obligations, simplify, find numbers", Spent(rest), is_part=True)
    return tuple(sorted(costs, key=lambda cost: -cost[2].seconds)[:MOST_RULES])


def _report(measured: Measured, options: Options) -> Iterator[str]:
    total = measured.clock.total
    yield f"{measured.name}: {measured.functions} functions, {measured.instructions} instructions"
    yield from measured.clock.table()
    for name, count, spent in measured.rules:
        yield f"  {name:<42}{figures(spent)}{count:>6} obligations"
    each = 1000 * total.seconds / max(measured.obligations, 1)
    yield f"{options.jobs} processes, {measured.obligations} obligations, {each:.1f} ms an obligation"
    yield ""


def _comparison(results: Sequence[Measured]) -> Iterator[str]:
    """Each target beside the first: ratios near that of the sizes mean linear cost."""
    first = results[0]
    yield f"{'target':<32}{'size':>7}{'seconds':>10}{'CPU':>10}{'×':>7}{'M units':>9}{'×':>7}{'peak MiB':>10}{'×':>7}"
    for item in results:
        mine, theirs = item.clock.total, first.clock.total
        yield (f"{item.name[-31:]:<32}{item.instructions / max(first.instructions, 1):>7.2f}"
               f"{mine.seconds:>10.1f}{mine.cpu:>10.1f}{mine.cpu / max(theirs.cpu, 0.001):>7.2f}"
               f"{mine.units / MILLION:>9.1f}{mine.units / max(theirs.units, 1):>7.2f}"
               f"{item.peak:>10.0f}{item.peak / max(first.peak, 1):>7.2f}")
