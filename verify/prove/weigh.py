"""Which inputs of a counterexample matter? By experiment: others are tried in their place, one place at a time.

Nothing here is a proof: what is said is said of the values that were tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import combinations, groupby, islice, product

from verify.interpret.world import FOREIGN
from verify.prove.inputs import WORD, Inputs, Kind, Place, changed, values
from verify.prove.rerun import Judged, Outcome, Rerun

BITS = 32
MOST_PAIRS = 200
"""Changes of two places that are tried."""
FEW = 6
"""Values of each of them."""
MOST_STEPS = 8
"""Places that are changed one after the other, each mending something."""


class Weight(Enum):
    """Of a place, by what was tried."""

    FORCED = "forced"
    """Each other value ends the violation."""
    MATTERS = "matters"
    """Some do."""
    FREE = "does not matter"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A place, or several whose values were changed together. `kept`: of the `tried` changes the violation outlives.

    `ends`: bits that end it when they alone are flipped.
    """

    places: tuple[Place, ...]
    value: int
    tried: int
    kept: int
    ends: int = 0
    proved: int = 0
    """Bits that have this value wherever all that is wrong is shown, whether tried or not."""
    found: int | None = None
    """Another value, not among those tried first, that shows it as well."""

    @property
    def is_proved(self) -> bool:
        """There is no other value."""
        return self.proved == WORD

    @property
    def weight(self) -> Weight:
        if self.kept == self.tried:
            return Weight.FREE
        return Weight.MATTERS if self.kept else Weight.FORCED


@dataclass(frozen=True, slots=True)
class Change:
    """Other values, by place: (old, new); and what comes of it."""

    values: tuple[tuple[Place, int, int], ...]
    outcome: Outcome

    @property
    def bits(self) -> int:
        """That are flipped."""
        return sum((old ^ new).bit_count() for _, old, new in self.values)

    @property
    def size(self) -> tuple[int, ...]:
        """The smallest first: places, flipped bits, distance, the last call's. Another function is another call."""
        others = sum(place.kind is Kind.REGISTER and not place.at for place, _, _ in self.values)
        distance = sum(abs(old - new) for _, old, new in self.values)
        return others, len(self.values), self.bits, distance, -sum(place.call for place, _, _ in self.values)


@dataclass(frozen=True, slots=True)
class Explained:
    """`linked`: places that do not matter alone, but with others that do not; the rest was changed all at once as well.
    `without`: by earlier call, what comes of it without that call. `mends`: the smallest changes of those tried that
    keep the rule, the host's first; `aside`: the smallest of the host's after which this part does not speak of the
    call. `runs` of the interpreter.
    """

    weighed: tuple[Weighed, ...]
    linked: tuple[Place, ...]
    without: tuple[Outcome, ...]
    mends: tuple[Change, ...]
    aside: Change | None
    tried: int
    runs: int


def explain(rerun: Rerun) -> Explained:
    """Raises ReplayMismatch where the violation is not there even with the inputs as they are."""
    inputs = rerun.begin()
    return _Experiment(rerun, inputs, values(inputs), {}).explain()


