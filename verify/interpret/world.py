"""Physical pages as the page tables know them: whose each one is, and how often EL2 holds it in place.

A page that nobody spoke of is undecided: the host's own, unless a wanted outcome needs it to be something else.
The rules of the page-table functions are those of mem_protect.c: share and unshare are all or nothing over a range.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from verify.interpret.intervals import Intervals
from verify.interpret.memory import HOST_BASE, Fault

OWN, SHARED_FFA, SHARED_HYP, FOREIGN = range(4)
"""The host's own; shared with the secure world; shared with EL2; somebody else's."""
LAST_PAGE = (1 << 40) - 1
"""Memory lies below 2^52, in pages of 4096 bytes at least."""
MASK = (1 << 64) - 1
EPERM, EBUSY = 1, 16
SHARE_HYP, UNSHARE_HYP, SHARE_FFA, UNSHARE_FFA, PIN, UNPIN = (
    "share-hyp", "unshare-hyp", "share-ffa", "unshare-ffa", "pin", "unpin")
ACTIONS = {
    "__pkvm_host_share_hyp": SHARE_HYP, "__pkvm_host_unshare_hyp": UNSHARE_HYP,
    "__pkvm_host_share_ffa": SHARE_FFA, "__pkvm_host_unshare_ffa": UNSHARE_FFA,
    "hyp_pin_shared_mem": PIN, "hyp_unpin_shared_mem": UNPIN,
}
NEEDS = {SHARE_HYP: OWN, SHARE_FFA: OWN, UNSHARE_HYP: SHARED_HYP, UNSHARE_FFA: SHARED_FFA, PIN: SHARED_HYP}
MAKES = {SHARE_HYP: SHARED_HYP, SHARE_FFA: SHARED_FFA, UNSHARE_HYP: OWN, UNSHARE_FFA: OWN}


class Impossible(Fault):
    """No world of pages has the outcomes that a script wants."""

    def __init__(self, text: str) -> None:
        super().__init__(f"the world does not allow this: {text}", "impossible")


@dataclass(frozen=True, slots=True)
class Request:
    """`count` pages from page frame `first` on."""

    action: str
    first: int
    count: int

    def covers(self, page: int) -> bool:
        return self.first <= page < self.first + self.count

    @property
    def is_inside(self) -> bool:
        return self.first <= LAST_PAGE and self.count <= LAST_PAGE


def request(name: str, arguments: Iterable[int], page_shift: int) -> Request:
    """What a page-table function is asked; raises Fault for a pin of what is not the host's memory."""
    values = list(arguments)
    action = ACTIONS[name]
    if action not in (PIN, UNPIN):
        return Request(action, values[0], values[1] if len(values) > 1 else 1)
    if min(values) < HOST_BASE:
        raise Fault(f"{name} of {min(values):#x}, which is not the host's memory", "invalid-pointer")
    first = (values[0] - HOST_BASE) >> page_shift
    last = ((values[1] - HOST_BASE - 1) & MASK) >> page_shift
    return Request(action, first, (last - first + 1) & MASK)


@dataclass(frozen=True, slots=True)
class PagesThen:
    """All pages at one moment. What was undecided then was what turned out later that it had been.

    Beyond the end of memory nothing is the host's own: a page there cannot be shared.
    """

    states: Intervals[int | None]
    pins: Intervals[int]
    initial: Intervals[int | None]

    def state(self, page: int) -> int:
        found = self.states.at(page)
        if found is None:
            found = self.initial.at(page)
        if found is None:
            return OWN if page <= LAST_PAGE else FOREIGN
        return found

    def is_pinned(self, page: int) -> bool:
        return self.pins.at(page) != 0

    def edges(self) -> list[int]:
        """First pages of stretches that are alike."""
        return sorted({*self.states.starts(), *self.pins.starts(), *self.initial.starts()})


