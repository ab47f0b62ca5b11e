"""Ordinary calls from reset, run by the interpreter with a conforming SPMC: most premises are met by one of them.

A premise that a sample meets needs no search. They are replayed runs like any other witness.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from verify.engine.transition import named_functions
from verify.interpret.memory import Fault
from verify.interpret.session import NO_WRITES, CallDone, Session
from verify.interpret.spmc import Spmc
from verify.prove.choices import interesting_indices, interesting_pages
from verify.prove.concrete_scene import concrete_scene
from verify.prove.histories import MOST_STEPS, Call, histories
from verify.prove.outcome import Episode
from verify.prove.starts import INDEX, Way, set_smccc
from verify.prove.target import FFA_VERSION, Target, buffer_paths, mailbox_size
from verify.rules.marked import marked, speaks_of_page
from verify.rules.rule import Part, Rule
from verify.rules.scene import Scene
from verify.solve.query import equations
from verify.terms import build as t
from verify.terms.evaluate import substitute
from verify.terms.term import Term, variables

FFA_FEATURES = 0x84000064
REQUESTS = (0, 0x10000, 0x10001, 0x10002, 0x10007, 0x20000, 0x80010000)
FEATURES = (1, 2, 3, 5, 0x100, 0x84000063, 0xC4000066, 0x84000073, 0x84000080, 0xC4000083, 0xC400008D, 0xC400008E,
            0x840000F0, 0xC4000094, 0x84000090)
OTHERS = (
    0x84000065, 0xC4000066, 0x84000067, 0x84000068, 0x84000069, 0x8400006F, 0xC400006F, 0x84000070, 0xC4000070,
    0x84000072, 0xC4000072, 0x84000073, 0xC4000073, 0x84000074, 0x84000077, 0x8400007B, 0x84000080, 0xC4000083,
    0x84000085, 0x8400008A, 0xC400008A, 0xC400008B, 0x8400008D, 0xC400008D, 0xC400008E, 0xC4000094, 0x84000090,
    0xC4000063, 0x12345678,
)
SENDERS = (0, 0x00058001)


MOST_PAGES, MOST_INDICES = 12, 3
"""Of one sample, where a premise speaks of a page or of a range."""
Choice = tuple[int, int]
"""(followed page, followed index)"""


@dataclass(slots=True)
class Samples:
    """`cache` keeps what a sample meets: (rule, profile, number, choice) → part → (premise, interface condition)."""

    episodes: list[Episode]
    cache: dict[tuple[str, str, int, Choice], dict[str, tuple[bool, bool]]] = field(default_factory=dict)
    scenes: dict[tuple[str, int, Choice], Scene] = field(default_factory=dict)
    pages: dict[tuple[str, str], dict[str, bool]] = field(default_factory=dict)
    """(rule, profile) → part → does it speak of the followed page?"""

    def meets(self, target: Target, rule: Rule, profile: str, part: Part) -> Episode | None:
        """A sample that meets the part's premise."""
        for number, choice in self._looks(target, rule, profile, part, part.given.term):
            if self._met(target, rule, profile, number, choice).get(part.name, (False, False))[0]:
                return self.episodes[number]
        return None

    def shows(self, target: Target, rule: Rule, profile: str, part: Part) -> bool:
        """Some sample meets the part's interface condition."""
        return any(self._met(target, rule, profile, number, choice).get(part.name, (False, False))[1]
                   for number, choice in self._looks(target, rule, profile, part, part.exists.term))

    def _looks(
        self, target: Target, rule: Rule, profile: str, part: Part, wanted: Term
    ) -> Iterator[tuple[int, Choice]]:
        """Samples of the part's function, with the pages and indices that matter."""
        of_page = self._speaks_of_page(target, rule, profile).get(part.name, True)
        of_index = INDEX in variables(target.step.record.exact.behind(wanted))
        return ((number, choice) for number in self._likely(target, part.given.term)
                for choice in self._choices(number, of_page, of_index))

    def _speaks_of_page(self, target: Target, rule: Rule, profile: str) -> dict[str, bool]:
        """By part, of premise and interface condition: what holds of a call for one page holds for each, or not."""
        key = (rule.identity, profile)
        if key not in self.pages:
            self.pages[key] = {part.name: speaks_of_page([part.given.term, part.exists.term])
                               for part in rule.statement(marked(target.scene(profile)))}
        return self.pages[key]

    def _choices(self, number: int, of_page: bool, of_index: bool) -> list[Choice]:
        """Pages and indices worth looking at."""
        done = self.episodes[number].calls[-1]
        pages, indices = [0], [0]
        if of_page:
            pages = interesting_pages(self.episodes[number].calls)[:MOST_PAGES] or pages
        if of_index:
            indices = interesting_indices(done)[:MOST_INDICES] or indices
        return [(page, index) for page in pages for index in indices]

    def _likely(self, target: Target, premise: Term) -> list[int]:
        """The samples whose function number is one of those that the premise names, if it names any."""
        asked = substitute([target.step.inputs[0]], equations([premise]))[0]
        wanted = t.extract(asked, 31, 0)
        if wanted.is_const:
            return self._calls(0xFFFFFFFF, [wanted.value])
        named = named_functions(premise, target.step.record.prefix)
        return self._calls(0xFFFF, named[1]) if named else list(range(len(self.episodes)))

    def _calls(self, mask: int, wanted: Sequence[int]) -> list[int]:
        return [k for k, episode in enumerate(self.episodes) if episode.calls[-1].before[0] & mask in wanted]

    def _met(
        self, target: Target, rule: Rule, profile: str, number: int, choice: Choice
    ) -> dict[str, tuple[bool, bool]]:
        key = (rule.identity, profile, number, choice)
        if key not in self.cache:
            self.cache[key] = _met(rule, self._scene(target, profile, number, choice))
        return self.cache[key]

    def _scene(self, target: Target, profile: str, number: int, choice: Choice) -> Scene:
        key = (profile, number, choice)
        if key not in self.scenes:
            self.scenes[key] = concrete_scene(self.episodes[number].calls[-1], target.binding, profile,
                                              target.unit.constants, target.max_version, *choice)
        return self.scenes[key]