@dataclass(slots=True)
class _Experiment:
    """`now`: the inputs by place. `known`: what was tried, in order."""

    rerun: Rerun
    inputs: Inputs
    now: dict[Place, int]
    known: dict[tuple[tuple[Place, int], ...], Judged]

    def explain(self) -> Explained:
        weighed = tuple(sorted((one for group in _groups(self.now) for one in self._weigh(group)),
                               key=lambda one: one.places))
        linked = self._linked([place for one in weighed if one.weight is Weight.FREE for place in one.places])
        without = tuple(self.rerun.outcome(self.inputs.without(k)).outcome
                        for k in range(1, len(self.inputs.calls) - 1))
        for seek in (self._step_by_step, partial(self._pairs, weighed)):
            if not any(_is_hosts(change) for change in self._smallest(Outcome.KEPT)):
                seek()
        aside = next((change for change in self._smallest(Outcome.ASIDE) if _is_hosts(change)), None)
        return Explained(weighed, linked, without, self._smallest(Outcome.KEPT), aside, len(self.known),
                         self.rerun.count)

    def _shows(self, changes: Mapping[Place, int]) -> bool:
        return self._try(changes).outcome is Outcome.VIOLATED

    def _try(self, changes: Mapping[Place, int]) -> Judged:
        key = tuple(sorted(changes.items()))
        if key not in self.known:
            self.known[key] = self.rerun.outcome(changed(self.inputs, changes))
        return self.known[key]

    def _weigh(self, group: Sequence[Place]) -> Iterator[Weighed]:
        """A group in which something matters is cut in halves until it is known what."""
        if len(group) == 1:
            yield self._one(group[0], self.now[group[0]])
            return
        tried = 0
        for change in _joint(group, self.now):
            if not self._shows(change):
                middle = len(group) // 2
                yield from self._weigh(group[:middle])
                yield from self._weigh(group[middle:])
                return
            tried += 1
        yield Weighed(tuple(group), 0, tried, tried)

    def _one(self, place: Place, old: int) -> Weighed:
        tried = {new: self._shows({place: new}) for new in others(place, old)}
        if all(tried.values()):
            return Weighed((place,), old, len(tried), len(tried))
        flips = [] if place.kind is Kind.PAGES else [old ^ 1 << bit for bit in range(BITS)]
        tried |= {new: self._shows({place: new}) for new in flips}
        return Weighed((place,), old, len(tried), sum(tried.values()),
                       sum(old ^ new for new in flips if not tried[new]))

    def _linked(self, free: Sequence[Place]) -> tuple[Place, ...]:
        """Those that cannot join the others; of two that exclude each other, the later one joins."""
        joined: list[Place] = []
        linked: list[Place] = []
        left = [list(free)] if free else []
        while left:
            group = left.pop()
            if all(map(self._shows, _joint([*joined, *group], self.now))):
                joined += group
            elif len(group) == 1:
                linked += group
            else:
                middle = len(group) // 2
                left += [group[:middle], group[middle:]]
        return tuple(sorted(linked))

    def _step_by_step(self) -> None:
        """Where several things are wrong: the host's smallest change that mends some of it, then one more, …"""
        steps = [key[0] for key, said in sorted(self.known.items()) if len(key) == 1 and key[0][0].is_hosts
                 and said.outcome is Outcome.PARTLY]
        steps.sort(key=lambda step: self._change(dict([step]), Outcome.PARTLY).size)
        made: dict[Place, int] = {}
        wrong = self.rerun.wrong
        for _ in range(MOST_STEPS):
            for place, new in steps:
                said = self._try({**made, place: new})
                if said.outcome is Outcome.KEPT:
                    return
                if said.outcome is Outcome.PARTLY and said.wrong < wrong:
                    made[place], wrong = new, said.wrong
                    break
            else:
                return

    def _pairs(self, weighed: Iterable[Weighed]) -> None:
        """Two of the host's places at once, those of the last call first."""
        mine = [one.places[0] for one in weighed if one.weight is not Weight.FREE and one.places[0].is_hosts]
        pairs = sorted(combinations(mine, 2), key=lambda pair: (-pair[0].call - pair[1].call, pair))
        tries = (dict(zip(pair, news, strict=True)) for pair in pairs
                 for news in product(*(others(place, self.now[place])[:FEW] for place in pair)))
        for change in islice(tries, MOST_PAIRS):
            self._try(change)

    def _change(self, changes: Mapping[Place, int], outcome: Outcome) -> Change:
        return Change(tuple((place, self.now[place], new) for place, new in sorted(changes.items())), outcome)

    def _smallest(self, outcome: Outcome) -> tuple[Change, ...]:
        """Of those tried with this outcome: the host's, and of what it meets, where there are such."""
        found = sorted((self._change(dict(key), outcome) for key, said in self.known.items()
                        if said.outcome is outcome), key=lambda change: (change.size, change.values))
        hosts = [change for change in found if _is_hosts(change)]
        met = [change for change in found if not any(place.is_hosts for place, _, _ in change.values)]
        return (*hosts[:1], *met[:1])


def _is_hosts(change: Change) -> bool:
    return all(place.is_hosts for place, _, _ in change.values)


def _groups(now: Mapping[Place, int]) -> Iterator[tuple[Place, ...]]:
    """What is not 0 stands alone; what is 0 in one kind of place of a call is tried together first."""
    for _, places in groupby(now, key=lambda place: (place.call, place.kind, place.kind is Kind.PAGES and place)):
        plain = []
        for place in places:
            if now[place] or place.kind in (Kind.PAGES, Kind.BOOT):
                yield (place,)
            else:
                plain.append(place)
        if plain:
            yield tuple(plain)


def others(place: Place, old: int) -> list[int]:
    """What is tried first in the place of `old`."""
    if place.kind is Kind.PAGES:
        return [state for state in range(FOREIGN + 1) if state != old]
    wanted = (old ^ 1, old + 1, old - 1, 0, ~old, old ^ 1 << 31, old ^ 1 << 16, old ^ 1 << 12, WORD)
    return [new for new in dict.fromkeys(value & WORD for value in wanted) if new != old]


def _joint(group: Sequence[Place], now: Mapping[Place, int]) -> Iterator[dict[Place, int]]:
    """All of them changed at once, to the first other value of each, then to the second one, …"""
    tried = {place: others(place, now[place]) for place in group}
    for number in range(max(map(len, tried.values()), default=0)):
        yield {place: news[number % len(news)] for place, news in tried.items()}
