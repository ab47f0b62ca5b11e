"""An executed transition as the scene that rules speak of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from verify.engine import told
from verify.engine.content import Content as EngineContent
from verify.engine.pages import PAGE, PIN_BITS
from verify.engine.record import (
    AccessEvent,
    BufferEvent,
    LockEvent,
    Obligation,
    Record,
    SmcEvent,
    TransferEvent,
)
from verify.engine.regions import physical
from verify.engine.relevance import in_loop
from verify.engine.shared import placed
from verify.engine.transition import Transition, page_shift
from verify.engine.value import ORIGIN_BITS, Integer, Pointer
from verify.rules.binding import Binding
from verify.rules.memory import (
    DESCRIPTOR,
    EL2_RX,
    EL2_TX,
    HOST,
    NO,
    NO_CONTENT,
    NO_PAGE,
    BufferAccess,
    Content,
    Hazard,
    LockStep,
    Page,
    Transfer,
)
from verify.rules.scene import Access, Call, Instead, Result, Scene, Smc, State
from verify.rules.words import Output, Truth, Word, blame, no, number
from verify.terms import build as t
from verify.terms.evaluate import substitute
from verify.terms.term import Term, variables

HAZARD = "hazard"
"""The output of undefined behaviour."""
STATE_OUTPUTS = frozenset({"version", "negotiated"})
"""Outputs that are known even where a call runs into something that is not modelled."""


def _word(value: Integer, name: str) -> Word:
    return Word(value.term, (Output(name, value.origin),))


def _truth(term: Term, name: str, origin: Term) -> Truth:
    return Truth(term, (Output(name, origin),))


def _state(
    values: Mapping[str, Integer], pointers: Mapping[str, Pointer], binding: Binding, asked: Truth, mapped: Truth
) -> State:
    version, flag = values[binding.version], values[binding.negotiated]
    negotiated = t.ne(flag.term, t.const(0, flag.term.bits))
    return State(_word(version, "version"), _truth(negotiated, "negotiated", flag.origin), {},
                 *_mailbox(pointers, binding.host_tx), *_mailbox(pointers, binding.host_rx), asked, mapped)


def _mailbox(pointers: Mapping[str, Pointer], path: str) -> tuple[Truth, Word]:
    """(registered?, where)"""
    if path not in pointers:
        return Truth(t.FALSE), Word(t.const(0, 64))
    output = (Output("mailbox", pointers[path].origin),)
    is_set, at = placed(pointers[path])
    return Truth(is_set, output), Word(at, output)


def _after(step: Transition, binding: Binding) -> dict[str, Integer]:
    """The state at the end; where the path is not modelled to its end, as far as it got."""
    watched = (binding.version, binding.negotiated)
    result = {path: step.after[path] for path in watched if path in step.after}
    for boundary in step.record.boundaries:
        for path, value in boundary.state:
            old = result[path]
            result[path] = Integer(
                t.ite(boundary.guard, value.term, old.term), t.ite(boundary.guard, value.origin, old.origin))
    return result


def _content(record: Record, content: EngineContent | None) -> Content:
    if content is None:
        return NO_CONTENT
    return Content(lambda offset, size: record.word(content, offset, size))


def _is_own(event: SmcEvent) -> Term:
    """EL2 asks for itself."""
    return t.FALSE if event.is_forward else told.is_own(dict(event.ghost))


def _smc(record: Record, event: SmcEvent, binding: Binding) -> Smc:
    ghost = dict(event.ghost)
    locked = dict(event.locks).get(binding.buffers_lock, t.FALSE)
    state, touched = ghost.get("state", t.const(0, 2)), ghost.get("touched", t.FALSE)
    site = _site(event.guard, event.site)
    name = "outcome" if event.is_forward else "smc"
    return Smc(
        _truth(event.guard, name, site),
        tuple(_word(value, f"smc x{k}") for k, value in enumerate(event.arguments)),
        tuple(Word(value.term) for value in event.results),
        _content(record, event.tx), _content(record, event.rx), Word(state),
        Word(t.ite(touched, ghost.get("found", state), state)), Truth(ghost.get("ours", t.FALSE)), Truth(locked),
        Truth(ghost[told.ASKED]), Truth(_is_own(event)),
    )


def _access(event: AccessEvent, binding: Binding) -> Access:
    bound = "version" if event.path == binding.version else "negotiated"
    name = f"{bound} {'write' if event.is_write else 'read'}"
    held = dict(event.locks).get(binding.version_lock, t.FALSE)
    flags = dict(event.flags)
    return Access(
        bound, event.is_write, event.order, _truth(event.guard, name, t.const(event.site, ORIGIN_BITS)), Truth(held),
        Truth(flags.get("acquired-negotiated", t.FALSE)), Truth(flags.get("version-written", t.FALSE)),
    )


def _nowhere(event: AccessEvent) -> Term:
    return t.FALSE


def _kept(step: Transition, path: str, name: str, unseen: Callable[[AccessEvent], Term] = _nowhere) -> Truth:
    """No write of another value, but for those that nobody sees, and no write that is not modelled."""
    breaches = []
    found = step.pre[path]
    for event in step.record.accesses:
        if event.path == path and event.is_write and isinstance(event.value, Integer):
            changes = t.and_(event.guard, t.not_(t.eq(event.value.term, found.term)), t.not_(unseen(event)))
            breaches.append(_truth(changes, name, t.const(event.site, ORIGIN_BITS)))
    for boundary in step.record.boundaries:
        if path.partition(".")[0] in boundary.writes:
            breaches.append(_truth(boundary.guard, "outcome", t.const(0, ORIGIN_BITS)))
    kept = blame(no(breaches), name, breaches)
    unmodelled = tuple(output for breach in breaches for output in breach.outputs if output.name == "outcome")
    return Truth(kept.term, kept.outputs + unmodelled)


def _unseen(step: Transition, binding: Binding, event: AccessEvent) -> Term:
    """Before an agreement, a version that is written once more before the lock is given back: who reads it unlocked
    looks at the agreement first."""
    taken = [x for x in step.record.locks if x.path == binding.version_lock and x.is_acquire
             and t.and_(x.guard, event.guard) is not t.FALSE]
    if len(taken) != 1 or dict(event.locks).get(binding.version_lock) is not t.TRUE:
        return t.FALSE
    events = step.record.accesses
    behind = next(number for number, x in enumerate(events) if x is event) + 1
    later = [x.guard for x in events[behind:] if x.path == event.path and x.is_write
             and dict(x.locks).get(binding.version_lock) is t.TRUE]
    agreed = step.pre[binding.negotiated].term
    return t.and_(t.eq(agreed, t.const(0, agreed.bits)), t.or_(*later))


def _asked(step: Transition) -> Instead:
    """The same transition with w1 in the place of x0: it begins in the same state, with the same answers of EL3.

    Uninitialised memory holds zeros then, so that no answer is made of it by chance.
    """
    prefix, wanted = f"{step.record.prefix}x0.", step.inputs[1]
    instead = {f"{prefix}lo": t.extract(wanted, 15, 0), f"{prefix}hint": t.extract(wanted, 16, 16),
               f"{prefix}hi": t.extract(wanted, 31, 17), f"{prefix}up": t.const(0, 32)}
    x0, x2 = (t.extract(step.outputs[k].term, 31, 0) for k in (0, 2))
    refused = t.and_(t.eq(x0, t.const(0x84000060, 32)), t.eq(x2, t.const(-1, 32)))
    silent = t.not_(t.or_(*(t.and_(event.guard, t.not_(_is_own(event))) for event in step.record.smcs)))
    answer, decided = substitute([t.and_(step.alive, refused, silent), t.and_(step.alive, silent)], instead)
    unset = {name: t.const(0, one.bits) for name, one in variables([answer]).items() if "!" in name}
    answer = substitute([answer], unset)[0]
    return Instead(Truth(answer), Truth(decided), Truth(t.and_(*_calm(step, t.and_(answer, decided)))))


def _calm(step: Transition, term: Term) -> list[Term]:
    """What other CPUs might change on the way to the term stays as it was."""
    names, result = set(variables([term])), list[Term]()
    for fact in reversed(step.record.quiet):
        if not names.isdisjoint(known := variables([fact])):
            names |= set(known)
            result.append(fact)
    return result


def _handled(step: Transition) -> Truth:
    """Not forwarded; its origin is where x0 was made, or the forwarding SMC."""
    forwarded, origin = t.FALSE, step.outputs[0].origin
    for event in step.record.smcs:
        if event.is_forward:
            forwarded = t.or_(forwarded, event.guard)
            origin = t.ite(event.guard, t.const(event.site, ORIGIN_BITS), origin)
    return _truth(t.not_(forwarded), "outcome", origin)


def symbolic_scene(
    step: Transition, binding: Binding, profile: str, constants: Mapping[str, int], max_version: int
) -> Scene:
    """The scene of one symbolic call."""
    held = t.or_(*step.held.values())
    origin = step.decided
    return Scene(
        call=Call(tuple(Word(term) for term in step.inputs)),
        pre=_state(step.pre, step.seen, binding, Truth(step.page[told.FOUND]),
                   Truth(step.found[told.MAPPED])),
        post=_state(_after(step, binding), step.left, binding, NO,
                    _truth(step.page[told.LEFT], "mapped", origin)),
        result=Result(_handled(step), tuple(_word(value, f"x{k}") for k, value in enumerate(step.outputs))),
        smcs=tuple(_smc(step.record, event, binding) for event in step.record.smcs if not event.is_forward),
        forwards=tuple(_smc(step.record, event, binding) for event in step.record.smcs if event.is_forward),
        accesses=tuple(_access(event, binding) for event in step.record.accesses),
        locks_held=_truth(held, "lock", origin),
        version_kept=_kept(step, binding.version, "version", partial(_unseen, step, binding)),
        agreement_kept=_kept(step, binding.negotiated, "negotiated"),
        profile=profile,
        constants=constants,
        max_version=number(max_version, 32),
        uppers=Word(t.extract(step.inputs[0], 63, 32)),
        page=_page(step),
        index=Word(t.var("ghost.index", 32)),
        buffer_accesses=tuple(_buffer_access(step, event, binding) for event in step.record.buffers),
        hazards=tuple(_hazard(step.record, item) for item in step.record.obligations),
        warns=tuple(_truth(happens, "warn", t.const(site, ORIGIN_BITS)) for happens, _, site in step.record.warns),
        transfers=tuple(_transfer(event, binding) for event in step.record.transfers),
        asked=partial(_asked, step),
        lock_steps=tuple(_lock_step(event, binding) for event in step.record.locks if event.is_acquire),
        page_size=Word(t.binary("shl", t.const(1, 64), t.zext(page_shift(), 64))),
        mailbox_size=_size(step, binding.own_tx),
        descriptor_size=_size(step, binding.descriptor),
        own_tx_at=_place(step, binding.own_tx),
        own_rx_at=_place(step, binding.own_rx),
    )


def _site(happens: Term, number: int) -> Term:
    """What does not happen is nobody's: what is missing is blamed on where the call's end was decided."""
    return t.ite(happens, t.const(number, ORIGIN_BITS), t.const(0, ORIGIN_BITS))


def _page(step: Transition) -> Page:
    if "state" not in step.page:
        return NO_PAGE
    zero = t.const(0, PIN_BITS)
    return Page(
        Word(PAGE), Word(step.found["state"]), Word(step.page["state"], (Output("page", step.decided),)),
        Truth(t.ne(step.found["pins"], zero)),
        Truth(t.ne(step.page["pins"], zero), (Output("page", step.decided),)), Truth(step.page["disturbed"]))


def _buffer_name(event: BufferEvent, binding: Binding) -> str:
    known = {f"${binding.own_tx}": EL2_TX, f"${binding.own_rx}": EL2_RX, f"${binding.descriptor}": DESCRIPTOR}
    return known.get(event.object, HOST)


def _buffer_access(step: Transition, event: BufferEvent, binding: Binding) -> BufferAccess:
    site = _site(event.guard, event.site)
    return BufferAccess(
        _buffer_name(event, binding), event.is_write, event.is_copy, _truth(event.guard, "access", site),
        Word(event.offset), Word(event.length), Truth(dict(event.locks).get(binding.buffers_lock, t.FALSE)),
        Truth(t.truth(in_loop(event.guard))), _written(step.record, event), Truth(event.own))


def _written(record: Record, event: BufferEvent) -> Content:
    if event.written is None:
        return NO_CONTENT
    content, start = event.written
    return Content(lambda offset, size: record.word(content, t.binary("add", start, offset), size),
                   (Output("access", _site(event.guard, event.site)),))


def _lock_step(event: LockEvent, binding: Binding) -> LockStep:
    names = {binding.version_lock: "version", binding.buffers_lock: "buffers"}
    inside = {names.get(path, path): Truth(held) for path, held in event.inside}
    taken = _truth(event.guard, "lock", t.const(event.site, ORIGIN_BITS))
    return LockStep(names.get(event.path, event.path), taken, inside)


def _hazard(record: Record, item: Obligation) -> Hazard:
    site = record.site(item.span, item.function, "hazard", item.kind)
    return Hazard(item.kind, _truth(t.and_(item.guard, t.not_(item.holds)), HAZARD, site))


def _transfer(event: TransferEvent, binding: Binding) -> Transfer:
    site = _site(event.guard, event.site)
    success = Truth(event.succeeds)
    locked = Truth(dict(event.locks).get(binding.buffers_lock, t.FALSE))
    return Transfer(event.action, _truth(event.guard, "pages", site), success, Truth(event.covers), Word(event.found),
                    locked, Truth(event.blamed))


def _place(step: Transition, path: str) -> Word:
    """The physical address of a buffer of EL2's, where initialisation set one apart."""
    found = [physical(region) for region in step.regions.values() if region.name == f"${path}"]
    if not found or path not in step.before:
        return Word(t.const(0, 64))
    pointer = step.before[path].term
    return Word(t.ite(t.eq(pointer, t.const(0, pointer.bits)), t.const(0, 64), found[0]))


def _size(step: Transition, path: str) -> Word:
    found = [region.size for region in step.regions.values() if region.name == f"${path}"]
    return Word(found[0] if found else t.const(0, 64))
