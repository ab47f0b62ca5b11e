"""A counterexample with other inputs, run by the interpreter: is the violation still there?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial

from verify.errors import ReplayMismatch
from verify.interpret.environment import Surroundings
from verify.interpret.machine import MAX_STEPS
from verify.interpret.memory import Fault
from verify.interpret.session import CallDone, Session
from verify.interpret.spmc import RX_RELEASE, RXTX_MAP, RXTX_UNMAP, VERSION, Spmc
from verify.ir.function import Unit
from verify.prove.failing import answered_version, differing, failing, fails, is_met, lonely, offered, scene_of, value
from verify.prove.histories import MOST_STEPS
from verify.prove.inputs import FORWARD, CallInputs, Inputs, Place, changed, function, inputs_of, values
from verify.prove.outcome import Episode, Finding
from verify.prove.replay import OUTSIDE, PATTERNS, instead, named_by_w1
from verify.prove.target import buffer_paths
from verify.rules.rule import STACK, Part, Rule
from verify.rules.scene import Instead, nothing_instead

ENDLESS = "endless-loop"
NEWEST = 0x10002
SHARED_STATE = (VERSION, RXTX_MAP, RXTX_UNMAP, RX_RELEASE)
"""What the SPMC behind the answers has to know of, though it is not the one who answers."""


class Outcome(Enum):
    """Of a counterexample with other inputs."""

    VIOLATED = "violated"
    """All that is wrong in the finding is wrong here, too."""
    PARTLY = "partly violated"
    """Some of it is."""
    OTHER = "breaks something else"
    """Of the same part."""
    KEPT = "keeps the rule"
    ASIDE = "not what this part of the rule speaks of"
    """The premise is not met."""
    STOPPED = "does not come to its end"


Wrong = frozenset[tuple[str, str]]
"""Conjuncts by text and output."""
_Seen = tuple[object, ...]
"""Two runs in which it is the same do not depend on what unused memory holds."""


class Stopped(Exception):
    """The calls do not come to the end of the last one."""


@dataclass(slots=True)
class _Around(Spmc):
    """EL3 answers as in `call`, each function by itself; what it was not asked there a conforming SPMC answers.

    `stack`: what the compiler puts into each variable that is not initialised.
    """

    call: CallInputs = field(default_factory=CallInputs)
    used: set[int] = field(default_factory=set)
    """Answers that were given in this call."""
    stack: int | None = None
    is_used: bool = False
    """Somebody looked at unused memory."""

    def begin(self, call: CallInputs) -> None:
        self.call = call
        self.used.clear()

    def smc(self, arguments: Sequence[int], is_forward: bool) -> Sequence[int]:
        wanted = FORWARD if is_forward else function(arguments[0])
        for number, asked in enumerate(self.call.asked):
            if asked == wanted and number not in self.used:
                self.used.add(number)
                if function(arguments[0]) in SHARED_STATE:
                    Spmc.smc(self, arguments, is_forward)
                if self.mailbox is not None and self.call.left[number]:
                    self.mailbox.fill(self.call.left[number])
                return self.call.answers[number]
        return Spmc.smc(self, arguments, is_forward)

    def fill(self, name: str, offset: int) -> int:
        if self.stack is not None and name != OUTSIDE:
            return self.stack
        self.is_used = True
        return Surroundings.fill(self, name, offset)


@dataclass(frozen=True, slots=True)
class Run:
    """One of the runs that a finding is about: what memory holds that nobody wrote, and what is another in the second.

    `statics`: by path, what the last call finds in them. `is_like_next`: those behind it differ in that memory alone.
    """

    pattern: int
    unused: Mapping[tuple[str, int], int]
    physical: int
    other: Mapping[Place, int] = field(default_factory=dict)
    statics: tuple[tuple[str, int], ...] = ()
    is_like_next: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """`wrong`: of what is wrong in the finding."""

    outcome: Outcome
    wrong: Wrong = frozenset()


@dataclass(slots=True)
class Rerun:
    """Of one finding of a target. `wrong`: what is wrong in it. `count`: runs so far."""

    unit: Unit
    rule: Rule
    profile: str
    part: str
    finding: Finding
    count: int = 0
    wrong: Wrong = frozenset()
    _runs: tuple[Run, ...] = ()

    @property
    def episode(self) -> Episode:
        assert isinstance(self.finding.episode, Episode)
        return self.finding.episode

    @property
    def calls(self) -> int:
        return len(self.episode.calls)

    def begin(self) -> Inputs:
        """The inputs as they are. Raises ReplayMismatch where they do not show the violation."""
        self._runs = tuple(self._all_runs())
        inputs = inputs_of(self.episode)
        try:
            parts = [self._part(inputs, run, None)[0] for run in self._runs[:2 if self.episode.second else 1]]
        except Stopped as why:
            raise ReplayMismatch(f"run again, the calls do not come to their end: {why}") from None
        met = [part for part in parts if part is not None]
        self.wrong = frozenset().union(*(self._wrong(met[0], part) for part in met))
        if not self.wrong:
            raise ReplayMismatch("run again, the calls do not show the violation")
        return inputs

    def _wrong(self, first: Part, part: Part) -> Wrong:
        found = [*(part.then[k] for k in failing(part, self.finding)),
                 *(first.then[k] for k in differing(first, part, self.finding)),
                 *lonely(first, part, self.finding)]
        return frozenset((one.text, one.output) for one in found)

    def outcome(self, inputs: Inputs, stack: int | None = None) -> Judged:
        """After `begin`. `stack`: uninitialised variables are filled with this byte by the compiler."""
        parts: list[Part] = []
        stopped, seen, best = False, None, Wrong()
        for run in self._runs:
            try:
                part, now = self._part(inputs, run, stack)
            except Stopped:
                stopped = True
                continue
            if part is not None and is_met(part):
                parts.append(part)
                best = max(best, self._wrong(parts[0], part) & self.wrong, key=len)
                if best == self.wrong:
                    return Judged(Outcome.VIOLATED, best)
            if run.is_like_next and now in (None, seen):
                break
            seen = now
        if best:
            return Judged(Outcome.PARTLY, best)
        return Judged(self._unbroken(parts, stopped))

    def _unbroken(self, parts: Sequence[Part], stopped: bool) -> Outcome:
        if not parts:
            return Outcome.STOPPED if stopped else Outcome.ASIDE
        return Outcome.OTHER if any(map(fails, parts[0].then)) or self._leaks(parts) else Outcome.KEPT

    def _all_runs(self) -> Iterator[Run]:
        first, second = self.episode, self.episode.second
        run = _plain(first)
        if second is None:
            yield replace(run, is_like_next=True)
        else:
            yield run
            old, before = values(inputs_of(first)), dict(first.calls[-1].state_before)
            other = {place: new for place, new in values(inputs_of(second)).items() if old.get(place, new) != new}
            statics = tuple((path, new) for path, new in second.calls[-1].state_before if before[path] != new)
            yield replace(_plain(second), other=other, statics=statics)
            if other or statics or second.physical != first.physical:
                return
        outside = {(OUTSIDE, offset): byte for offset, byte in first.outside}
        done = {one.pattern for one in (first, second) if one is not None and not one.is_chosen}
        for pattern in PATTERNS:
            if pattern not in done:
                yield replace(run, pattern=pattern, unused=outside, is_like_next=True)

    def _leaks(self, parts: Sequence[Part]) -> bool:
        """Some conjunct that is about the stack has two values in these runs."""
        seen: dict[tuple[str, str], set[int]] = {}
        for one in (one for part in parts for one in part.then):
            if one.independent is not None and one.secrets == STACK:
                seen.setdefault((one.text, one.output), set()).add(id(value(one)))
        return any(len(found) > 1 for found in seen.values())

    def _part(self, inputs: Inputs, run: Run, stack: int | None) -> tuple[Part | None, _Seen | None]:
        """The part, if the last call has it; what is seen, if somebody looked at unused memory. Raises Stopped."""
        calls, environment = self._play(inputs, run, stack)
        asked: Callable[[], Instead] = partial(self._instead, inputs, run, stack)
        scene = scene_of(replace(self.episode, calls=calls), self.profile, self.unit.constants,
                         offered(self.episode), asked)
        part = next((part for part in self.rule.statement(scene) if part.name == self.part), None)
        return part, _seen(calls) if environment.is_used else None

    def _instead(self, inputs: Inputs, run: Run, stack: int | None) -> Instead:
        *earlier, last = inputs.calls
        other = replace(inputs, calls=(*earlier, replace(last, registers=named_by_w1(last.registers))))
        try:
            return instead(self._play(other, run, stack)[0][-1])
        except Stopped:
            return nothing_instead()

    def _play(self, inputs: Inputs, run: Run, stack: int | None) -> tuple[tuple[CallDone, ...], _Around]:
        """Raises Stopped."""
        session, environment, inputs = self._booted(inputs, run, stack)
        calls = tuple(self._call(session, environment, run, inputs, number) for number in range(1, len(inputs.calls)))
        return calls, environment

    def before_last(self) -> tuple[Session, Surroundings]:
        """After `begin`: the state that the last call of the first run finds, with the inputs as they are."""
        session, environment, inputs = self._booted(inputs_of(self.episode), self._runs[0], None)
        for number in range(1, len(inputs.calls) - 1):
            self._call(session, environment, self._runs[0], inputs, number)
        return session, environment

    def _booted(self, inputs: Inputs, run: Run, stack: int | None) -> tuple[Session, _Around, Inputs]:
        """With the inputs as this run has them. Raises Stopped."""
        self.count += 1
        ended = self.episode.calls[-1].ended
        if run.other:
            last = len(self.episode.calls)  # which has another number where a call before it is left out
            other = {replace(place, call=len(inputs.calls) - 1) if place.call == last else place: new
                     for place, new in run.other.items()}
            there = values(inputs)
            inputs = changed(inputs, {place: new for place, new in other.items() if place in there})
        environment = _Around(pattern=run.pattern, unused=dict(run.unused), stack=stack,
                              version=answered_version(self.episode) or NEWEST)
        binding = self.episode.names
        assert binding is not None
        session = Session(
            self.unit, environment, self.episode.page_shift, trace=False, init=binding.init,
            paths=buffer_paths(binding), lenient=ended is None,
            most_steps=MAX_STEPS if ended is not None and ended.kind == ENDLESS else MOST_STEPS)
        environment.physical[session.pages] = run.physical
        self._begin(session, environment, inputs)
        return session, environment, inputs

    def _call(self, session: Session, environment: _Around, run: Run, inputs: Inputs, number: int) -> CallDone:
        """Raises Stopped."""
        ended, is_last = self.episode.calls[-1].ended, number == len(inputs.calls) - 1
        call = inputs.calls[number]
        environment.begin(call)
        for path, new in run.statics if is_last else ():
            session.machine.set_static(path, new)
        done = session.call(call.registers, call.host)
        if (end := done.ended) is not None and (ended is None or not is_last or not end.kind):
            raise Stopped(end.text)
        return done

    @staticmethod
    def _begin(session: Session, environment: _Around, inputs: Inputs) -> None:
        for path, number in inputs.boot:
            session.machine.set_static(path, number)
        environment.begin(inputs.calls[0])
        try:
            result = session.initialise()
        except Fault as problem:
            raise Stopped(str(problem)) from None
        if result:
            raise Stopped(f"{session.init} returns {result}")
        for first, end, state in inputs.pages:
            environment.world.begin_range(first, end, state)


def _seen(calls: Sequence[CallDone]) -> _Seen:
    return tuple((done.registers, done.state_after, tuple(smc.arguments for smc in done.log.smcs),
                  tuple((event.buffer, event.offset, event.length) for event in done.log.buffers)) for done in calls)


def _plain(episode: Episode) -> Run:
    unused = {(OUTSIDE, offset): byte for offset, byte in episode.outside} | dict(episode.chosen)
    return Run(episode.pattern, unused, episode.physical)
