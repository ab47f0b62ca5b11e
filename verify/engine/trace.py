"""What a run was made of, step by step: which statement worked with what, so that a term leads back to lines.

Terms forget: constructors fold, and equal terms are one. What each step worked with is therefore kept with the values
(their origins are numbers of steps here), not with the terms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from verify.engine.place import Place
from verify.engine.relevance import contradict
from verify.engine.value import ORIGIN_BITS, Pointer, Value
from verify.errors import InputError
from verify.ir.span import NOWHERE
from verify.terms import build as t
from verify.terms.term import Term

OUTSIDE = 0
"""The step before the first one: the host, the state, other CPUs."""


@dataclass(slots=True)
class Step:
    """One statement executed once. `guard`: where; `parent`: the call of its function; `decided`: the branches before
    it that could go one way only; `uses`: origins of what it worked with; `after`: other steps that it depends on.
    """

    place: Place
    guard: Term
    parent: int
    decided: frozenset[int]
    uses: list[Term] = field(default_factory=list)
    after: set[int] = field(default_factory=set)
    is_branch: bool = False
    writes: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    """Objects."""
    goes_to: list[Term] = field(default_factory=list)
    """Origins of the addresses that it reads and writes."""


@dataclass(slots=True)
class Trace:
    """Of one run. `made`: by identity of a term, origins of values with it; `named`: the step that a variable or a
    memory first came up in; `loops`: the steps of each outermost loop, first and behind the last."""

    steps: list[Step] = field(default_factory=lambda: [
        Step(Place(NOWHERE, "", ""), t.TRUE, OUTSIDE, frozenset())])
    made: dict[int, dict[int, Term]] = field(default_factory=dict)
    terms: dict[int, Term] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)
    loops: list[tuple[int, int]] = field(default_factory=list)
    current: int = OUTSIDE
    parent: int = OUTSIDE
    writers: dict[str, list[int]] = field(default_factory=dict)
    """By object: the steps that may have written more of it than one value."""
    stores: dict[str, list[int]] = field(default_factory=dict)
    """By object: all steps that wrote to it."""
    locks: list[int] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)
    """SMCs."""
    returned: Term = field(default_factory=lambda: t.const(OUTSIDE, ORIGIN_BITS))
    """The origin of the run's result."""
    is_over: bool = False

    @property
    def step(self) -> Step:
        return self.steps[self.current]

    @property
    def here(self) -> Term:
        """The current step as an origin."""
        return t.const(self.current, ORIGIN_BITS)

    def begin(self, place: Place, guard: Term, decided: frozenset[int]) -> int:
        """Raises InputError for a run of more steps than origins can number."""
        if len(self.steps) >> ORIGIN_BITS:
            raise InputError(f"more than {1 << ORIGIN_BITS} steps: this is too long to be traced")
        self.steps.append(Step(place, guard, self.parent, decided))
        self.current = len(self.steps) - 1
        return self.current

    def use(self, value: Value) -> Value:
        """The current step works with it; what is passed on is its own."""
        self.step.uses.append(value.origin)
        if isinstance(value, Pointer):
            for target in value.targets:
                self.makes(target.guard, value.origin)
                self.makes(target.offset, value.origin)
            return Pointer(value.targets, self.here)
        self.makes(value.term, value.origin)
        return type(value)(value.term, self.here)

    def makes(self, term: Term, origin: Term) -> None:
        """A variable is made where it first came up, whoever copies it."""
        if term.op not in ("const", "var"):
            self.made.setdefault(id(term), {})[id(origin)] = origin
            self.terms[id(term)] = term

    def decides(self, condition: Term) -> None:
        """The current step is a branch on it, whatever else makes it; its parts are told from one another by nobody."""
        for term in (condition, condition.args[0] if condition.op == "bnot" else condition):
            if not term.is_const:
                self.made.setdefault(id(term), {})[id(self.here)] = self.here
                self.terms[id(term)] = term

    def depends(self, steps: Iterable[int]) -> None:
        """The current step on these, where both may happen."""
        guard = self.step.guard
        self.step.after.update(number for number in steps if number != self.current and not contradict(
            guard, self.steps[number].guard))

    def writes(self, name: str, is_one_value: bool) -> None:
        """The current step."""
        self.step.writes.add(name)
        self.stores.setdefault(name, []).append(self.current)
        if not is_one_value:
            self.writers.setdefault(name, []).append(self.current)


def leaves(origin: Term) -> set[int]:
    """The steps that an origin may be."""
    found: set[int] = set()
    seen: set[int] = set()
    todo = [origin]
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.op == "ite":
            todo += node.args[1:]
        elif node.is_const:
            found.add(node.value)
    return found
