"""The same properties of the same ffa.c, by `verify` and by CBMC: seconds, verdicts and peak memory.

    python -m tests.bench.compare --tree DIR [--cbmc PATH] [--seconds N] [--gib N] [--only GLOB] [--json FILE]

Each figure is of a process of its own, one at a time, from the C on: nothing is kept from one to the next.
docs/bench.md says what the figures mean.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tests.bench.cbmc import Ran, back_ends, climb, version
from tests.bench.cbmc_unit import unit
from tests.bench.limited import Limits
from tests.bench.ours import Judged, judge, judge_memory
from tests.bench.properties import PROPERTIES, Property
from verify.source.tree import read_tree

SECONDS, GIB = 300, 8
EVERY_ACCESS = "memory safety and termination of every handler"


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    ours: tuple[Judged, ...]
    theirs: tuple[Ran, ...]


def compare(tree: Path, cbmc: str, limits: Limits, items: tuple[Property, ...]) -> Iterator[Row]:
    """Row by row, as they are measured."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "unit.c"
        source.write_text(unit(read_tree(tree).files), encoding="utf-8")
        for item in items:
            ours = tuple(judge(tree, item, trust, folder, limits) for trust in item.trusts)
            theirs = [ran for end in back_ends() for ran in climb(cbmc, source, item, end, limits)]
            yield Row(item.name, ours, tuple(theirs))


def lines(row: Row) -> Iterator[str]:
    """Ours first, then CBMC's; all of one property."""
    yield row.name
    for ours in row.ours:
        yield _line(f"verify {ours.trust}", "no bound", ours.seconds, ours.cpu, ours.peak, ours.verdict)
    for ran in row.theirs:
        yield _line(f"CBMC {ran.back_end}", f"bound {ran.bound}", ran.seconds, ran.cpu, ran.peak, ran.verdict)
        yield from (f"      {one}" for one in ran.wrong)


def _line(tool: str, bound: str, seconds: float, cpu: float, peak: float, verdict: str) -> str:
    return f"  {tool:<12}{bound:<12}{seconds:>8.1f} s{cpu:>8.1f} CPU s{peak:>8.0f} MiB  {verdict}"


def main() -> int:
    given = _arguments()
    cbmc = shutil.which(given.cbmc)
    if cbmc is None:
        print(f"no CBMC: {given.cbmc} is not a program; --cbmc names one", file=sys.stderr)
        return 2
    limits = Limits(given.seconds, given.gib)
    items = tuple(item for item in PROPERTIES if fnmatchcase(item.name, given.only))
    print(f"CBMC {version(cbmc)}; at most {limits.seconds} s and {limits.gib} GiB each", flush=True)
    rows = []
    if fnmatchcase(EVERY_ACCESS, given.only):
        rows.append(Row(EVERY_ACCESS, tuple(judge_memory(given.tree, trust, limits) for trust in ("L0", "L2")), ()))
        print("\n".join(lines(rows[0])), flush=True)
    for row in compare(given.tree, cbmc, limits, items):
        rows.append(row)
        print("\n".join(lines(row)), flush=True)
    if given.json is not None:
        record = {"cbmc": version(cbmc), "limits": asdict(limits), "rows": [asdict(row) for row in rows]}
        given.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tree", type=Path, required=True, help="kernel tree (a sparse one is enough)")
    parser.add_argument("--cbmc", default="cbmc", help="CBMC, version 6 (default: the one in PATH)")
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"at most, for each run (default: {SECONDS})")
    parser.add_argument("--gib", type=int, default=GIB, help=f"address space of each run (default: {GIB})")
    parser.add_argument("--only", default="*", metavar="GLOB", help="properties by name (default: all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures for machines, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
