"""A loop run a few times over, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from verify.engine.control import Region, Runner, Side, Ways, walk
from verify.engine.place import Place
from verify.engine.record import Obligation, Record
from verify.engine.value import Integer, Pointer, Value
from verify.ir import instr as i
from verify.ir.function import Block
from verify.terms import build as t
from verify.terms.term import Term

MOST_COUNTED = 64
"""Iterations of a loop that constants count."""


def counted(runner: Runner, region: Region, side: Side, record: Record) -> Ways | None:
    """The ways out of a loop whose head goes one way only, each time; None for any other, of which nothing is recorded.

    Such is `for (i = 4; i < 18; i++)`: no iteration is cut, so that all there is to know of the loop is known.
    """
    mark, ways = record.mark(), Ways()
    head = next(block for block in region.order if block.label == region.head)
    met: Side | None = (side[0].fork(t.TRUE), dict(side[1]))
    for _ in range(MOST_COUNTED + 1):
        if met is None or not _is_decided(runner, head, met, record):
            break
        once = walk(runner, region, region.head, met)
        ways.add(once)
        back = [way for way in once.back if not way[0].is_dead]
        if not back:
            return ways
        met = runner.meet(head, back)
    record.rewind(mark)
    return None


def _is_decided(runner: Runner, head: Block, side: Side, record: Record) -> bool:
    """Does the head look at something, and go on in one way?"""
    if not isinstance(head.terminator, i.Branch):
        return False
    mark = record.mark()
    ways = runner.block(head, (side[0].fork(t.TRUE), dict(side[1])))
    is_decided = len(record.boundaries) == mark["boundaries"] and sum(not way[0].is_dead for _, way in ways) == 1
    record.rewind(mark)
    return is_decided


def unroll(runner: Runner, region: Region, side: Side, rounds: int, record: Record, place: Place) -> Ways:
    """The ways out after at most so many whole iterations; what goes on longer is not looked at.

    For counterexamples only: nothing is proved of a unit whose loops were cut.
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
