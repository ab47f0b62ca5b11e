"""Looking for calls that break a part: what a hunt returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from verify.engine.record import Record, Site
from verify.engine.transition import Transition
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

    def hits(self, name: str, known: Known) -> list[Hit] | Undecided:
        """Conjuncts of the part that fail in some sequence of calls, with causes that are not known yet."""

    def witness(self, name: str) -> Episode | Undecided | None:
        """Calls from reset that meet the part's premise."""


def remaining(record: Record, claim: Claim, known: Known) -> Term:
    """The claim fails, and not because of what is known. A read that leaves its object is to blame but once."""
    numbers = (record.number(site) for key, site in sorted(known, key=str) if key == claim.key or site.kind == STRAY)
    gone = [t.eq(claim.origin, t.const(number, claim.origin.bits)) for number in numbers if number is not None]
    return t.and_(claim.fails, *(t.not_(x) for x in gone))


def shown(step: Transition, site: Site, output: str, value_of: Callable[[Term], int]) -> Site:
    """The site itself, or who is to blame for the output where it is in no function; `value_of` a term in the model."""
    return site if site.function else step.record.sites[value_of(step.blamed(output))]


def witness(hunts: Sequence[Hunt], name: str) -> Episode | Undecided | None:
    """Of the first hunt that finds one."""
    undecided: Undecided | None = None
    for hunt in hunts:
        found = hunt.witness(name)
        if isinstance(found, Undecided):
            undecided = found
        elif found is not None:
            return found
    return undecided
