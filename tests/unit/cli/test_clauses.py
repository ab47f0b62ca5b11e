"""`verify clauses` and `verify rules pages`: from a document to what checks it, and back from a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from specs.coverage import BEYOND, GROUPS, OWNERS, TITLES
from specs.suite import FAMILIES, checked_by, runs_alone
from tests import mini
from tests.support import has_schema
from tests.unit.cli.conftest import Command
from verify.cli.rules_pages import made
from verify.report.clauses import sections
from verify.rules.rule import Clause

DOCS = Path(__file__).resolve().parents[3] / "docs" / "rules"


def test_the_pages_are_what_the_rules_say() -> None:
    """`verify rules pages docs/rules` writes them."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in DOCS.iterdir()}
    assert texts == made()
    assert sum(text.count("\n## FFA-") for text in texts.values()) == len(OWNERS)


def test_a_page_that_is_out_of_date_is_told(verify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.cli.rules_pages.made", lambda: {"ver.md": "new\n", "cc.md": "other\n"})
    assert verify("rules", "pages", tmp_path / "new").status == 0
    (tmp_path / "new" / "ver.md").write_text("old\n")
    told = verify("rules", "pages", tmp_path / "new", "--check")
    assert (told.status, told.out) == (1, f"{tmp_path}/new/ver.md: out of date\n")
    assert verify("rules", "pages", tmp_path / "new").out == f"{tmp_path}/new/ver.md: written\n"
    assert verify("rules", "pages", tmp_path / "new", "--check").status == 0


@pytest.mark.parametrize(("section", "places"), [
    ("13.2.1", [("", "13.2.1")]), ("v1.0 8.1.2", [("1.0", "8.1.2")]),
    ("v1.0 11.1–11.3, v1.2 16.1–16.3", [("1.0", "11.1–11.3"), ("1.2", "16.1–16.3")]),
    ("v1.0 8.7 and v1.1 13.9", [("1.0", "8.7"), ("1.1", "13.9")]), ("v1.1 16 and 9.7", [("1.1", "16 and 9.7")]),
])
def test_a_clause_may_name_several_places(section: str, places: list[tuple[str, str]]) -> None:
    assert list(sections(Clause("DEN0077A", section))) == places


def test_the_suite_speaks_of_rules_that_there_are() -> None:
    assert {rule for family in FAMILIES for rule in family.rules} <= set(OWNERS)
    assert checked_by("FFA-VER-02") == ("ffa_version",) and runs_alone("FFA-VER-02")
    assert not checked_by("FFA-VER-01") and not runs_alone("FFA-MSG-01")
    assert set(TITLES) == set(GROUPS) | set(BEYOND)


def test_clauses_and_holes_are_listed(verify: Command) -> None:
    told = verify("clauses", "--format", "json")
    has_schema(json.loads(told.out), "clauses-1")
    found = json.loads(told.out)["clauses"]
    assert {entry["rule"] for entry in found} == set(OWNERS)
    holes = {entry["rule"]: entry["why"] for entry in found if entry["how"] != "encoded"}
    assert holes == {name: owner.why for name, owner in OWNERS.items() if owner.why}
    assert {(entry["document"], entry["version"], entry["section"]) for entry in found
            if entry["rule"] == "FFA-VER-03"} == {("DEN0077A", "1.0", "8.1.2")}
    text = verify("clauses", "--holes").out
    assert text.count("[axiom: ") == 2 and text.count("[not encoded: ") == 1


def test_a_line_tells_its_clauses(verify: Command, tmp_path: Path) -> None:
    tree = mini.write(tmp_path / "tree", ("if (wanted >= hyp_ffa_version)\n            result", "result"))
    source = (tree / "arch/arm64/kvm/hyp/nvhe/ffa.c").read_text().splitlines()
    line = 1 + next(k for k, text in enumerate(source) if "cpu_reg(ctxt, 0) = a0" in text)
    told = verify("clauses", "--tree", tree, "--line", line, "VER-0[78]", "MSG-08", "--judge", "--format", "json")
    has_schema(json.loads(told.out), "clauses-1")
    found = {entry["rule"]: entry for entry in json.loads(told.out)["clauses"]}
    assert {part["verdict"] for part in found["FFA-VER-07"]["parts"]} == {"violated", "proved"}
    assert [["arch/arm64/kvm/hyp/nvhe/ffa.c", line]] in [part["wrong"] for part in found["FFA-VER-07"]["parts"]]
    assert {part["verdict"] for part in found["FFA-VER-08"]["parts"]} == {"proved"}
    only = 1 + next(k for k, text in enumerate(source) if "result = hyp_ffa_version" in text)
    told = verify("clauses", "--tree", tree, "--line", f"ffa.c:{only}", "VER-07", "MSG-03")
    assert (told.status, "FFA-VER-07" in told.out, "FFA-MSG-03" in told.out) == (0, True, False)


@pytest.mark.parametrize(("words", "said"), [
    (("--line", "x"), "--line x: a number, or file:number"), (("--holes", "99.9"), "no clause or rule of that kind"),
    (("--target", "nix"), "no snapshot nix"),
])
def test_what_is_not_there_is_told(verify: Command, words: tuple[str, ...], said: str) -> None:
    told = verify("clauses", *words)
    assert (told.status, said in told.err) == (2, True)


def test_a_section_has_those_below_it(verify: Command) -> None:
    done = verify("clauses", "13.2")
    assert done.status == 0 and "13.2.2" in done.out
