"""The interpreter's say: does it reproduce what the engine found?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from verify.engine.regions import PAGES
from verify.errors import ReplayMismatch
from verify.interpret.environment import Scripted
from verify.interpret.memory import Fault
from verify.interpret.session import CallDone, Session
from verify.ir.expr import POINTER
from verify.prove.claims import OTHER_CPU
from verify.prove.concrete_scene import concrete_scene
from verify.prove.outcome import Episode
from verify.prove.reset import Script
from verify.prove.target import Target
from verify.prove.two_calls import INPUTS, registers, second_call
from verify.rules.rule import Part, Require, Rule
from verify.terms.evaluate import evaluate

PATTERNS = (0xAA, 0x55, 0x00, 0xFF)
_UNUSED = re.compile(r"c\.u\.(.+)\.(\d+)!\d+$")


def unused_bytes(script: Script) -> dict[tuple[str, int], int]:
    """What the solver put into uninitialised memory, byte by byte."""
    result = {}
    for name, value in script.values.items():
        found = _UNUSED.match(name)
        if found is not None:
            for index in range(8):
                result[found[1], int(found[2]) + index] = (value >> (8 * index)) & 0xFF
    return result


def run(target: Target, script: Script, pattern: int, unused: bool = False, second: str = "") -> Episode:
    """All calls of the script from reset; `second`: the last one with the other secrets of a two-run claim, by kind.

    Raises ReplayMismatch where the interpreter meets a fault or other SMCs than the engine.
    """
    environment = Scripted(pattern=pattern, answers=_answers(target, script, second))
    if unused:
        environment.unused = unused_bytes(script)
    session = Session(target.unit, environment, script.page_shift, init=target.binding.init)
    _place(session, environment, script.physical)
    _boot(session, script)
    boot_smcs = tuple(session.machine.log.smcs)
    calls = []
    for number, first in enumerate(script.calls, 1):
        is_other = bool(second) and number == len(script.calls)
        calls.append(session.call(_other_call(session, environment, target, script, second) if is_other else first))
        if calls[-1].fault is not None:
            raise ReplayMismatch(f"replay: call {number}: {calls[-1].fault}")
    if environment.used != len(script.answers) and not second:
        raise ReplayMismatch(f"replay: {environment.used} SMCs were made, the engine says {len(script.answers)}")
    return Episode(script.page_shift, pattern, script.boot, script.answers, tuple(calls), boot_smcs)


def _answers(target: Target, script: Script, second: str) -> list[Sequence[int]]:
    """EL3's answers in order; the second of two calls may ask it something else."""
    if second not in INPUTS:
        return list(script.answers)
    smcs = target.step.record.smcs
    made = sum(evaluate([event.guard for event in smcs], script.values)) if smcs else 0
    return [*script.answers[:len(script.answers) - made], *second_call(target, second).answers(script.values)]


def _other_call(session: Session, environment: Scripted, target: Target, script: Script, kind: str) -> Sequence[int]:
    """The host's registers in the last call of the second run."""
    if kind in INPUTS:
        return registers(script.calls[-1], script.other, target.step.record.prefix)
    _disturb(session, environment, target, script)
    return script.calls[-1]


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
    """What the last call must not reveal is something else now."""
    prefix = f"{target.step.record.prefix}s."
    _place(session, environment, ((k.removeprefix("phys."), v) for k, v in script.other if k.startswith("phys.")))
    scalars = {
        f"{name}.{member.path}" if member.path else name
        for name, item in target.unit.statics.items() for member in item.fields if member.bits != POINTER
    }
    for name, value in script.other:
        found = OTHER_CPU.fullmatch(name)
        if found is not None and found[1] in scalars:
            session.machine.set_static(found[1], value)
        path = name.removeprefix(prefix).removeprefix("boot.")
        if name.startswith((prefix, "boot.")) and path in scalars:
            session.machine.set_static(path, value)


def _part(target: Target, rule: Rule, profile: str, done: CallDone, name: str) -> Part:
    scene = concrete_scene(done, target.binding, profile, target.unit.constants, target.max_version)
    for part in rule.statement(scene):
        if part.name == name:
            return part
    raise ReplayMismatch(f"{rule.identity}: the part '{name}' is missing for a concrete call")


def meets_premise(target: Target, rule: Rule, profile: str, episode: Episode, name: str) -> bool:
    """Does the last call meet the part's premise?"""
    given = _part(target, rule, profile, episode.calls[-1], name).given.term
    return given.is_const and bool(given.value)


def _fails(requires: Iterable[Require], wanted: Require) -> bool:
    return any(
        r.text == wanted.text and r.independent is None and r.holds.term.is_const and not r.holds.term.value
        for r in requires)


def _values(part: Part, wanted: Require) -> list[int]:
    return [
        r.independent.term.value for r in part.then
        if r.text == wanted.text and r.output == wanted.output and r.independent is not None
    ]


def confirm(target: Target, rule: Rule, profile: str, script: Script, name: str, wanted: Require) -> Episode:
    """The episode in which `wanted` fails; raises ReplayMismatch if there is none."""
    episodes: list[tuple[Episode, list[int]]] = []
    for episode in _tries(target, script, wanted):
        part = _part(target, rule, profile, episode.calls[-1], name)
        if not (part.given.term.is_const and part.given.term.value):
            continue
        if wanted.independent is None:
            if _fails(part.then, wanted):
                return episode
            continue
        episodes.append((episode, _values(part, wanted)))
        if episodes[0][1] != episodes[-1][1]:
            return episodes[0][0]
    raise ReplayMismatch(
        f"{rule.identity}, part '{name}': the interpreter does not reproduce that '{wanted.text}' fails")


def _tries(target: Target, script: Script, wanted: Require) -> Iterator[Episode]:
    """Runs that differ in what the host must not see: unused memory, or addresses and unrelated statics."""
    if wanted.independent is not None and wanted.secrets != "stack":
        yield run(target, script, PATTERNS[0])
        yield run(target, script, PATTERNS[0], second=wanted.secrets)
        return
    yield from (run(target, script, pattern) for pattern in PATTERNS)
    yield run(target, script, 0, unused=True)
