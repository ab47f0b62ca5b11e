"""Locks: taking one lets the other CPUs in, giving it back owes them the invariants."""

from __future__ import annotations

from verify.engine import told
from verify.engine.access import Accesses
from verify.engine.place import Place
from verify.engine.record import LockEvent, Obligation
from verify.engine.state import State
from verify.engine.value import NotModelled, Pointer
from verify.terms import build as t


def lock(memory: Accesses, state: State, pointer: Pointer, acquire: bool, place: Place) -> None:
    """Take the lock, or give it back. Raises NotModelled where it depends on the input which one it is."""
    targets = memory.resolve(state, pointer, t.const(1, 64), place)
    if len(targets) != 1 or not targets[0][2].is_const:
        raise NotModelled("a lock that depends on the input")
    _, name, offset, _ = targets[0]
    path = memory.path(name, offset.value) or name
    _oblige(memory, state, path, acquire, place)
    if acquire:
        memory.others.interfere(state)
    else:
        memory.record.releases.append((state.guard, memory.others.snapshot(state)))
    _note(memory, state, path, acquire, place)
    if acquire:
        _observe(memory, state, path)
    state.held[path] = t.truth(acquire)


def _oblige(memory: Accesses, state: State, path: str, acquire: bool, place: Place) -> None:
    held = state.held.get(path, t.FALSE)
    kind, holds = ("lock-held-already", t.not_(held)) if acquire else ("unlock-of-a-free-lock", held)
    if holds is not t.TRUE:
        memory.record.obligations.append(Obligation(kind, state.guard, holds, place.span, place.function))


def _note(memory: Accesses, state: State, path: str, acquire: bool, place: Place) -> None:
    shared, record = memory.shared, memory.record
    versions = tuple((p, memory.others.peek(state, p)) for p in (shared.version, shared.negotiated))
    site = record.site(place.span, place.function, "lock", path)
    record.locks.append(LockEvent(
        state.guard, path, acquire, state.held.get(path, t.FALSE), place.span, versions,
        tuple(sorted(state.held.items())), site.value))


def _observe(memory: Accesses, state: State, path: str) -> None:
    """What the lock protects is as the other CPUs left it."""
    shared = memory.shared
    here = {p: memory.others.peek(state, p) for p in state.pre if shared.lock_of.get(p) == path}
    if path == shared.buffers_lock and state.flags.get("buffers-taken", t.FALSE) is t.FALSE:
        state.flags["buffers-taken"] = t.TRUE
        state.ghost[told.LEFT] = state.ghost[told.MAPPED]
        state.found = dict(state.ghost)
        state.pre.update(here)
    state.left.update({p: memory.others.peek(state, p) for p in state.left if shared.lock_of.get(p) == path})
    if not state.acquired and path == shared.lock_of.get(shared.version):
        state.acquired = True
        state.ghost[told.FOUND] = state.ghost[told.ASKED]
        state.pre.update(here)
