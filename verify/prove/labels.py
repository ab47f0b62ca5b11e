"""What each conjunct of a question is, in words: for those who read a proof, and for what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from verify.prove.invariants import RECLAIMED, Invariants, page_sizes, reclaimed, stated
from verify.prove.target import Target, started
from verify.prove.trust import named_axioms
from verify.solve.simplify import conjuncts
from verify.terms import build as t
from verify.terms.term import Term

QUESTION = "question"
"""What is none of the others: the premise, the path, the goal."""
INVARIANT, ANSWER, ASSUMED, RELY, BOOT, MEANING, SIZE = (
    "invariant", "EL3", "assumed", "rely of other CPUs", "initialisation", "what memory holds", "page size")


class Labels:
    """Of one target at one trust level."""

    def __init__(self, target: Target, found: Invariants, level: str) -> None:
        self.target = target
        self._known: dict[int, str] = {}
        self._words = target.step.record.exact.meanings
        record = target.step.record
        for name in found.names:
            self._add(f"{INVARIANT}: {name}", [stated(name, found.highest, target.step.start)])
        for rule, term in named_axioms(record, level):
            self._add(f"{ANSWER}: {rule}", [term])
        for rule, term in named_axioms(target.init.record, level):
            self._add(f"{ANSWER}: {rule}", [term])
        self._add(f"{ASSUMED}: {RECLAIMED}", reclaimed(target, level))
        self._add(BOOT, started(target))
        for meeting in record.meetings:
            for name in found.names:
                kept = stated(name, found.highest, meeting.after)
                self._add(f"{INVARIANT}: {name}", [kept, t.implies(meeting.guard, kept)])
            self._add(f"{INVARIANT}: after other CPUs", [t.implies(meeting.guard, found.holds(meeting.after))])
        self._add(RELY, record.relies)
        self._add(SIZE, page_sizes())

    def _add(self, label: str, terms: Iterable[Term]) -> None:
        for part in conjuncts(list(terms)):
            self._known.setdefault(id(part), label)

    def of(self, parts: Sequence[Term]) -> list[str]:
        """One for each."""
        return [self._known.get(id(part)) or self._other(part) for part in parts]

    def _other(self, part: Term) -> str:
        """A definition of a word of memory, or what is asked."""
        defines = part.op == "eq" and any(side.op == "var" and str(side.data) in self._words for side in part.args)
        return MEANING if defines else QUESTION
