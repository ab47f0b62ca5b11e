"""`verify export`, `verify recheck`, `verify ledger`: proofs that need not be taken on faith."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from verify.cli.options import examples
from verify.cli.selection import Selection, selected
from verify.errors import InputError, InternalError
from verify.prove.evidence import Evidence
from verify.prove.labels import Labels
from verify.prove.leaning import Leaning
from verify.solve import cadical
from verify.solve.second import ALL, SOLVERS, Opinion, chosen, named
from verify.verdict import ledger as ledgers
from verify.verdict.exit_status import OK, UNDECIDED, VIOLATED
from verify.verdict.recheck import recheck, summarise

INDEX = "index.json"
KEEP = click.option("--keep", type=click.Path(path_type=Path), default=Path(),
                    help="Where a question goes that solvers disagree about (default: here).")
Against = tuple[str, str, str, str]
"""(proof, solver, digest, text) of what a solver has a model of."""


@click.command(epilog=examples("verify export --rule VER-07 --trust L2 --out smt"))
@selected
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder that is not there yet.")
def export(selection: Selection, out: Path) -> int:
    """Write each proof as SMT-LIB 2.6 files, as it was before our own simplifier; all of them are unsatisfiable.

    A proof has a file for each piece that the engine cut it into, and one that says that there are no other pieces.
    `index.json` lists them by proof. Assertions stand in the order of the program, each with the lines that made what
    it speaks of. Any solver that knows QF_UFBV reads them: bitwuzla FILE, cvc5 FILE, z3 FILE.
    """
    if out.exists():
        raise InputError(f"{out}: is there already; give a folder that is not")
    target = selection.executed()
    leaning = Leaning(target)
    out.mkdir(parents=True)

    def write(evidence: Evidence, labels: Labels) -> tuple[str, str, list[str]]:
        folder = out / re.sub(r"[^A-Za-z0-9]+", "-", evidence.name) / evidence.trust
        names = []
        for number, piece in enumerate(evidence.pieces, 1):
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{number:03}.smt2"
            comment = "\n".join([*evidence.says, f"trust {evidence.trust}, profile {selection.options.profile}",
                                 f"target {selection.target.name}, revision {selection.target.revision}",
                                 f"piece {number} of {len(evidence.pieces)}"])
            notes = leaning.notes(piece.parts, labels.of(piece.parts))
            path.write_text(piece.readable(notes, comment), encoding="utf-8")
            names.append(str(path.relative_to(out)))
        return evidence.name, evidence.trust, names

    try:
        found = sorted(one for one in selection.each(write, target) if one[2])
        text = json.dumps([{"name": name, "trust": trust, "files": files} for name, trust, files in found], indent=1)
        (out / INDEX).write_text(f"{text}\n", encoding="utf-8")
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    click.echo(f"{len(found)} proofs in {sum(len(files) for _, _, files in found)} files: {out / INDEX}")
    return OK


@click.command("recheck", epilog=examples(
    "verify recheck --tree ~/linux --rule 'VER-*'", "verify recheck --rule SEC-02 --solver cvc5"))
@selected
@click.option("--solver", type=click.Choice([*SOLVERS, ALL]), default=ALL, show_default=True,
              help="all: those from PyPI that are installed, and CaDiCaL where fewer than two agree.")
@KEEP
def recheck_(selection: Selection, solver: str, keep: Path) -> int:
    """Prove again, and ask other solvers about each proof as it was before our own simplifier.

    A solver that gives up has not agreed. Exit status: 0 if some solver confirms each piece of each proof, 3 if not, 4
    if one contradicts: the question is kept.
    """
    solvers, reserve = chosen(solver), cadical.NAME if solver == ALL and cadical.is_there() else ""
    found = selection.each(lambda evidence, _: recheck(evidence, solvers, reserve) if evidence.is_proof else None)
    summary = summarise((one for one in found if one is not None), solvers)
    click.echo(f"{summary.proofs} proofs in {summary.pieces} pieces")
    for name in solvers:
        click.echo(f"  {named(name)} confirms {summary.by_solver[name]}")
    click.echo(f"  {'all of them confirm' if len(solvers) > 1 else 'confirmed'} {summary.by_all}")
    if asked := summary.reserve.total():
        click.echo(f"  {named(reserve)}, asked about {asked} pieces that fewer than two confirm, "
                   f"confirms {summary.reserve[Opinion.AGREES]}")
    for proof, name in summary.by_one.items():
        click.echo(f"  {name} alone confirms {proof}")
    for proof in summary.open:
        click.echo(f"  nobody confirms {proof}")
    refuse(summary.against, keep)
    return UNDECIDED if summary.open else OK


def refuse(against: Sequence[Against], keep: Path) -> None:
    """Raises InternalError if there are any; their questions are kept in that folder."""
    if not against:
        return
    kept = []
    for proof, solver, digest, text in against:
        path = keep / f"disagreement-{digest[:16]}.smt2"
        path.write_text(text, encoding="utf-8")
        kept.append(f"{solver} has a model of {proof}: {path}")
    raise InternalError("; ".join(kept))


@click.command(epilog=examples("verify ledger --tree ~/linux --out proofs", "verify ledger --check"))
@selected
@click.option("--out", type=click.Path(path_type=Path), default=Path("proofs"), show_default=True, help="Its folder.")
@click.option("--check", is_flag=True, help="Write nothing; compare with the one that is there.")
@click.option("--name", default=None, help="Its name (default: the target's).")
def ledger(selection: Selection, out: Path, check: bool, name: str | None) -> int:
    """Write the ledger of a target's results: a line for each, with a digest of what was proved.

    With --check exit status 1 says that it differs. A ledger holds all rules; a check may look at some of them.
    """
    path = out / f"{name or selection.target.name}{ledgers.SUFFIX}"
    if set(selection.options.trusts) != {"L0", "L2"}:
        raise InputError("a ledger is about L0 and L2: what holds at the weaker level is proved there for both")
    if not check and not selection.is_whole:
        raise InputError("a ledger holds all rules and functions; with --check it may be some of them")
    committed = ledgers.read_ledger(path) if check else ""
    profile = selection.options.profile
    lines = list(selection.each(lambda evidence, labels: ledgers.line(evidence, labels, profile)))
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ledgers.render(lines), encoding="utf-8")
        click.echo(f"{path}: {len(lines)} results")
        return OK
    found = ledgers.differences(committed, lines, selection.is_whole)
    for one in found:
        click.echo(one, file=sys.stdout)
    click.echo(f"{path}: {len(lines)} results, {len(found)} differ" if found else f"{path}: {len(lines)} results agree")
    return VIOLATED if found else OK
