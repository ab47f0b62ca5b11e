"""The interpreter's say: does it reproduce what the engine found?"""

from __future__ import annotations

import re
from collections.abc import Iterable

from verify.errors import ReplayMismatch
from verify.interpret.environment import Scripted
from verify.interpret.memory import Fault
from verify.interpret.session import CallDone, Session
from verify.prove.concrete_scene import concrete_scene
from verify.prove.outcome import Episode
from verify.prove.reset import Script
from verify.prove.target import Target
from verify.rules.rule import Part, Require, Rule

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


def run(target: Target, script: Script, pattern: int, unused: bool = False) -> Episode:
    """All calls of the script from reset. Raises ReplayMismatch where the interpreter meets a fault."""
    environment = Scripted(pattern=pattern, answers=list(script.answers))
    if unused:
        environment.unused = unused_bytes(script)
    session = Session(target.unit, environment, script.page_shift)
    for path, value in script.boot:
        session.machine.set_static(path, value)
    try:
        result = session.initialise()
    except Fault as problem:
        raise ReplayMismatch(f"replay: hyp_ffa_init: {problem}") from None
    if result != 0:
        raise ReplayMismatch(f"replay: hyp_ffa_init returns {result}, the engine says 0")
    calls = []
    for registers in script.calls:
        calls.append(session.call(registers))
        if calls[-1].fault is not None:
            raise ReplayMismatch(f"replay: call {len(calls)}: {calls[-1].fault}")
    if environment.used != len(script.answers):
        raise ReplayMismatch(f"replay: {environment.used} SMCs were made, the engine says {len(script.answers)}")
    return Episode(script.page_shift, pattern, script.boot, script.answers, tuple(calls))


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
    episodes = []
    tries = [(pattern, False) for pattern in PATTERNS] + [(0, True)]
    for pattern, unused in tries:
        episode = run(target, script, pattern, unused)
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
