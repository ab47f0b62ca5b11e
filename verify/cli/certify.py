"""`verify certify`: refutations that a small checker of ours has read to their end."""

from __future__ import annotations

from pathlib import Path

import click

from verify.cli.options import examples
from verify.cli.selection import Selection, selected
from verify.errors import InputError
from verify.prove.evidence import LEMMAS, Evidence
from verify.prove.labels import Labels
from verify.prove.outcome import Status
from verify.solve import cadical
from verify.verdict.certified import Certified, certified, count
from verify.verdict.exit_status import OK, UNDECIDED


@click.command("certify", epilog=examples(
    "verify certify --rule 'VER-*' --trust L2",
    "verify certify --tree ~/linux --rule SEC-02 --no-lemmas --out certificates"))
@selected
@click.option("--out", type=click.Path(path_type=Path), help="Keep question, clauses and refutation of each there.")
@click.option("--no-lemmas", is_flag=True, help="Leave out the lemmas: they take longest.")
@click.option("--all", "show_all", is_flag=True, help="List the proofs that are not certified whole.")
def certify(selection: Selection, out: Path | None, no_lemmas: bool, show_all: bool) -> int:
    """Make certificates for proofs and check them, with CaDiCaL (Debian: cadical), which is not trusted.

    Each piece of a proof becomes clauses, CaDiCaL refutes them, and a small checker (verify/solve/drat.py) reads its
    refutation. Trusted: the way from words to clauses (verify/solve/clauses.py). Exit status: 0 if each proof is
    certified, 3 if not, or if there is none.
    """
    cadical.ready()
    if out is not None and out.exists():
        raise InputError(f"{out}: is there already; give a folder that is not")
    def work(evidence: Evidence, _: Labels) -> Certified | str | None:
        if no_lemmas and evidence.name in LEMMAS:
            return None
        if evidence.is_proof:
            return certified(evidence, out)
        status = evidence.result.status
        return None if status is Status.NOT_APPLICABLE else f"{evidence.name} ({evidence.trust}): {status.value}"

    made = [one for one in selection.each(work) if one is not None]
    found = count(one for one in made if isinstance(one, Certified))
    others = [one for one in made if isinstance(one, str)]
    click.echo(f"{found.whole} of {found.proofs} proofs are certified, {found.certified} of {found.pieces} pieces; "
               f"{found.steps} steps were checked")
    for reason, number in sorted(found.reasons.items()):
        click.echo(f"  {number} pieces: {reason}")
    for proof in found.open if show_all else ():
        click.echo(f"  not certified: {proof}")
    if others:
        click.echo(f"{len(others)} results are no proofs" + ("" if show_all else "; --all lists them"))
    for other in others if show_all else ():
        click.echo(f"  {other}")
    is_whole = found.proofs and not found.open and not any(other.startswith(LEMMAS) for other in others)
    return OK if is_whole else UNDECIDED
