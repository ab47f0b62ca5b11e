"""`verify explain`: what of a counterexample matters, what would keep the rule, and what a build hides."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from verify.cli import options as given
from verify.cli.config import load_book, read_config
from verify.cli.finding import find
from verify.cli.output import NARROWEST, deliver, pair_outputs
from verify.cli.progress import watched
from verify.cli.run import bindings, choose_targets, open_store
from verify.cli.targets import Chosen
from verify.cli.terminal import columns
from verify.errors import InputError, ReplayMismatch
from verify.native.findings import Told
from verify.prove.compelled import settled
from verify.prove.inputs import inputs_of
from verify.prove.rerun import Rerun
from verify.prove.target import make_target
from verify.prove.weigh import Explained
from verify.prove.weigh import explain as weigh
from verify.report import explained, explained_text, story
from verify.report.decode import names_of
from verify.report.explained import Explanation
from verify.report.places import Namer
from verify.report.text import WIDTH, Style
from verify.rules.binding import Binding, choose
from verify.rules.rule import Rule
from verify.solve.query import RLIMIT, Solver
from verify.solve.remembered import Remembered
from verify.source.kconfig import ALL_ZERO, fillings, is_kconfig, read_options
from verify.source.tree import read_text
from verify.verdict.exit_status import OK, UNDECIDED

TEXT, JSON = "text", "json"


@click.command(epilog=given.examples(
    "verify explain 1a765e292f97f652 --target 6.12 --rule SEC-01 --function FFA_VERSION --trust L2",
    "verify explain 1a765e292f97f652 --tree ~/linux --rule SEC-01 --config ~/linux/.config",
    "verify explain 1a765e292f97f652 --tree ~/linux --rule SEC-01 --format json --output why.json"))
@click.argument("fingerprint")
@given.TREE
@given.REVISION
@given.PATCHES
@given.EXTRACTED
@click.option("--target", metavar="NAME", help="A snapshot (default: the first one).")
@given.RULES
@given.OWN
@given.FUNCTIONS
@given.PROFILE
@given.TRUSTS
@given.PAGE_SIZE
@given.JOBS
@click.option("--config", "configs", multiple=True, type=click.Path(path_type=Path),
              help="The kernel's .config, for options that mask the finding; or verify.toml; repeatable.")
@given.CACHE
@click.option("--format", "kind", type=click.Choice((TEXT, JSON)), default=TEXT, show_default=True)
@click.option("--output", "out", type=click.Path(path_type=Path), help="Write it there.")
def explain(
    fingerprint: str, tree: Path | None, revision: str | None, patches: tuple[Path, ...], extracted: Path | None,
    target: str | None, rule_globs: tuple[str, ...], own: tuple[Path, ...], functions: tuple[str, ...], profile: str,
    trusts: tuple[str, ...], page_size: str, jobs: int | None, configs: tuple[Path, ...], folder: Path | None,
    kind: str, out: Path | None,
) -> int:
    """Tell the counterexample with this FINGERPRINT, and which of its values matter.

    Other values are tried in the place of each, in the interpreter, and where none of them shows it the solver is asked
    about all: which values the violation forces, which do not matter, the smallest change that keeps the rule, and
    whether a build option hides the violation.

    The finding is judged afresh: --rule, --function and --trust, as its report names them, make that quick.

    Exit status: 0 explained, 2 wrong input, 3 other values cannot be tried (the rest is told).
    """
    pair_outputs((kind,), (out,) if out else ())
    settings, build = _sorted_out(configs)
    config = read_config(settings)
    book = load_book(own, config)
    options = given.judged_how(book.own, rule_globs, functions, profile, trusts, jobs, page_size)
    chosen = choose_targets(tree, revision, patches, extracted, (target,) if target else (), config.handler)[0]
    binding = choose(chosen.unit, bindings(config))
    store = open_store(folder, fresh=False, read_only=False)
    run, told = find(fingerprint, chosen, [binding], options.select(book.rules), options, store)
    solver = Solver(options.limit or RLIMIT, remembered=Remembered(store))
    item = _explained(run.rules[told.result.rule], told, chosen, binding, build, solver)
    width = WIDTH if out else min(max(columns(sys.stdout, WIDTH), NARROWEST), WIDTH)
    constants = chosen.unit.constants
    deliver(explained.render(item, chosen.name, constants) if kind == JSON else
            explained_text.render(item, constants, Style(width=width)), out, kind)
    return OK if item.explained else UNDECIDED


def _sorted_out(configs: Sequence[Path]) -> tuple[Path | None, str | None]:
    """verify.toml's path, and the text of a kernel's .config. Raises InputError for two of one kind."""
    settings: list[Path] = []
    builds: list[str] = []
    for path in configs:
        text = read_text(path)
        if is_kconfig(text):
            builds.append(text)
        else:
            settings.append(path)
    if len(settings) > 1 or len(builds) > 1:
        raise InputError("--config: give one .config of a kernel and one verify.toml at most")
    return settings[0] if settings else None, builds[0] if builds else None


def _explained(
    rule: Rule, told: Told, chosen: Chosen, binding: Binding, build: str | None, solver: Solver
) -> Explanation:
    rerun = Rerun(chosen.unit, rule, told.result.profile, told.part.name, told.finding)
    names = names_of(chosen.unit.constants)
    found: Explained | None = None
    problem = ""
    with watched(chosen.name, is_quiet=False, is_verbose=False) as watch:
        watch.stage("trying other inputs")
        try:
            found = weigh(rerun)
            watch.stage("asking the solver about all other values")
            target = make_target(chosen.unit, binding, memory=True, remembered=solver.remembered)
            found = settled(found, rerun, target, told.result.trust, solver)
        except ReplayMismatch as why:
            problem = str(why)
    options = (ALL_ZERO,) if build is None else tuple(fillings(read_options(build)))
    inputs = inputs_of(rerun.episode)
    effects = tuple((one, rerun.outcome(inputs, one.byte).outcome) for one in options) if found else ()
    calls = story.told(told.finding, names)["calls"]
    return Explanation(rule, told.result, told.part, told.finding, found, problem,
                       Namer(inputs, names, calls), effects, build is not None)
