"""What a loop changes, and the state at its head after any number of iterations."""

from __future__ import annotations

from collections.abc import Callable

from verify.engine import memory
from verify.engine.candidates import Head
from verify.engine.content import Content, Unknown, choose
from verify.engine.control import Side, Ways
from verify.engine.memory import Cell
from verify.engine.record import Record
from verify.engine.value import Integer, NotModelled, Pointer, Target, Value
from verify.terms import build as t
from verify.terms.term import Term, variables

Key = tuple[str, ...]
"""("register", name), ("cell", object, offset), ("content", object) or ("ghost", name)."""
Body = Callable[[Side], Ways]
ROUNDS = 12
MOST = t.const(1 << 62, 64)
"""No loop runs so long."""


class Loop:
    """One loop, entered in one state."""

    def __init__(self, record: Record, entry: Side, body: Body) -> None:
        self._record = record
        self._entry = entry
        self._body = body
        self.changed: dict[Key, Term | None] = {}
        """Step from one iteration to the next where it is a constant, else None."""

    # -- the state at the head -------------------------------------------------------------------------------

    def _unknown(self, label: str, bits: int, secret: bool = False) -> Term:
        return self._record.unknown(f"loop.{label}", bits, t.const(0, 16), secret).term

    def head(self) -> tuple[Side, Head, dict[Key, Term]]:
        """A state after any number of iterations, and the variables that it is made of."""
        state, registers = self._entry[0].fork(t.TRUE), dict(self._entry[1])
        index = self._unknown("index", 64)
        first = t.eq(index, t.const(0, 64))
        made: dict[Key, Term] = {("index",): index}
        self._record.rely(self._entry[0].guard, t.ult(index, MOST))
        for key, step in self.changed.items():
            match key:
                case ("register", name):
                    registers[name] = self._again(made, key, registers[name], step, first)
                case ("cell", name, offset):
                    cells = dict(state.cells(name))
                    old = cells[int(offset)]
                    cells[int(offset)] = Cell(old.size, self._again(made, key, old.value, step, first))
                    state.objects[name] = cells
                case ("content", name):
                    fresh = self._unknown(name, 8)
                    made[key] = fresh
                    state.objects[name] = choose(first, state.content(name), Unknown(str(fresh.data)))
                case ("ghost", name):
                    old_ghost = state.ghost[name]
                    made[key] = self._unknown(name, old_ghost.bits)
                    state.ghost[name] = t.ite(first, old_ghost, made[key])
        hit, last = self._unknown("hit", 0), self._unknown("last", 64)
        made[("hit",)], made[("last",)] = hit, last
        hit = t.and_(t.not_(first), hit)
        return (state, registers), Head(index, hit, last, self._entry[0].ghost, state.ghost), made

    def _again(self, made: dict[Key, Term], key: Key, old: Value, step: Term | None, first: Term) -> Value:
        if isinstance(old, Pointer):
            return self._pointer(made, key, old, step)
        if step is not None:
            count = made[("index",)]
            count = t.extract(count, old.term.bits - 1, 0) if old.term.bits < 64 else count
            return Integer(t.binary("add", old.term, t.binary("mul", count, step)), old.origin)
        made[key] = self._unknown(".".join(key[1:]), old.term.bits, "!" in "".join(variables([old.term])))
        return Integer(t.ite(first, old.term, made[key]), old.origin)

    def _pointer(self, made: dict[Key, Term], key: Key, old: Pointer, step: Term | None) -> Pointer:
        if step is None:
            raise NotModelled("a pointer that a loop changes")
        moved = t.binary("mul", made[("index",)], step)
        return Pointer(tuple(Target(x.guard, x.object, t.binary("add", x.offset, moved)) for x in old.targets),
                       old.origin)

    # -- what changes ----------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Find what the body changes: what it does to anything that stays so far, until nothing new is found."""
        for _ in range(ROUNDS):
            mark = self._record.mark()
            start, _, made = self.head()
            outer, self._record.index = self._record.index, made[("index",)]
            try:
                ways = self._body(start)
            finally:
                self._record.index = outer
            found: dict[Key, Term | None] = {}
            for side in ways.back:
                for key, step in _differences(start, side).items():
                    found[key] = step if key not in found or found[key] is step else None
            self._record.rewind(mark)
            new = {key: step for key, step in found.items() if key not in self.changed}
            odd = [key for key, step in self.changed.items() if step is not None and found.get(key) is not step]
            for key in odd:
                new[key] = None
            if not new:
                return
            self.changed.update(new)
            self.changed = dict(sorted(self.changed.items()))
        raise NotModelled("a loop that changes more and more")


def _step(old: Value | None, new: Value | None) -> Term | None:
    """The constant that is added, if that is all."""
    if isinstance(old, Integer) and isinstance(new, Integer) and old.term.bits == new.term.bits > 1:
        difference = t.binary("sub", new.term, old.term)
        return difference if difference.is_const else None
    if isinstance(old, Pointer) and isinstance(new, Pointer) and len(old.targets) == len(new.targets):
        steps = {t.binary("sub", b.offset, a.offset) for a, b in zip(old.targets, new.targets, strict=True)
                 if a.object is b.object or a.object == b.object}
        if len(steps) == 1 and (only := steps.pop()).is_const:
            return only
    return None


def _differences(start: Side, end: Side) -> dict[Key, Term | None]:
    """What is another value at the end of the body, of all that there is at its beginning."""
    (a, ra), (b, rb) = start, end
    result: dict[Key, Term | None] = {}
    for name, value in ra.items():
        new = rb.get(name)
        if new is not None and not _same(value, new):
            result[("register", name)] = _step(value, new)
    for name, old in a.objects.items():
        now = b.objects.get(name, old)
        if now is not old:
            result.update(_changed_object(name, old, now))
    for name, ghost in a.ghost.items():
        if b.ghost.get(name, ghost) is not ghost:
            result[("ghost", name)] = None
    if {k: v for k, v in a.held.items() if v is not t.FALSE} != {k: v for k, v in b.held.items() if v is not t.FALSE}:
        raise NotModelled("a lock that a loop takes or gives back")
    if a.flags != b.flags or a.pre != b.pre or a.acquired != b.acquired or a.left != b.left:
        raise NotModelled("negotiation in a loop")
    return result


def _changed_object(
    name: str, old: memory.Cells | Content, new: memory.Cells | Content
) -> dict[Key, Term | None]:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return {("content", name): None}
    result: dict[Key, Term | None] = {}
    for offset, cell in old.items():
        now = new.get(offset)
        if now is None or now.size != cell.size:
            raise NotModelled("a loop that writes parts of variables")
        if not _same(cell.value, now.value):
            result[("cell", name, str(offset))] = _step(cell.value, now.value)
    return result


def _same(old: Value, new: Value) -> bool:
    if isinstance(old, Integer) and isinstance(new, Integer):
        return old.term is new.term
    if isinstance(old, Pointer) and isinstance(new, Pointer) and len(old.targets) == len(new.targets):
        return all(a.guard is b.guard and a.object == b.object and a.offset is b.offset
                   for a, b in zip(old.targets, new.targets, strict=True))
    return False
