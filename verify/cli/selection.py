"""The options by which commands about proofs say what they are about."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from verify.cli.config import read_config
from verify.cli.run import bindings, choose_targets, load_rules, open_store
from verify.cli.targets import Chosen
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

    def each(self, work: Work[R]) -> Iterator[R]:
        return each_proof(self.target.unit, self.binding, self.rules, self.options, work, self.answers)

    @property
    def is_whole(self) -> bool:
        """All rules, of all functions."""
        return not self.options.rules and not self.options.functions


_OPTIONS = (
    click.option("--tree", type=click.Path(path_type=Path), help="Kernel tree (a sparse one is enough)."),
    click.option("--git", "revision", metavar="REV", help="Read the tree's files from this git revision."),
    click.option("--patch", "patches", type=click.Path(path_type=Path), multiple=True,
                 help="Apply first; repeatable."),
    click.option("--extracted", type=click.Path(path_type=Path), help="Folder of snapshots (default: built in)."),
    click.option("--target", metavar="NAME", help="A snapshot (default: the first one)."),
    click.option("--rule", "rules", multiple=True, metavar="GLOB", help="Only these rules; repeatable."),
    click.option("--function", "functions", multiple=True, metavar="NAME", help="Only this function; repeatable."),
    click.option("--profile", default="SEED", show_default=True, help="Reading of contested sentences."),
    click.option("--trust", "trusts", multiple=True, metavar="L0|L1|L2", help="Trust in EL3 (default: L0 and L2)."),
    click.option("--jobs", type=click.IntRange(1), default=None, help="Processes (default: one a core)."),
    click.option("--cache", "folder", type=click.Path(path_type=Path), help="Solvers' answers (default: the user's)."),
    click.option("--fresh", is_flag=True, help="Ask everything again, whatever is in the cache."),
    click.option("--config", type=click.Path(path_type=Path), help="Default: verify.toml, if there."),
)


def selected(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options; the command gets them as a Selection, as its first argument."""

    @wraps(command)
    def wrapper(**given: Any) -> int:
        chosen = {name: given.pop(name) for name in (
            "tree", "revision", "patches", "extracted", "target", "rules", "functions", "profile", "trusts", "jobs",
            "folder", "fresh", "config")}
        return command(_selection(**chosen), **given)

    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper


def _selection(
    tree: Path | None, revision: str | None, patches: tuple[Path, ...], extracted: Path | None, target: str | None,
    rules: tuple[str, ...], functions: tuple[str, ...], profile: str, trusts: tuple[str, ...], jobs: int | None,
    folder: Path | None, fresh: bool, config: Path | None,
) -> Selection:
    options = Options(rules, functions, profile, tuple(dict.fromkeys(trusts)) or ("L0", "L2"),
                      jobs=jobs or os.cpu_count() or 1)
    settings = read_config(config)
    known = options.select(load_rules())
    item = choose_targets(tree, revision, patches, extracted, (target,) if target else (), settings.handler)[0]
    answers = Remembered(open_store(folder, fresh, read_only=False))
    return Selection(item, choose(item.unit, bindings(settings)), known, options, answers)
