"""What leaves EL2: an SMC hands its registers and EL2's TX buffer to EL3, which answers as it likes."""

from __future__ import annotations

from verify.engine import told
from verify.engine.access import Accesses
from verify.engine.content import Content, Unknown
from verify.engine.place import Place
from verify.engine.record import SmcEvent
from verify.engine.retrieval import answered
from verify.engine.state import State
from verify.engine.value import Integer, within
from verify.terms import build as t
from verify.terms.term import Term


def emit(
    memory: Accesses, state: State, arguments: tuple[Integer, ...], place: Place, is_forward: bool
) -> tuple[Integer, ...]:
    """EL3's x0 to x17."""
    arguments = _sent(state.guard, arguments)
    record = memory.record
    number = len(record.smcs)
    ghost = {**state.ghost, **memory.others.told(state, told.identifier(arguments))}
    origin = record.site(place.span, place.function, "smc", place.text)
    results = tuple(Integer(t.var(f"{record.prefix}smc{number}.q{k}", 64), origin) for k in range(18))
    tx, rx = _exchange(memory, state, number)
    version = _version(memory, state)
    record.smcs.append(SmcEvent(
        state.guard, arguments, results, place.span, is_forward, tuple(sorted(state.held.items())),
        origin.value, tx, rx, tuple(sorted(ghost.items())), version))
    told.tell(state.ghost, arguments, results)
    if version is not None:
        answered(record, record.smcs[-1], number, version)
    return results


def _sent(guard: Term, arguments: tuple[Integer, ...]) -> tuple[Integer, ...]:
    """What the registers hold on the paths that come here."""
    terms = within(guard, [x.term for x in arguments])
    origins = within(guard, [x.origin for x in arguments])
    return tuple(map(Integer, terms, origins))


def _version(memory: Accesses, state: State) -> Term | None:
    """What EL2 knows as the version then."""
    value = memory.others.peek(state, memory.shared.version)
    return value.term if isinstance(value, Integer) and memory.shared.memory else None


def _exchange(memory: Accesses, state: State, number: int) -> tuple[Content | None, Content | None]:
    """EL3 reads EL2's TX buffer, and may write anything into its RX buffer."""
    shared = memory.shared
    tx = state.content(shared.tx) if shared.tx in state.objects else None
    if shared.rx not in state.objects:
        return tx, None
    rx = Unknown(f"{memory.record.prefix}rx{number}")
    state.objects[shared.rx] = rx
    return tx, rx
