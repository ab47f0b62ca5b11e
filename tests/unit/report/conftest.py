"""One judged run for all tests of reports."""

from __future__ import annotations

import pytest

from tests.unit.report.judged import judge
from verify.verdict.run import TargetRun


@pytest.fixture(scope="session")
def judged() -> TargetRun:
    return judge()
