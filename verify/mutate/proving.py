"""A mutant judged as a tree is: the parts that are proved of the unit, again, of the mutant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial

from verify.engine.relevance import guard_equations
from verify.engine.transition import function_number, named_functions
from verify.engine.watched import watched
from verify.errors import InternalError, VerifyError
from verify.mutate.holds import Holds
from verify.mutate.jury import Broken
from verify.mutate.mutant import Mutant
from verify.prove.outcome import PartResult, RuleResult, Status
from verify.prove.setting import Setting
from verify.prove.target import STEP, Target
from verify.rules.rule import Part, Rule, Statement
from verify.rules.scene import Scene
from verify.solve.query import RLIMIT, Solver
from verify.solve.remembered import NOTHING, Remembered
from verify.verdict.options import Options
from verify.verdict.run import begin, judge_rule, known

Name = tuple[str, str, str]
"""(trust level, rule, part)"""


@dataclass(frozen=True, slots=True)
class Judged:
    """Of the parts that are proved of the unit, by what is said of the mutant.

    `killers`: the conjuncts that a replayed counterexample breaks. `problem`: why it could not be judged, if so.
    """

    killers: tuple[tuple[str, Broken], ...] = ()
    proved: frozenset[Name] = frozenset()
    unknown: tuple[Name, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Proving:
    """`target` was made with `WATCHED`; `holds`: by trust level."""

    target: Target
    rules: Sequence[Rule]
    profile: str
    holds: Mapping[str, Holds]
    answers: Remembered = NOTHING

    def of(self, mutant: Mutant, only: frozenset[Name] | None = None) -> Judged:
        """All parts that speak of calls which come by the changed function; or only these, if they are proved."""
        wanted = {(level, *part) for level, holds in self.holds.items() for part in holds.proved}
        wanted = wanted & only if only is not None else wanted
        results = self._judge(mutant, wanted, None if only is not None else self._numbers(mutant.function))
        return results if isinstance(results, Judged) else judged(results, wanted)

    def near(self, mutant: Mutant, broken: Sequence[tuple[str, Broken]]) -> Judged:
        """Parts that the unit breaks as well: is there a finding that it does not have, of what this mutant's calls
        break and the unit's do not?
        """
        texts = {(level, *one[:3]) for level, one in broken}
        results = self._judge(mutant, {text[:3] for text in texts}, None)
        if isinstance(results, Judged):
            return results
        return Judged(tuple(sorted(
            (result.trust, (result.rule, part.name, finding.clause, ",".join(finding.cause.outputs)))
            for result in results for part in result.parts for finding in part.findings
            if finding.fingerprint not in self.holds[result.trust].fingerprints
            and any((result.trust, result.rule, part.name, text) in texts for text in finding.clause.split("; ")))))

    def _judge(self, mutant: Mutant, wanted: Set[Name], numbers: frozenset[int] | None) -> list[RuleResult] | Judged:
        try:
            return list(self._results(mutant, frozenset(name[1:] for name in wanted), numbers))
        except InternalError:
            raise
        except VerifyError as problem:
            return Judged(problem=str(problem))

    def check(self, mutant: Mutant, killers: Sequence[tuple[str, Broken]]) -> Judged:
        """Raises InternalError where a part is proved of the mutant that one of its calls breaks."""
        names = frozenset((level, *broken[:2]) for level, broken in killers)
        found = self.of(mutant, names)
        if wrong := sorted(names & found.proved):
            level, rule, part = wrong[0]
            raise InternalError(f"{rule}, part '{part}' is proved at {level} of mutant {mutant.identity}, "
                                "and a call breaks it")
        return found

    def _results(
        self, mutant: Mutant, asked: frozenset[tuple[str, str]], numbers: frozenset[int] | None
    ) -> Iterator[RuleResult]:
        options = Options(profile=self.profile, trusts=tuple(self.holds))
        begun = begin(mutant.of(self.target.unit), self.target.binding, options, answers=self.answers)
        solver = Solver(RLIMIT, remembered=self.answers)
        facts = [known(begun.target, begun.samples, begun.levels, solver, k) for k in range(len(begun.levels))]
        settings: tuple[Setting, ...] = begun.settings(facts, options)
        for rule in self.rules:
            if any(rule.identity == name for name, _ in asked):
                chosen = replace(rule, statement=partial(_chosen, rule, rule.statement, asked, numbers))
                yield from judge_rule(settings, chosen, solver.successor())

    def _numbers(self, function: str) -> frozenset[int] | None:
        """The function numbers (bits 15:0 of x0) of the calls that come by there; None: any."""
        record = watched(self.target.step.record)
        name = str(function_number(record.prefix).data)
        found = [guard_equations(context.state.guard).get(name)
                 for context in record.contexts if context.frame.function.name == function]
        return None if not found or None in found else frozenset(number for number in found if number is not None)


def _chosen(
    rule: Rule, statement: Statement, asked: frozenset[tuple[str, str]], numbers: frozenset[int] | None, scene: Scene
) -> Iterator[Part]:
    for part in statement(scene):
        about = named_functions(part.given.term, STEP) if numbers is not None else None
        if (rule.identity, part.name) in asked and (about is None or not (numbers or frozenset()).isdisjoint(about[1])):
            yield part


def judged(results: Sequence[RuleResult], wanted: set[Name]) -> Judged:
    """What the results say of these parts."""
    found = {(result.trust, result.rule, part.name): part for result in results for part in result.parts}
    mine = {name: part for name, part in sorted(found.items()) if name in wanted}
    killers = tuple((name[0], broken) for name, part in mine.items() for broken in _broken(name, part))
    proved = frozenset(name for name, part in mine.items() if part.status is Status.PROVED)
    unknown = tuple(name for name, part in mine.items()
                    if part.status in (Status.UNKNOWN, Status.UNSUPPORTED, Status.VACUOUS))
    return Judged(tuple(sorted(killers)), proved, unknown)


def _broken(name: Name, part: PartResult) -> Iterator[Broken]:
    """By a counterexample that the interpreter has replayed, as each finding's is."""
    if part.status is Status.VIOLATED:
        for finding in part.findings:
            yield (name[1], name[2], finding.clause, ",".join(finding.cause.outputs))
