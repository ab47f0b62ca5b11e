"""A checker of refutations, small enough to be read at one sitting: it trusts nothing that a solver says.

A refutation is a list of clauses, each of which follows from those before it by unit propagation alone (reverse unit
propagation: if all its literals are false, propagation meets a contradiction), and the last of which is empty
(E. Goldberg and Y. Novikov, DATE 2003). Of DRAT (N. Wetzler, M. Heule and W. Hunt, SAT 2014) that is the part that
solvers without inprocessing use; a clause that needs more is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Clause = tuple[int, ...]
"""Literals: a variable's number, negative where it is denied."""


class Refused(Exception):
    """The text is no refutation of the formula; says where."""


def read_formula(text: str) -> list[Clause]:
    """DIMACS. Raises Refused."""
    lines = (line.split() for line in text.splitlines() if line and line[0] not in "cp")
    return [_clause(words, "formula") for words in lines if words]


def read_refutation(text: str) -> Iterator[Clause]:
    """The clauses that are added, in order. What is deleted may stay: it follows all the same. Raises Refused."""
    for line in text.splitlines():
        words = line.split()
        if words and words[0] not in ("c", "d"):
            yield _clause(words, "refutation")


def _clause(words: list[str], where: str) -> Clause:
    try:
        numbers = tuple(map(int, words))
    except ValueError:
        raise Refused(f"{where}: not a clause: {' '.join(words)[:60]}") from None
    if numbers[-1] != 0 or 0 in numbers[:-1]:
        raise Refused(f"{where}: a clause does not end: {' '.join(words)[:60]}")
    return numbers[:-1]


def check(formula: Iterable[Clause], refutation: Iterable[Clause], most: int | None = None) -> int:
    """The number of clauses that were shown to follow. Raises Refused; `most`: where there are more than so many."""
    known = _Clauses()
    for clause in formula:
        if known.add(clause):
            return 0
    for shown, clause in enumerate(refutation, 1):
        if most is not None and shown > most:
            raise Refused(f"more than {most} steps")
        if not known.implies(clause):
            raise Refused(f"step {shown} does not follow: {' '.join(map(str, clause))[:60]}")
        if known.add(clause):
            return shown
    raise Refused("it ends without a contradiction")


class _Clauses:
    """`true`: literals that hold in every model, as propagation found so far.

    A clause is watched at two of its literals that are not false, and looked at again when one of them becomes so.
    """

    def __init__(self) -> None:
        self.true: set[int] = set()
        self._watches: dict[int, list[list[int]]] = {}

    def add(self, clause: Clause) -> bool:
        """Does a contradiction follow at once? What follows holds from now on."""
        left = list(dict.fromkeys(literal for literal in clause if -literal not in self.true))
        if len(left) < 2:
            return not left or self._propagate(left, [])
        for literal in left[:2]:
            self._watches.setdefault(literal, []).append(left)
        return False

    def implies(self, clause: Clause) -> bool:
        """If all its literals are false, does propagation meet a contradiction?"""
        added: list[int] = []
        found = self._propagate([-literal for literal in clause], added)
        self.true.difference_update(added)
        return found

    def _propagate(self, assumed: Iterable[int], added: list[int]) -> bool:
        """Is there a contradiction in what follows by units? `added`: what holds now and did not before."""
        for literal in assumed:
            if -literal in self.true:
                return True
            if literal not in self.true:
                self.true.add(literal)
                added.append(literal)
        head = 0
        while head < len(added):
            if self._visit(-added[head], added):
                return True
            head += 1
        return False

    def _visit(self, false: int, added: list[int]) -> bool:
        """A literal became false: the clauses that are watched there are watched elsewhere, or say what holds."""
        true, kept = self.true, []
        watching = self._watches.get(false, [])
        for number, clause in enumerate(watching):
            if clause[0] == false:
                clause[0], clause[1] = clause[1], false
            first = clause[0]
            if first not in true and self._moved(clause):
                continue
            kept.append(clause)
            if first in true:
                continue
            if -first in true:
                self._watches[false] = kept + watching[number + 1:]
                return True
            true.add(first)
            added.append(first)
        if watching:
            self._watches[false] = kept
        return False

    def _moved(self, clause: list[int]) -> bool:
        """Its second literal is false: is there another one that is not?"""
        for place in range(2, len(clause)):
            if -clause[place] not in self.true:
                clause[1], clause[place] = clause[place], clause[1]
                self._watches.setdefault(clause[1], []).append(clause)
                return True
        return False
