"""The counterexamples of the known answers, run on the natively compiled C."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from specs.bindings.pkvm import PKVM
from tests.differential.build import NATIVE_GCC, build
from tests.differential.history import run
from tests.differential.sequence import NotCarried, inputs, is_same
from tests.differential.shape import PATTERN, Shape
from tests.differential.trees import Tree
from tests.kernel.judged import judged
from tests.kernel.test_known_answers import RULES
from tests.kernel.test_memory_answers import VIOLATED
from verify.prove.outcome import Finding

pytestmark = [pytest.mark.kernel, pytest.mark.shared, pytest.mark.compiler, pytest.mark.slow]
FILLED = int.from_bytes(bytes([PATTERN]) * 8, "little")
PROXY_PAGES = 11
FEWEST = {0: 20, 1: 20, 2: 12, 3: 20}
"""Findings that are run on a revision at least; fewer would mean that too little was run."""


@pytest.fixture(scope="module")
def findings(revision: Tree, tree: Path, patches: tuple[Path, ...]) -> list[Finding]:
    results = [judged(tree, patches[:revision.patches], rule) for rule in RULES]
    if not revision.patches:
        results += [judged(tree, (), rule, part) for rule, part in dict.fromkeys(item[:2] for item in VIOLATED)]
    return [finding for result in results for part in result.parts for finding in part.findings]


def test_each_counterexample_happens_natively(
    revision: Tree, findings: list[Finding], tmp_path_factory: pytest.TempPathFactory,
    record_property: Callable[[str, object], None],
) -> None:
    @cache
    def program(page_shift: int) -> tuple[Shape, tuple[str, ...]]:
        shape = Shape(revision.unit, page_shift, PROXY_PAGES)
        return shape, tuple(build(revision, shape, tmp_path_factory.mktemp("native"), NATIVE_GCC))

    left_out: Counter[str] = Counter()
    for finding in findings:
        shape, command = program(finding.episode.page_shift)
        try:
            given = inputs(shape, finding.episode, PKVM.init)
        except NotCarried as reason:
            left_out[str(reason)] += 1
            continue
        booted, *native = run(shape, command, given)
        assert booted is not None, finding.clause
        for done, natively in zip(finding.episode.calls, native, strict=True):
            assert natively is not None or done.fault, finding.clause
            assert natively is None or is_same(shape, done, natively, FILLED), (finding.clause, done, natively)
        if finding.cause.kind == "uninitialised":
            shown = {name for name in finding.cause.outputs if name[1:].isdigit()}
            assert native[-1] is not None
            leaked = {f"x{k}" for k, value in enumerate(native[-1].registers) if value == FILLED}
            assert shown <= leaked, finding.clause
    done_natively = len(findings) - left_out.total()
    record_property("summary", f"{revision.name}: {done_natively} counterexamples natively; left out: {dict(left_out)}")
    assert done_natively >= FEWEST[revision.patches]
