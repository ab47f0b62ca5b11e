"""What was accepted at a trust level is not accepted at a stricter one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.unit.report.judged import OPTIONS, finding, judge, violated, with_part
from verify.report import json_report, junit, sarif, summary, text
from verify.report.found import found
from verify.report.html import page
from verify.verdict.baseline import Accepted, Tolerated
from verify.verdict.exit_status import OK, VIOLATED, exit_status
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

L2_ALONE = Options(("VER-07",), trusts=("L2",))


@pytest.fixture(scope="module")
def judged() -> TargetRun:
    return judge()


def accepted(run: TargetRun, trust: str = "L2", expires: date | None = None) -> Tolerated:
    return Tolerated((Accepted(finding(run).fingerprint, "known", expires, trust),))


@pytest.mark.parametrize(("level", "there", "status"), [
    ("L0", "L2", VIOLATED), ("L1", "L2", VIOLATED), ("L2", "L2", OK), ("L0", "L0", OK), ("L2", "L0", OK)])
def test_accepted_up_to_its_level(judged: TargetRun, level: str, there: str, status: int) -> None:
    run = with_part(judged, violated(judged), there)
    options = replace(OPTIONS, trusts=(there,))
    tolerated = accepted(judged, level)
    assert exit_status([run], there, tolerated.at(there)) == status
    (item,) = found(run, options, tolerated)
    assert item.fails == (status == VIOLATED)


def test_each_report_says_why_it_fails_all_the_same(judged: TargetRun) -> None:
    run, tolerated = with_part(judged, violated(judged)), accepted(judged, "L0")
    said = "no longer, accepted at L0 and there at L2: known"
    assert f"accepted: {said}" in text.render([run], OPTIONS, tolerated)
    assert said in json_report.render([run], OPTIONS, tolerated)
    for report in (sarif.render([run], OPTIONS, tolerated), junit.render([run], OPTIONS, tolerated)):
        assert said in report
    assert '"suppressions":[{' not in sarif.render([run], OPTIONS, tolerated)
    assert "<failure" in junit.render([run], OPTIONS, tolerated)
    assert said in page.render([run], OPTIONS, tolerated)
    assert "Findings that fail the run: 1; tolerated: 0." in summary.render([run], OPTIONS, tolerated)


def test_of_several_entries_the_one_that_covers_it_counts(judged: TargetRun) -> None:
    one = finding(judged).fingerprint
    for entries in ((Accepted(one, "host", None, "L2"), Accepted(one, "firmware", None, "L0")),
                    (Accepted(one, "firmware", None, "L0"), Accepted(one, "host", None, "L2"))):
        assert Tolerated(entries).reasons("L2") == {one: "host"}
        assert one in Tolerated(entries).at("L2")


def test_an_expired_entry_is_none_at_any_level(judged: TargetRun) -> None:
    tolerated = accepted(judged, "L2", date(2020, 1, 1))
    assert not tolerated.at("L0") and not tolerated.at("L2")
    assert tolerated.reasons("L0") == {finding(judged).fingerprint: "no longer, expired 2020-01-01: known"}


def test_only_a_whole_run_says_to_remove_an_entry(judged: TargetRun) -> None:
    gone = Tolerated((Accepted("0" * 16, "known"),))
    (line,) = gone.unmatched([judged], Options())
    assert line.endswith("(known); remove it")
    for part in (L2_ALONE, Options(trusts=("L2",)), Options(functions=("FFA_VERSION",)), Options(page_size="4K")):
        (line,) = gone.unmatched([judged], part)
        assert line.endswith("(known); if a run of all rules at all levels says so, too, remove it")


def test_what_a_level_cannot_show_is_not_missed_there(judged: TargetRun) -> None:
    firmware = Tolerated((Accepted("0" * 16, "known", None, "L0"),))
    assert not firmware.unmatched([judged], L2_ALONE)
    assert firmware.unmatched([judged], Options(trusts=("L0",)))