@dataclass(slots=True)
class World:
    """`wanted`: results of the page-table calls to come, in order; when they are used up, the natural ones."""

    wanted: deque[int] = field(default_factory=deque)
    _states: Intervals[int | None] = field(default_factory=lambda: Intervals(None))
    _initial: Intervals[int | None] = field(default_factory=lambda: Intervals(None))
    _pins: Intervals[int] = field(default_factory=lambda: Intervals(0))

    def begin(self, states: Mapping[int, int]) -> None:
        """What pages are at first; those that are decided already must be that."""
        for page, state in states.items():
            old = self._initial.at(page)
            if old not in (None, state):
                raise Impossible(f"page {page:#x} was in state {old} at first, not in {state}")
            self._decide(page, page + 1, state)

    def begin_range(self, first: int, end: int, state: int) -> None:
        """Pages of [first, end) that are not decided yet are this at first."""
        self._decide(first, end, state)

    def change(self, page: int, state: int) -> None:
        """Others than FF-A change it, between two calls."""
        self._states.put(page, page + 1, state)

    def now(self) -> PagesThen:
        return PagesThen(self._states.copy(), self._pins.copy(), self._initial)

    def is_held(self, first: int, end: int) -> bool:
        """Does EL2 hold all these pages in place, as memory that the host shares with it?"""
        return (all(state == SHARED_HYP for _, _, state in self._states.pieces(first, end))
                and all(pins for _, _, pins in self._pins.pieces(first, end)))

    def transfer(self, asked: Request) -> int:
        """Do what a page-table function does: 0 or a negative errno; raises Fault and Impossible."""
        if self.wanted:
            result = self._signed(self.wanted.popleft())
            if result == 0:
                self._allow(asked)
            else:
                self._forbid(asked)
        else:
            result = self._natural(asked)
        if result == 0:
            self._apply(asked)
        return result

    @staticmethod
    def _signed(value: int) -> int:
        value &= 0xFFFFFFFF
        return value - (1 << 32) if value >> 31 else value

    def _decide(self, first: int, end: int, state: int) -> None:
        for start, stop, old in list(self._states.pieces(first, end)):
            if old is None:
                self._states.put(start, stop, state)
                self._initial.put(start, stop, state)

    def _misfits(self, asked: Request) -> list[tuple[int, int]]:
        """Decided pages that do not let it succeed."""
        end = asked.first + asked.count
        wrong = [(start, stop) for start, stop, state in self._states.pieces(asked.first, end)
                 if state is not None and not _fits(asked.action, state)]
        if asked.action == UNSHARE_HYP:
            wrong += [(start, stop) for start, stop, pins in self._pins.pieces(asked.first, end) if pins]
        return wrong

    def _undecided(self, asked: Request) -> list[tuple[int, int]]:
        return [(start, stop) for start, stop, state in self._states.pieces(asked.first, asked.first + asked.count)
                if state is None]

    def _outside(self, asked: Request) -> bool:
        return asked.action in (SHARE_HYP, SHARE_FFA) and asked.count > 0 and not asked.is_inside

    def _allow(self, asked: Request) -> None:
        if self._outside(asked):
            raise Impossible(f"{asked.action} beyond the end of memory succeeds")
        wrong = self._misfits(asked)
        if wrong:
            start = wrong[0][0]
            raise Impossible(f"{asked.action} of page {start:#x} in state {self._states.at(start)} succeeds")
        if asked.action in NEEDS:
            self._decide(asked.first, asked.first + asked.count, NEEDS[asked.action])

    def _forbid(self, asked: Request) -> None:
        if self._outside(asked) or self._misfits(asked):
            return
        free = self._undecided(asked)
        if asked.action == UNPIN or not free:
            raise Impossible(f"{asked.action} of {asked.count} pages from {asked.first:#x} on fails")
        self._decide(free[0][0], free[0][0] + 1, FOREIGN)

    def _natural(self, asked: Request) -> int:
        if asked.count == 0 or asked.action == UNPIN:
            return 0
        if self._outside(asked) or asked.first + asked.count > LAST_PAGE + 1:
            return -EPERM
        is_share = asked.action in (SHARE_HYP, SHARE_FFA)
        wrong, free = self._misfits(asked), self._undecided(asked)
        if not wrong and free and not is_share:
            self._decide(free[0][0], free[0][0] + 1, OWN)
            return -EPERM
        if not wrong:
            self._decide(asked.first, asked.first + asked.count, OWN)
            return 0
        is_busy = asked.action == UNSHARE_HYP and self._states.at(asked.first) == SHARED_HYP
        return -EBUSY if is_busy else -EPERM

    def _apply(self, asked: Request) -> None:
        end = asked.first + asked.count
        if asked.action in MAKES:
            self._states.put(asked.first, end, MAKES[asked.action])
            return
        step = 1 if asked.action == PIN else -1
        for start, stop, pins in list(self._pins.pieces(asked.first, end)):
            if pins + step < 0:
                raise Fault(f"unpin of page {start:#x}, which is not pinned", "unpin-of-a-page-that-is-not-pinned")
            self._pins.put(start, stop, pins + step)


def _fits(action: str, state: int) -> bool:
    if action == UNSHARE_FFA:
        return state in (SHARED_FFA, SHARED_HYP)
    return action not in NEEDS or state == NEEDS[action]
