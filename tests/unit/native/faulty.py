"""A small mediator with edits: judged, and written as a tree that compilers read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from specs.bindings.pkvm import PKVM
from tests import mini
from tests.answers import answers_alone
from verify.ir.function import Unit
from verify.native.findings import Told, all_told, written
from verify.rules.book import load_rules
from verify.verdict.options import Options
from verify.verdict.run import TargetRun, judge_target


@dataclass(frozen=True)
class Case:
    run: TargetRun
    unit: Unit
    tree: Path

    @property
    def all_told(self) -> list[Told]:
        return list(all_told(self.run))

    def told(self, rule: str) -> Told:
        return next(told for told in self.all_told if told.result.rule == rule)

    def program(self, rule: str) -> str:
        return written(self.run, self.unit, PKVM, self.told(rule))


def judged(folder: Path, options: Options, *edits: tuple[str, str]) -> Case:
    unit = mini.unit(*edits)
    run = judge_target("mini", "", unit, PKVM, options.select(load_rules()), options, reuse=answers_alone())
    return Case(run, unit, mini.write(folder, *edits))
