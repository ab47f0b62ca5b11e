"""What is remembered is what a solver would say again; what is damaged, or took more, is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from verify.cache.store import Store
from verify.errors import InternalError
from verify.solve import finding
from verify.solve.answer import Answer, Satisfied, Undecided, Unsatisfiable
from verify.solve.query import Solver
from verify.solve.remembered import Remembered
from verify.terms import build as t
from verify.terms.term import Term

A, B = t.var("a", 8), t.var("b", 8)
FALSE_GOAL = [t.ult(A, B), t.ult(B, t.binary("and", A, t.const(0x7F, 8)))]
TRUE_GOAL = [t.ult(A, B), t.ult(t.const(3, 8), A)]


class Counted:
    """Says one thing, and counts how often it is asked."""

    def __init__(self, answer: Answer, effort: int) -> None:
        self.answer, self.effort, self.asked = answer, effort, 0

    def __call__(self) -> tuple[Answer, int]:
        self.asked += 1
        return self.answer, self.effort


@pytest.fixture
def memory(tmp_path: Path) -> Remembered:
    return Remembered(Store(tmp_path))


@pytest.mark.parametrize("answer", [Unsatisfiable(), Satisfied({"v0": 3, "v1@7": 255})])
def test_a_decided_question_is_asked_once(memory: Remembered, answer: Answer) -> None:
    ask = Counted(answer, 10)
    assert [memory.answer("bitwuzla", ("x",), "text", 100, ask) for _ in range(2)] == [(answer, 10)] * 2
    assert ask.asked == 1
    memory.answer("z3-solver", ("x",), "text", 100, ask)
    memory.answer("bitwuzla", ("y",), "text", 100, ask)
    memory.answer("bitwuzla", ("x",), "texts", 100, ask)
    assert ask.asked == 4


def test_an_answer_counts_within_the_limit(memory: Remembered) -> None:
    memory.answer("bitwuzla", (), "text", 100, Counted(Unsatisfiable(), 50))
    answer, effort = memory.answer("bitwuzla", (), "text", 49, Counted(Unsatisfiable(), 0))
    assert isinstance(answer, Undecided) and effort == 49


def test_that_nothing_was_found_counts_for_no_more_effort(memory: Remembered) -> None:
    memory.answer("bitwuzla", (), "text", 100, Counted(Undecided("gave up"), 101))
    again = Counted(Unsatisfiable(), 150)
    assert memory.answer("bitwuzla", (), "text", 90, again) == (Undecided("gave up"), 90) and not again.asked
    assert memory.answer("bitwuzla", (), "text", 200, again) == (Unsatisfiable(), 150)
    assert memory.answer("bitwuzla", (), "text", 200, again) == (Unsatisfiable(), 150) and again.asked == 1


def test_an_answer_that_took_more_than_the_limit_is_given_again(memory: Remembered) -> None:
    ask = Counted(Unsatisfiable(), 150)
    assert [memory.answer("z3-solver", (), "text", 100, ask) for _ in range(2)] == [(Unsatisfiable(), 150)] * 2
    assert ask.asked == 2


@pytest.mark.parametrize("text", ["", "[", "3", "[null]", "[null, 1.5]", "[{\"a\": true}, 1]", "[[], 1]", "[" * 5000])
def test_what_is_not_an_answer_is_asked_again(memory: Remembered, text: str) -> None:
    memory.answer("bitwuzla", (), "text", 100, Counted(Unsatisfiable(), 1))
    assert memory.store is not None
    (entry,) = memory.store.entries()
    memory.store.put(entry.name, text)
    again = Counted(Unsatisfiable(), 2)
    assert memory.answer("bitwuzla", (), "text", 100, again) == (Unsatisfiable(), 2) and again.asked == 1


@pytest.mark.parametrize("goal", [FALSE_GOAL, TRUE_GOAL])
def test_a_solver_that_remembers_says_and_costs_the_same(
    memory: Remembered, goal: list[Term], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, first, second = Solver(), Solver(remembered=memory), Solver(remembered=memory)
    answers = [plain.refute(goal), first.refute(goal)]
    monkeypatch.setattr(finding, "find", None)  # would fail
    answers.append(second.refute(goal))
    assert answers[0] == answers[1] == answers[2]
    assert plain.cost == first.cost == replace(second.cost, asked=first.cost.asked) and plain.cost.queries
    assert (first.cost.asked, second.cost.asked) == (first.cost.queries, 0)


def test_a_wrong_model_is_not_believed(memory: Remembered) -> None:
    Solver(remembered=memory).refute(TRUE_GOAL)
    assert memory.store is not None
    for entry in memory.store.entries():
        memory.store.put(entry.name, '[{"v0": 0, "v1": 0}, 1]')
    with pytest.raises(InternalError, match="does not satisfy"):
        Solver(remembered=memory).refute(TRUE_GOAL)
