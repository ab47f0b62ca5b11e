"""Which facts may matter for a question: a quick look at guards and names, for leaving facts out is always sound."""

from __future__ import annotations

import re
from dataclasses import dataclass

from verify.terms.term import Term, topological

RAN = "loop.ran"
"""In the name of the choice to look at an arbitrary iteration."""
_EQUATIONS: dict[int, dict[str, int]] = {}
_CHOICES: dict[int, frozenset[int]] = {}
_TRACES: dict[int, Trace] = {}


def contradict(left: Term, right: Term) -> bool:
    """Do the two equate a variable with different numbers? (False says nothing.)"""
    mine, theirs = guard_equations(left), guard_equations(right)
    if len(theirs) < len(mine):
        mine, theirs = theirs, mine
    return any(theirs.get(name, value) != value for name, value in mine.items())


def exclude(left: Term, right: Term) -> bool:
    """Does one guard deny a conjunct of the other, or contradict it? (False says nothing.)"""
    return Outright(left).denies(right)


class Outright:
    """What a conjunction says outright: enough to see which facts say nothing about it."""

    def __init__(self, where: Term) -> None:
        self._where = where
        parts = where.args if where.op == "band" else (where,)
        self._true = {id(part) for part in parts}
        self._false = {id(denied) for part in parts if part.op == "bnot" for denied in _arms(part.args[0])}
        self._numbers = guard_equations(where)

    def denies(self, guard: Term) -> bool:
        """(False says nothing.)"""
        return any(map(self._is_false, guard.args if guard.op == "band" else (guard,)))

    def silences(self, fact: Term) -> bool:
        """Does one of the fact's alternatives hold anyway? (False says nothing.)"""
        return any(
            id(arm) in self._true or (arm.op == "bnot" and self.denies(arm.args[0])) for arm in _arms(fact))

    def _is_false(self, part: Term) -> bool:
        if part.op == "bnot":
            return id(part.args[0]) in self._true
        if id(part) in self._false:
            return True
        if part.op == "eq" and part.args[0].op == "var" and part.args[1].is_const:
            return self._numbers.get(str(part.args[0].data), part.args[1].value) != part.args[1].value
        return False


def _arms(term: Term) -> tuple[Term, ...]:
    return term.args if term.op == "bor" else (term,)


def guard_equations(term: Term) -> dict[str, int]:
    """Variables that a guard equates with a number."""
    found = _EQUATIONS.get(id(term))
    if found is None:
        found = _EQUATIONS[id(term)] = {
            str(part.args[0].data): part.args[1].value
            for part in (term.args if term.op == "band" else (term,))
            if part.op == "eq" and part.args[0].op == "var" and part.args[1].is_const}
    return found


def numbers_of(where: Term, name: str) -> tuple[Term, list[int]] | None:
    """(conjunct that names one in each of its alternatives, the numbers that the variable may have); None: any."""
    for part in where.args if where.op == "band" else (where,):
        found = [guard_equations(arm).get(name) for arm in _arms(part)]
        numbers = {number for number in found if number is not None}
        if len(numbers) and None not in found:
            return part, sorted(numbers)
    return None


def in_loop(guard: Term) -> bool:
    """Does this happen in an arbitrary iteration, which stands for many?"""
    return bool(iterations(guard))


def iterations(guard: Term) -> frozenset[int]:
    """The arbitrary iterations that the guard is about."""
    found = _CHOICES.get(id(guard))
    if found is None:
        found = _CHOICES[id(guard)] = frozenset(
            id(part) for part in (guard.args if guard.op == "band" else (guard,))
            if part.op == "var" and RAN in str(part.data))
    return found


@dataclass(frozen=True, slots=True)
class Trace:
    """`age`: the number of the youngest unknown in a term. `answers`: the SMCs whose results it looks at."""

    age: int
    answers: frozenset[str]


NOTHING = Trace(0, frozenset())
_UNKNOWN = re.compile(r"[!?](\d+)")
_ANSWER = re.compile(r"(\w+\.smc\d+)\.q\d+")


def trace(term: Term) -> Trace:
    if id(term) not in _TRACES:
        for node in topological([term]):
            if id(node) not in _TRACES:
                _TRACES[id(node)] = _named(str(node.data)) if node.op in ("var", "read") else NOTHING
                if node.args:
                    _TRACES[id(node)] = joined(_TRACES[id(node)], *(_TRACES[id(x)] for x in node.args))
    return _TRACES[id(term)]


def joined(*traces: Trace) -> Trace:
    age = max((found.age for found in traces), default=0)
    sets = {found.answers for found in traces if found.answers}
    return Trace(age, sets.pop() if len(sets) == 1 else frozenset().union(*sets))


def _named(name: str) -> Trace:
    unknown, answer = _UNKNOWN.search(name), _ANSWER.fullmatch(name)
    return Trace(int(unknown[1]) if unknown else 0, frozenset({answer[1]}) if answer else frozenset())
