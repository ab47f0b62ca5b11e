"""Judging sources one after the other: trees, snapshots, patches upon patches, commits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from verify.cache.store import Store
from verify.cli.config import Config, load_book, read_config
from verify.cli.run import bindings, finish, judge_all
from verify.cli.targets import Chosen
from verify.errors import InputError, UnsupportedC
from verify.frontend.unit import lower_tree
from verify.report.judged import Judged, judged
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

    def read(self, files: SourceFiles, name: str = "") -> Chosen:
        """Raises InputError where they are no C."""
        try:
            unit = lower_tree(files.files, self.config.handler)
        except UnsupportedC as problem:
            raise InputError(str(problem)) from None
        return Chosen(printable(name or files.label), files.revision, unit)

    def judge(self, chosen: Chosen, last: tuple[Chosen, Judged] | None = None) -> tuple[Chosen, Judged]:
        """What is the same as `last` is not judged again."""
        if last is not None and last[0].unit == chosen.unit:
            return chosen, replace(last[1], name=chosen.name, revision=chosen.revision)
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
    options = how(book.own)
    return Judging(config, options.select(book.rules), options, store)


def printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


def one_line(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(printable(text) for text in texts)
