"""A call that the interpreter ran, as the scene that rules speak of: every word is a number."""

from __future__ import annotations

from collections.abc import Mapping

from verify.interpret.events import AccessDone, SmcDone
from verify.interpret.session import CallDone
from verify.rules.binding import Binding
from verify.rules.scene import Access, Call, Result, Scene, Smc, State
from verify.rules.words import Output, Truth, Word, number
from verify.terms import build as t


def _truth(value: bool) -> Truth:
    return Truth(t.truth(value))


def _state(values: Mapping[str, int], binding: Binding) -> State:
    return State(number(values[binding.version], 32), _truth(values[binding.negotiated] != 0), {})


def _smc(done: SmcDone) -> Smc:
    return Smc(
        _truth(True), tuple(number(x, 64) for x in done.arguments), tuple(number(x, 64) for x in done.results))


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


def _kept(accesses: list[AccessDone], path: str, before: int) -> Truth:
    return _truth(all(x.value == before for x in accesses if x.path == path and x.is_write))


def concrete_scene(
    done: CallDone, binding: Binding, profile: str, constants: Mapping[str, int], max_version: int
) -> Scene:
    """The scene of a call that ended."""
    before, after = dict(done.state_before), dict(done.state_after)
    registers = tuple(
        Word(t.const(x, 64), (Output(f"x{k}", t.const(0, 16)),)) for k, x in enumerate(done.registers))
    return Scene(
        call=Call(tuple(number(x, 64) for x in done.before)),
        pre=_state(before, binding),
        post=_state(after, binding),
        result=Result(_truth(done.handled), registers),
        smcs=tuple(_smc(smc) for smc in done.log.smcs if not smc.is_forward),
        forwards=tuple(_smc(smc) for smc in done.log.smcs if smc.is_forward),
        accesses=tuple(_accesses(done, binding)),
        locks_held=_truth(bool(done.held)),
        version_kept=_kept(done.log.accesses, binding.version, before[binding.version]),
        agreement_kept=_kept(done.log.accesses, binding.negotiated, before[binding.negotiated]),
        profile=profile,
        constants=constants,
        max_version=number(max_version, 32),
        uppers=number(done.before[0] >> 32, 32),
    )
