"""Markdown for a job's page, annotations, and the list of fingerprints."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.report.judged import OPTIONS, finding, many, violated, with_part
from verify.interpret.events import FaultDone
from verify.ir.span import Span
from verify.prove.outcome import PartResult, Status
from verify.report import fingerprints, github, summary
from verify.report.markup import code, command, command_property, plain
from verify.verdict.baseline import Accepted, Tolerated
from verify.verdict.earlier import HEADER, read_baseline
from verify.verdict.run import TargetRun

NOTHING = Tolerated()
HOSTILE = "a|b `c` <img> [x](y) *z* _w_ &amp; #1 ~~s~~\nnext"


def shown(run: TargetRun, tolerated: Tolerated = NOTHING) -> str:
    return summary.render([run], OPTIONS, tolerated)


def test_the_page_says_whether_it_fails_and_by_which_rules(judged: TargetRun) -> None:
    text = shown(judged)
    assert text.startswith("## verify fails: mini\n")
    assert "5 rules at L2, which decides: 1 violated, 1 unsupported, 3 proved." in text
    rows = [line for line in text.splitlines() if line.startswith("| FFA-")]
    assert rows == ["| FFA-VER-07 | violated | violated | 1 |  | Lower minor requested after negotiation |",
                    "| FFA-DSC-01 | unsupported | unsupported |  |  | FEATURES and dispatch agree |"]
    assert "1. **FFA-VER-07** `arch/arm64/kvm/hyp/nvhe/ffa.c:" in text
    assert "- **FFA-DSC-01** parts FFA\\_FEATURES: denied, " in text
    assert "Note: a note" in text


def test_tolerated_findings_pass_and_are_counted(judged: TargetRun) -> None:
    run = with_part(judged, violated(judged))
    text = shown(run, Tolerated((Accepted(finding(judged).fingerprint, "known"),)))
    assert text.startswith("## verify passes: mini\n")
    assert "Findings that fail the run: 0; tolerated: 1." in text
    assert "Not shown: 1 tolerated." in text
    assert "### Findings" not in text


def test_undecided_alone_is_said(judged: TargetRun) -> None:
    text = shown(with_part(judged, PartResult("p", "f", Status.UNKNOWN, "gave up")))
    assert text.startswith("## verify is undecided: mini\n")
    assert "part p: unknown: gave up" in text


def test_the_worst_ten_and_how_many_are_left_out(judged: TargetRun) -> None:
    text = shown(many(judged, 25))
    assert len(re.findall(r"^\d+\. \*\*", text, re.MULTILINE)) == 10
    assert "Not shown: 15 that fail the run." in text


def test_one_line_for_many_functions_is_told_once(judged: TargetRun) -> None:
    parts = [replace(violated(judged, name), findings=(replace(finding(judged), fingerprint=letter * 16),))
             for name, letter in (("one", "a"), ("two", "b"))]
    run = replace(judged, results=(replace(judged.results[-1], parts=tuple(parts), trust="L2"),))
    text = shown(run)
    assert "`answer`, for `one`, `two`\n" in text
    assert "fingerprints `aaaaaaaaaaaaaaaa`, `bbbbbbbbbbbbbbbb`\n" in text
    assert "Not shown" not in text
    lines = github.render([run], OPTIONS, NOTHING).splitlines()
    assert len(lines) == 1 and "Violated in answer, parts one, two. " in lines[0]


def test_a_call_that_does_not_return_says_how_it_ends(judged: TargetRun) -> None:
    one = finding(judged)
    *before, last = one.episode.calls
    ended = replace(last, ended=FaultDone("invalid-pointer", "reads beyond it", Span("a.c", 3), "f"))
    broken = replace(one, episode=replace(one.episode, calls=(*before, ended)),
                     cause=replace(one.cause, kind="hazard", text="invalid-pointer"))
    text = shown(with_part(judged, replace(violated(judged), findings=(broken,))))
    assert "FFA_VERSION(1.0) → no answer: reads beyond it [invalid-pointer]`" in text
    assert "wrong: invalid-pointer\n" in text


def test_a_page_that_would_be_too_long_is_cut_at_a_line(judged: TargetRun) -> None:
    text = summary.render([many(judged, 2000)], OPTIONS, NOTHING, most=2000, most_bytes=100_000)
    assert 90_000 < len(text.encode()) <= 100_000
    lines = text.splitlines()
    assert re.fullmatch(r"\d+ lines are left out here: the page would be too long\.", lines[-1])
    whole = summary.render([many(judged, 2000)], OPTIONS, NOTHING, most=2000).splitlines()
    assert lines[:-2] == whole[:len(lines) - 2]
    assert int(lines[-1].split()[0]) == len(whole) - (len(lines) - 2)


def test_markup_in_texts_stays_text(judged: TargetRun) -> None:
    part = replace(violated(judged, HOSTILE), findings=(replace(finding(judged), clause=HOSTILE),))
    text = shown(with_part(judged, part))
    assert "required: a\\|b \\`c\\` \\<img\\> \\[x\\](y) \\*z\\* \\_w\\_ &amp;amp; \\#1 \\~\\~s\\~\\~ next" in text


@pytest.mark.parametrize(("text", "expected"), [
    ("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("a|b", "`a\\|b`"), ("a\nb", "`a b`")])
def test_code_spans(text: str, expected: str) -> None:
    assert code(text) == expected


def test_plain_is_one_line() -> None:
    assert plain("a\n  b") == "a b"


def test_commands_escape_what_ends_them() -> None:
    assert command("50%\r\na:b,c") == "50%25%0D%0Aa:b,c"
    assert command_property("50%\na:b,c") == "50%25%0Aa%3Ab%2Cc"


def test_annotations(judged: TargetRun) -> None:
    lines = github.render([judged], OPTIONS, NOTHING).splitlines()
    line = finding(judged).cause.line
    assert lines[0].startswith(
        f"::error file=arch/arm64/kvm/hyp/nvhe/ffa.c,line={line},"
        "title=FFA-VER-07 Lower minor requested after negotiation::Violated in answer, part answer. Required: ")
    assert lines[1].startswith("::warning file=arch/arm64/kvm/hyp/nvhe/ffa.c,line=76,title=FFA-DSC-01 ")
    assert len(lines) == 2


def test_annotations_are_ten_and_one_line_each(judged: TargetRun) -> None:
    several = many(judged, 25)
    part = several.results[0].parts[0]
    hostile = replace(part, findings=tuple(replace(item, clause="x\n::error::y") for item in part.findings))
    lines = github.render([with_part(judged, hostile)], OPTIONS, NOTHING).splitlines()
    assert len(lines) == 11
    assert all(line.startswith("::error file=") and "x%0A::error::y" in line for line in lines[:10])
    assert lines[10] == "mini: 15 more; the other reports have them"


def test_no_annotation_for_what_is_tolerated_and_a_notice_for_the_weaker_level(judged: TargetRun) -> None:
    run = with_part(judged, violated(judged))
    assert github.render([run], OPTIONS, NOTHING.with_baseline([finding(judged).fingerprint])) == ""
    weak = with_part(judged, violated(judged), "L0")
    assert github.render([weak], OPTIONS, NOTHING).startswith("::notice file=")


def test_the_list_of_fingerprints_is_a_baseline(judged: TargetRun, tmp_path: Path) -> None:
    text = fingerprints.render([judged, judged], OPTIONS, NOTHING)
    assert text == HEADER + (f"{finding(judged).fingerprint}  # FFA-VER-07 answer: arch/arm64/kvm/hyp/nvhe/ffa.c, answer\n")
    listed = tmp_path / "baseline.txt"
    listed.write_text(text)
    assert read_baseline(listed).listed == {finding(judged).fingerprint}


def test_unusual_part_names_do_not_break_the_list(judged: TargetRun, tmp_path: Path) -> None:
    listed = tmp_path / "baseline.txt"
    listed.write_text(fingerprints.render([with_part(judged, violated(judged, "a\nb # c"))], OPTIONS, NOTHING))
    assert read_baseline(listed).listed == {finding(judged).fingerprint}
