"""The interpreter's say: does it reproduce what the engine found?"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from verify.engine.regions import PAGES
from verify.errors import ReplayMismatch
from verify.interpret.environment import Scripted
from verify.interpret.machine import MAX_STEPS
from verify.interpret.memory import Fault
from verify.interpret.session import CallDone, Session
from verify.interpret.world import LAST_PAGE
from verify.ir.expr import POINTER
from verify.prove.claims import HAZARD
from verify.prove.concrete_scene import concrete_scene
from verify.prove.histories import MOST_STEPS
from verify.prove.outcome import Episode
from verify.prove.reset import Script
from verify.prove.secrecy import OTHER_CPU, SECOND
from verify.prove.target import Target, buffer_paths
from verify.prove.two_calls import INPUTS, registers, second_call
from verify.rules.rule import ADDRESSES, OUTCOME, STACK, Part, Require, Rule
from verify.rules.scene import Instead, nothing_instead
from verify.rules.words import Truth
from verify.terms import build as t
from verify.terms.evaluate import evaluate

PATTERNS = (0xAA, 0x55, 0x00, 0xFF)
Sent = tuple[tuple[int, ...], ...]
OTHER_PAGE, OTHER_INDEX = LAST_PAGE, (1 << 32) - 1
"""Which no call is likely to speak of."""
OUTSIDE = "outside"
_UNUSED = re.compile(r"c\.u\.(.+)\.(\d+)!\d+$")


def unwritten_bytes(script: Script, mark: str = "") -> dict[tuple[str, int], int]:
    """What the solver put into uninitialised memory, byte by byte; `mark`: of the second run."""
    result: dict[tuple[str, int], int] = {}
    for name, value in script.values.items():
        found = _UNUSED.fullmatch(name.removesuffix(mark))
        if found is not None and name.endswith(mark):
            result.update(((found[1], int(found[2]) + k), byte) for k, byte in enumerate(value.to_bytes(8, "little")))
    return result


def outside_bytes(script: Script, mark: str = "") -> dict[tuple[str, int], int]:
    """What loads of the last call find outside their objects."""
    result: dict[tuple[str, int], int] = {}
    for name, offset, size in script.outside:
        prefix = f"{name}{mark}@"
        if size is None:
            result.update(((OUTSIDE, int(key.removeprefix(prefix))), byte)
                          for key, byte in script.values.items() if key.startswith(prefix))
        else:
            value = script.values.get(f"{name}{mark}", 0)
            result.update(((OUTSIDE, offset + k), byte) for k, byte in enumerate(value.to_bytes(size, "little")))
    return result


@dataclass(frozen=True, slots=True)
class How:
    """A run of a script: what unused memory holds, and whose secrets the last call finds."""

    pattern: int
    unused: bool = False
    """Memory holds what the model says, of the run that `second` names."""
    second: str = ""
    """What the last call differs in from the first run's, if it does."""


def run(target: Target, script: Script, how: How, may_fault: bool = False, is_exact: bool = True) -> Episode:
    """All calls of the script from reset; `is_exact`: EL2 makes as many SMCs as it has answers for.

    `may_fault`: the last one may end in undefined behaviour. Otherwise reads outside an object find unused memory.
    Raises ReplayMismatch where the interpreter meets a fault, or other SMCs than the engine.
    """
    mark = SECOND if how.second == STACK else ""
    environment = Scripted(pattern=how.pattern, answers=_answers(target, script, how.second), left=script.left,
                           unused=outside_bytes(script, mark))
    if how.unused:
        environment.unused.update(unwritten_bytes(script, mark))
    session = Session(target.unit, environment, script.page_shift, init=target.binding.init,
                      paths=buffer_paths(target.binding), lenient=not may_fault,
                      most_steps=MAX_STEPS if may_fault else MOST_STEPS)
    _place(session, environment, script.physical)
    _boot(session, script)
    environment.world.begin(dict(script.pages))
    boot_smcs = tuple(session.machine.log.smcs)
    calls: list[CallDone] = []
    for number, asked in enumerate(script.calls):
        is_last = number == len(script.calls) - 1
        if is_last:
            environment.world.wanted = deque(script.results)
        other = is_last and how.second in INPUTS
        values = registers(asked, script.other, target.step.record.prefix) if other else asked
        if is_last and how.second == ADDRESSES:
            _disturb(session, environment, target, script)
        calls.append(session.call(values, script.host[number]) if script.host else session.call(values))
        _check_end(calls[-1], number + 1, may_fault and is_last)
    if is_exact and environment.used != len(script.answers) and not how.second and not may_fault:
        raise ReplayMismatch(f"replay: {environment.used} SMCs were made, the engine says {len(script.answers)}")
    outside = sorted((offset, byte) for (name, offset), byte in environment.unused.items() if name == OUTSIDE)
    chosen = tuple(sorted(environment.unused.items())) if how.unused else ()
    return Episode(script.page_shift, how.pattern, script.boot, script.answers, tuple(calls), boot_smcs,
                   names=target.binding, physical=environment.physical.get(session.pages, session.pages),
                   outside=tuple(outside), is_chosen=how.unused, chosen=chosen)


