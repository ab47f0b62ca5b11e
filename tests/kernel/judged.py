"""A kernel tree with the first patches of the series, prepared once; what a rule says of it, worked out when asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import pytest

import specs
from specs import BINDINGS
from tests.answers import answers
from verify.frontend.unit import lower_tree
from verify.prove.outcome import RuleResult
from verify.prove.setting import Setting
from verify.rules.binding import choose
from verify.rules.rule import Part, Statement, registered
from verify.rules.scene import Scene
from verify.solve.query import Solver
from verify.source.patch import apply_patches
from verify.source.tree import read_tree
from verify.verdict.options import Options
from verify.verdict.run import judge_rule, prepare

NAMES = {0: "tree", 1: "tree+1", 2: "tree+1-2", 3: "tree+1-3"}
REVISIONS = [pytest.param(count, id=name, marks=pytest.mark.xdist_group(name)) for count, name in NAMES.items()]
"""What is prepared is kept by a process: tests of one revision go to the same."""


@cache
def _prepared(tree: Path, patches: tuple[Path, ...], level: str) -> Setting:
    specs.load()
    files, _ = apply_patches(read_tree(tree), patches)
    unit = lower_tree(files.files)
    _, (setting,) = prepare(unit, choose(unit, BINDINGS), Options(trusts=(level,)), answers=answers())
    return setting


@cache
def judged(
    tree: Path, patches: tuple[Path, ...], rule: str, part: str = "", level: str = "L2", profile: str = "SEED"
) -> RuleResult:
    """`part`: that one alone."""
    setting = replace(_prepared(tree, patches, level), profile=profile)
    (found,) = (item for item in registered() if item.identity == rule and profile in item.profiles)
    (result,) = judge_rule((setting,), replace(found, statement=partial(_named, found.statement, part)), Solver(remembered=answers()))
    return result


def _named(statement: Statement, name: str, scene: Scene) -> Iterator[Part]:
    return (part for part in statement(scene) if name in ("", part.name))
