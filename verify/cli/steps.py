"""Judging sources one after the other: trees, snapshots, patches upon patches, commits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from verify.cache.store import Store
from verify.cli.config import Config, load_book, named, read_config
from verify.cli.run import bindings, finish, judge_all
from verify.cli.targets import Chosen
from verify.errors import InputError, UnsupportedC
from verify.frontend.unit import lower_tree
from verify.report.judged import Judged, judged
from verify.report.markup import visible
from verify.rules.rule import Rule
from verify.source.tree import SourceFiles
from verify.verdict.options import Options


@dataclass(frozen=True, slots=True)
class Judging:
    """How each step is judged. `store`: what earlier ones, and earlier runs, found."""

    config: Config
    rules: tuple[Rule, ...]
    options: Options
    store: Store
    named: tuple[str, ...] = ()
    """What else somebody has to give who asks the same: option and value, in turn."""

    def read(self, files: SourceFiles, name: str = "") -> Chosen:
        """Raises InputError where they are no C."""
        try:
            unit = lower_tree(files.files, self.config.handler)
        except UnsupportedC as problem:
            raise InputError(str(problem)) from None
        return Chosen(visible(name or files.label), files.revision, unit)

    def judge(self, chosen: Chosen, last: tuple[Chosen, Judged] | None = None) -> tuple[Chosen, Judged]:
        """What is the same as `last` is not judged again."""
        if last is not None and last[0].unit == chosen.unit:
            run = last[1].run
            again = replace(run, name=chosen.name, revision=chosen.revision) if run is not None else None
            return chosen, replace(last[1], name=chosen.name, revision=chosen.revision, run=again)
        return chosen, self.target(chosen)

    def target(self, chosen: Chosen) -> Judged:
        runs = judge_all([chosen], bindings(self.config), self.rules, self.options, self.store)
        return judged(runs[0], self.options)

    def finish(self) -> None:
        finish(self.store)


def judging_by(
    config_path: Path | None, own: Sequence[Path], how: Callable[[str], Options], store: Store
) -> Judging:
    """`how`: the options, by the digest of the user's rules. Raises InputError."""
    config = read_config(config_path)
    book = load_book(own, config)
    options = replace(how(book.own), named=named(config_path, own))
    limit = ("--rlimit", str(options.limit)) if options.limit else ()
    return Judging(config, options.select(book.rules), options, store, (*options.named, *limit))


def one_line(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(visible(text) for text in texts)
