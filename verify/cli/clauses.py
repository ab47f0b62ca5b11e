"""`verify clauses`: which sentence of which document is checked by what, and where."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import click

from verify.cli import options as given
from verify.cli.config import load_book, read_config
from verify.cli.run import bindings, choose_targets, judge_all, open_store
from verify.cli.targets import Chosen
from verify.errors import InputError
from verify.frontend.preprocess import FFA_C
from verify.prove.outcome import RuleResult
from verify.prove.target import Target, make_target
from verify.report import clauses as index
from verify.report.clauses import Bound, Entry
from verify.report.decode import names_of
from verify.rules.binding import Binding, choose
from verify.rules.rule import Rule
from verify.verdict.bound import Place, calls_of, lines_by_call, place_of
from verify.verdict.options import Options

FORMATS = {"text": index.render_text, "json": index.render_json, "markdown": index.render_markdown}
SHORT = {FFA_C: "ffa.c"}


@click.command(epilog=given.examples(
    "verify clauses", "verify clauses 13.2 --format markdown", "verify clauses VER-07 --tree ~/linux"))
@click.argument("globs", nargs=-1, metavar="[CLAUSE|RULE]...")
@given.TREE
@given.REVISION
@given.PATCHES
@given.EXTRACTED
@click.option("--target", metavar="NAME", help="A snapshot.")
@click.option("--line", metavar="[FILE:]N", help="Only what depends on this line (of ffa.c).")
@click.option("--judge", is_flag=True, help="With verdicts: judges what no earlier run has in the cache.")
@click.option("--holes", is_flag=True, help="Only what is not encoded.")
@click.option("--format", "form", type=click.Choice(sorted(FORMATS)), default="text", show_default=True)
@given.OWN
@given.PROFILE
@click.option("--trust", default="L2", show_default=True, metavar="L0|L1|L2", help="Of verdicts.")
@given.JOBS
@given.CONFIG
@given.CACHE
def clauses(
    globs: tuple[str, ...], tree: Path | None, revision: str | None, patches: tuple[Path, ...], extracted: Path | None,
    target: str | None, line: str | None, judge: bool, holes: bool, form: str, own: tuple[Path, ...], profile: str,
    trust: str, jobs: int | None, config_path: Path | None, folder: Path | None,
) -> int:
    """List the clauses of the book: which rule says it, of which functions, and what Arm's compliance suite tests.

    With --tree or --target, or with --line or --judge (of the first snapshot): the lines that calls of these functions
    run through, as ordinary calls from reset show them; `verify coverage --line` says which proofs lean on a line.
    `verify clauses 13.2*`, `verify clauses VER-01`.
    """
    config = read_config(config_path)
    book = load_book(own, config)
    options = Options(profile=profile, trusts=(trust,), jobs=jobs or os.cpu_count() or 1, own=book.own)
    chosen = choose_targets(tree, revision, patches, extracted, (target,) if target else (), config.handler)[0]
    place = place_of(line, FFA_C) if line else None
    known = bindings(config)
    binding = choose(chosen.unit, known)
    has_target = bool(tree or target or extracted or line or judge)
    found = index.in_order(entries(book.rules, chosen, binding, options, has_target and not holes))
    found = [one for one in found if _is_asked(one, globs) and (not holes or one.how != "encoded")]
    if place:
        found = index.at_line(found, place)
    if judge:
        names = {one.rule for one in found}
        rules = tuple(rule for rule in options.select(book.rules) if rule.identity in names)
        (run,) = judge_all([chosen], known, rules, options, open_store(folder, fresh=False, read_only=False))
        found = [_judged(one, {rule.identity: [r for r in run.results if r.rule == rule.identity] for rule in rules},
                         trust) for one in found]
    if not found:
        raise InputError("no clause or rule of that kind; `verify clauses` lists them" if not line else
                         f"no ordinary call of a function that a rule is about runs through line {line}")
    click.echo(FORMATS[form](found, SHORT), nl=False)
    return 0


def _is_asked(entry: Entry, globs: Sequence[str]) -> bool:
    names = (entry.rule, entry.rule.removeprefix("FFA-"), entry.section, entry.where, entry.document)
    return not globs or any(fnmatchcase(name, glob) or name.startswith(f"{glob}.") for glob in globs for name in names)


def entries(
    rules: Sequence[Rule], chosen: Chosen, binding: Binding, options: Options, with_lines: bool
) -> Iterator[Entry]:
    """Of all rules, and of what the catalogue has besides."""
    suite, coverage = importlib.import_module("verify_specs.suite"), importlib.import_module("verify_specs.coverage")
    target = make_target(chosen.unit, binding)
    lines = lines_by_call(target) if with_lines else {}
    for rule in rules:
        parts = tuple(_bound(rule, target, options, lines))
        tests = suite.checked_by(rule.identity)
        yield from index.entries(rule.identity, rule.title, rule.clauses, "encoded", "", tests, parts)
    for name, owner in sorted(coverage.OWNERS.items()):
        if owner.how != coverage.ENCODED:
            yield from index.entries(name, owner.title, owner.clauses, owner.how, owner.why, suite.checked_by(name), ())


def _bound(
    rule: Rule, target: Target, options: Options, lines: Mapping[int, frozenset[Place]]
) -> Iterator[Bound]:
    numbers = sorted(set(names_of(target.unit.constants).functions) | set(lines))
    for part in rule.statement(target.scene(options.profile)):
        calls = calls_of(part, target, numbers) if lines else ()
        places = sorted({place for number in calls for place in lines.get(number, ())})
        yield Bound(part.name, part.function, tuple(places))


def _judged(entry: Entry, results: Mapping[str, Sequence[RuleResult]], trust: str) -> Entry:
    mine = results.get(entry.rule, ())
    return replace(entry, parts=tuple(index.judged(part, mine, trust) for part in entry.parts))
