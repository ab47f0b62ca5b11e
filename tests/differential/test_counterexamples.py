"""The counterexamples of the known answers, run on the natively compiled C."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from specs.bindings.pkvm import PKVM
from tests.differential.build import NATIVE_GCC, build
from tests.differential.sequence import run_natively
from tests.differential.shape import PATTERN, Shape
from tests.differential.trees import Tree
from tests.kernel.test_known_answers import judged
from verify.prove.outcome import Finding

pytestmark = [pytest.mark.kernel, pytest.mark.shared, pytest.mark.compiler]
FILLED = int.from_bytes(bytes([PATTERN]) * 8, "little")
PROXY_PAGES = 4
FEWEST = {0: 20, 1: 20, 2: 12, 3: 20}
"""Findings that a revision has at least; fewer would mean that too little was run."""


@pytest.fixture(scope="module")
def findings(revision: Tree, tree: Path, patches: tuple[Path, ...]) -> list[Finding]:
    results = judged(tree, patches[:revision.patches])
    return [finding for result in results.values() for part in result.parts for finding in part.findings]


def test_each_counterexample_happens_natively(
    revision: Tree, findings: list[Finding], tmp_path_factory: pytest.TempPathFactory
) -> None:
    @cache
    def program(page_shift: int) -> tuple[Shape, tuple[str, ...]]:
        shape = Shape(revision.unit, page_shift, PROXY_PAGES)
        return shape, tuple(build(revision, shape, tmp_path_factory.mktemp("native"), NATIVE_GCC))

    assert len(findings) >= FEWEST[revision.patches]
    for finding in findings:
        episode = finding.episode
        shape, command = program(episode.page_shift)
        native = run_natively(shape, command, episode, PKVM.init, revision.unit.entry)
        for done, registers in zip(episode.calls, native, strict=True):
            different = {k for k in range(31) if done.registers[k] != registers[k]}
            assert all(registers[k] == FILLED for k in different), (finding.clause, different)
        if finding.cause.kind == "uninitialised":
            shown = {name for name in finding.cause.outputs if name[1:].isdigit()}
            leaked = {f"x{k}" for k in range(31) if native[-1][k] == FILLED}
            assert shown <= leaked, finding.clause
