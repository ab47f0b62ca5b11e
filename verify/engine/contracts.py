"""What outside functions mean. One without an entry here makes its callers unsupported where it is called."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from verify.engine import pages
from verify.engine.execute import Contract, Executor
from verify.engine.pages import Request
from verify.engine.place import Place
from verify.engine.record import Obligation
from verify.engine.regions import HOST, physical
from verify.engine.state import State
from verify.engine.value import Integer, NotModelled, Pointer, Target, Value, as_pointer
from verify.terms import build as t
from verify.terms.term import Term


def physical_address(executor: Executor, state: State, arguments: tuple[Value, ...], place: Place) -> Value:
    """hyp_virt_to_phys: some fixed address per object of EL2's, page aligned; host memory lies where it lies."""
    (pointer,) = arguments
    if not isinstance(pointer, Pointer):
        raise NotModelled("hyp_virt_to_phys of a number")
    origin = executor.record.site(place.span, place.function, "computed", "hyp_virt_to_phys")
    result = t.const(0, 64)
    for target in pointer.targets:
        result = t.ite(target.guard, t.binary("add", _base(executor, target.object), target.offset), result)
    return Integer(result, origin)


def _base(executor: Executor, name: str | None) -> Term:
    if name is None or name == HOST:
        return t.const(0, 64)
    region = executor.memory.regions.get(name)
    if region is not None:
        return physical(region)
    return t.var(f"phys.{name}", 64)


def virtual_address(executor: Executor, state: State, arguments: tuple[Value, ...], place: Place) -> Value:
    """hyp_phys_to_virt: where EL2 would see a page of the host's; whether it may look there is another question."""
    (address,) = arguments
    if not isinstance(address, Integer):
        raise NotModelled("hyp_phys_to_virt of a pointer")
    return Pointer((Target(t.TRUE, HOST, address.term),), address.origin)


Arguments = Callable[[Executor, State, tuple[Value, ...], Place], tuple[Term, Term]]
"""→ (first page frame, number of pages)"""


def _numbers(executor: Executor, state: State, arguments: tuple[Value, ...], place: Place) -> tuple[Term, Term]:
    """(pfn) or (pfn, number of pages)"""
    terms = [value.term for value in arguments if isinstance(value, Integer)]
    if len(terms) != len(arguments):
        raise NotModelled("a pointer as a page frame number")
    return terms[0], terms[1] if len(terms) > 1 else t.const(1, 64)


def _between(executor: Executor, state: State, arguments: tuple[Value, ...], place: Place) -> tuple[Term, Term]:
    """(from, to): the pages of the bytes in between."""
    begin, end = (_host_address(executor, state, value, place) for value in arguments)
    shift = t.zext(executor.page_shift, 64)
    first = t.binary("lshr", begin, shift)
    last = t.binary("lshr", t.binary("sub", end, t.const(1, 64)), shift)
    return first, t.binary("add", t.binary("sub", last, first), t.const(1, 64))


def _host_address(executor: Executor, state: State, value: Value, place: Place) -> Term:
    if not isinstance(value, Pointer):
        raise NotModelled("a number as an address")
    homes = [target for target in value.targets if target.object == HOST]
    address = homes[0].offset if homes else t.const(0, 64)
    for target in homes[1:]:
        address = t.ite(target.guard, target.offset, address)
    is_host = t.or_(*(target.guard for target in homes))
    executor.record.obligations.append(
        Obligation("invalid-pointer", state.guard, is_host, place.span, place.function))
    return address


def _transfer(
    action: str, read: Arguments, executor: Executor, state: State, arguments: tuple[Value, ...], place: Place
) -> Value:
    if "state" not in state.ghost:
        raise NotModelled(f"{action} of pages")
    request = Request(action, *read(executor, state, arguments, place))
    if read is _numbers:
        executor.record.sink(state.guard, request.count, place)
    locked = state.held.get(executor.memory.shared.buffers_lock, t.FALSE)
    return pages.transfer(executor.record, state, request, locked, (place.span, place.function, place.text))


def guests_transfer(executor: Executor, state: State, arguments: tuple[Value, ...], place: Place) -> Value:
    """__pkvm_get_vm_ffa_transfer: none, or what some guest has shared, which lies outside of all that is modelled.

    Counterexamples have no guests: there it finds none.
    """
    origin = executor.record.site(place.span, place.function, "computed", "__pkvm_get_vm_ffa_transfer")
    found = executor.record.unknown("guest.transfer", 64, origin)
    executor.record.quiet.append(t.eq(found.term, t.const(0, 64)))
    return as_pointer(found)


def _elsewhere(
    action: str, executor: Executor, state: State, arguments: tuple[Value, ...], place: Place
) -> None:
    """It changes what is outside of all that is modelled, and nothing else."""
    (pointer,) = arguments
    if any(target.object is not None for target in as_pointer(pointer).targets):
        raise NotModelled(f"{action} of something that is modelled")


CONTRACTS: dict[str, Contract] = {
    "hyp_virt_to_phys": physical_address,
    "hyp_phys_to_virt": virtual_address,
    "__pkvm_host_share_hyp": partial(_transfer, pages.SHARE_HYP, _numbers),
    "__pkvm_host_unshare_hyp": partial(_transfer, pages.UNSHARE_HYP, _numbers),
    "__pkvm_host_share_ffa": partial(_transfer, pages.SHARE_FFA, _numbers),
    "__pkvm_host_unshare_ffa": partial(_transfer, pages.UNSHARE_FFA, _numbers),
    "hyp_pin_shared_mem": partial(_transfer, pages.PIN, _between),
    "hyp_unpin_shared_mem": partial(_transfer, pages.UNPIN, _between),
    "__pkvm_get_vm_ffa_transfer": guests_transfer,
    "list_del": partial(_elsewhere, "list_del"),
    "hyp_free": partial(_elsewhere, "hyp_free"),
}
