"""How cost grows with the number of handlers: preparation and rules, in one process, at one trust level.

    python -m tests.bench.scaling --tree DIR [--handlers 1 2 4 8] [--rule BUF-06 …] [--trust L2]
"""

from __future__ import annotations

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.bench.generate import generated
from verify.cli.config import Config
from verify.cli.measure import Spent, metered, peak_memory
from verify.cli.run import bindings
from verify.frontend.unit import lower_tree
from verify.rules.binding import choose
from verify.rules.book import load_rules
from verify.solve.query import Solver
from verify.source.tree import read_tree
from verify.verdict.options import Options
from verify.verdict.run import judge_rule, prepare

RULES = ("BUF-06", "MEM-08", "SEC-05", "CC-06")


@dataclass(frozen=True, slots=True)
class Scaled:
    instructions: int
    preparation: Spent
    rules: Spent
    peak: float
    verdicts: tuple[tuple[str, str], ...]


def measure(tree: Path, handlers: int, options: Options) -> Scaled:
    """In a process of its own, so that the peak is its own."""
    rules = options.select(load_rules())
    with metered() as preparation:
        unit = lower_tree(generated(read_tree(tree).files, handlers))
        _, settings = prepare(unit, choose(unit, bindings(Config())), options)
    with metered() as spent:
        results = [result for rule in rules for result in judge_rule(settings, rule, Solver())]
    instructions = sum(len(block.instructions) for item in unit.functions.values() for block in item.blocks)
    verdicts = tuple((result.rule, result.status.value) for result in results)
    return Scaled(instructions, preparation, spent, peak_memory(), verdicts)


def _row(handlers: int, found: Scaled) -> str:
    whole = found.preparation.cpu + found.rules.cpu
    said = ", ".join(f"{rule} {status}" for rule, status in found.verdicts)
    return (f"{handlers:>3}x{found.instructions:>9}{found.preparation.cpu:>14.1f}{found.rules.cpu:>10.1f}{whole:>10.1f}"
            f"{found.peak:>10.0f}  {said}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scaling",
                                     description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tree", type=Path, required=True, help="kernel tree (a sparse one is enough)")
    parser.add_argument("--handlers", type=int, nargs="+", default=[1, 2, 4, 8], help="copies of each")
    parser.add_argument("--rule", nargs="+", default=RULES, metavar="GLOB", help=f"default: {' '.join(RULES)}")
    parser.add_argument("--trust", default="L2", metavar="L0|L1|L2")
    given = parser.parse_args()
    options = Options(rules=tuple(given.rule), trusts=(given.trust,))
    print(f"{'':>4}{'instrs':>9}{'prepare CPU s':>14}{'rules':>10}{'both':>10}{'peak MiB':>10}", flush=True)
    for handlers in given.handlers:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            print(_row(handlers, pool.submit(measure, given.tree, handlers, options).result()), flush=True)


if __name__ == "__main__":
    main()
