"""Each planted fault is found by the rule that it breaks, where it was made, with calls that show it."""

from __future__ import annotations

import pytest

from tests.mediators.fault import Fault
from tests.mediators.faults import FAULTS as OTHER_FAULTS
from tests.mediators.faults import NO_MAILBOX_FAULTS
from tests.mediators.memory_faults import MEMORY_FAULTS
from tests.mediators.trees import MEMORY_RULES, NOT_APPLICABLE, REFERENCE, RULES, SHAPES, judge, table
from verify.prove.outcome import Finding, RuleResult, Status

FAULTS = (*OTHER_FAULTS, *MEMORY_FAULTS)
MOST = 140
"""At least so many faults; no tree without some."""


def judged(fault: Fault, trust: str = "", profile: str = "") -> RuleResult:
    run = judge(fault.tree, *fault.edits, rules=(fault.rule,), functions=fault.calls, trusts=(trust or fault.trust,),
                profile=profile or fault.profile)
    (result,) = run.results
    return result


def findings(result: RuleResult) -> list[Finding]:
    return [finding for part in result.parts for finding in part.findings]


@pytest.mark.parametrize(
    "fault", [pytest.param(fault, marks=() if fault in NO_MAILBOX_FAULTS else pytest.mark.slow, id=f"{fault.rule} {fault.name}")
              for fault in FAULTS])
def test_is_found(fault: Fault) -> None:
    result = judged(fault)
    assert result.status is Status.VIOLATED
    causes = {(finding.cause.function, output) for finding in findings(result) for output in finding.cause.outputs}
    assert (fault.function, fault.output) in causes
    for finding in findings(result):
        assert finding.episode.calls
        assert len(finding.fingerprint) == 16


def test_there_are_enough() -> None:
    assert len(FAULTS) >= MOST
    assert len({(fault.rule, fault.name) for fault in FAULTS}) == len(FAULTS)
    assert {fault.tree for fault in FAULTS} == {REFERENCE, *SHAPES}


def test_every_rule_is_broken_by_some_fault() -> None:
    assert {*RULES, *NOT_APPLICABLE} == {fault.rule for fault in OTHER_FAULTS}
    assert {*MEMORY_RULES} <= {fault.rule for fault in MEMORY_FAULTS}


def named(what: str) -> Fault:
    (found,) = [fault for fault in FAULTS if fault.what == what]
    return found


def test_some_faults_are_a_matter_of_reading() -> None:
    assert judged(named("status codes are extended by their sign"), profile="SEED").status is Status.PROVED
    assert judged(named("x12 is not cleared"), profile="STRICT").status is Status.PROVED


def test_some_faults_need_faulty_firmware() -> None:
    assert judged(named("a code of EL3's is believed"), trust="L2").status is Status.PROVED


def test_a_fault_of_one_rule_leaves_the_others_alone() -> None:
    fault = named("x5 is not cleared")
    run = judge(fault.tree, *fault.edits, trusts=("L2",), rules=("VER-0[26]", "CC-0*", "SEC-01"))
    assert {rule for (rule, _), status in table(run).items() if status is not Status.PROVED} == {
        "FFA-CC-08", "FFA-VER-02"}