def _met(rule: Rule, scene: Scene) -> dict[str, tuple[bool, bool]]:
    return {
        part.name: (bool(part.given.term.value), bool(part.exists.term.value)) for part in rule.statement(scene)
        if part.given.term.is_const and part.exists.term.is_const
    }


def last_calls() -> Iterator[list[int]]:
    yield from ([FFA_VERSION, version] for version in REQUESTS)
    yield from ([FFA_FEATURES, asked] for asked in FEATURES)
    yield from ([function, sender] for function in OTHERS for sender in SENDERS)


def make_samples(target: Target, trace: bool = False) -> Samples:
    """Each last call before negotiation, after agreeing on each minor version and with mailboxes; and histories of
    memory.

    Calls that fault are left out. `trace`: keep the lines that run.
    """
    minors = range((target.max_version & 0xFFFF) + 1)
    known = [history for minor in minors
             for history in histories(0x10000 | minor, 1 << 12, mailbox_size(target, 12))]
    mapped = [history.calls for history in known if history.name == "map"]
    before: list[tuple[Call, ...]] = [(), *(calls[:1] for calls in mapped), *mapped]
    ways = [Way("", (*calls, (tuple(last), NO_WRITES))) for calls in before for last in last_calls()]
    ways += [Way(history.name, history.calls) for history in known]
    sessions = _Sessions(target, trace)
    found = (sessions.episode(way) for way in ways)
    return Samples([episode for episode in found if episode is not None])


@dataclass(slots=True)
class _Sessions:
    """Calls that many samples begin with are made once: `known` keeps the session after them, by registers."""

    target: Target
    trace: bool = False
    known: dict[tuple[int, int, tuple[tuple[int, ...], ...]], _Begun | None] = field(default_factory=dict)

    def episode(self, way: Way) -> Episode | None:
        shared = list(takewhile(lambda call: call[1] is NO_WRITES, way.calls[:-1]))
        begun = self._begun(way, tuple(registers for registers, _ in shared))
        if begun is None:
            return None
        session, done = begun.session.fork(), list(begun.calls)
        for registers, host in way.calls[len(shared):]:
            done.append(session.call(registers, host))
            if done[-1].fault is not None:
                return None
        return Episode(way.page_shift, 0xAA, begun.boot, (), tuple(done))

    def _begun(self, way: Way, calls: tuple[tuple[int, ...], ...]) -> _Begun | None:
        key = (way.page_shift, way.smccc, calls)
        if key not in self.known:
            self.known[key] = self._go_on(self._begun(way, calls[:-1]), calls[-1]) if calls else self._boot(way)
        return self.known[key]

    def _boot(self, way: Way) -> _Begun | None:
        target = self.target
        session = Session(target.unit, Spmc(version=target.max_version), way.page_shift, trace=self.trace,
                          init=target.binding.init, paths=buffer_paths(target.binding), most_steps=MOST_STEPS)
        boot = set_smccc(session, way.smccc)
        try:
            return _Begun(session, boot, ()) if session.initialise() == 0 else None
        except Fault:
            return None

    @staticmethod
    def _go_on(begun: _Begun | None, registers: tuple[int, ...]) -> _Begun | None:
        if begun is None:
            return None
        session = begun.session.fork()
        done = session.call(registers)
        return _Begun(session, begun.boot, (*begun.calls, done)) if done.fault is None else None


@dataclass(frozen=True, slots=True)
class _Begun:
    """A session after these calls; nobody makes another one with it."""

    session: Session
    boot: tuple[tuple[str, int], ...]
    calls: tuple[CallDone, ...]
