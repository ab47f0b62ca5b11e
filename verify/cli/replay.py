"""`verify replay`: a counterexample as a C program around the reader's own tree, or as a script of SMCs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from verify.cli import natively
from verify.cli import options as given
from verify.cli.config import load_book, read_config
from verify.cli.finding import find
from verify.cli.output import deliver
from verify.cli.run import bindings, choose_targets, open_store
from verify.errors import InputError, InternalError
from verify.native.confirm import CONFIRMED, CONTRADICTED, NOT_SHOWN, compiler, execute
from verify.native.findings import Told, said_of, written
from verify.native.statement import NotShown
from verify.report import smc_script
from verify.rules.binding import choose
from verify.verdict.exit_status import OK, UNDECIDED, VIOLATED

C, SMC = "c", "smc"


@click.command(epilog=given.examples(
    "verify replay 1a765e292f97f652 --tree ~/linux --rule SEC-01",
    "verify replay 1a765e292f97f652 --tree ~/linux --rule SEC-01 --out leak.c",
    "verify replay 1a765e292f97f652 --target 6.12 --rule SEC-01 --format smc"))
@click.argument("fingerprint")
@given.TREE
@given.REVISION
@given.PATCHES
@given.EXTRACTED
@click.option("--target", metavar="NAME", help="A snapshot (default: the first one); for --format smc.")
@given.RULES
@given.OWN
@given.FUNCTIONS
@given.PROFILE
@given.TRUSTS
@given.PAGE_SIZE
@given.JOBS
@given.CONFIG
@given.CACHE
@click.option("--format", "kind", type=click.Choice((C, SMC)), default=C, show_default=True,
              help="A program, or a script of SMCs for a test bench.")
@click.option("--out", type=click.Path(path_type=Path), help="Write it there; nothing is run then.")
@click.option("--sources", type=click.Path(path_type=Path),
              help="Write the files that the program includes there; with --git or --patch.")
def replay(
    fingerprint: str, tree: Path | None, revision: str | None, patches: tuple[Path, ...], extracted: Path | None,
    target: str | None, rule_globs: tuple[str, ...], own: tuple[Path, ...], functions: tuple[str, ...], profile: str,
    trusts: tuple[str, ...],
    page_size: str, jobs: int | None, config_path: Path | None, folder: Path | None, kind: str, out: Path | None,
    sources: Path | None,
) -> int:
    """Play the counterexample with this FINGERPRINT to the tree's own code, compiled for this machine.

    The finding is judged afresh: --rule, --function and --trust, as its report names them, make that quick.

    Exit status: 1 the violation is shown, 0 it is not, 2 wrong input, 3 compiled code cannot show it, 4 it
    contradicts the finding.
    """
    _check(kind, tree, revision, patches, out, sources)
    config = read_config(config_path)
    book = load_book(own, config)
    options = given.judged_how(book.own, rule_globs, functions, profile, trusts, jobs, page_size)
    chosen = choose_targets(tree, revision, patches, extracted, (target,) if target else (), config.handler)[0]
    binding = choose(chosen.unit, bindings(config))
    store = open_store(folder, fresh=False, read_only=False)
    run, told = find(fingerprint, chosen, [binding], options.select(book.rules), options, store)
    if kind == SMC:
        deliver(smc_script.render(told.finding, told.title, chosen.unit.constants), out)
        return OK
    assert tree is not None
    try:
        text = written(run, chosen.unit, binding, told)
    except NotShown as why:
        click.echo(f"verify: {told.title}: compiled code cannot show it: {why}", err=True)
        return UNDECIDED
    with natively.sources(tree, revision, patches, sources) as place:
        if out is None:
            return _played(text, told, place)
        deliver(text, out)
        click.echo(f"verify: sh {shlex.quote(str(out))} {shlex.quote(str(place))}", err=True)
        return OK


def _check(
    kind: str, tree: Path | None, revision: str | None, patches: Sequence[Path], out: Path | None,
    sources: Path | None,
) -> None:
    is_plain = not revision and not patches
    if kind == C and tree is None:
        raise InputError("a program needs the tree's own C: give --tree, or --format smc for a script of SMCs")
    if sources is not None and (kind != C or is_plain):
        raise InputError("--sources is for programs about a tree with --git or --patch; others include from --tree")
    if kind == C and out is not None and not is_plain and sources is None:
        raise InputError("the program includes files that are nowhere yet, for --git or --patch made them: "
                         "give --sources DIR to have them written")


def _played(text: str, told: Told, place: Path) -> int:
    if compiler() is None:
        raise InputError("there is no compiler: cc, gcc or clang is needed, or CC names one")
    done = execute(text, place)
    click.echo(done.output, nl=False)
    said = said_of(told, done)
    if said.startswith(CONTRADICTED):
        raise InternalError(f"{told.title}: {said}")
    click.echo(f"verify: {told.title}: {said}", err=True)
    if said == CONFIRMED:
        return VIOLATED
    return OK if done.is_heard and done.status == NOT_SHOWN else UNDECIDED
