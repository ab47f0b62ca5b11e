"""Trees, revisions and campaigns for the differential tests; a line for each campaign at the end of the session."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.differential.campaign import Campaign, run_campaign
from tests.differential.trees import Tree, write_patched

INPUTS = "VERIFY_DIFFERENTIAL_INPUTS"
DEFAULT_INPUTS = 500
REVISIONS = [
    pytest.param(0, id="tree"),
    *(pytest.param(count, id=f"tree+{name}", marks=pytest.mark.shared)
      for count, name in ((1, "1"), (2, "1-2"), (3, "1-3"))),
]
_SUMMARIES: list[str] = []


@pytest.fixture(scope="session", params=REVISIONS)
def revision(
    request: pytest.FixtureRequest, tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> Tree:
    """The kernel tree, and the tree with the first, the first two, all three of the seed's patches."""
    count: int = request.param
    if not count:
        return Tree("tree", tree)
    patches: tuple[Path, ...] = request.getfixturevalue("patches")
    name = f"tree+1{f'-{count}' if count > 1 else ''}"
    return Tree(name, write_patched(tree, patches[:count], tmp_path_factory.mktemp("patched")), count)


@pytest.fixture(scope="session")
def campaign(revision: Tree, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    wanted = int(os.environ.get(INPUTS, DEFAULT_INPUTS))
    done = run_campaign(revision, wanted, tmp_path_factory.mktemp("native"))
    _SUMMARIES.append(done.summary())
    _SUMMARIES.extend(f"  never taken: {edge[0]}, {why}" for edge, why in done.impossible.items())
    return done


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _SUMMARIES:
        terminalreporter.write_line(f"differential: {line}")
