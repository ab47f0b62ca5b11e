"""What is said of proofs that no solver confirms whole."""

from __future__ import annotations

from collections import Counter

import pytest

from verify.solve.second import Opinion
from verify.verdict.recheck import Rechecked, summarise

HALF = Counter({Opinion.AGREES: 1, Opinion.GAVE_UP: 1})


@pytest.mark.parametrize(("fewest", "alone", "is_open"), [
    (0, [], True), (1, ["now one solver, now another,"], False), (2, [], False)])
def test_a_proof_is_as_good_as_its_worst_piece(fewest: int, alone: list[str], is_open: bool) -> None:
    one = Rechecked("a rule", "L2", 2, {"x": HALF, "y": HALF}, (), fewest)
    found = summarise([one], ("x", "y"))
    assert list(found.by_one.values()) == alone
    assert found.open == (["a rule (L2)"] if is_open else [])
