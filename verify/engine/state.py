"""The merged symbolic state on one program point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from verify.engine import memory
from verify.engine.content import Content, choose
from verify.engine.memory import Cells, Fresh
from verify.engine.value import Value, disjunction, factor, join
from verify.terms import build as t
from verify.terms.term import Term

PRE = "$pre"
FLAGS = "$flags"


@dataclass(slots=True)
class State:
    """`guard`: the path condition. `objects`: content by object. `held`: lock path → held?

    Pseudo-objects: `$pre` keeps bound statics as first seen. `flags` are facts of this call's history.
    `observed`: some shared static was looked at, so that other CPUs may have run since.
    """

    guard: Term
    objects: dict[str, Cells | Content]
    held: dict[str, Term]
    flags: dict[str, Term] = field(default_factory=dict)
    pre: dict[str, Value] = field(default_factory=dict)
    observed: bool = False
    acquired: bool = False
    ghost: dict[str, Term] = field(default_factory=dict)
    """Of the followed page, and of loops that are over."""
    left: dict[str, Value] = field(default_factory=dict)
    """The statics of `pre` as this call leaves them, whatever others do to them later."""
    found: dict[str, Term] = field(default_factory=dict)
    """The followed page as it was when the buffers' lock was taken."""
    decided: frozenset[int] = frozenset()
    """In a traced run: the branches before that could go one way only."""

    def fork(self, condition: Term) -> State:
        return State(
            t.and_(self.guard, condition), dict(self.objects), dict(self.held), dict(self.flags), dict(self.pre),
            self.observed, self.acquired, dict(self.ghost), dict(self.left), dict(self.found),
            self.decided,
        )

    def cells(self, name: str) -> Cells:
        """The content of an object that is followed cell by cell."""
        found = self.objects.get(name, {})
        assert isinstance(found, Mapping), name
        return found

    def content(self, name: str) -> Content:
        """The content of a buffer."""
        found = self.objects[name]
        assert not isinstance(found, Mapping), name
        return found

    def become(self, other: State) -> None:
        """This state is what a call made of it."""
        self.guard, self.objects, self.held = other.guard, other.objects, other.held
        self.flags, self.pre, self.ghost, self.found = other.flags, other.pre, other.ghost, other.found
        self.left = other.left
        self.observed, self.acquired, self.decided = other.observed, other.acquired, other.decided

    @property
    def is_dead(self) -> bool:
        return self.guard is t.FALSE


Registers = dict[str, Value]


Unset = Callable[[str, Value], Value]
"""(C variable, a value of its type) → what it holds on a path that never set it."""


def merge_states(
    sides: list[tuple[State, Registers]], fresh: Fresh, unset: Unset
) -> tuple[State, Registers]:
    """One state for several that meet; the last one is the default of every choice."""
    live = [side for side in sides if not side[0].is_dead]
    if not live:
        return sides[0]
    _, rests = factor([state.guard for state, _ in live])
    result, registers = live[-1]
    for (state, values), rest in reversed(list(zip(live[:-1], rests[:-1], strict=True))):
        result, registers = _merge_two(rest, (state, values), (result, registers), fresh, unset)
    result.guard = disjunction(*(state.guard for state, _ in live))
    return result, registers


def _merge_two(
    condition: Term, left: tuple[State, Registers], right: tuple[State, Registers], fresh: Fresh, unset: Unset
) -> tuple[State, Registers]:
    (a, ra), (b, rb) = left, right
    objects = {name: _merge_object(condition, name, a, b, fresh) for name in {**a.objects, **b.objects}}
    pre = {name: join(condition, a.pre[name], b.pre[name]) for name in a.pre}
    merged = State(
        b.guard, objects, _merge_truths(condition, a.held, b.held), _merge_truths(condition, a.flags, b.flags), pre,
        a.observed or b.observed, a.acquired or b.acquired, _merge_ghosts(condition, a.ghost, b.ghost),
        {name: join(condition, a.left[name], b.left[name]) for name in a.left},
        _merge_ghosts(condition, a.found, b.found), a.decided | b.decided,
    )
    return merged, _merge_registers(condition, ra, rb, unset)


def _merge_registers(condition: Term, a: Registers, b: Registers, unset: Unset) -> Registers:
    """Temporaries (`%`) that only one side has are not used any more."""
    result = {}
    for name in {**a, **b}:
        left, right = a.get(name), b.get(name)
        if left is not None and right is not None:
            result[name] = join(condition, left, right)
        elif not name.startswith(("%", "$")):
            result[name] = join(
                condition, left or unset(name, right or b[name]), right or unset(name, left or a[name]))
    return result


def _merge_object(condition: Term, name: str, a: State, b: State, fresh: Fresh) -> Cells | Content:
    left, right = a.objects.get(name), b.objects.get(name)
    if left is None or right is None:
        return left if left is not None else right or {}
    if left is right:
        return left
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return memory.merge(condition, left, right, name, fresh)
    assert not isinstance(left, Mapping) and not isinstance(right, Mapping)
    return choose(condition, left, right)


def _merge_ghosts(condition: Term, a: dict[str, Term], b: dict[str, Term]) -> dict[str, Term]:
    """What only one side has seen begin says nothing on the other."""
    return {name: t.ite(condition, a[name], b[name]) if name in a and name in b else a.get(name, b.get(name, t.FALSE))
            for name in sorted({**a, **b})}


def _merge_truths(condition: Term, a: dict[str, Term], b: dict[str, Term]) -> dict[str, Term]:
    return {
        name: t.ite(condition, a.get(name, t.FALSE), b.get(name, t.FALSE)) for name in sorted({**a, **b})
    }
