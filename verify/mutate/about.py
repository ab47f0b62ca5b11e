"""What a rule speaks of: what it does not speak of need not be varied when calls are judged by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count

from verify.engine.transition import named_functions
from verify.prove.starts import INDEX
from verify.prove.target import Target
from verify.rules.memory import PAGE_STATE_BITS, Page, Transfer
from verify.rules.rule import Part, Rule
from verify.rules.scene import Scene, Smc
from verify.rules.words import Truth, Word
from verify.terms import build as t
from verify.terms.term import BOOL, variables

MARK = "followed page "
"""What variables are called that stand for what is known of it."""


@dataclass(frozen=True, slots=True)
class About:
    """The followed page; the index; calls of these function numbers (bits 15:0 of x0), None: of any."""

    page: bool
    index: bool
    functions: frozenset[int] | None


def about(rule: Rule, target: Target, profile: str) -> About:
    """As its statement about all calls tells."""
    parts = list(rule.statement(_marked(target.scene(profile))))
    names = variables([term for part in parts for term in (
        part.given.term, *(term for one in part.then for term in (one.holds.term, *(
            () if one.independent is None else (one.independent.term,)))))])
    return About(any(name.startswith(MARK) for name in names), INDEX in names,
                 _functions(parts, target.step.record.prefix))


def _functions(parts: Iterable[Part], prefix: str) -> frozenset[int] | None:
    """Those without which no premise is met; None: some premise names none."""
    named = [named_functions(part.given.term, prefix) for part in parts if not part.given.is_impossible]
    found = [one[1] for one in named if one is not None]
    return frozenset(number for numbers in found for number in numbers) if len(found) == len(named) else None


def _marked(scene: Scene) -> Scene:
    """With a variable of its own wherever the followed page can be looked at: what is equal stays two."""
    names = (f"{MARK}{number}" for number in count())

    def state(bits: int = PAGE_STATE_BITS) -> Word:
        return Word(t.var(next(names), bits))

    def truth() -> Truth:
        return Truth(t.var(next(names), BOOL))

    def smcs(all_: Sequence[Smc]) -> list[Smc]:
        return [replace(smc, page_state=state(), page_found=state(), by_us=truth()) for smc in all_]

    def transfer(one: Transfer) -> Transfer:
        return replace(one, covers=truth(), found=state(), blamed=truth())

    return replace(
        scene, page=Page(state(64), state(), state(), truth(), truth(), truth()), smcs=smcs(scene.smcs),
        forwards=smcs(scene.forwards), transfers=[transfer(one) for one in scene.transfers])
