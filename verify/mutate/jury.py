"""Which conjuncts of which rules a concrete call breaks."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial

from verify.interpret.session import CallDone
from verify.mutate.about import About, about
from verify.prove.choices import interesting_indices, interesting_pages
from verify.prove.claims import HAZARD
from verify.prove.concrete_scene import concrete_scene
from verify.prove.failing import fails, is_met
from verify.prove.replay import instead
from verify.prove.rerun import ENDLESS
from verify.prove.target import Target
from verify.rules.rule import ADDRESSES, Part, Rule
from verify.rules.scene import Instead, Scene, nothing_instead

MOST_PAGES, MOST_INDICES, MOST_BYTES = 10, 2, 8
MOST_EVENTS = 100
"""Of a call without an end, of each kind: what it did first it did for ever."""
SHORT = 64
"""Of a message, in bytes: its header and what follows it."""
Broken = tuple[str, str, str, str]
"""(rule, part, text, output) of a conjunct that does not hold."""
Again = Callable[[str], CallDone | None]
"""The same call where something differs that must not matter: STACK, IDENTIFIER or UPPERS; None: it cannot be made."""
Asked = Callable[[], CallDone | None]
"""The function that w1 names, called in the call's place."""


@dataclass(slots=True)
class Jury:
    """All rules, on one target."""

    target: Target
    rules: Sequence[Rule]
    profile: str
    _about: dict[str, About] = field(default_factory=dict)

    def broken(
        self, done: CallDone, again: Again, asked: Asked, rules: Container[str] | None = None
    ) -> set[Broken]:
        """By all rules, or by these. A call that ended in undefined behaviour is judged by what is about that.

        Whether a sum that wraps becomes a size is no call's to tell: that is left to proofs.
        """
        if done.ended is not None and done.ended.kind == ENDLESS:
            done = replace(done, log=done.log.first(MOST_EVENTS))
        look = Look(partial(self._scene, asked=cache(asked)), cache(again))
        return {one for rule in self.rules if rules is None or rule.identity in rules
                for one in self._by(rule, done, look)}

    def _by(self, rule: Rule, done: CallDone, look: Look) -> Iterator[Broken]:
        about = self._speaks(rule)
        if about.functions is not None and done.before[0] & 0xFFFF not in about.functions:
            return
        pages = (_pages(done) if about.page else []) or [0]
        indices = (_indices(done, not about.page) if about.index else []) or [0]
        for page in pages:
            for index in indices:
                parts = list(rule.statement(look.scene(done, page, index)))
                if done.ended is not None and not any(one.output == HAZARD for part in parts for one in part.then):
                    return
                for part in parts:
                    second = partial(look.second, rule, part.name, page, index)
                    yield from ((rule.identity, part.name, one.text, one.output)
                                for k, one in enumerate(part.then if is_met(part) else ())
                                if (done.ended is None or one.output == HAZARD)
                                and (fails(one) or _differs(part, k, second)))

    def _scene(self, done: CallDone, page: int, index: int, asked: Asked) -> Scene:
        target = self.target
        done = replace(done, log=replace(done.log, wraps=[]))  # the interpreter does not know what a sum is used for
        return concrete_scene(done, target.binding, self.profile, target.unit.constants, target.max_version, page,
                              index, partial(_instead, asked))

    def _speaks(self, rule: Rule) -> About:
        if rule.identity not in self._about:
            self._about[rule.identity] = about(rule, self.target, self.profile)
        return self._about[rule.identity]


@dataclass(slots=True)
class Look:
    """At one call, by all rules: scenes and second runs are made once."""

    make: Callable[[CallDone, int, int], Scene]
    again: Again
    _scenes: dict[tuple[int, int, int], Scene] = field(default_factory=dict)
    _seconds: dict[tuple[str, str, int, int], dict[str, Part]] = field(default_factory=dict)

    def scene(self, done: CallDone, page: int, index: int) -> Scene:
        """`done`: the call, or a second run, which `again` keeps."""
        key = (id(done), page, index)
        if key not in self._scenes:
            self._scenes[key] = self.make(done, page, index)
        return self._scenes[key]

    def second(self, rule: Rule, name: str, page: int, index: int, kind: str) -> Part | None:
        """The part in that other run."""
        key = (rule.identity, kind, page, index)
        if key not in self._seconds:
            done = self.again(kind)
            is_over = done is not None and done.ended is None
            parts = rule.statement(self.scene(done, page, index)) if done is not None and is_over else ()
            self._seconds[key] = {part.name: part for part in parts}
        return self._seconds[key].get(name)


def _pages(done: CallDone) -> list[int]:
    """Those that EL2 asks the page tables about come first, then what lies around."""
    asked = (page for one in done.log.transfers for page in (one.first, one.first + one.count - 1))
    return list(dict.fromkeys((*asked, *interesting_pages([done]))))[:MOST_PAGES]


def _indices(done: CallDone, of_bytes: bool) -> list[int]:
    """Of ranges; and of bytes that are not zero where a message begins that EL2 sends."""
    said = {at for smc in done.log.smcs if smc.tx is not None for at in range(SHORT) if smc.tx.read(at, 1)}
    return sorted({*interesting_indices(done)[:MOST_INDICES],
                   *(sorted(said, reverse=True)[:MOST_BYTES] if of_bytes else ())})


def _instead(asked: Asked) -> Instead:
    done = asked()
    return nothing_instead() if done is None else instead(done)


def _differs(part: Part, k: int, second: Callable[[str], Part | None]) -> bool:
    """The value of this conjunct must not depend on something, and does. What alike runs alone show is not asked."""
    one = part.then[k]
    if one.independent is None or one.secrets == ADDRESSES or one.alike:
        return False
    other = second(one.secrets)
    if other is None or not is_met(other) or len(other.then) != len(part.then):
        return False
    twin = other.then[k].independent
    return twin is not None and twin.term is not one.independent.term
