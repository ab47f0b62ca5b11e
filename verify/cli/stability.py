"""`verify stability`: which proofs hold by luck?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from verify import __version__
from verify.cli.options import examples
from verify.cli.output import deliver
from verify.cli.proofs import KEEP, refuse
from verify.cli.selection import Selection, selected
from verify.prove.evidence import LEMMAS
from verify.solve.second import EFFORT, UNITS, Opinion, chosen, named
from verify.verdict.exit_status import OK, UNDECIDED
from verify.verdict.stability import FACTOR, SMALL, Asked, Proof, ask_all, collect, gathered

SCHEMA = 1
SHORT = 16
"""Digits of a digest that tell it from the others."""
_TRIED = {Opinion.AGREES: "refuted", Opinion.GAVE_UP: "gave up"}


@click.command(epilog=examples(
    "verify stability --rule 'VER-*' --trust L2", "verify stability --tree ~/linux --solver all --format json"))
@selected
@click.option("--solver", type=click.Choice(["bitwuzla", "z3", "cvc5", "all"]), default="bitwuzla", show_default=True,
              help="all: those that are installed.")
@click.option("--seeds", type=click.IntRange(2), default=10, show_default=True, help="How often each piece is asked.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Where the report goes (default: the terminal).")
@KEEP
def stability(
    selection: Selection, solver: str, seeds: int, form: str, output: Path | None, keep: Path
) -> int:
    """Prove, and ask a solver about each piece of each proof again: by other seeds, its assertions in other orders.

    Cost is what the solver counts, never seconds. Brittle is a piece that costs more than ten times as much with one
    seed as with another. Exit status: 0 if each seed refutes each piece, brittle or not; 3 if one gives up within its
    limit; 4 if one finds a model: the question is kept.
    """
    solvers = chosen(solver)
    proofs, texts = gathered(selection.each(lambda evidence, _: collect(evidence)))
    asked = ask_all(texts, solvers, seeds, selection.options.jobs)
    users = _users(proofs)
    against = [(str(users[one.digest][0]), f"{one.solver} (seed {seed})", one.digest, texts[one.digest])
               for one in asked for seed in one.seeds(Opinion.DISAGREES)[:1]]
    refuse(against, keep)
    lines = _text(proofs, asked, users, solvers, seeds) if form == "text" else _json(selection, proofs, asked, seeds)
    deliver("".join(f"{line}\n" for line in lines), output)
    return UNDECIDED if any(one.seeds(Opinion.GAVE_UP) for one in asked) else OK


def _users(proofs: Sequence[Proof]) -> dict[str, list[Proof]]:
    """By piece, the proofs that need it."""
    users: dict[str, list[Proof]] = {}
    for proof in proofs:
        for digest in proof.pieces:
            users.setdefault(digest, []).append(proof)
    return users


def _text(
    proofs: Sequence[Proof], asked: Sequence[Asked], users: Mapping[str, Sequence[Proof]], solvers: Sequence[str],
    seeds: int,
) -> Iterator[str]:
    yield (f"{len(proofs)} proofs in {sum(len(proof.pieces) for proof in proofs)} pieces, {len(users)} of them "
           f"different; each asked by {seeds} seeds")
    for solver in solvers:
        mine = [one for one in asked if one.solver == solver]
        brittle = sorted((one for one in mine if one.is_brittle), key=lambda one: (-one.dearest, one.digest))
        given_up = [one for one in mine if one.seeds(Opinion.GAVE_UP)]
        yield (f"{named(solver)}: {len(mine)} pieces, {len(mine) - len(given_up)} refuted by each seed, "
               f"{len(brittle)} brittle")
        for one in brittle:
            share = f"{one.dearest / EFFORT[solver]:.1%} of the limit"
            yield (f"  brittle: {one.cheapest:,} to {one.dearest:,} {UNITS[solver]} ({share}): piece "
                   f"{one.digest[:SHORT]} of")
            yield from (f"    {proof}" for proof in users[one.digest])
        for one in given_up:
            failed = one.seeds(Opinion.GAVE_UP)
            yield (f"  not refuted by {len(failed)} of {seeds} seeds within {EFFORT[solver]:,} {UNITS[solver]}: piece "
                   f"{one.digest[:SHORT]} of")
            yield from (f"    {proof}" for proof in users[one.digest])


def _json(selection: Selection, proofs: Sequence[Proof], asked: Sequence[Asked], seeds: int) -> Iterator[str]:
    """Equal runs give equal bytes."""
    target = selection.target
    yield json.dumps({
        "schema": SCHEMA, "tool": __version__, "target": target.name, "revision": target.revision,
        "profile": selection.options.profile, "seeds": list(range(1, seeds + 1)), "factor": FACTOR,
        "solvers": [
            {"solver": solver, "version": named(solver), "unit": UNITS[solver], "limit": EFFORT[solver],
             "small": EFFORT[solver] // SMALL} for solver in sorted({one.solver for one in asked})],
        "proofs": [_proof(proof) for proof in proofs],
        "pieces": [
            {"digest": one.digest, "solver": one.solver, "brittle": one.is_brittle,
             "tried": [{"cost": tried.cost, "result": _TRIED[tried.opinion]} for tried in one.tried]}
            for one in asked],
    }, indent=1, ensure_ascii=False)


def _proof(proof: Proof) -> dict[str, Any]:
    """A lemma is no rule's."""
    rule, _, part = ("", "", proof.name) if proof.name in LEMMAS else proof.name.partition(": ")
    return {"rule": rule, "part": part, "trust": proof.trust, "pieces": list(proof.pieces)}
