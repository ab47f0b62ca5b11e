"""The verdict does not depend on how a mediator is written."""

from __future__ import annotations

import pytest

from tests.mediators.trees import OF_THE_REFERENCE, RULES, SHAPES, judge, parts, table
from verify.prove.outcome import Status
from verify.verdict.run import TargetRun

PARTS = 218
"""At least so many parts of these rules are proved at each level."""

pytestmark = pytest.mark.slow
KEPT = tuple(rule for rule in RULES if rule not in OF_THE_REFERENCE)


@pytest.fixture(scope="module", params=SHAPES)
def run(request: pytest.FixtureRequest) -> TargetRun:
    return judge(request.param, jobs=2)


def test_there_are_as_many_as_we_think() -> None:
    assert {"no_func_id", "u64_func_id", "one_result_block", "compound_literal", "renamed_statics",
            "if_chain"} <= set(SHAPES)


def test_every_rule_is_proved(run: TargetRun) -> None:
    statuses = table(run)
    assert [key for key, status in statuses.items() if key[0] in KEPT and status is not Status.PROVED] == []
    for level in ("L0", "L2"):
        assert len([key for key, status in statuses.items() if key[1] == level and status is Status.PROVED]) >= len(KEPT)
        assert len([part for result, part in parts(run, Status.PROVED) if result.trust == level]) >= PARTS


def test_nothing_is_open_or_vacuous(run: TargetRun) -> None:
    bad = [status for status in Status if status not in (Status.PROVED, Status.NOT_APPLICABLE)]
    assert [(result.rule, result.trust, part.name, part.reason) for result, part in parts(run, *bad)
            if result.rule in KEPT] == []
