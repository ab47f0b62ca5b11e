"""SARIF: valid, one result a finding, levels, suppressions, limits, fingerprints."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.unit.report.judged import OPTIONS, finding, many, violated, with_part
from tests.unit.report.test_finding import finding as memory_finding
from tests.unit.report.test_finding import unit as unit
from tests.unit.report.test_sequence import WRITER
from verify.ir.function import Unit
from verify.prove.outcome import PartResult, Status
from verify.report import sarif, sarif_flow
from verify.report.decode import names_of
from verify.report.sarif_rules import descriptor, undecided
from verify.rules.book import load_rules
from verify.verdict.baseline import Accepted, Tolerated
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

SCHEMA = json.loads((Path(__file__).parents[2] / "third_party" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
NOTHING = Tolerated()


def log_of(run: TargetRun, tolerated: Tolerated = NOTHING, options: Options = OPTIONS, **limits: int) -> dict[str, Any]:
    """The only run of a valid log."""
    log: dict[str, Any] = json.loads(sarif.render([run], options, tolerated, **limits))
    jsonschema.Draft202012Validator(SCHEMA).validate(log)
    assert len(log["runs"]) == 1
    told: dict[str, Any] = log["runs"][0]
    return told


def test_the_schema_refuses_what_is_no_sarif() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert not validator.is_valid({"version": "2.1.0", "runs": [{"tool": {}}]})
    assert not validator.is_valid({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "v"}}, "result": []}]})


def test_a_finding_at_two_levels_is_one_result(judged: TargetRun) -> None:
    told = [result for result in log_of(judged)["results"] if result["ruleId"] == "FFA-VER-07"]
    assert len(told) == 1
    result = told[0]
    assert (result["level"], result["properties"]["trust"], result["properties"]["trusts"]) == ("error", "L2", ["L0", "L2"])
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "arch/arm64/kvm/hyp/nvhe/ffa.c", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": finding(judged).cause.line}}
    assert result["partialFingerprints"]["verify/v2"] == finding(judged).fingerprint
    assert result["message"]["text"].startswith("Violated in answer, part answer. Required: answered NOT_SUPPORTED.")
    assert "suppressions" not in result


def test_only_with_faulty_firmware_is_a_note_unless_that_level_decides(judged: TargetRun) -> None:
    weak = with_part(judged, violated(judged), "L0")
    assert [result["level"] for result in log_of(weak)["results"]] == ["note"]
    alone = replace(OPTIONS, trusts=("L0",))
    assert [result["level"] for result in log_of(weak, options=alone)["results"]] == ["error"]


def test_what_stops_many_parts_is_one_warning_under_its_own_rule(judged: TargetRun) -> None:
    told = log_of(judged)
    open_results = [result for result in told["results"] if result["level"] == "warning"]
    assert [result["ruleId"] for result in open_results] == ["FFA-DSC-01/undecided"]
    assert len(open_results[0]["properties"]["parts"]) == 24
    assert open_results[0]["locations"][0]["physicalLocation"]["region"] == {"startLine": 76}
    assert told["tool"]["driver"]["rules"][open_results[0]["ruleIndex"]]["id"] == "FFA-DSC-01/undecided"
    assert told["invocations"][0]["exitCode"] == 1
    assert {"level": "note", "message": {"text": "a note"}} in told["invocations"][0]["toolExecutionNotifications"]


def test_what_has_no_place_is_shown_in_the_mediator(judged: TargetRun) -> None:
    run = with_part(judged, PartResult("p", "FFA_VERSION", Status.UNKNOWN, "gave up"))
    result = log_of(run)["results"][0]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}
    assert result["message"]["text"] == "Undecided, part p: unknown: gave up."


def test_tolerated_findings_are_suppressed_and_say_why(judged: TargetRun) -> None:
    fingerprint = finding(judged).fingerprint
    accepted = Tolerated((Accepted(fingerprint, "known, fixed upstream"),))
    results = log_of(judged, accepted)["results"]
    by_rule = {result["ruleId"]: result for result in results}
    assert by_rule["FFA-VER-07"]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "known, fixed upstream"}]
    assert by_rule["FFA-DSC-01/undecided"]["suppressions"] == []
    listed = log_of(judged, NOTHING.with_baseline([fingerprint]))["results"]
    assert [result["suppressions"][0]["justification"] for result in listed if result["suppressions"]] == [
        "in the baseline"]


def test_an_expired_acceptance_suppresses_nothing(judged: TargetRun) -> None:
    expired = Tolerated((Accepted(finding(judged).fingerprint, "known", date(2020, 1, 1)),))
    assert all("suppressions" not in result for result in log_of(judged, expired)["results"])


def test_the_fingerprint_does_not_follow_lines(judged: TargetRun) -> None:
    part = PartResult("p", "FFA_VERSION", Status.UNSUPPORTED, "asm", ("arch/arm64/kvm/hyp/nvhe/ffa.c:76",))
    moved = replace(part, places=("arch/arm64/kvm/hyp/nvhe/ffa.c:99",))
    before, after = (log_of(with_part(judged, p))["results"][0] for p in (part, moved))
    assert before["partialFingerprints"] == after["partialFingerprints"]
    assert before["locations"] != after["locations"]


def test_results_beyond_the_limit_are_counted(judged: TargetRun) -> None:
    told = log_of(many(judged, 30), most=20)
    assert len(told["results"]) == 20
    assert "10 results are left out" in told["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]


def test_as_many_as_hosts_show_fit_into_what_they_take(judged: TargetRun) -> None:
    text = sarif.render([many(judged, 6000)], OPTIONS, NOTHING)
    assert len(json.loads(text)["runs"][0]["results"]) == 5000
    assert len(gzip.compress(text.encode())) < 10_000_000
    assert len(text.encode()) < 20_000_000


def test_flows_beyond_the_limit_are_left_out_and_counted(judged: TargetRun) -> None:
    steps = len(log_of(many(judged, 1))["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"])
    told = log_of(many(judged, 5), most_steps=2 * steps)
    assert ["codeFlows" in result for result in told["results"]] == [True, True, False, False, False]
    assert told["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"].startswith("3 findings are here")


def test_a_flow_has_calls_their_events_and_the_last_ones_lines(unit: Unit) -> None:
    told = sarif_flow.flow(memory_finding(unit, WRITER.send(WRITER.descriptor(3))), names_of(unit.constants))
    steps = told["threadFlows"][0]["locations"]
    texts = [step["location"]["message"]["text"] for step in steps]
    assert texts[0].startswith("1. FFA_VERSION(1.1) → 1.1, handled")
    last = next(k for k, text in enumerate(texts) if text.startswith("3. FFA_FN64_MEM_SHARE(0x80 bytes)"))
    assert texts[last + 1].startswith("3: the host writes 0x80 bytes to its TX buffer: descriptor of FF-A 1.1")
    asked = next(k for k, text in enumerate(texts) if text.startswith("3: EL2 asks: FFA_FN64_MEM_SHARE"))
    assert texts[asked - 1].startswith("ffa_mem_xfer")
    assert sum(text.endswith("7 lines from here run 3 times") for text in texts) == 1
    assert any(step["importance"] == "unimportant" for step in steps[last:])
    assert all(step["importance"] == "essential" for step in steps[:last])
    orders = [step["executionOrder"] for step in steps]
    assert orders == sorted(set(orders))


def test_a_long_flow_keeps_both_ends_and_counts_the_rest(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif_flow, "FIRST", 3)
    monkeypatch.setattr(sarif_flow, "LAST", 5)
    made = memory_finding(unit, WRITER.send(WRITER.descriptor(3)))
    told = sarif_flow.flow(made, names_of(unit.constants))
    orders = [step["executionOrder"] for step in told["threadFlows"][0]["locations"]]
    assert orders[:3] == [1, 2, 3]
    assert orders[3:] == list(range(orders[-1] - 4, orders[-1] + 1))
    assert f"{orders[-1] - 8} steps after the first 3 are left out" in told["message"]["text"]


def test_each_rule_has_help_within_the_hosts_limits() -> None:
    for rule in load_rules():
        for told in (descriptor(rule), undecided(rule)):
            assert len(told["properties"]["tags"]) <= 10
            assert max(len(told[key]["text"]) for key in ("shortDescription", "fullDescription")) <= 1024
            assert len(told["name"]) <= 255 and told["name"].isalnum()
        help_text = descriptor(rule)["help"]["text"]
        for heading in ("Clause", "Reading", "Applies to", "Not covered", "Founded on"):
            assert f"\n{heading}: " in help_text, (rule.identity, heading)
            assert f"**{heading}:** " in descriptor(rule)["help"]["markdown"]


def test_messages_stay_under_what_gitlab_drops(judged: TargetRun) -> None:
    long = replace(finding(judged), clause="word " * 1000)
    part = replace(violated(judged), findings=(long,))
    text = log_of(with_part(judged, part))["results"][0]["message"]["text"]
    assert len(text) <= 1000 and text.endswith("…")


def test_paths_are_relative_and_nothing_is_dated(judged: TargetRun) -> None:
    text = sarif.render([judged], OPTIONS, NOTHING)
    assert "file:" not in text and str(Path.cwd()) not in text
    assert "TimeUtc" not in text
