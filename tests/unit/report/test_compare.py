"""Comparing what was judged, made up by hand: what is new, mended, lost; over several steps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.report.judged import OPTIONS, violated, with_part
from verify.errors import InputError
from verify.prove.outcome import PartResult, Status
from verify.report import json_report
from verify.report.compare import Comparison, compare
from verify.report.course import Cell, Course, Step
from verify.report.judged import Judged, JudgedPart, JudgedRule, Shown, judged, read_judged
from verify.verdict.baseline import Tolerated
from verify.verdict.run import TargetRun

LEVEL = "L2"


def shown(name: str, function: str = "handler", clause: str = "x1 is zero", site: str = "5" * 16) -> Shown:
    return Shown(name, clause, function, "ffa.c", 7, "x1", "copied", site, ("FFA_VERSION(1.0) → 1.0",), {})


def part(*findings: Shown, status: Status | None = None, reason: str = "", name: str = "p") -> JudgedPart:
    return JudgedPart(name, "FFA_VERSION", status or (Status.VIOLATED if findings else Status.PROVED), reason, (), findings)


def side(*parts: JudgedPart, rule: str = "FFA-VER-07", trust: str = LEVEL) -> Judged:
    judged_rule = JudgedRule(rule, "Title", "spec", (), trust, "SEED", ("4K",), Status.PROVED,
                             {one.name: one for one in parts}, 1, 10)
    return Judged("t", "", (), {(rule, trust): judged_rule})


def names(change: Comparison) -> dict[str, list[str]]:
    told = {kind: [item.finding.fingerprint for item in getattr(change, kind)] for kind in ("new", "mended", "lost")}
    return {kind: found for kind, found in told.items() if found}


PROVED, OPEN = part(), part(status=Status.UNKNOWN, reason="too hard")


@pytest.mark.parametrize(("old", "new", "said", "status"), [
    (PROVED, PROVED, {}, 0),
    (PROVED, part(shown("a")), {"new": ["a"]}, 1),
    (part(shown("a")), PROVED, {"mended": ["a"]}, 0),
    (part(shown("a")), part(shown("a")), {}, 0),
    (part(shown("a")), part(shown("a"), shown("b", "other")), {"new": ["b"]}, 1),
    (part(shown("a"), shown("b", "other")), part(shown("b", "other")), {"mended": ["a"]}, 0),
    (part(shown("a")), OPEN, {"lost": ["a"]}, 3),
    (part(shown("a"), shown("b", "other")), part(shown("b", "other"), reason="too hard"), {"lost": ["a"]}, 3),
    (OPEN, part(shown("a")), {"new": ["a"]}, 1),
    (PROVED, OPEN, {}, 3),
    (OPEN, OPEN, {}, 0),
    (OPEN, PROVED, {}, 0),
    (part(shown("a")), part(name="q"), {"lost": ["a"]}, 3),
    (part(shown("a"), reason="too hard"), OPEN, {"lost": ["a"]}, 3),
    (part(name="q"), part(shown("a")), {"new": ["a"]}, 1),
])
def test_two_sides(old: JudgedPart, new: JudgedPart, said: dict[str, list[str]], status: int) -> None:
    change = compare(side(old), side(new), LEVEL)
    assert names(change) == said
    assert change.exit_status() == status


def test_one_that_comes_for_one_that_goes_is_the_same_in_another_form() -> None:
    change = compare(side(part(shown("a"))), side(part(shown("b"), shown("c"))), LEVEL)
    assert [(old.finding.fingerprint, new.finding.fingerprint) for old, new in change.recast] == [("a", "b")]
    assert change.recast[0][1].said == "was a"
    assert names(change) == {"new": ["c"]}


@pytest.mark.parametrize("other", [
    shown("b", "elsewhere"), shown("b", clause="x2 is zero"), shown("b", site="6" * 16),
])
def test_what_is_another_requirement_or_place_is_new(other: Shown) -> None:
    change = compare(side(part(shown("a"))), side(part(other)), LEVEL)
    assert names(change) == {"new": ["b"], "mended": ["a"]}
    assert change.exit_status() == 1


def test_reports_without_sites_show_nothing_in_another_form() -> None:
    change = compare(side(part(shown("a", site=""))), side(part(shown("b", site=""))), LEVEL)
    assert names(change) == {"new": ["b"], "mended": ["a"]}


def test_sites_tell_places_of_one_function_and_kind_apart(judged_run: TargetRun) -> None:
    one = violated(judged_run)
    (known,) = one.findings
    others = [replace(known, cause=replace(known.cause, **edit)) for edit in (
        {}, {"line": 99}, {"outputs": ("x7",)}, {"place": "6" * 16})]
    sites = [found.site for found in shown_of(judged_run, [replace(one, findings=(other,)) for other in others])]
    assert sites[0] == sites[1] == sites[2] != ""
    assert len(set(sites)) == 2


def test_one_with_more_wrong_than_all_that_was_is_new() -> None:
    grown, shrunk = replace(shown("a"), output="x1–x3, smc"), replace(shown("a"), output="x1")
    (item,) = compare(side(part(shown("a"))), side(part(grown)), LEVEL).new
    assert item.said == "was there before, with x1 wrong"
    assert names(compare(side(part(grown)), side(part(shrunk)), LEVEL)) == {}
    half_known = part(shown("a"), status=Status.VIOLATED, reason="too many findings")
    assert names(compare(side(half_known), side(part(grown)), LEVEL)) == {}


def test_a_step_brings_what_has_grown_since_the_base() -> None:
    grown = replace(shown("a"), output="x1, x2")
    found = Course((Step("base", "", side(part(shown("a")))), Step("1/1", "", side(part(grown)))), LEVEL)
    assert [item.finding.output for turn in found.turns for item in found.brings(turn)] == ["x1, x2"]
    assert found.exit_status() == 1 and found.exit_status({"a"}) == 0


def shown_of(run: TargetRun, parts: list[PartResult]) -> list[Shown]:
    """The finding of each part, as a report has it."""
    sides = [judged(with_part(run, one), OPTIONS) for one in parts]
    return [found for one in sides for rule in one.rules.values() for part in rule.parts.values() for found in part.findings]


def test_a_finding_where_nothing_was_decided_may_be_older() -> None:
    (item,) = compare(side(OPEN), side(part(shown("a"))), LEVEL).new
    assert "may be older" in item.said


def test_rules_that_one_report_lacks_are_named_and_not_compared() -> None:
    old, new = side(PROVED), side(part(shown("a")), rule="FFA-VER-08")
    change = compare(old, new, LEVEL, asked_alike=False)
    assert change.unjudged == ("FFA-VER-07", "FFA-VER-08")
    assert names(change) == {}
    assert names(compare(old, new, LEVEL)) == {"new": ["a"]}


def test_a_weaker_level_is_compared_alone() -> None:
    change = compare(side(PROVED, trust="L0"), side(part(shown("a")), trust="L0"), "L2")
    assert names(change) == {}


def course(*sides: Judged | None) -> Course:
    return Course(tuple(Step(f"{number}/9", "", one, problem="" if one else "no C") for number, one in enumerate(sides)), LEVEL)


def test_brought_mended_and_brought_back() -> None:
    found = course(side(part(shown("a"))), side(PROVED), side(part(shown("b"))), side(PROVED), side(part(shown("a"))))
    rows = {row.item.finding.fingerprint: row for row in found.rows}
    assert (rows["a"].brought, rows["a"].mended) == (4, 1)
    assert (rows["b"].brought, rows["b"].mended) == (2, 3)
    assert [len(found.brings(turn)) for turn in found.turns] == [0, 1, 0, 0]
    assert [row.item.finding.fingerprint for row in found.remaining()] == ["a"]
    assert found.exit_status() == 1
    assert found.exit_status({"b"}) == 0


def test_cells_of_a_finding_that_changes_its_form() -> None:
    found = course(side(part(shown("a"))), side(part(shown("b"))), None, side(OPEN), side(PROVED))
    rows = {row.item.finding.fingerprint: row.cells for row in found.rows}
    assert rows["a"] == (Cell.THERE, Cell.OTHER, Cell.NONE, Cell.UNKNOWN, Cell.ABSENT)
    assert rows["b"] == (Cell.OTHER, Cell.THERE, Cell.NONE, Cell.UNKNOWN, Cell.ABSENT)


def test_a_step_without_a_result_shares_the_blame() -> None:
    found = course(side(PROVED), None, side(part(shown("a"))))
    (turn,) = found.turns
    assert found.span(turn) == "patch 1/9 or 2/9"


def test_a_step_without_a_result_is_2_and_hides_no_violation() -> None:
    assert course(side(PROVED), side(OPEN), None).exit_status() == 2
    found = course(side(PROVED), side(part(shown("a"))), None)
    assert found.exit_status() == 1
    assert found.exit_status({"a"}) == 2


def test_a_violation_that_is_lost_is_undecided() -> None:
    """Its part was open before, so that no part is newly so."""
    found = course(side(part(shown("a"), reason="too hard")), side(OPEN))
    assert not any(found.opens(turn) for turn in found.turns)
    assert found.exit_status() == 3
    assert found.exit_status({"a"}) == 0


def test_undecided_counts_where_the_base_was_decided() -> None:
    assert course(side(PROVED), side(OPEN), side(PROVED)).exit_status() == 3
    assert course(side(OPEN), side(PROVED), side(OPEN)).exit_status() == 0


def test_a_file_and_the_run_that_it_is_of_are_the_same(judged_run: TargetRun, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json_report.render([judged_run], OPTIONS, Tolerated()))
    live, read = judged(judged_run, OPTIONS), read_judged(path)
    assert live == read
    assert any(part.findings for rule in read.rules.values() for part in rule.parts.values())
    assert any(part.is_open for rule in read.rules.values() for part in rule.parts.values())
    for trust in live.trusts:
        assert compare(live, read, trust).exit_status() == 0


@pytest.fixture
def judged_run(judged: TargetRun) -> TargetRun:
    """The fixture of all tests of reports, under a name that the function here does not have."""
    return judged


def test_reports_that_are_damaged_are_refused(judged_run: TargetRun, tmp_path: Path) -> None:
    """Whatever is taken out of it."""
    path = tmp_path / "run.json"
    text = json_report.render([with_part(judged_run, violated(judged_run))], OPTIONS, Tolerated())
    data = json.loads(text)
    result = data["runs"][0]["results"][0]
    (found,) = result["parts"][0]["findings"]
    broken = [text[:-40], "[]", "{}", text.replace('"schema": 2', '"schema": 1'), json.dumps({**data, "runs": []}),
              json.dumps({**data, "runs": data["runs"] * 2})]
    for table, keys in ((data["runs"][0], ("target", "results", "assumptions")), (result, ("rule", "trust", "parts", "cost")),
                        (result["parts"][0], ("part", "status", "findings")), (found, ("fingerprint", "cause", "calls")),
                        (found["calls"][0], ("call", "answer", "ended"))):
        for key in keys:
            kept = table[key]
            for wrong in (7, {"y": 1}):
                table[key] = wrong
                broken.append(json.dumps(data))
            del table[key]
            broken.append(json.dumps(data))
            table[key] = kept
    for content in broken:
        path.write_text(content)
        with pytest.raises(InputError, match="verify run --format json"):
            read_judged(path)
