"""What a solver says to a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Satisfied:
    """Values of the query's variables, by name; 0 and 1 for truth values. Bytes of memories are called name@offset."""

    values: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    pass


@dataclass(frozen=True, slots=True)
class Undecided:
    reason: str


Answer = Satisfied | Unsatisfiable | Undecided


def in_names(answer: Answer, called: Mapping[str, str]) -> Answer:
    """A model by other names."""
    if not isinstance(answer, Satisfied):
        return answer
    result = {}
    for name, value in answer.values.items():
        base, at, offset = name.partition("@")
        result[f"{called.get(base, base)}{at}{offset}"] = value
    return Satisfied(result)
