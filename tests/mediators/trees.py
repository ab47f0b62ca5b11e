"""The mediators of tests/c: their files, edited or not, and what the rules say of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import specs
from specs.bindings.pkvm import PKVM
from tests.answers import answers_alone
from verify.cli.config import read_config
from verify.frontend.preprocess import FFA_C
from verify.frontend.unit import lower_tree
from verify.prove.outcome import PartResult, RuleResult, Status
from verify.rules.binding import Binding
from verify.rules.rule import registered
from verify.source.tree import read_tree
from verify.verdict.options import Options
from verify.verdict.run import TargetRun, judge_target

specs.load()

ROOT = Path(__file__).resolve().parents[1] / "c"
REFERENCE = "reference"
"""Serves everything that a mediator serves."""
NO_MAILBOX = "no_mailbox"
"""Leaves out what needs a mailbox: quickly judged."""
SHAPES = tuple(sorted(path.name for path in (ROOT / "shapes").iterdir() if path.is_dir()))
RULES = (
    "FFA-CC-01", "FFA-CC-02", "FFA-CC-03", "FFA-CC-04", "FFA-CC-05", "FFA-CC-06", "FFA-CC-07", "FFA-CC-08",
    "FFA-CC-09", "FFA-CC-10",
    "FFA-CC-12", "FFA-CC-13", "FFA-DSC-02", "FFA-DSC-03", "FFA-DSC-07", "FFA-ERR-01", "FFA-ERR-02", "FFA-ERR-03",
    "FFA-ERR-04", "FFA-ERR-05", "FFA-ERR-06", "FFA-ERR-07", "FFA-MSG-01", "FFA-MSG-02", "FFA-MSG-03", "FFA-MSG-04",
    "FFA-MSG-06", "FFA-MSG-07", "FFA-MSG-08", "FFA-MSG-09", "FFA-MSG-10", "FFA-MSG-12", "FFA-POL-01", "FFA-POL-02",
    "FFA-POL-05", "FFA-POL-06", "FFA-POL-07", "FFA-POL-08", "FFA-POL-09", "FFA-SEC-01", "FFA-SEC-02", "FFA-SEC-04",
    "FFA-VER-01", "FFA-VER-02", "FFA-VER-03", "FFA-VER-04", "FFA-VER-05", "FFA-VER-06", "FFA-VER-07", "FFA-VER-08",
    "FFA-VER-10", "FFA-VER-11", "FFA-VER-12", "FFA-VER-14", "FFA-VER-15",
)
"""What a mediator without mailboxes has to keep, and the reference too, without exception."""
MEMORY_RULES = (
    "FFA-BUF-01", "FFA-BUF-02", "FFA-BUF-03", "FFA-BUF-04", "FFA-BUF-05", "FFA-BUF-06", "FFA-BUF-07", "FFA-BUF-08",
    "FFA-BUF-09", "FFA-BUF-10", "FFA-DSC-04", "FFA-DSC-05", "FFA-DSC-06", "FFA-DSC-08", "FFA-DSC-09", "FFA-DSC-10",
    "FFA-DSC-11", "FFA-DSC-12", "FFA-MEM-01", "FFA-MEM-02", "FFA-MEM-03", "FFA-MEM-04", "FFA-MEM-05", "FFA-MEM-06",
    "FFA-MEM-07", "FFA-MEM-08", "FFA-MEM-09", "FFA-MEM-10", "FFA-MEM-11", "FFA-MEM-12", "FFA-MEM-13", "FFA-MEM-14",
    "FFA-MEM-15", "FFA-MEM-16", "FFA-MEM-28", "FFA-SEC-03", "FFA-SEC-05", "FFA-SEC-06", "FFA-SEC-07", "FFA-SEC-08",
    "FFA-SEC-09", "FFA-SEC-10", "FFA-SEC-11", "FFA-SEC-12", "FFA-SEC-13", "FFA-VER-13",
)
"""What the reference has to keep besides."""
OF_THE_REFERENCE = ("FFA-ERR-05", "FFA-ERR-06", "FFA-ERR-07", "FFA-MSG-02", "FFA-MSG-03")
"""The other shapes look at the sender of a request only, and need no SMC to serve a call."""
NOT_APPLICABLE = ("FFA-POL-03", "FFA-POL-04", "FFA-VER-09")
"""Of mediators that offer notifications; and of other profiles than STRICT."""


def folder(name: str) -> Path:
    return ROOT / name if name == REFERENCE else ROOT / "shapes" / name


@cache
def _files(name: str) -> Mapping[str, str]:
    return read_tree(folder(name)).files


def files(name: str, *edits: tuple[str, str]) -> dict[str, str]:
    """With textual edits of ffa.c, one after the other; each old text must occur exactly once."""
    found = dict(_files(name))
    for old, new in edits:
        assert found[FFA_C].count(old) == 1, (name, old, found[FFA_C].count(old))
        found[FFA_C] = found[FFA_C].replace(old, new)
    return found


def binding(name: str) -> Binding:
    config = folder(name) / "verify.toml"
    return read_config(config).binding(PKVM) if config.is_file() else PKVM


def judge(name: str, *edits: tuple[str, str], rules: tuple[str, ...] = (), functions: tuple[str, ...] = (),
          trusts: tuple[str, ...] = ("L0", "L2"), profile: str = "STRICT", jobs: int = 1) -> TargetRun:
    options = Options(rules=rules, functions=functions, trusts=trusts, profile=profile, jobs=jobs)
    unit = lower_tree(files(name, *edits))
    return judge_target(
        name, "", unit, binding(name), options.select(registered()), options, reuse=answers_alone())


def table(run: TargetRun) -> dict[tuple[str, str], Status]:
    """(rule, trust level) → status."""
    return {(result.rule, result.trust): result.status for result in run.results}


def parts(run: TargetRun, *statuses: Status) -> list[tuple[RuleResult, PartResult]]:
    return [(result, part) for result in run.results for part in result.parts if part.status in statuses]
