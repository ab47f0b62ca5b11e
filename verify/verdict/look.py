"""A rule looked at while it is written: where it binds, who meets its premise, whether it says anything, what it finds.

The first look follows no memory handler: what it proves holds if these keep to their memory, and what it refutes was
run. Parts that it leaves open are judged as a run does, which takes long for a kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from verify.ir.function import Unit
from verify.prove.outcome import Episode, PartResult, Retold, Status
from verify.prove.questions import Effort, Questions
from verify.prove.reset import MAX_HISTORY
from verify.prove.samples import make_samples
from verify.prove.setting import Setting
from verify.prove.starts import make_starts
from verify.prove.target import make_target
from verify.prove.unmodelled import assumed
from verify.rules.binding import Binding
from verify.rules.own import check_parts
from verify.rules.rule import Part, Rule
from verify.rules.scene import Scene, State
from verify.rules.words import Truth, Word
from verify.solve.query import RLIMIT, Solver, Unsatisfiable
from verify.solve.remembered import NOTHING, Remembered
from verify.terms import build as t
from verify.terms.term import variables
from verify.verdict.bound import calls_of
from verify.verdict.options import Options
from verify.verdict.run import judge_rule, known, prepare, selected

PROBE = "probe."
OPEN = (Status.UNKNOWN, Status.UNSUPPORTED, Status.VACUOUS)


@dataclass(frozen=True, slots=True)
class PartLook:
    """`calls`: IDs of functions whose calls may meet the premise. `witness`: a run from reset whose last call does.

    `notes`: what its author may not have meant.
    """

    result: PartResult
    calls: tuple[int, ...]
    witness: Episode | None
    notes: tuple[str, ...]
    is_full: bool


@dataclass(slots=True)
class Looker:
    """Keeps what does not depend on the rule. `numbers`: the function IDs that a target has names for."""

    unit: Unit
    binding: Binding
    options: Options
    numbers: Sequence[int]
    answers: Remembered = NOTHING
    _quick: Setting | None = None
    _full: Setting | None = None
    scene: Scene | None = field(default=None, init=False)

    def prepare(self) -> Setting:
        """Raises InputError for a unit that cannot be judged."""
        if self._quick is None:
            self._quick = _quick(self.unit, self.binding, self.options, self.answers)
        return self._quick

    @property
    def is_whole(self) -> bool:
        """Are all handlers followed to their end, already by the first look?"""
        return not self.prepare().target.step.record.boundaries

    def look(self, rule: Rule, is_quick: bool = False) -> list[PartLook]:
        """Part by part. `is_quick`: leave open what the first look does not decide. Raises InputError for a mistake."""
        setting = self.prepare()
        check_parts(rule, setting.scene())
        self.options.check_functions(part.function for part in rule.statement(setting.scene()))
        rule = replace(rule, statement=partial(selected, rule.statement, self.options))
        looks = {look.result.name: look for look in self._parts(rule, setting, is_full=self.is_whole)}
        unsure = [name for name, look in looks.items() if look.result.status in OPEN]
        if unsure and not is_quick and not self.is_whole:
            statement = rule.statement
            some = replace(rule, statement=lambda scene: (item for item in statement(scene) if item.name in unsure))
            looks |= {look.result.name: look for look in self._parts(some, self._whole(), is_full=True)}
        return list(looks.values())

    def _whole(self) -> Setting:
        if self._full is None:
            _, (self._full,) = prepare(self.unit, self.binding, self.options, answers=self.answers)
        return self._full

    def _parts(self, rule: Rule, setting: Setting, is_full: bool) -> list[PartLook]:
        solver = Solver(self.options.limit or RLIMIT, remembered=self.answers)
        scene = setting.scene()
        probed = {item.name: item.given for item in rule.statement(_probed(scene))}
        (judged,) = judge_rule((setting,), rule, solver)
        results = {result.name: result for result in judged.parts}
        found = []
        for part in rule.statement(scene):
            result = results[part.name]
            notes = (*_of_premise(part, result, probed, solver.successor()),
                     *_of_conclusion(part, result, setting, solver.successor()))
            found.append(PartLook(result, calls_of(part, setting.target, self.numbers),
                                  _witness(rule, part, result, setting), notes, is_full))
        return found


def _quick(unit: Unit, binding: Binding, options: Options, answers: Remembered) -> Setting:
    target = make_target(unit, binding)
    for number in range(1, MAX_HISTORY + 1):
        target.history(number)
    samples, level = make_samples(target), options.strictest
    facts = known(target, samples, [level], Solver(options.limit or RLIMIT, remembered=answers), 0)
    return Setting(target, target, level, options.profile, *facts, samples, make_starts(target), options.pages,
                   assumed=assumed(target, facts[-1], level) if facts[0].names else ())


def _probed(scene: Scene) -> Scene:
    """With variables of its own for the state that the call leaves."""
    def word(name: str, bits: int) -> Word:
        return Word(t.var(f"{PROBE}{name}", bits))

    def truth(name: str) -> Truth:
        return Truth(t.var(f"{PROBE}{name}", 0))

    return replace(scene, post=State(
        word("version", 32), truth("negotiated"), scene.post.others, truth("has_tx"), word("tx_at", 64),
        truth("has_rx"), word("rx_at", 64), scene.post.asked, truth("mapped")))


def _of_premise(part: Part, result: PartResult, probed: Mapping[str, Truth], solver: Solver) -> list[str]:
    if result.status is Status.VACUOUS and isinstance(solver.refute([part.given.term]), Unsatisfiable):
        return ["the premise contradicts itself: no call can meet it"]
    names = sorted({name.removeprefix(PROBE) for name in variables([probed[part.name].term]) if PROBE in name}
                   if part.name in probed else ())
    if names:
        return [f"the premise reads post.{', post.'.join(names)}: a call that fails to bring that about is not looked "
                "at; is pre meant?"]
    return []


def _of_conclusion(part: Part, result: PartResult, setting: Setting, solver: Solver) -> list[str]:
    """A conclusion that no reachable call breaks, whatever it asks for, says nothing about those of the premise."""
    if result.status is Status.VIOLATED or part.given.term is t.TRUE:
        return []
    notes = []
    questions = Questions(setting.target, solver)
    for require in part.then:
        if require.independent is not None:
            continue
        wrong = t.not_(require.holds.term)
        if wrong is t.FALSE:
            notes.append(f"'{require.text}' is true as it is written, of any call")
        elif isinstance(questions.ask([setting.target.step.alive, wrong], setting, Effort.COARSE), Unsatisfiable):
            notes.append(f"'{require.text}' holds without the premise, for every call of this target")
    return notes


def _witness(rule: Rule, part: Part, result: PartResult, setting: Setting) -> Episode | None:
    if result.witness is not None:
        return result.witness
    for finding in result.findings:
        assert not isinstance(finding.episode, Retold)
        return finding.episode
    return setting.samples.meets(setting.target, rule, setting.profile, part)
