"""The options by which commands about proofs say what they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from verify.cli import options as given
from verify.cli.complete import target_names
from verify.cli.config import load_book, read_config
from verify.cli.run import bindings, choose_targets, open_store
from verify.cli.targets import Chosen
from verify.prove.target import Target, make_target
from verify.rules.binding import Binding, choose
from verify.rules.rule import Rule
from verify.solve.remembered import Remembered
from verify.verdict.options import Options
from verify.verdict.proofs import Work, each_proof

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Selection:
    """One target, the rules that it is judged by, and how."""

    target: Chosen
    binding: Binding
    rules: tuple[Rule, ...]
    options: Options
    answers: Remembered

    def executed(self) -> Target:
        return make_target(self.target.unit, self.binding, memory=True, remembered=self.answers)

    def each(self, work: Work[R], target: Target | None = None) -> Iterator[R]:
        """`target`: what `executed` said, if that is known already."""
        return each_proof(target or self.executed(), self.rules, self.options, work, self.answers)

    @property
    def is_whole(self) -> bool:
        """All rules, of all functions."""
        return not self.options.rules and not self.options.functions


_OPTIONS = (
    given.TREE, given.REVISION, given.PATCHES, given.EXTRACTED,
    click.option("--target", metavar="NAME", help="A snapshot (default: the first one).",
                 shell_complete=target_names),
    given.RULES, given.OWN, given.FUNCTIONS, given.PROFILE, given.TRUSTS,
    given.JOBS, given.CACHE, given.FRESH, given.CONFIG,
)


def selected(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options; the command gets them as a Selection, as its first argument."""

    @wraps(command)
    def wrapper(**said: Any) -> int:
        chosen = {name: said.pop(name) for name in (
            "tree", "revision", "patches", "extracted", "target", "rule_globs", "own", "functions", "profile", "trusts",
            "jobs", "folder", "fresh", "config_path")}
        return command(_selection(**chosen), **said)

    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper


def _selection(
    tree: Path | None, revision: str | None, patches: tuple[Path, ...], extracted: Path | None, target: str | None,
    rule_globs: tuple[str, ...], own: tuple[Path, ...], functions: tuple[str, ...], profile: str,
    trusts: tuple[str, ...], jobs: int | None,
    folder: Path | None, fresh: bool, config_path: Path | None,
) -> Selection:
    settings = read_config(config_path)
    book = load_book(own, settings)
    options = given.judged_how(book.own, rule_globs, functions, profile, trusts, jobs)
    known = options.select(book.rules)
    item = choose_targets(tree, revision, patches, extracted, (target,) if target else (), settings.handler)[0]
    answers = Remembered(open_store(folder, fresh, read_only=False))
    return Selection(item, choose(item.unit, bindings(settings)), known, options, answers)
