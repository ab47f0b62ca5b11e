"""A call that the interpreter ran, as the scene that rules speak of: every word is a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from verify.interpret.events import AccessDone, BufferDone, LockDone, Log, SmcDone, Told, TransferDone
from verify.interpret.memory import HOST_BASE, Snapshot
from verify.interpret.session import CallDone
from verify.rules.binding import Binding
from verify.rules.memory import (
    DESCRIPTOR,
    EL2_RX,
    EL2_TX,
    HOST,
    NO_CONTENT,
    PAGE_STATE_BITS,
    PIN,
    UNPIN,
    BufferAccess,
    Content,
    Hazard,
    LockStep,
    Page,
    Transfer,
)
from verify.rules.scene import Access, Call, Instead, Result, Scene, Smc, State, nothing_instead
from verify.rules.words import Output, Truth, Word, number
from verify.terms import build as t
from verify.terms.term import Term


def _truth(value: bool) -> Truth:
    return Truth(t.truth(value))


def _state(values: Mapping[str, int], binding: Binding, told: Told) -> State:
    tx, rx = values.get(binding.host_tx, 0), values.get(binding.host_rx, 0)
    return State(number(values[binding.version], 32), _truth(values[binding.negotiated] != 0), {},
                 _truth(tx != 0), _address(tx), _truth(rx != 0), _address(rx),
                 _truth(told.is_asked), _truth(told.is_mapped))


def _address(pointer: int) -> Word:
    """Physical, of host memory; 0 for what is none."""
    return number(max(pointer - HOST_BASE, 0), 64)


def _read(snapshot: Snapshot, offset: Term, size: int) -> Term:
    """Concrete rules read at concrete places."""
    return t.const(snapshot.read(offset.value, size), 8 * size)


def _content(snapshot: Snapshot | None) -> Content:
    return NO_CONTENT if snapshot is None else Content(partial(_read, snapshot))


def _smc(done: SmcDone, binding: Binding, transfers: Sequence[TransferDone], page: int) -> Smc:
    """What this call did to the page before the SMC: only where a function succeeded did it change anything."""
    state = done.pages.state(page) if done.pages is not None else 0
    changed = [item for item in transfers[:done.transfers]
               if item.action not in (PIN, UNPIN) and item.result == 0 and item.covers(page)]
    found = changed[0].before.state(page) if changed else state
    return Smc(
        _truth(True), tuple(number(x, 64) for x in done.arguments), tuple(number(x, 64) for x in done.results),
        _content(done.tx), _content(done.rx), number(state, PAGE_STATE_BITS), number(found, PAGE_STATE_BITS),
        _truth(bool(changed)), _truth(binding.buffers_lock in done.held),
        _truth(done.told.is_asked), _truth(done.is_own))


def _accesses(done: CallDone, binding: Binding) -> list[Access]:
    result, acquired, written = [], False, False
    for access in done.log.accesses:
        if access.path not in (binding.version, binding.negotiated):
            continue
        bound = "version" if access.path == binding.version else "negotiated"
        result.append(Access(
            bound, access.is_write, access.order, _truth(True), _truth(binding.version_lock in access.held),
            _truth(acquired), _truth(written)))
        acquired |= bound == "negotiated" and not access.is_write and access.order == "acquire" and access.value != 0
        written |= bound == "version" and access.is_write
    return result


def _version_kept(log: Log, binding: Binding, before: Mapping[str, int]) -> Truth:
    """Before an agreement, only the last of the writes under one taking of the lock is seen."""
    lock, writes = binding.version_lock, [x for x in log.accesses if x.path == binding.version and x.is_write]
    taken = sum(x.path == lock and x.is_acquire for x in log.locks)
    if writes and taken == 1 and not before[binding.negotiated] and lock in writes[-1].held:
        writes = [*(x for x in writes[:-1] if lock not in x.held), writes[-1]]
    return _kept(writes, binding.version, before[binding.version])


def _kept(accesses: list[AccessDone], path: str, before: int) -> Truth:
    return _truth(all(x.value == before for x in accesses if x.path == path and x.is_write))


def _buffer_access(done: BufferDone, binding: Binding) -> BufferAccess:
    known = {binding.own_tx: EL2_TX, binding.own_rx: EL2_RX, binding.descriptor: DESCRIPTOR}
    return BufferAccess(
        known.get(done.buffer, HOST), done.is_write, done.is_copy, _truth(True), number(done.offset, 64),
        number(done.length, 64), _truth(binding.buffers_lock in done.held), written=_written(done),
        own=_truth(done.is_own))


def _written(done: BufferDone) -> Content:
    return _content(Snapshot(dict(enumerate(done.written)), done.length) if done.written else None)


def _transfer(done: TransferDone, binding: Binding, page: int) -> Transfer:
    return Transfer(
        done.action, _truth(True), _truth(done.result == 0), _truth(done.covers(page)),
        number(done.before.state(page), PAGE_STATE_BITS), _truth(binding.buffers_lock in done.held))


def _lock_step(done: LockDone, binding: Binding) -> LockStep:
    names = {binding.version_lock: "version", binding.buffers_lock: "buffers"}
    inside = {name: _truth(path in done.held) for path, name in names.items()}
    inside |= {names.get(path, path): _truth(True) for path in done.held}
    return LockStep(names.get(done.path, done.path), _truth(True), inside)


def _hazards(done: CallDone) -> tuple[Hazard, ...]:
    """Where a sum wraps that becomes a size, one wraps."""
    kinds = ["wrap" for _ in done.log.wraps]
    if done.ended is not None and done.ended.kind:
        kinds.append(done.ended.kind)
    return tuple(Hazard(kind, _truth(True)) for kind in kinds)


def _page(done: CallDone, page: int) -> Page:
    before, after = done.pages
    return Page(
        number(page, 64), number(before.state(page), PAGE_STATE_BITS), number(after.state(page), PAGE_STATE_BITS),
        _truth(before.is_pinned(page)), _truth(after.is_pinned(page)), _truth(False))


def concrete_scene(
    done: CallDone, binding: Binding, profile: str, constants: Mapping[str, int], max_version: int, page: int = 0,
    index: int = 0, asked: Callable[[], Instead] = nothing_instead,
) -> Scene:
    """The scene of a call, for one followed page and one index; a call that ended in a fault has that as a hazard.

    `asked` runs another call in its place.
    """
    before, after, sizes, log = dict(done.state_before), dict(done.state_after), dict(done.buffers), done.log
    registers = tuple(
        Word(t.const(x, 64), (Output(f"x{k}", t.const(0, 16)),)) for k, x in enumerate(done.registers))
    return Scene(
        call=Call(tuple(number(x, 64) for x in done.before)),
        pre=_state(before, binding, done.told[0]),
        post=_state(after, binding, done.told[1]),
        result=Result(_truth(done.handled), registers),
        smcs=tuple(_smc(smc, binding, log.transfers, page) for smc in log.smcs if not smc.is_forward),
        forwards=tuple(_smc(smc, binding, log.transfers, page) for smc in log.smcs if smc.is_forward),
        accesses=tuple(_accesses(done, binding)),
        locks_held=_truth(bool(done.held)),
        version_kept=_version_kept(log, binding, before),
        agreement_kept=_kept(log.accesses, binding.negotiated, before[binding.negotiated]),
        profile=profile,
        constants=constants,
        max_version=number(max_version, 32),
        uppers=number(done.before[0] >> 32, 32),
        page=_page(done, page),
        index=number(index, 32),
        buffer_accesses=tuple(_buffer_access(item, binding) for item in log.buffers),
        hazards=_hazards(done),
        warns=tuple(_truth(True) for _ in log.warns),
        transfers=tuple(_transfer(item, binding, page) for item in log.transfers),
        asked=asked,
        lock_steps=tuple(_lock_step(item, binding) for item in log.locks if item.is_acquire),
        page_size=number(1 << done.page_shift, 64),
        mailbox_size=number(sizes.get(binding.own_tx, 0), 64),
        descriptor_size=number(sizes.get(binding.descriptor, 0), 64),
        own_tx_at=number(done.own[0], 64),
        own_rx_at=number(done.own[1], 64),
    )
