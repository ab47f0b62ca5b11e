"""Mailboxes and memory transactions from reset, with page tables and a conforming SPMC: the same natively."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from specs.bindings.pkvm import PKVM
from tests.differential.build import NATIVE_GCC, build
from tests.differential.campaign import USUAL
from tests.differential.history import record, run
from tests.differential.shape import Shape
from tests.differential.trees import Tree
from verify.prove.histories import histories

pytestmark = [pytest.mark.kernel, pytest.mark.compiler]
VERSIONS = (0x10000, 0x10001, 0x10002)
PROXY_PAGES = 11
"""As many as initialisation gets for pages of 4K."""
FEWEST = 100


def test_histories(revision: Tree, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Registers, SMCs, warnings, locks and the contents of all buffers after each call."""
    shape = Shape(revision.unit, USUAL, PROXY_PAGES)
    recorded = {(version, history.name): found for version in VERSIONS for history in histories(version)
                if (found := record(shape, history, PKVM.init, version)) is not None}
    command = build(revision, shape, tmp_path, NATIVE_GCC)
    native = iter(run(shape, command, [words for found in recorded.values() for words in found.inputs]))
    calls = [call for found in recorded.values() for call in found.calls]
    record_property("summary", f"{revision.name}: {len(recorded)} histories, {len(calls)} calls")
    assert len(recorded) >= FEWEST
    assert len({call.memory for call in calls}) >= FEWEST // 4
    assert not any(call.is_locked for call in calls)
    for name, found in recorded.items():
        booted, *done = [next(native) for _ in found.inputs]
        assert booted is not None, name
        assert done == found.calls, name
