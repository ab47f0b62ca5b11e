"""Does a rule speak of the followed page? A scene in which whatever tells of it is a variable of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count

from verify.rules.memory import PAGE_STATE_BITS, Page, Transfer
from verify.rules.scene import Scene, Smc
from verify.rules.words import Truth, Word
from verify.terms import build as t
from verify.terms.term import BOOL, Term, variables

MARK = "followed page "
"""What the variables are called."""


def marked(scene: Scene) -> Scene:
    """What is equal becomes two variables: a page that is compared with itself is spoken of."""
    names = (f"{MARK}{number}" for number in count())

    def state(bits: int = PAGE_STATE_BITS) -> Word:
        return Word(t.var(f"{next(names)} of {bits} bits", bits))

    def truth() -> Truth:
        return Truth(t.var(next(names), BOOL))

    def smcs(all_: Sequence[Smc]) -> list[Smc]:
        return [replace(smc, page_state=state(), page_found=state(), by_us=truth()) for smc in all_]

    def transfer(one: Transfer) -> Transfer:
        return replace(one, covers=truth(), found=state(), blamed=truth())

    return replace(
        scene, page=Page(state(64), state(), state(), truth(), truth(), truth()), smcs=smcs(scene.smcs),
        forwards=smcs(scene.forwards), transfers=[transfer(one) for one in scene.transfers])


def speaks_of_page(terms: Iterable[Term]) -> bool:
    """Of such a scene."""
    return any(name.startswith(MARK) for name in variables(list(terms)))
