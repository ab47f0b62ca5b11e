"""No rule that a mediator breaks is called proved, whatever C it is written in."""

from __future__ import annotations

import pytest

from tests.mediators.believed import CASES
from tests.mediators.trees import NO_MAILBOX, judge
from verify.prove.outcome import Status


@pytest.mark.parametrize("what", CASES)
def test_is_not_proved(what: str) -> None:
    rule, edits = CASES[what]
    (result,) = judge(NO_MAILBOX, *edits, rules=(rule,), trusts=("L2",), profile="STRICT").results
    assert result.status not in (Status.PROVED, Status.NOT_APPLICABLE)


def test_there_are_enough() -> None:
    assert len(CASES) >= 30
