"""What outside functions mean. One without an entry here makes its callers unsupported where it is called."""

from __future__ import annotations

from verify.engine.access import Place
from verify.engine.execute import Executor
from verify.engine.state import State
from verify.engine.value import Integer, NotModelled, Pointer, Value
from verify.terms import build as t


def physical_address(executor: Executor, state: State, arguments: tuple[Value, ...], place: Place) -> Value:
    """hyp_virt_to_phys: some fixed address per object, page aligned; nothing else is known of it."""
    (pointer,) = arguments
    if not isinstance(pointer, Pointer):
        raise NotModelled("hyp_virt_to_phys of a number")
    origin = executor.record.site(place.span, place.function, "computed", "hyp_virt_to_phys")
    result = t.const(0, 64)
    for target in pointer.targets:
        base = t.const(0, 64) if target.object is None else t.var(f"phys.{target.object}", 64)
        result = t.ite(target.guard, t.binary("add", base, target.offset), result)
    return Integer(result, origin)


CONTRACTS = {
    "hyp_virt_to_phys": physical_address,
}
