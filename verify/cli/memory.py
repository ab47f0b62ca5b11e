"""`verify memory`: is every access of every handler inside its object, for any input and any number of iterations?"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from verify.cli import options as given
from verify.cli.config import read_config
from verify.cli.run import bindings
from verify.cli.targets import Chosen, from_snapshots, from_source, snapshot_folder
from verify.prove.safety import Safety, check_safety
from verify.prove.target import Target, make_target
from verify.prove.trust import LEVELS
from verify.rules.binding import choose
from verify.solve.query import Solver
from verify.verdict.exit_status import OK, UNDECIDED
from verify.verdict.pool import WorkerLost, side_by_side
from verify.verdict.run import explained


@click.command(epilog=given.examples(
    "verify memory --tree ~/linux", "verify memory --target 6.12 --trust L0 --all"))
@given.TREE
@given.REVISION
@given.PATCHES
@click.option("--target", default="6.12", help="A snapshot, where no tree is given.", show_default=True)
@click.option("--trust", type=click.Choice(LEVELS), default="L2", show_default=True, help="What EL3 may answer.")
@click.option("--all", "show_all", is_flag=True, help="List what is proved too.")
def memory(
    tree: Path | None, revision: str | None, patches: tuple[Path, ...], target: str, trust: str, show_all: bool
) -> int:
    """Check memory safety and termination of every handler, loops without a bound.

    What is not proved is open, not violated: no sequence of calls has shown it.
    """
    config = read_config(None)
    chosen = (from_source(tree, revision, patches, config.handler) if tree is not None else _snapshot(target))
    made = make_target(chosen.unit, choose(chosen.unit, bindings(config)), memory=True)
    safety = _checked(made, trust)
    for line in _lines(safety, show_all):
        click.echo(line)
    return OK if safety.is_complete else UNDECIDED


def _checked(made: Target, trust: str) -> Safety:
    """In a process of its own, for a solver without memory ends it."""
    try:
        with closing(side_by_side(lambda _: check_safety(made, trust, Solver()), [0], 1)) as results:
            return next(results)
    except WorkerLost as lost:
        raise explained(lost, f"trust {trust}") from None


def _snapshot(name: str) -> Chosen:
    return from_snapshots(snapshot_folder(), (name,))[0]


def _lines(safety: Safety, show_all: bool) -> list[str]:
    result = [f"trust {safety.level}"]
    for place, construct in safety.lost:
        result.append(f"  unsupported  {place}: {construct}")
    for item in safety.checked:
        if show_all or not item.is_proved:
            result.append(f"  {'proved' if item.is_proved else 'open':<12} {item.kind} in {item.function}  "
                          f"{item.file}:{item.line}")
    proved = sum(item.is_proved for item in safety.checked)
    result.append(f"  {proved} of {len(safety.checked)} proved for all inputs, page sizes and numbers of iterations")
    if proved < len(safety.checked):
        result.append("  what is proved holds on paths where what is open does no harm")
    result.append("  invariants: " + "; ".join(safety.invariants))
    if safety.assumptions:
        result.append("  assumes: " + "; ".join(safety.assumptions))
    return result
