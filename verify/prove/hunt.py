"""Looking for calls that break a part: what a hunt returns, and the hunts one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from verify.engine.record import Record, Site
from verify.prove.claims import STRAY, Claim, Key
from verify.prove.outcome import Episode
from verify.rules.rule import Require
from verify.solve.query import Undecided
from verify.terms import build as t
from verify.terms.term import Term

Known = AbstractSet[tuple[Key, Site]]
"""Causes that were found already: conjunct and site."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A conjunct that fails because of `site`. `made`: the site to show, where `site` is in no function of the tree.

    `replay` runs the calls; it raises ReplayMismatch where the interpreter does not agree.
    """

    require: Require
    key: Key
    site: Site
    made: Site
    replay: Callable[[], Episode]


class Hunt(Protocol):
    """One way of looking. Sites are those of any transition of the same unit."""

    def hits(self, name: str, known: Known, is_thorough: bool) -> list[Hit] | Undecided:
        """Conjuncts of the part that fail in some sequence of calls, with causes that are not known yet.

        Not thorough: a quick look, after which there may be more to find.
        """

    def witness(self, name: str) -> Episode | Undecided | None:
        """Calls from reset that meet the part's premise."""


def remaining(record: Record, claim: Claim, known: Known) -> Term:
    """The claim fails, and not because of what is known. A read that leaves its object is to blame but once."""
    numbers = (record.number(site) for key, site in sorted(known, key=str) if key == claim.key or site.kind == STRAY)
    gone = [t.eq(claim.origin, t.const(number, claim.origin.bits)) for number in numbers if number is not None]
    return t.and_(claim.fails, *(t.not_(x) for x in gone))


@dataclass(slots=True)
class Hunts:
    """The first one that finds something has the say."""

    hunts: Sequence[Hunt]

    def hits(self, name: str, known: Known, is_thorough: bool) -> list[Hit] | Undecided:
        undecided: Undecided | None = None
        for hunt in self.hunts:
            found = hunt.hits(name, known, is_thorough)
            if isinstance(found, Undecided):
                undecided = found
            elif found:
                return found
        return undecided or []

    def witness(self, name: str) -> Episode | Undecided | None:
        undecided: Undecided | None = None
        for found in self._witnesses(name):
            if isinstance(found, Undecided):
                undecided = found
            elif found is not None:
                return found
        return undecided

    def _witnesses(self, name: str) -> Iterable[Episode | Undecided | None]:
        return (hunt.witness(name) for hunt in self.hunts)