def _check_end(done: CallDone, number: int, may_fault: bool) -> None:
    if done.ended is None or (may_fault and done.ended.kind not in ("", "impossible")):
        return
    raise ReplayMismatch(f"replay: call {number}: {done.ended.text}")


def _answers(target: Target, script: Script, second: str) -> list[Sequence[int]]:
    """EL3's answers in order; the second of two calls may ask it something else."""
    prefix = f"{target.step.record.prefix}s."
    smcs = target.step.record.smcs
    if second not in INPUTS or not smcs or not any(name.startswith(prefix) for name in script.values):
        return list(script.answers)
    made = sum(evaluate([event.guard for event in smcs], script.values))
    return [*script.answers[:len(script.answers) - made], *second_call(target, second).answers(script.values)]


def _boot(session: Session, script: Script) -> None:
    for path, value in script.boot:
        session.machine.set_static(path, value)
    try:
        result = session.initialise()
    except Fault as problem:
        raise ReplayMismatch(f"replay: {session.init}: {problem}") from None
    if result != 0:
        raise ReplayMismatch(f"replay: {session.init} returns {result}, the engine says 0")


def _place(session: Session, environment: Scripted, addresses: Iterable[tuple[str, int]]) -> None:
    """Physical addresses of EL2's objects."""
    for name, value in addresses:
        address = session.pages if name == PAGES else session.machine.address(name)
        if address is not None:
            environment.physical[address] = value


def _disturb(session: Session, environment: Scripted, target: Target, script: Script) -> None:
    """What the last call must not reveal is something else now. Looks at a static that do not matter are the same."""
    prefix = f"{target.step.record.prefix}s."
    _place(session, environment, ((k.removeprefix("phys."), v) for k, v in script.other if k.startswith("phys.")))
    scalars = {
        f"{name}.{member.path}" if member.path else name
        for name, item in target.unit.statics.items() for member in item.fields if member.bits != POINTER
    }
    for name, value in script.other:
        found = OTHER_CPU.fullmatch(name)
        if found is not None and found[1] in scalars and value != script.values.get(name):
            session.machine.set_static(found[1], value)
        path = name.removeprefix(prefix).removeprefix("boot.")
        if name.startswith((prefix, "boot.")) and path in scalars:
            session.machine.set_static(path, value)


