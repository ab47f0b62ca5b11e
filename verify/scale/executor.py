"""Who judges: an executor takes questions about targets and gives the answers in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from verify.errors import VerifyError
from verify.ir.function import Unit
from verify.rules.binding import Binding
from verify.rules.rule import Rule
from verify.verdict.options import Options
from verify.verdict.reuse import Reuse
from verify.verdict.run import TargetRun, judge_target
from verify.verdict.watch import Watch

Answer = TargetRun | VerifyError
"""A target that cannot be judged hides no other one: its error stands where its results would."""
Watching = Callable[[str], AbstractContextManager[Watch]]
"""By a target's name, who is told how far it is, for as long as it is judged."""


@dataclass(frozen=True, slots=True)
class Question:
    """One target, judged in one way."""

    name: str
    revision: str
    unit: Unit
    binding: Binding
    rules: tuple[Rule, ...]
    options: Options
    reuse: Reuse
    notes: tuple[str, ...] = ()


class Executor(Protocol):
    def judge(self, questions: Sequence[Question], watching: Watching) -> Iterator[Answer]:
        """An answer for each, in order. Raises Interrupted on Ctrl-C, and VerifyError where none can be judged."""
        ...


class Local:
    """This machine, a question at a time, in as many processes as its options say."""

    def judge(self, questions: Sequence[Question], watching: Watching) -> Iterator[Answer]:
        for one in questions:
            yield self._answer(one, watching)

    @staticmethod
    def _answer(one: Question, watching: Watching) -> Answer:
        try:
            with watching(one.name) as watch:
                return judge_target(one.name, one.revision, one.unit, one.binding, one.rules, one.options, one.notes,
                                    watch, one.reuse)
        except VerifyError as problem:
            return problem
