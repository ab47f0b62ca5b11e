"""Judging a target by all selected rules, side by side on several processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from verify.prove.starts import Starts, make_starts
from verify.prove.target import Target, make_target
from verify.prove.trust import LEVELS
from verify.prove.unmodelled import assumed
from verify.rules.binding import Binding
from verify.rules.own import check_parts
from verify.rules.rule import Part, Rule, Statement
from verify.rules.scene import Scene
from verify.solve.query import RLIMIT, Cost, Solver
from verify.solve.remembered import NOTHING, Remembered
from verify.verdict.options import Options
from verify.verdict.pool import WorkerLost, side_by_side
from verify.verdict.reuse import NO_REUSE, Reuse
from verify.verdict.watch import NOBODY, Watch


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


@dataclass(frozen=True, slots=True)
class Begun:
    """A unit that was executed, before anything is proved of it; `levels`: the strictest first."""

    target: Target
    light: Target
    samples: Samples
    starts: Starts
    levels: tuple[str, ...]

    def settings(
        self, facts: Sequence[tuple[Invariants, Guarantee, tuple[bool, ...]]], options: Options
    ) -> tuple[Setting, ...]:
        """With what is `known` at each level."""
        return tuple(
            Setting(self.target, self.light, level, options.profile, *found, self.samples, self.starts, options.pages,
                    assumed=assumed(self.target, found[-1], level) if found[0].names else ())
            for level, found in zip(self.levels, facts, strict=True))


def begin(
    unit: Unit, binding: Binding, options: Options, target: Target | None = None, answers: Remembered = NOTHING
) -> Begun:
    """Execute the unit."""
    target = target or make_target(unit, binding, memory=True, remembered=answers)
    light = make_target(unit, binding, remembered=answers)
    for number in range(1, MAX_HISTORY + 1):
        light.history(number)
    samples = make_samples(target)
    starts = make_starts(make_target(unit, binding, memory=True, rounds=ROUNDS, remembered=answers))
    return Begun(target, light, samples, starts, tuple(sorted(options.trusts, key=LEVELS.index, reverse=True)))


def prepare(
    unit: Unit, binding: Binding, options: Options, target: Target | None = None,
    answers: Remembered = NOTHING, watch: Watch = NOBODY,
) -> tuple[Target, tuple[Setting, ...]]:
    """Execute the unit and find the invariants of each trust level, the strictest first."""
    watch.stage("running ordinary calls")
    begun = begin(unit, binding, options, target, answers)
    levels, solver = begun.levels, Solver(options.limit or RLIMIT, remembered=answers)
    one = partial(known, begun.target, begun.samples, levels, solver)
    try:  # not here, even one: a solver without memory ends its process
        def tell(now: Sequence[int], done: int) -> None:
            watch.stage(f"invariants and memory safety at {', '.join(levels[number] for number in now)}")

        with closing(side_by_side(one, range(len(levels)), options.jobs, tell)) as results:
            facts = list(results)
    except WorkerLost as lost:
        raise explained(lost, f"preparing {levels[lost.number]}") from None
    return begun.target, begun.settings(facts, options)


def known(
    target: Target, samples: Samples, levels: Sequence[str], solver: Solver, number: int
) -> tuple[Invariants, Guarantee, tuple[bool, ...]]:
    """What holds at a level in every reachable state, and of each obligation whether it is proved."""
    level, solver = levels[number], solver.successor()
    found = find_invariants(target, level, solver)
    check_reached(target, found, samples.episodes)
    return found, check_guarantee(target, found, level, solver), proved(target, found, level, solver)


def judge_target(
    name: str, revision: str, unit: Unit, binding: Binding, rules: tuple[Rule, ...], options: Options,
    notes: tuple[str, ...] = (), watch: Watch = NOBODY, reuse: Reuse = NO_REUSE,
) -> TargetRun:
    """Raises InputError for a unit that cannot be judged, ReplayMismatch, and Interrupted on Ctrl-C."""
    invariants, results = reuse.invariants(), reuse.all_results(rules)
    if invariants is None or len(results) < len(rules) or not any(results.values()):
        invariants = _judge(name, unit, binding, rules, options, reuse, results, watch)
    return assembled(name, revision, unit, rules, results, invariants, notes)


def assembled(
    name: str, revision: str, unit: Unit, rules: Sequence[Rule], results: Mapping[str, Sequence[RuleResult]],
    invariants: Mapping[str, tuple[str, ...]], notes: tuple[str, ...],
) -> TargetRun:
    """`results`: of each rule, at all trust levels."""
    ordered = tuple(result for rule in rules for result in results[rule.identity] if result.parts)
    return TargetRun(name, revision, ordered, {rule.identity: rule for rule in rules}, unit.constants, unit.assumptions,
                     invariants, notes)


def _judge(
    name: str, unit: Unit, binding: Binding, rules: tuple[Rule, ...], options: Options, reuse: Reuse,
    results: dict[str, list[RuleResult]], watch: Watch,
) -> Mapping[str, tuple[str, ...]]:
    """Adds the results that are missing; the invariants of each trust level."""
    watch.stage("executing the handlers")
    target = make_target(unit, binding, memory=True, remembered=reuse.answers)
    asked = reported(rules, target.scene(options.profile), options)
    _, settings = prepare(unit, binding, options, target, reuse.answers, watch)
    invariants = {setting.level: setting.invariants.names for setting in settings}
    reuse.keep_invariants(invariants)
    for silent in sorted({rule.identity for rule in rules} - {rule.identity for rule in asked}):
        results[silent] = []
        reuse.keep(silent, [])
    missing = [rule for rule in asked if rule.identity not in results]
    try:
        for found in _judged(settings, missing, options, reuse, watch, len(asked)):
            results[found[0].rule] = found
            watch.finished(found)
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted in {name}; finished there: {finished(results)}") from None
    except WorkerLost as lost:
        there = finished([*results, *(missing[done].identity for done in lost.done)])
        rule = missing[lost.number].identity
        raise explained(lost, f"{name}, {rule}", f"; finished there: {there}") from None
    return invariants


def _judged(
    settings: Sequence[Setting], rules: Sequence[Rule], options: Options, reuse: Reuse, watch: Watch, total: int
) -> Iterator[list[RuleResult]]:
    """What is found is kept at once: a run that does not end loses nothing. `total`: with those known already."""
    solver = Solver(options.limit or RLIMIT, remembered=reuse.answers)

    def one(number: int) -> list[RuleResult]:
        return reuse.keep(rules[number].identity, judge_rule(settings, rules[number], solver.successor()))

    def tell(now: Sequence[int], done: int) -> None:
        watch.rules([rules[number].identity for number in now], total - len(rules) + done, total)

    order = range(len(rules))[::-1]  # the last ones in the book take longest
    with closing(side_by_side(one, order, options.jobs, tell)) as groups:
        yield from groups


def finished(rules: Iterable[str]) -> str:
    return ", ".join(sorted(set(rules))) or "no rule"


def explained(lost: WorkerLost, where: str, finished: str = "") -> InternalError:
    """The message for a run that ends so."""
    return InternalError(f"{where}: {lost}; if memory is short, fewer --jobs need less{finished}")


def reported(rules: tuple[Rule, ...], scene: Scene, options: Options) -> tuple[Rule, ...]:
    """The rules with the parts that --function selects. Raises InputError where it selects none, and for a mistake in
    a user's rule.
    """
    for rule in rules:
        if rule.is_own:
            check_parts(rule, scene)
    if not options.functions:
        return rules
    parts = {rule.identity: list(rule.statement(scene)) for rule in rules}
    options.check_functions(part.function for some in parts.values() for part in some)
    return tuple(narrowed(rule, options) for rule in rules if any(map(options.reports, parts[rule.identity])))


def narrowed(rule: Rule, options: Options) -> Rule:
    """With those of its parts that --function selects."""
    return replace(rule, statement=partial(selected, rule.statement, options)) if options.functions else rule


def selected(statement: Statement, options: Options, scene: Scene) -> Iterator[Part]:
    """The parts that --function selects."""
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
