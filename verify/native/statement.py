"""What a finding says is wrong, as formulas over what the compiled code shows: registers, SMCs, EL2's agreement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from verify.errors import InternalError
from verify.interpret.session import CallDone
from verify.prove.failing import differing, failing, lonely, part_of, scene_of, value
from verify.prove.outcome import Episode, Finding
from verify.rules.memory import HOST, BufferAccess, Content
from verify.rules.rule import Rule
from verify.rules.scene import Instead, Result, Scene, Smc, State, nothing_instead
from verify.rules.words import Output, Truth, Word
from verify.terms import build as t
from verify.terms.term import Term, variables


class NotShown(Exception):
    """The compiled code cannot show what the finding says; the text says why."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One conjunct that fails in the episode. `is_pair`: `value` differs between its two runs; else it is false."""

    text: str
    output: str
    is_pair: bool
    given: Term
    value: Term


@dataclass(frozen=True, slots=True)
class Judged:
    """`events`: what happens is wrong, no number decides."""

    statements: tuple[Statement, ...]
    expressions: Mapping[str, str]
    """In C, of the variables in the statements."""
    events: bool
    shown: tuple[int, ...] = ()
    """Physical addresses of bytes of the host's that the statements speak of."""


@dataclass(slots=True)
class _Observed:
    """Variables for what is seen natively, with their expressions in C."""

    expressions: dict[str, str] = field(default_factory=dict)
    shown: list[int] = field(default_factory=list)
    asked: bool = False

    def word(self, name: str, bits: int, expression: str) -> Word:
        self.expressions[name] = expression
        return Word(t.var(name, bits))

    def truth(self, name: str, expression: str) -> Truth:
        self.expressions[name] = expression
        return Truth(t.var(name, 0))

    def bytes_at(self, address: int, size: int) -> Term:
        """Of the host's memory, when the call has ended."""
        found: Term | None = None
        for at in range(address, address + size):
            if at not in self.shown:
                self.shown.append(at)
            byte = self.word(f"host.{at:x}", 8, f"seen->shown[{self.shown.index(at)}]").term
            found = byte if found is None else t.concat(byte, found)
        assert found is not None
        return found

    def instead(self) -> Instead:
        self.asked = True
        return nothing_instead()


def judged(rule: Rule, profile: str, part: str, finding: Finding, constants: Mapping[str, int],
           max_version: int) -> Judged:
    """Raises NotShown, and InternalError where the episode does not break what the report says."""
    episode = finding.episode
    assert isinstance(episode, Episode) and episode.names is not None
    observed = _Observed()
    scene = scene_of(episode, profile, constants, max_version, observed.instead)
    if episode.second is None:
        wrong = failing(part_of(rule, part, scene), finding)
        _without(rule, part, finding, scene, wrong)
    else:
        other = scene_of(episode.second, profile, constants, max_version, observed.instead)
        runs = part_of(rule, part, scene), part_of(rule, part, other)
        wrong = differing(*runs, finding)
        if not wrong and lonely(*runs, finding):
            raise NotShown("one of its two runs makes an SMC that the other does not make")
    if observed.asked:
        raise NotShown("the rule compares the answer with what another call in its place would give")
    if not wrong:
        raise InternalError(f"{rule.identity}, part '{part}': the episode of {finding.fingerprint} breaks no statement")
    done = episode.calls[-1]
    seen = part_of(rule, part, _observed(scene, done, observed))
    chosen = tuple(
        Statement(one.text, one.output, one.independent is not None, seen.given.term, value(one))
        for one in (seen.then[k] for k in wrong))
    events = any(not statement.is_pair and not variables([statement.value]) for statement in chosen)
    return Judged(chosen, dict(observed.expressions), events, tuple(observed.shown))


def _fixed(now: list[int], before: list[int]) -> bool:
    return len(now) < len(before)


def _without(rule: Rule, name: str, finding: Finding, scene: Scene, wrong: list[int]) -> None:
    """Raises NotShown where the finding rests on what a native run has no trace of."""
    for why, other in _blind(scene):
        if _fixed(failing(part_of(rule, name, other), finding), wrong):
            raise NotShown(why)


def _blind(scene: Scene) -> Iterator[tuple[str, Scene]]:
    yes = Truth(t.TRUE)
    yield "it is about locks or the order of accesses, which other CPUs would show", replace(
        scene, accesses=(), lock_steps=(), buffer_accesses=tuple(
            replace(access, locked=yes) for access in scene.buffer_accesses),
        transfers=tuple(replace(item, locked=yes) for item in scene.transfers),
        smcs=tuple(replace(smc, locked=yes) for smc in scene.smcs))
    yield "a sum that wraps leaves no trace of itself", replace(
        scene, hazards=tuple(item for item in scene.hazards if item.kind != "wrap"))


def _observed(scene: Scene, done: CallDone, observed: _Observed) -> Scene:
    """The scene with variables for the numbers that the compiled code decides about.

    What it writes to EL2's TX buffer is compared byte by byte, and is therefore as known as what the host sent. What it
    writes to the host's memory is looked at when the call has ended.
    """
    accesses = tuple(_shown(access, observed) for access in scene.buffer_accesses)
    registers = tuple(
        replace(observed.word(f"x{k}", 64, f"seen->x[{k}]"), outputs=(Output(f"x{k}", t.const(0, 16)),))
        for k in range(31))
    smcs, forwards = list(scene.smcs), list(scene.forwards)
    own, sent_on = iter(range(len(smcs))), iter(range(len(forwards)))
    for number, smc in enumerate(done.log.smcs):
        group, at = (forwards, next(sent_on)) if smc.is_forward else (smcs, next(own))
        group[at] = _seen(group[at], number, observed)
    if done.ended is not None:
        return replace(scene, smcs=tuple(smcs), forwards=tuple(forwards), buffer_accesses=accesses)
    return replace(
        scene, result=Result(scene.result.handled, registers), smcs=tuple(smcs), forwards=tuple(forwards),
        buffer_accesses=accesses, post=_agreed(scene.post, observed),
        locks_held=observed.truth("locks_held", "!!seen->held"))


def _seen(smc: Smc, number: int, observed: _Observed) -> Smc:
    parameters = tuple(
        observed.word(f"smc{number}.x{k}", 64, f"seen->smcs[{number}].x[{k}]") for k in range(len(smc.parameters)))
    return replace(smc, parameters=parameters)


def _shown(access: BufferAccess, observed: _Observed) -> BufferAccess:
    if access.buffer != HOST or not access.is_write:
        return access
    start = access.offset.term.value
    return replace(access, written=Content(lambda at, size: observed.bytes_at(start + at.value, size)))


def _agreed(state: State, observed: _Observed) -> State:
    return replace(state, version=observed.word("version", 32, "(seen->version & 0xffffffffULL)"),
                   negotiated=observed.truth("negotiated", "!!seen->negotiated"))
