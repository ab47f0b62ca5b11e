"""One call of one function, and how it branches."""

from __future__ import annotations

from dataclasses import dataclass, field

from verify.engine.place import Place
from verify.engine.state import Registers
from verify.ir.function import Function
from verify.ir.span import Span
from verify.terms import build as t
from verify.terms.term import Term


@dataclass(slots=True)
class Frame:
    function: Function
    number: int
    registers: Registers
    span: Span
    """The statement being executed: for an environment function, that of its caller."""
    block: str = ""
    index: int = 0
    inner: Place = field(default_factory=lambda: Place(Span("<none>", 0), "", ""))


def grouped(hits: list[tuple[Term, str]]) -> list[tuple[Term, str]]:
    """Cases with one label are one choice."""
    labels: dict[str, list[Term]] = {}
    for hit, label in hits:
        labels.setdefault(label, []).append(hit)
    return [(t.or_(*conditions), label) for label, conditions in labels.items()]
