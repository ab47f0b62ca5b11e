"""Trees, revisions and campaigns for the differential tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.differential.campaign import Campaign, run_campaign
from tests.differential.trees import Tree, write_patched

INPUTS = "VERIFY_DIFFERENTIAL_INPUTS"
DEFAULT_INPUTS = 500
ONE_PROCESS = pytest.mark.xdist_group
"""The tests of a revision go to one process, for they share its campaign, and that is what takes the time."""
REVISIONS = [
    pytest.param(0, id="tree", marks=ONE_PROCESS("tree")),
    *(pytest.param(count, id=f"tree+{name}", marks=(pytest.mark.shared, ONE_PROCESS(f"tree+{name}")))
      for count, name in ((1, "1"), (2, "1-2"), (3, "1-3"))),
]


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
    return run_campaign(revision, wanted, tmp_path_factory.mktemp("native"))
