"""A loop that stands still is noticed soon; one that moves never is."""

from __future__ import annotations

import pytest

from verify.interpret.progress import Progress


@pytest.mark.parametrize("before", [0, 1, 5, 100])
def test_a_loop_that_comes_to_a_standstill(before: int) -> None:
    progress = Progress()
    assert not any(progress.stands_still("head", 0, {"i": k}) for k in range(before))
    still = [progress.stands_still("head", 0, {"i": before}) for _ in range(2 * before + 4)]
    assert True in still


def test_one_that_runs_in_a_circle() -> None:
    progress = Progress()
    assert any(progress.stands_still("head", 0, {"i": k % 7}) for k in range(64))


@pytest.mark.parametrize("moves", ["register", "memory"])
def test_one_that_moves(moves: str) -> None:
    progress = Progress()
    assert not any(progress.stands_still("head", k if moves == "memory" else 0, {"i": k if moves == "register" else 0})
                   for k in range(1000))
