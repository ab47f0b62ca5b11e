"""Answers to questions that were asked before, in this run or an earlier one, by anybody who shares the folder.

The key is all that decides an answer: the text by names that its structure decides, the solver with its version, and
the way it was asked. Of the limit only this is left: an answer counts where it took no more than the limit, and that
nothing was found where as much was tried. So a run with a folder finds what one without it finds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from verify.cache.store import Store
from verify.solve.answer import Answer, Satisfied, Undecided, Unsatisfiable

Asked = Callable[[], tuple[Answer, int]]
"""(answer, by the names of the text; effort)"""


@dataclass(frozen=True, slots=True)
class Remembered:
    """Without a store nothing is."""

    store: Store | None = None

    def answer(self, package: str, way: Sequence[str], text: str, limit: int, ask: Asked) -> tuple[Answer, int]:
        """From the store or by asking; `limit` and effort in the solver's units. A model is the caller's to check."""
        if self.store is None:
            return ask()
        key = hashlib.sha256("\0".join([_solver(package), *way, "", text]).encode()).hexdigest()
        known = _read(self.store.get(key))
        if known is not None:
            answer, effort = known
            if not isinstance(answer, Undecided):
                return (answer, effort) if effort <= limit else (Undecided(f"{package}: more than the limit"), limit)
            if effort >= limit:
                return answer, limit
        answer, effort = ask()
        if isinstance(answer, Undecided):
            self.store.put(key, _written(answer, limit))
        elif effort <= limit:  # Z3's rounds are limited one by one; all of them may take more: asked again
            self.store.put(key, _written(answer, effort))
        return answer, effort


NOTHING = Remembered()


@cache
def _solver(package: str) -> str:
    return f"{package} {version(package)}"


def _written(answer: Answer, effort: int) -> str:
    match answer:
        case Satisfied(values=values):
            said: Any = dict(values)
        case Unsatisfiable():
            said = None
        case Undecided(reason=reason):
            said = reason
    return json.dumps([said, effort])


def _read(text: str | None) -> tuple[Answer, int] | None:
    """None for what was not written here: the question is asked again."""
    try:
        said, effort = json.loads(text or "")
    except (ValueError, TypeError, RecursionError):
        return None
    if type(effort) is not int:
        return None
    if said is None:
        return Unsatisfiable(), effort
    if isinstance(said, str):
        return Undecided(said), effort
    if isinstance(said, dict) and all(type(value) is int for value in said.values()):
        return Satisfied(said), effort
    return None
