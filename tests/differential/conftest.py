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


def _revision(tree: Path, patches: tuple[Path, ...], count: int, folders: pytest.TempPathFactory) -> Tree:
    if not count:
        return Tree("tree", tree)
    name = f"tree+1{f'-{count}' if count > 1 else ''}"
    return Tree(name, write_patched(tree, patches[:count], folders.mktemp("patched")), count)


@pytest.fixture(scope="session", params=REVISIONS)
def revision(
    request: pytest.FixtureRequest, tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> Tree:
    """The kernel tree, and the tree with the first, the first two, all three of the seed's patches."""
    patches = request.getfixturevalue("patches") if request.param else ()
    return _revision(tree, patches, request.param, tmp_path_factory)


@pytest.fixture(scope="session")
def campaign(
    request: pytest.FixtureRequest, revision: Tree, tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> Campaign:
    """What a revision shares with those before it ran there: the campaigns of all revisions belong together."""
    wanted = int(os.environ.get(INPUTS, DEFAULT_INPUTS))
    patches = request.getfixturevalue("patches") if revision.patches else ()
    before = [_revision(tree, patches, count, tmp_path_factory) for count in range(revision.patches)]
    return run_campaign(revision, wanted, tmp_path_factory.mktemp("native"), before)
