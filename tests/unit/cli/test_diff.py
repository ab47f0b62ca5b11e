"""`verify diff` on trees, snapshots, revisions and reports."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests import mini
from tests.unit.cli.conftest import Command
from tests.unit.cli.series_of_ours import OPENED, RULES, STEPS, base
from tests.unit.cli.test_run import FAULT
from tests.unit.source.test_tree import git

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "schema" / "diff-1.json"


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    """The series' base, and what its second patch makes of it."""
    return base(tmp_path / "old"), mini.write(tmp_path / "new", *STEPS[2])


def test_two_trees(verify: Command, trees: tuple[Path, Path], cache: Path) -> None:
    done = verify("diff", *trees, *RULES, "--cache", cache)
    assert done.status == 1
    assert "L2, which decides: 1 newly violated, 1 newly mended" in done.out
    assert "newly violated: FFA-MSG-01" in done.out
    assert "newly mended: FFA-VER-07" in done.out
    assert "changed functions: kvm_host_ffa_handler, negotiate" in done.out
    assert verify("diff", *trees[::-1], *RULES, "--cache", cache).status == 1
    same = verify("diff", trees[0], trees[0], *RULES, "--cache", cache)
    assert same.status == 0
    assert "IR: the same" in same.out


def test_json_keeps_its_schema_and_the_page_says_it(verify: Command, trees: tuple[Path, Path], cache: Path) -> None:
    done = verify("diff", *trees, *RULES, "--cache", cache, "--format", "json")
    data = json.loads(done.out)
    jsonschema.validate(data, json.loads(SCHEMA.read_text(encoding="utf-8")))
    (level,) = data["levels"]
    assert [item["rule"] for item in level["new"]] == ["FFA-MSG-01"]
    assert {change["name"] for change in data["ir"]} == {"kvm_host_ffa_handler", "negotiate"}
    page = verify("diff", *trees, *RULES, "--cache", cache, "--format", "markdown").out
    assert page.startswith("## verify fails\n")
    assert "- newly violated: **FFA-MSG-01**" in page


def test_reports_a_snapshot_and_a_revision_give_the_same(
    verify: Command, trees: tuple[Path, Path], cache: Path, tmp_path: Path
) -> None:
    reports = []
    for tree in trees:
        reports.append(tmp_path / f"{tree.name}.json")
        verify("run", "--tree", tree, *RULES, "--cache", cache, "--format", "json", "--output", reports[-1])
    done = verify("diff", *reports, *RULES, "--cache", cache)
    assert done.status == 1
    assert "L2, which decides: 1 newly violated, 1 newly mended" in done.out
    assert "IR: left out, since a report has none" in done.out
    assert verify("extract", "--tree", trees[0], "--out", tmp_path / "snapshots", "--name", "first").status == 0
    git(trees[1], "init", "-q")
    git(trees[1], "add", "-A")
    git(trees[1], "commit", "-qm", "one")
    mixed = verify("diff", "first", f"{trees[1]}@HEAD", "--extracted", tmp_path / "snapshots", *RULES, "--cache", cache)
    assert mixed.status == 1
    assert "changed functions: kvm_host_ffa_handler, negotiate" in mixed.out


def test_newly_undecided_is_3(verify: Command, tmp_path: Path, cache: Path) -> None:
    trees = mini.write(tmp_path / "old", OPENED), mini.write(tmp_path / "new", *STEPS[3])
    done = verify("diff", *trees, *RULES, "--cache", cache)
    assert done.status == 3
    assert "newly undecided: FFA-VER-07" in done.out
    assert "lost sight of: FFA-MSG-01" in done.out


def test_reports_without_a_rule_in_common(verify: Command, tmp_path: Path, cache: Path) -> None:
    tree, reports = mini.write(tmp_path / "tree", FAULT), []
    for rule in ("VER-07", "MSG-01"):
        reports.append(tmp_path / f"{rule}.json")
        verify("run", "--tree", tree, "--rule", rule, "--trust", "L2", "--cache", cache, "--format", "json",
               "--output", reports[-1])
    done = verify("diff", *reports)
    assert (done.status, done.out) == (2, "")
    assert "no rule at the same trust level in common" in done.err


@pytest.mark.parametrize(("side", "said"), [
    ("nowhere", "neither a report"), ("nowhere@HEAD", "neither a report"), (".", "no kernel tree"),
    (".@HEAD", "git rev-parse"), ("cut.json", "not JSON, or cut off"),
])
def test_wrong_input(
    verify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cut.json").write_text('{"schema": 2, "runs": [')
    done = verify("diff", "6.12", side)
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert said in done.err
