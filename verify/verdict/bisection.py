"""Binary search in a row of which some members cannot be looked at: the first one that differs from the start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Narrowed:
    """`same` is known to be as the start, `other` to differ; what lies between was skipped, all of it."""

    same: int
    other: int

    @property
    def is_exact(self) -> bool:
        return self.other == self.same + 1


def narrow(last: int, differs: Callable[[int], bool | None]) -> Narrowed:
    """Of 0 … last, where 0 is the start and `last` differs from it; None: cannot be looked at.

    Where the row goes back and forth, one of the places where it changes is found.
    """
    same, other, skipped = 0, last, set[int]()
    while left := [number for number in range(same + 1, other) if number not in skipped]:
        middle = (same + other) / 2
        number = min(left, key=lambda number: (abs(number - middle), number))
        match differs(number):
            case None:
                skipped.add(number)
            case True:
                other = number
            case False:
                same = number
    return Narrowed(same, other)
