"""A loop run a few times over, exactly: what goes on longer is not looked at.

For counterexamples only. Nothing is proved of a unit whose loops were cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from verify.engine.control import Region, Runner, Side, Ways, walk
from verify.engine.place import Place
from verify.engine.record import Obligation, Record
from verify.engine.value import Integer, Pointer, Value
from verify.terms import build as t
from verify.terms.term import Term


def unroll(runner: Runner, region: Region, side: Side, rounds: int, record: Record, place: Place) -> Ways:
    """The ways out after at most so many whole iterations.

    An iteration after which everything is as before is one of a loop without end, as far as buffers do not decide.
    """
    ways = Ways()
    head = next(block for block in region.order if block.label == region.head)
    for _ in range(rounds + 1):
        before = (side[0].fork(t.TRUE), dict(side[1]))
        once = walk(runner, region, region.head, side)
        ways.add(once)
        back = [way for way in once.back if not way[0].is_dead]
        met = runner.meet(head, back) if back else None
        if met is None:
            break
        moves = t.not_(t.and_(*_unmoved(before, met)))
        record.obligations.append(Obligation("endless-loop", met[0].guard, moves, place.span, place.function))
        side = met
    return ways


def _unmoved(before: Side, after: Side) -> Iterator[Term]:
    """C variables and the cells of objects are as they were."""
    (old, registers), (new, now) = before, after
    for name, value in registers.items():
        if not name.startswith(("%", "$")) and name in now:
            yield _equal(value, now[name])
    for name, cells in old.objects.items():
        other = new.objects.get(name)
        if other is not cells and isinstance(cells, Mapping) and isinstance(other, Mapping):
            for offset, cell in cells.items():
                yield _equal(cell.value, other[offset].value) if offset in other else t.FALSE


def _equal(one: Value, other: Value) -> Term:
    match one, other:
        case Integer(), Integer() if one.term.bits == other.term.bits:
            return t.eq(one.term, other.term)
        case Pointer(), Pointer() if len(one.targets) == len(other.targets):
            return t.and_(*(t.implies(a.guard, t.and_(b.guard, t.truth(a.object == b.object), t.eq(a.offset, b.offset)))
                            for a, b in zip(one.targets, other.targets, strict=True)))
        case _:
            return t.FALSE
