"""The proofs of a run, worked at side by side: each with what it rests on, before our simplifier saw it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TypeVar

from verify.prove.evidence import LEMMAS, Evidence, of_lemma, of_rule
from verify.prove.labels import Labels
from verify.prove.target import Target
from verify.rules.rule import Rule
from verify.solve.query import RLIMIT, Solver
from verify.solve.remembered import NOTHING, Remembered
from verify.verdict.options import Options
from verify.verdict.pool import WorkerLost, side_by_side
from verify.verdict.run import explained, prepare, reported

R = TypeVar("R")
Work = Callable[[Evidence, Labels], R]
"""Done where the proof is made; what it returns travels."""


def each_proof(
    target: Target, rules: tuple[Rule, ...], options: Options, work: Work[R], answers: Remembered = NOTHING,
) -> Iterator[R]:
    """Of a target that was made with memory: the lemmas of each trust level, then the rules' parts. Raises as
    `judge_target` does.

    `answers` save searches; that these led to a refutation is what the work is there to see.
    """
    rules = reported(rules, target.scene(options.profile), options)
    _, settings = prepare(target.unit, target.binding, options, target, answers)
    labels = {setting.level: Labels(target, setting.invariants, setting.level) for setting in settings}
    solver = Solver(options.limit or RLIMIT, remembered=answers)
    lemmas = [(setting, name) for setting in settings for name in LEMMAS]

    def one(number: int) -> list[R]:
        if number < len(lemmas):
            setting, name = lemmas[number]
            return [work(of_lemma(setting, name, solver.successor()), labels[setting.level])]
        made = of_rule(settings, rules[number - len(lemmas)], solver.successor())
        return [work(evidence, labels[evidence.trust]) for evidence in made]

    try:
        with closing(side_by_side(one, range(len(lemmas) + len(rules)), options.jobs)) as groups:
            for group in groups:
                yield from group
    except WorkerLost as lost:
        where = [*(f"{name} at {setting.level}" for setting, name in lemmas), *(rule.identity for rule in rules)]
        raise explained(lost, where[lost.number]) from None
