"""What rules can tell of a concrete call and of EL2 after it: does it differ from another one's?

Mostly nothing differs, so that both are compared as they are, part by part, until something does.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from verify.interpret.intervals import Intervals
from verify.interpret.memory import Slot, Snapshot
from verify.interpret.session import CallDone, Session
from verify.ir.span import Span

CONTEXT = "host context"
"""Each call has its own; nobody looks at those of former calls."""
INSIDE = (4, 5)
"""Which parts of what is seen nobody outside can tell: accesses of statics, and sums that did not fit."""
_APART = ("world", "mailbox", "odd", "count", "unused")
"""Of the environment: what is compared by itself, and what stands for one call."""
_SIMPLE = (int, str, bool, bytes, bytearray, type(None), frozenset, set)


def differing(one: CallDone, other: CallDone) -> tuple[int, ...]:
    """The numbers of the parts that differ: without the places in the source, and without what the host did."""
    pairs = zip(_parts(one), _parts(other), strict=True)
    return tuple(k for k, (mine, theirs) in enumerate(pairs) if not _alike(mine, theirs))


def _parts(done: CallDone) -> tuple[Any, ...]:
    log, ended = done.log, done.ended
    return (done.registers, done.handled, ended.kind if ended else None, log.order, log.accesses, len(log.wraps),
            done.held, done.state_after, done.pages[1])


def are_left_alike(one: Session, other: Session) -> bool:
    """Does the next call find the same?"""
    mine, theirs = _slots(one), _slots(other)
    return (len(mine) == len(theirs)
            and all(x.name == y.name and x.content == y.content for x, y in zip(mine, theirs, strict=True))
            and _alike(one.environment.world.now(), other.environment.world.now())
            and _environments(one, other) and one.machine.held == other.machine.held
            and _alike(one.machine.told, other.machine.told))


def _slots(session: Session) -> list[Slot]:
    return [slot for slot in session.machine.memory.alive() if slot.name != CONTEXT]


def _environments(one: Session, other: Session) -> bool:
    mine, theirs = one.environment, other.environment
    return type(mine) is type(theirs) and all(
        _alike(getattr(mine, name), getattr(theirs, name)) for name in _names(type(mine)) or () if name not in _APART)


def _alike(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if type(one) in _SIMPLE:
        return bool(one == other)
    match one:
        case Span():
            return True
        case Snapshot():
            return one.content == other.content or _written(one) == _written(other)
        case Intervals():
            starts = one.starts()
            return starts == other.starts() and list(map(one.at, starts)) == list(map(other.at, starts))
        case dict():
            return one.keys() == other.keys() and all(_alike(value, other[key]) for key, value in one.items())
        case list() | tuple():
            return len(one) == len(other) and all(map(_alike, one, other))
    names = _names(type(one))
    if names is None:
        return bool(one == other)
    return all(_alike(getattr(one, name), getattr(other, name)) for name in names)


def _written(snapshot: Snapshot) -> dict[int, int]:
    """What was never written is zero."""
    return {at: byte for at, byte in snapshot.content.items() if byte}


_NAMES: dict[int, tuple[str, ...] | None] = {}
"""By the identity of a class."""


def _names(kind: type) -> tuple[str, ...] | None:
    """The parts of a dataclass; None: it is none."""
    if id(kind) not in _NAMES:
        _NAMES[id(kind)] = tuple(x.name for x in fields(kind)) if is_dataclass(kind) else None
    return _NAMES[id(kind)]