@dataclass(slots=True)
class Replay:
    """One script, run as often as a part asks for. `name`: the part that its last call is to break or to meet."""

    target: Target
    rule: Rule
    profile: str
    script: Script
    name: str
    _done: dict[tuple[How, bool], tuple[Episode, Part]] = field(default_factory=dict)

    def confirm(self, wanted: Require) -> Episode:
        """The episode in which `wanted` fails; raises ReplayMismatch if there is none."""
        problem = ReplayMismatch(
            f"{self.rule.identity}, part '{self.name}': the interpreter does not reproduce that '{wanted.text}' fails")
        for runs in self._tries(wanted):
            try:
                found = self._shown(wanted, runs)
            except ReplayMismatch as mismatch:
                problem = mismatch
                continue
            if found is not None:
                return found
        raise problem

    def _shown(self, wanted: Require, runs: Sequence[How]) -> Episode | None:
        """One of the runs in which it fails, or the first of two that differ."""
        may_fault = any(output.name == HAZARD for output in wanted.holds.outputs)
        seen: dict[Sent, tuple[Episode, list[int]]] = {}
        for how in runs:
            episode, part = self._run(how, may_fault)
            if not (part.given.term.is_const and part.given.term.value):
                continue
            if wanted.independent is None:
                if _fails(part.then, wanted):
                    return self._pointed(episode, wanted, how)
                continue
            values, sent = _values(part, wanted), _sent(episode)
            first, found = seen.setdefault(sent if wanted.alike else (), (episode, values))
            if found != values or (wanted.secrets == STACK and not wanted.alike and _sent(first) != sent):
                return replace(self._at_index(wanted, (first, episode), how), second=episode)
        return None

    def _at_index(self, wanted: Require, runs: tuple[Episode, Episode], how: How) -> Episode:
        """The first of two runs; with the index at which they differ, if it matters which it is."""
        parts = [self._part(episode.calls[-1], how, index=OTHER_INDEX) for episode in runs]
        one, other = (_values(part, wanted) for part in parts)
        return replace(runs[0], index=self.script.index if one == other else None)

    def witness(self) -> Episode:
        """A run that meets the premise, which may look at unused memory; raises ReplayMismatch."""
        for how in (How(PATTERNS[0]), How(0, unused=True)):
            episode, part = self._run(how, False)
            if part.given.term.is_const and part.given.term.value:
                return episode
        raise ReplayMismatch(
            f"{self.rule.identity}, part '{self.name}': the interpreter does not meet the premise")

    def _tries(self, wanted: Require) -> list[list[How]]:
        """Runs that differ in what the host must not see: unused memory, or addresses and unrelated statics.

        What the engine found may need some content of unused memory, which is the same in two runs that differ in
        something else.
        """
        chosen = [*map(How, PATTERNS), How(0, unused=True)]
        if wanted.independent is None:
            return [chosen]
        if wanted.secrets == STACK:
            return [[*chosen, How(0, unused=True, second=STACK)]]
        return [[how, replace(how, second=wanted.secrets)] for how in chosen]

    def _run(self, how: How, may_fault: bool) -> tuple[Episode, Part]:
        key = (how, may_fault)
        if key not in self._done:
            episode = run(self.target, self.script, how, may_fault)
            self._done[key] = (episode, self._part(episode.calls[-1], how))
        return self._done[key]

    def _asked(self, how: How) -> Instead:
        """The function that w1 of the last call names, called in its place."""
        *earlier, last = self.script.calls
        other = replace(self.script, calls=(*earlier, named_by_w1(last)))
        try:
            done = run(self.target, other, how, is_exact=False).calls[-1]
        except ReplayMismatch:
            return nothing_instead()
        return instead(done)

    def _pointed(self, episode: Episode, wanted: Require, how: How) -> Episode:
        """With the page and the index that the rule fails for, if it matters which they are."""
        done, script = episode.calls[-1], self.script
        page = None if self._is_wrong(done, how, wanted, OTHER_PAGE, script.index) else script.page
        index = None if self._is_wrong(done, how, wanted, script.page, OTHER_INDEX) else script.index
        return replace(episode, page=page, index=index)

    def _is_wrong(self, done: CallDone, how: How, wanted: Require, page: int, index: int) -> bool:
        part = self._part(done, how, page, index)
        return part.given.term.is_const and bool(part.given.term.value) and _fails(part.then, wanted)

    def _part(self, done: CallDone, how: How, page: int | None = None, index: int | None = None) -> Part:
        """For the script's page and index, unless others are named."""
        target, script = self.target, self.script
        scene = concrete_scene(done, target.binding, self.profile, target.unit.constants, target.max_version,
                               script.page if page is None else page, script.index if index is None else index,
                               partial(self._asked, how))
        for part in self.rule.statement(scene):
            if part.name == self.name:
                return part
        raise ReplayMismatch(f"{self.rule.identity}: the part '{self.name}' is missing for a concrete call")


def named_by_w1(registers: Sequence[int]) -> tuple[int, ...]:
    """A call of the function that w1 names, in the place of this one."""
    return (registers[1] & 0xFFFFFFFF, *registers[1:])


def instead(done: CallDone) -> Instead:
    """What became of such a call."""
    answer = (done.registers[0] & 0xFFFFFFFF, done.registers[2] & 0xFFFFFFFF)
    is_decided = done.handled and not done.log.smcs
    is_refused = is_decided and answer == (0x84000060, 0xFFFFFFFF)
    return Instead(Truth(t.truth(is_refused)), Truth(t.truth(is_decided)), Truth(t.TRUE))


def _sent(episode: Episode) -> Sent:
    """What EL2 sends in the last call."""
    return tuple(smc.arguments for smc in episode.calls[-1].log.smcs)


def _fails(requires: Iterable[Require], wanted: Require) -> bool:
    return any(
        r.text == wanted.text and r.independent is None and r.holds.term.is_const and not r.holds.term.value
        for r in requires)


def _values(part: Part, wanted: Require) -> list[int]:
    """Of conjuncts that read the same, those about the output; numbers of a run need not say whose they are."""
    return [
        r.independent.term.value for r in part.then
        if r.text == wanted.text and r.output in (wanted.output, OUTCOME) and r.independent is not None
    ]
