"""Judging a target by all selected rules, side by side on several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from verify.ir.function import Unit
from verify.prove.guarantee import check_guarantee
from verify.prove.invariants import check_reached, find_invariants
from verify.prove.judge import Judge, Setting
from verify.prove.outcome import RuleResult
from verify.prove.reset import MAX_HISTORY
from verify.prove.safety import proved
from verify.prove.samples import make_samples
from verify.prove.starts import make_starts
from verify.prove.target import Target, make_target
from verify.prove.trust import LEVELS
from verify.prove.unmodelled import assumed_safe
from verify.rules.binding import Binding
from verify.rules.rule import Part, Rule, Statement
from verify.rules.scene import Scene
from verify.solve import interrupt
from verify.solve.query import RLIMIT, Cost, Solver
from verify.verdict.options import Options

Progress = Callable[[str, int, int], None]
"""(rule that is finished, how many are, how many there are)"""


@dataclass(frozen=True, slots=True)
class TargetRun:
    """All results for one target, by rule, then by trust level."""

    name: str
    revision: str
    results: tuple[RuleResult, ...]
    rules: Mapping[str, Rule]
    constants: Mapping[str, int]
    assumptions: tuple[str, ...]
    invariants: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()


class Interrupted(Exception):
    """Ctrl-C; says which rules or targets were finished."""


@dataclass(slots=True)
class _Work:
    """What the worker processes inherit by fork."""

    settings: tuple[Setting, ...]
    rules: tuple[Rule, ...]
    solver: Solver = field(default_factory=Solver)


_WORK: list[_Work] = []


ROUNDS = 2
"""Iterations of a loop that counterexamples are looked for in."""


def prepare(
    unit: Unit, binding: Binding, options: Options, target: Target | None = None
) -> tuple[Target, tuple[Setting, ...]]:
    """Execute the unit and find the invariants of each trust level, the strictest first."""
    target, light = target or make_target(unit, binding, memory=True), make_target(unit, binding)
    for number in range(1, MAX_HISTORY + 1):
        light.history(number)
    samples = make_samples(target)
    starts = make_starts(make_target(unit, binding, memory=True, rounds=ROUNDS))
    settings = []
    for level in sorted(options.trusts, key=LEVELS.index, reverse=True):
        solver = Solver(options.limit or RLIMIT)
        found = find_invariants(target, level, solver)
        check_reached(target, found, samples.episodes)
        guarantee = check_guarantee(target, found, level, solver)
        holds = proved(target, found, level, solver)
        assumed = assumed_safe(target, holds) if found.names else ()
        settings.append(Setting(target, light, level, options.profile, found, guarantee, holds, samples, starts,
                                options.pages, assumed=assumed))
    return target, tuple(settings)


def judge_target(
    name: str, revision: str, unit: Unit, binding: Binding, rules: tuple[Rule, ...], options: Options,
    notes: tuple[str, ...] = (), progress: Progress | None = None,
) -> TargetRun:
    """Raises InputError for a unit that cannot be judged, ReplayMismatch, and Interrupted on Ctrl-C."""
    target = make_target(unit, binding, memory=True)
    rules = _reported(rules, target.scene(options.profile), options)
    _, settings = prepare(unit, binding, options, target)
    _WORK[:] = [_Work(settings, rules, Solver(options.limit or RLIMIT))]
    results: list[RuleResult] = []
    try:
        with closing(_judged(len(rules), options.jobs)) as groups:
            for done, group in enumerate(groups, 1):
                results += group
                if progress is not None:
                    progress(group[0].rule, done, len(rules))
    except KeyboardInterrupt:
        names = ", ".join(dict.fromkeys(result.rule for result in results)) or "no rule"
        raise Interrupted(f"interrupted in {name}; finished there: {names}") from None
    finally:
        _WORK.clear()
    return TargetRun(
        name, revision, tuple(result for result in results if result.parts), {rule.identity: rule for rule in rules},
        unit.constants, unit.assumptions,
        {setting.level: setting.invariants.names for setting in settings}, notes)


def _reported(rules: tuple[Rule, ...], scene: Scene, options: Options) -> tuple[Rule, ...]:
    """The rules with the parts that --function selects. Raises InputError where it selects none."""
    if not options.functions:
        return rules
    parts = {rule.identity: list(rule.statement(scene)) for rule in rules}
    options.check_functions(part.function for some in parts.values() for part in some)
    return tuple(
        replace(rule, statement=partial(_selected, rule.statement, options))
        for rule in rules if any(map(options.reports, parts[rule.identity])))


def _selected(statement: Statement, options: Options, scene: Scene) -> Iterator[Part]:
    return (part for part in statement(scene) if options.reports(part))


def _judged(count: int, jobs: int) -> Generator[list[RuleResult]]:
    """In the order of the rules, however many processes work on them; never in this one, for Ctrl-C is this one's."""
    context = multiprocessing.get_context("fork")
    pool: Any = context.Pool(min(jobs, count), initializer=interrupt.block)
    try:
        yield from pool.imap(_one, range(count))
        pool.close()
    finally:
        with interrupt.deferred():
            pool.terminate()
            pool.join()


def _one(index: int) -> list[RuleResult]:
    """In a worker."""
    work = _WORK[0]
    return judge_rule(work.settings, work.rules[index], work.solver.successor())


def judge_rule(settings: Sequence[Setting], rule: Rule, solver: Solver) -> list[RuleResult]:
    """One rule at all trust levels; the settings have the strictest first, the results the weakest."""
    judge: Judge | None = None
    results = []
    for setting in settings:
        solver.cost = Cost()
        judge = Judge(setting, rule, solver, judge, settings[-1])
        results.append(judge.judge())
    return results[::-1]
