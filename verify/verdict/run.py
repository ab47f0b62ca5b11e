"""Judging a target by all selected rules, side by side on several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

from verify.errors import InternalError
from verify.ir.function import Unit
from verify.prove.guarantee import Guarantee, check_guarantee
from verify.prove.invariants import Invariants, check_reached, find_invariants
from verify.prove.judge import Judge
from verify.prove.outcome import RuleResult
from verify.prove.reset import MAX_HISTORY
from verify.prove.safety import proved
from verify.prove.samples import Samples, make_samples
from verify.prove.setting import Setting
from verify.prove.starts import make_starts
from verify.prove.target import Target, make_target
from verify.prove.trust import LEVELS
from verify.prove.unmodelled import assumed_safe
from verify.rules.binding import Binding
from verify.rules.rule import Part, Rule, Statement
from verify.rules.scene import Scene
from verify.solve.query import RLIMIT, Cost, Solver
from verify.verdict.options import Options
from verify.verdict.pool import WorkerLost, side_by_side

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
    levels = sorted(options.trusts, key=LEVELS.index, reverse=True)
    one = partial(_known, target, samples, levels, options.limit or RLIMIT)
    try:  # not here, even one: a solver without memory ends its process
        with closing(side_by_side(one, range(len(levels)), options.jobs)) as results:
            known = list(results)
    except WorkerLost as lost:
        raise explained(lost, f"preparing {levels[lost.number]}") from None
    return target, tuple(
        Setting(target, light, level, options.profile, *facts, samples, starts, options.pages,
                assumed=assumed_safe(target, facts[-1]) if facts[0].names else ())
        for level, facts in zip(levels, known, strict=True))


def _known(
    target: Target, samples: Samples, levels: Sequence[str], limit: int, number: int
) -> tuple[Invariants, Guarantee, tuple[bool, ...]]:
    """What holds at a level in every reachable state, and of each obligation whether it is proved."""
    level, solver = levels[number], Solver(limit)
    found = find_invariants(target, level, solver)
    check_reached(target, found, samples.episodes)
    return found, check_guarantee(target, found, level, solver), proved(target, found, level, solver)


def judge_target(
    name: str, revision: str, unit: Unit, binding: Binding, rules: tuple[Rule, ...], options: Options,
    notes: tuple[str, ...] = (), progress: Progress | None = None,
) -> TargetRun:
    """Raises InputError for a unit that cannot be judged, ReplayMismatch, and Interrupted on Ctrl-C."""
    target = make_target(unit, binding, memory=True)
    rules = _reported(rules, target.scene(options.profile), options)
    _, settings = prepare(unit, binding, options, target)
    solver = Solver(options.limit or RLIMIT)
    results: list[RuleResult] = []
    order = range(len(rules))[::-1]  # the last ones in the book take longest

    def judged(number: int) -> list[RuleResult]:
        return judge_rule(settings, rules[number], solver.successor())

    try:
        with closing(side_by_side(judged, order, options.jobs)) as groups:
            for done, group in enumerate(groups, 1):
                results += group
                if progress is not None:
                    progress(group[0].rule, done, len(rules))
    except KeyboardInterrupt:
        names = ", ".join(dict.fromkeys(result.rule for result in results)) or "no rule"
        raise Interrupted(f"interrupted in {name}; finished there: {names}") from None
    except WorkerLost as lost:
        names = ", ".join(dict.fromkeys([
            *(result.rule for result in results), *(rules[done].identity for done in lost.done)])) or "no rule"
        raise explained(lost, f"{name}, {rules[lost.number].identity}", f"; finished there: {names}") from None
    number = {rule.identity: k for k, rule in enumerate(rules)}
    results.sort(key=lambda result: number[result.rule])
    return TargetRun(
        name, revision, tuple(result for result in results if result.parts), {rule.identity: rule for rule in rules},
        unit.constants, unit.assumptions,
        {setting.level: setting.invariants.names for setting in settings}, notes)


def explained(lost: WorkerLost, where: str, finished: str = "") -> InternalError:
    """The message for a run that ends so."""
    return InternalError(f"{where}: {lost}; if memory is short, fewer --jobs need less{finished}")


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


def judge_rule(settings: Sequence[Setting], rule: Rule, solver: Solver) -> list[RuleResult]:
    """One rule at all trust levels; the settings have the strictest first, the results the weakest."""
    judge: Judge | None = None
    results = []
    for setting in settings:
        solver.cost = Cost()
        judge = Judge(setting, rule, solver, judge, settings[-1])
        results.append(judge.judge())
    return results[::-1]
