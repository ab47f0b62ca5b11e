"""One server for all tries of a test process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import mini
from tests.hostile.command import Server, Verify

INPUTS = "VERIFY_HOSTILE_INPUTS"
"""How many inputs of each kind a campaign tries; CI tries few."""
FEW, OF_THE_KERNEL = 15, 100


@pytest.fixture(scope="session")
def verify() -> Iterator[Verify]:
    with Server() as server:
        yield server


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return mini.write(tmp_path / "tree")


@pytest.fixture
def inputs(request: pytest.FixtureRequest) -> int:
    usual = OF_THE_KERNEL if request.node.get_closest_marker("kernel") else FEW
    return int(os.environ.get(INPUTS, usual))
