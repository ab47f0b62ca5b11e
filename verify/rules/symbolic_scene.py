"""An executed transition as the scene that rules speak of."""

from __future__ import annotations

from collections.abc import Mapping

from verify.engine.record import AccessEvent, SmcEvent
from verify.engine.transition import Transition
from verify.engine.value import ORIGIN_BITS, Integer
from verify.rules.binding import Binding
from verify.rules.scene import Access, Call, Result, Scene, Smc, State
from verify.rules.words import Output, Truth, Word, blame, no, number
from verify.terms import build as t
from verify.terms.term import Term

STATE_OUTPUTS = frozenset({"version", "negotiated"})
"""Outputs that are known even where a call runs into something that is not modelled."""


def _word(value: Integer, name: str) -> Word:
    return Word(value.term, (Output(name, value.origin),))


def _truth(term: Term, name: str, origin: Term) -> Truth:
    return Truth(term, (Output(name, origin),))


def _state(values: Mapping[str, Integer], binding: Binding) -> State:
    version, flag = values[binding.version], values[binding.negotiated]
    negotiated = t.ne(flag.term, t.const(0, flag.term.bits))
    return State(_word(version, "version"), _truth(negotiated, "negotiated", flag.origin), {})


def _after(step: Transition, binding: Binding) -> dict[str, Integer]:
    """The state at the end; where the path is not modelled to its end, as far as it got."""
    result = {path: step.after[path] for path in (binding.version, binding.negotiated)}
    for boundary in step.record.boundaries:
        for path, value in boundary.state:
            old = result[path]
            result[path] = Integer(
                t.ite(boundary.guard, value.term, old.term), t.ite(boundary.guard, value.origin, old.origin))
    return result


def _smc(event: SmcEvent) -> Smc:
    site = t.const(event.site, ORIGIN_BITS)
    name = "outcome" if event.is_forward else "smc"
    return Smc(
        _truth(event.guard, name, site),
        tuple(_word(value, f"smc x{k}") for k, value in enumerate(event.arguments)),
        tuple(Word(value.term) for value in event.results),
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


def _kept(step: Transition, path: str, name: str) -> Truth:
    """No write of another value, and no write that is not modelled."""
    breaches = []
    found = step.pre[path]
    for event in step.record.accesses:
        if event.path == path and event.is_write and isinstance(event.value, Integer):
            changes = t.and_(event.guard, t.not_(t.eq(event.value.term, found.term)))
            breaches.append(_truth(changes, name, t.const(event.site, ORIGIN_BITS)))
    for boundary in step.record.boundaries:
        if path.partition(".")[0] in boundary.writes:
            breaches.append(_truth(boundary.guard, "outcome", t.const(0, ORIGIN_BITS)))
    kept = blame(no(breaches), name, breaches)
    unmodelled = tuple(output for breach in breaches for output in breach.outputs if output.name == "outcome")
    return Truth(kept.term, kept.outputs + unmodelled)


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
    origin = step.outputs[0].origin
    return Scene(
        call=Call(tuple(Word(term) for term in step.inputs)),
        pre=_state(step.pre, binding),
        post=_state(_after(step, binding), binding),
        result=Result(_handled(step), tuple(_word(value, f"x{k}") for k, value in enumerate(step.outputs))),
        smcs=tuple(_smc(event) for event in step.record.smcs if not event.is_forward),
        forwards=tuple(_smc(event) for event in step.record.smcs if event.is_forward),
        accesses=tuple(_access(event, binding) for event in step.record.accesses),
        locks_held=_truth(held, "lock", origin),
        version_kept=_kept(step, binding.version, "version"),
        agreement_kept=_kept(step, binding.negotiated, "negotiated"),
        profile=profile,
        constants=constants,
        max_version=number(max_version, 32),
        uppers=Word(t.extract(step.inputs[0], 63, 32)),
    )
