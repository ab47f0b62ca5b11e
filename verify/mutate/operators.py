"""The faults that are tried, statement by statement: what reviews of such code find, in the small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.function import Unit
from verify.mutate.expressions import variants
from verify.mutate.mutant import Mutant, Place, places

CONSTANT, DROPPED, LOCK, CHECK, CODE, REGISTER, ORDER, MOVED, ARGUMENTS, CASE, INITIAL = (
    "constant", "dropped statement", "lock", "dropped check", "error code", "other register or member", "memory order",
    "moved release", "swapped arguments", "dropped case", "missing initialisation")
_IN: dict[type, tuple[str, ...]] = {
    i.Assign: ("value",), i.Store: ("value",), i.Copy: ("size",), i.Fill: ("size",), i.Branch: ("condition",),
    i.Switch: ("operand",), i.Return: ("value",),
}
_LARGEST_ERRNO = 4095


def mutants(unit: Unit) -> list[Mutant]:
    """All of them, each once, in the order of functions and statements."""
    found: dict[str, Mutant] = {}
    for place in places(unit):
        for one in _of(place):
            if one.before != one.after:
                found.setdefault(one.identity, one)
    return list(found.values())


def _of(place: Place) -> Iterator[Mutant]:
    if place.index == len(place.block.instructions):
        yield from _of_terminator(place)
        return
    yield from _of_instruction(place)
    yield from _of_values(place)


def _of_values(place: Place) -> Iterator[Mutant]:
    """Faults in what it computes."""
    statement: Any = place.statement
    for name in _IN.get(type(statement), ()):
        value = getattr(statement, name)
        for kind, changed in variants(value) if value is not None else ():
            made = replace(statement, **{name: changed})
            yield place.ending(kind, made) if isinstance(made, i.Branch | i.Switch | i.Return) else place.mutant(
                kind, made)
    if isinstance(statement, i.Call | i.Smc):
        for k, argument in enumerate(statement.arguments):
            for kind, changed in variants(argument):
                yield place.mutant(kind, replace(statement, arguments=(
                    *statement.arguments[:k], changed, *statement.arguments[k + 1:])))


def _of_instruction(place: Place) -> Iterator[Mutant]:
    match place.statement:
        case i.Lock() | i.Unlock():
            yield place.mutant(LOCK)
            yield from _moved(place)
        case i.Assign(target=target, value=e.Const(value=value, bits=bits)) as one:
            yield from _codes(place, one, value, bits)
            if not target.name.startswith("%"):  # of && and ||, no statement of anybody's
                yield place.mutant(INITIAL if place.block is place.function.blocks[0] else DROPPED)
        case i.Load(pointer=pointer, target=target) as load:
            yield from (place.mutant(REGISTER, replace(load, pointer=other)) for other in _beside(pointer, target.bits))
            yield from _weaker(place, load)
        case i.Store(pointer=pointer, value=value) as store:
            yield place.mutant(DROPPED)
            yield from (place.mutant(REGISTER, replace(store, pointer=other)) for other in _beside(pointer, value.bits))
            if isinstance(value, e.Const):
                changed = e.Const((value.value + 1) % (1 << value.bits), value.bits)
                yield place.mutant(CONSTANT, replace(store, value=changed))
            yield from _weaker(place, store)
        case i.Fill():
            yield place.mutant(INITIAL)
        case i.Copy():
            yield place.mutant(DROPPED)
        case i.Call() as call:
            yield from _of_call(place, call)
        case _:
            return


def _of_call(place: Place, call: i.Call) -> Iterator[Mutant]:
    """It is not made, and reports success; or with another constant, or two arguments exchanged."""
    if call.target is None:
        yield place.mutant(DROPPED)
    elif call.target.bits > 0:
        yield place.mutant(DROPPED, i.Assign(call.target, e.Const(0, call.target.bits), call.span))
    given = call.arguments
    for k, argument in enumerate(given):
        if isinstance(argument, e.Const) and argument.bits > 1:
            value = e.Const((argument.value + 1) % (1 << argument.bits), argument.bits)
            yield place.mutant(CONSTANT, replace(call, arguments=(*given[:k], value, *given[k + 1:])))
    for k in range(len(given) - 1):
        if given[k].bits == given[k + 1].bits and given[k] != given[k + 1]:
            yield place.mutant(ARGUMENTS, replace(call, arguments=(
                *given[:k], given[k + 1], given[k], *given[k + 2:])))


def _of_terminator(place: Place) -> Iterator[Mutant]:
    yield from _of_values(place)
    match place.block.terminator:
        case i.Branch(then=then, other=other, span=span):
            yield place.ending(CHECK, i.Jump(then, span))
            yield place.ending(CHECK, i.Jump(other, span))
        case i.Switch(cases=cases) as switch:
            for k, (_, label) in enumerate(cases):
                if label != switch.default:
                    yield place.ending(CASE, replace(switch, cases=(*cases[:k], *cases[k + 1:])))
        case _:
            return


def _codes(place: Place, one: i.Assign, value: int, bits: int) -> Iterator[Mutant]:
    """Another number; of an error, another error and none."""
    negative = (1 << bits) - value
    if bits >= 32 and negative <= _LARGEST_ERRNO:
        other = (1 << bits) - (negative % 8 + 1)
        yield place.mutant(CODE, replace(one, value=e.Const(other, bits)))
        yield place.mutant(CODE, replace(one, value=e.Const(0, bits)))
    else:
        yield place.mutant(CONSTANT, replace(one, value=e.Const((value + 1) % (1 << bits), bits)))


def _beside(pointer: e.Expr, bits: int) -> list[e.Expr]:
    """What lies next to it, as a member of the same size would."""
    size = 8 if bits == e.POINTER else bits // 8
    if isinstance(pointer, e.PointerAdd) and isinstance(pointer.offset, e.Const):
        return [replace(pointer, offset=e.Const(pointer.offset.value + size, 64))]
    return []


def _weaker(place: Place, access: i.Load | i.Store) -> Iterator[Mutant]:
    if access.order in (i.Order.ACQUIRE, i.Order.RELEASE):
        yield place.mutant(ORDER, replace(access, order=i.Order.PLAIN))


def _moved(place: Place) -> Iterator[Mutant]:
    """A lock is taken later, or given back earlier, than it should."""
    last = len(place.block.instructions) - 1
    if isinstance(place.statement, i.Lock) and place.index < last:
        yield place.moved(MOVED, place.index + 1)
    if isinstance(place.statement, i.Unlock) and place.index > 0:
        yield place.moved(MOVED, 0)
