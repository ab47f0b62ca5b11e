"""JUnit XML: valid for Jenkins, red exactly where the exit status is, whatever the texts hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from tests.unit.report.judged import OPTIONS, finding, many, violated, with_part
from verify.prove.outcome import PartResult, Status
from verify.report import junit
from verify.verdict.baseline import Accepted, Tolerated
from verify.verdict.exit_status import OK, UNDECIDED, VIOLATED, exit_status
from verify.verdict.run import TargetRun

SCHEMA = etree.XMLSchema(etree.parse(str(Path(__file__).parents[2] / "third_party" / "junit-10.xsd")))
NOTHING = Tolerated()


def suites(run: TargetRun, tolerated: Tolerated = NOTHING) -> dict[str, etree._Element]:
    """The suites of a valid report by name, with counts that are right."""
    root = etree.fromstring(junit.render([run], OPTIONS, tolerated).encode())
    SCHEMA.assertValid(root)
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(attribute)) == sum(case.find(kind) is not None for case in cases)
    return {suite.get("name"): suite for suite in root}


def only_case(run: TargetRun, tolerated: Tolerated = NOTHING) -> etree._Element:
    case = suites(run, tolerated)["mini L2"].find("testcase")
    assert case is not None
    return case


def test_the_schema_refuses_what_is_no_report() -> None:
    assert not SCHEMA.validate(etree.fromstring("<testsuites><testcase/></testsuites>"))


def test_a_suite_for_each_level_and_a_case_for_each_part(judged: TargetRun) -> None:
    told = suites(judged)
    assert list(told) == ["mini L0", "mini L2"]
    assert [(case.get("classname"), case.get("name")) for case in told["mini L2"].findall("testcase")] == [
        (result.rule, part.name) for result in judged.results if result.trust == "L2" for part in result.parts]
    assert told["mini L2"].get("failures") == "1"
    assert told["mini L2"].get("errors") == "24"


def test_a_failure_says_what_where_and_how_to_see_more(judged: TargetRun) -> None:
    case = next(case for case in suites(judged)["mini L2"].findall("testcase") if case.find("failure") is not None)
    failure = case.find("failure")
    assert (case.get("classname"), failure.get("type")) == ("FFA-VER-07", "violated")
    line = finding(judged).cause.line
    assert failure.get("message") == f"arch/arm64/kvm/hyp/nvhe/ffa.c:{line} answer: required: answered NOT_SUPPORTED"
    assert "from reset: FFA_VERSION(1.1) → 1.1; FFA_VERSION(1.0) → 1.1\n" in failure.text
    assert failure.text.endswith("in full: verify run --rule FFA-VER-07 --function FFA_VERSION --trust L2")


@pytest.mark.parametrize(("status", "kind"), [
    (Status.PROVED, None), (Status.NOT_APPLICABLE, "skipped"), (Status.VACUOUS, "error"), (Status.UNSUPPORTED, "error"),
    (Status.UNKNOWN, "error")])
def test_each_status_has_its_colour(judged: TargetRun, status: Status, kind: str | None) -> None:
    run = with_part(judged, PartResult("p", "f", status, "a reason" if kind == "error" else "", ("a.c:7",)))
    case = only_case(run)
    assert [child.tag for child in case] == ([kind] if kind else [])
    if kind == "error":
        assert (case[0].get("type"), case[0].get("message")) == (status.value, f"{status.value}: a reason (a.c:7)")


@pytest.mark.parametrize(("more", "tolerate", "kind", "status"), [
    ("", False, "failure", VIOLATED), ("", True, "skipped", OK), ("gave up", False, "failure", VIOLATED),
    ("gave up", True, "error", UNDECIDED)])
def test_red_as_the_exit_status_is(judged: TargetRun, more: str, tolerate: bool, kind: str, status: int) -> None:
    run = with_part(judged, replace(violated(judged), reason=more))
    tolerated = Tolerated((Accepted(finding(judged).fingerprint, "known"),)) if tolerate else NOTHING
    assert exit_status([run], "L2", tolerated.at("L2")) == status
    case = only_case(run, tolerated)
    assert [child.tag for child in case] == [kind]
    assert ("tolerated: known" in case[0].text) == tolerate
    assert ("gave up" in case[0].text) == bool(more)


def test_levels_that_do_not_decide_are_never_red(judged: TargetRun) -> None:
    told = suites(judged)["mini L0"]
    assert (told.get("failures"), told.get("errors")) == ("0", "0")
    messages = {case.find("skipped").get("message") for case in told.findall("testcase") if len(case)}
    assert messages == {"violated at L0; L2 decides", "unsupported at L0; L2 decides"}


def test_a_finding_of_the_weaker_level_alone_is_told_there(judged: TargetRun) -> None:
    run = with_part(judged, violated(judged), "L0")
    skipped = suites(run)["mini L0"].find("testcase/skipped")
    assert f"fingerprint {finding(judged).fingerprint}" in skipped.text
    assert "needs faulty firmware" in skipped.text


def test_of_many_findings_the_first_are_told(judged: TargetRun) -> None:
    failure = only_case(many(judged, 25)).find("failure")
    assert failure.get("message").endswith("(and 24 more)")
    assert failure.text.count("fingerprint ") == 10
    assert "15 more findings" in failure.text


@pytest.mark.parametrize("text", ["a<b>&'\"", "]]>", "\x00\x08\x1b[31m", "\ud800", "\ufffe", "ü→\U0001f600", "a\nb"])
def test_any_text_is_xml(judged: TargetRun, text: str) -> None:
    run = with_part(judged, PartResult(text, "f", Status.UNKNOWN, text))
    case = only_case(run)
    clean = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
    assert case.find("error").text.startswith(f"open: unknown: {clean}")
    assert case.get("name") == clean
