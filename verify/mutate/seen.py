"""What rules can tell of a concrete call and of EL2 after it, as plain values that compare."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from verify.interpret.intervals import LIMIT, Intervals
from verify.interpret.memory import Snapshot
from verify.interpret.session import CallDone, Session
from verify.ir.span import Span

CONTEXT = "host context"
"""Each call has its own; nobody looks at those of former calls."""
INSIDE = (4, 5)
"""Which parts of what is seen nobody outside can tell: accesses of statics, and sums that did not fit."""
Plain = tuple[Any, ...] | int | str | bytes | None | bool


def seen(done: CallDone) -> Plain:
    """Without the places in the source, and without what the host did."""
    log, ended = done.log, done.ended
    return (done.registers, done.handled, ended.kind if ended else None, tuple(map(_plain, log.order)),
            tuple(map(_plain, log.accesses)), len(log.wraps), done.held, done.state_after, _plain(done.pages[1]))


def after(session: Session) -> Plain:
    """What the next call finds."""
    slots = [slot for slot in session.machine.memory.alive() if slot.name != CONTEXT]
    return (tuple((slot.name, tuple(sorted(slot.content.items()))) for slot in slots),
            _plain(session.environment.world.now()), _plain_environment(session), session.machine.held,
            _plain(session.machine.told))


def _plain_environment(session: Session) -> Plain:
    apart = ("world", "mailbox", "odd", "count", "unused")
    environment: Any = session.environment
    return tuple(_plain(getattr(environment, x.name)) for x in fields(environment) if x.name not in apart)


def _plain(value: Any) -> Plain:
    match value:
        case Span():
            return None
        case Snapshot():
            return tuple(sorted((at, byte) for at, byte in value.content.items() if byte))
        case Intervals():
            return tuple(value.pieces(0, LIMIT))
        case dict():
            return tuple(sorted((repr(key), _plain(one)) for key, one in value.items()))
        case list() | tuple():
            return tuple(map(_plain, value))
        case bytearray():
            return bytes(value)
        case frozenset() | set():
            return tuple(sorted(map(repr, value)))
    if is_dataclass(value):
        return tuple(_plain(getattr(value, x.name)) for x in fields(value))
    return value  # type: ignore[no-any-return]
