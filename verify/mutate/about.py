"""What a rule speaks of: what it does not speak of need not be varied when calls are judged by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from verify.engine.transition import named_functions
from verify.prove.starts import INDEX
from verify.prove.target import Target
from verify.rules.marked import marked, speaks_of_page
from verify.rules.rule import Part, Rule
from verify.terms.term import variables


@dataclass(frozen=True, slots=True)
class About:
    """The followed page; the index; calls of these function numbers (bits 15:0 of x0), None: of any."""

    page: bool
    index: bool
    functions: frozenset[int] | None


def about(rule: Rule, target: Target, profile: str) -> About:
    """As its statement about all calls tells."""
    parts = list(rule.statement(marked(target.scene(profile))))
    conjuncts = [one for part in parts for one in part.then]
    terms = [*(part.given.term for part in parts), *(one.holds.term for one in conjuncts),
             *(one.independent.term for one in conjuncts if one.independent is not None)]
    return About(speaks_of_page(terms), INDEX in variables(terms), _functions(parts, target.step.record.prefix))


def _functions(parts: Iterable[Part], prefix: str) -> frozenset[int] | None:
    """Those without which no premise is met; None: some premise names none, or is out of reach of the unit's calls."""
    named = [named_functions(part.given.term, prefix) for part in parts]
    found = [one[1] for one in named if one is not None]
    return frozenset(number for numbers in found for number in numbers) if len(found) == len(named) else None
