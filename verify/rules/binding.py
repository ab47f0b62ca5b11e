"""Which statics and functions of a target the vocabulary's names stand for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from verify.errors import InputError
from verify.ir import instr as i
from verify.ir.expr import POINTER, Expr, place_in_static
from verify.ir.function import Unit


@dataclass(frozen=True, slots=True)
class Binding:
    """Paths of statics (`host_buffers.lock`) and names of functions.

    `version`: the negotiated version, 32 bits. `negotiated`: the flag that says it is fixed. `version_lock` protects
    both. `buffers`: the host's mailbox pair, protected by `buffers_lock`. `init` runs once at boot; `handler` decides
    one call. `own_tx`, `own_rx` and `descriptor` point to EL2's mailbox pair and to its descriptor buffer; `host_tx`
    and `host_rx` to the host's pair. A target without mailboxes has none of these five.
    """

    name: str
    init: str
    handler: str
    version: str
    negotiated: str
    version_lock: str
    buffers: str
    buffers_lock: str
    own_tx: str = "hyp_buffers.tx"
    own_rx: str = "hyp_buffers.rx"
    descriptor: str = "ffa_desc_buf.buf"
    host_tx: str = "host_buffers.tx"
    host_rx: str = "host_buffers.rx"

    def missing(self, unit: Unit) -> list[str]:
        """Names that the unit does not have."""
        functions = [name for name in (self.init, self.handler) if name not in unit.functions]
        paths = (self.version, self.negotiated, self.version_lock, self.buffers, self.buffers_lock)
        return functions + [path for path in paths if path.partition(".")[0] not in unit.statics]

    def check_init(self, unit: Unit) -> None:
        """Raises InputError for a function that nobody could call at boot as EL2 does."""
        if [parameter.bits for parameter in unit.functions[self.init].parameters] != [POINTER]:
            raise InputError(f"{self.init}: does not take one pointer, as what prepares EL2 at boot does; bind another "
                             "init in verify.toml")


def choose(unit: Unit, bindings: Iterable[Binding]) -> Binding:
    """The first binding that the unit satisfies; raises InputError with what is missing.

    A lock that the unit never takes protects nothing. Where there is just one other that it takes, that one is bound
    instead: a wrong guess proves nothing, for each write is held against its lock.
    """
    missing: list[str] = []
    taken = taken_locks(unit)
    for binding in (_with_locks(binding, taken) for binding in bindings):
        missing = binding.missing(unit)
        if not missing:
            binding.check_init(unit)
            return binding
    raise InputError(
        f"no binding fits this target: it has no {', '.join(missing)}; bind the names under [binding] in verify.toml")


def _with_locks(binding: Binding, taken: frozenset[str]) -> Binding:
    used = {binding.version_lock, binding.buffers_lock}
    spare, idle = sorted(taken - used), sorted(used - taken)
    if len(spare) != 1 or len(idle) != 1:
        return binding
    if binding.version_lock in idle:
        return replace(binding, version_lock=spare[0])
    return replace(binding, buffers_lock=spare[0])


def taken_locks(unit: Unit) -> frozenset[str]:
    """Paths of the static locks that some function takes."""
    found = (_path(unit, item.pointer) for function in unit.functions.values() for block in function.blocks
             for item in block.instructions if isinstance(item, i.Lock))
    return frozenset(path for path in found if path is not None)


def _path(unit: Unit, pointer: Expr) -> str | None:
    place = place_in_static(pointer)
    if place is None:
        return None
    name, offset = place
    paths = [field.path for field in unit.statics[name].fields if field.offset == offset]
    return ".".join(filter(None, (name, *paths[:1])))


def from_table(table: dict[str, object], base: Binding) -> Binding:
    """`base` with the names of a [binding] table; raises InputError for an unknown key."""
    values = {field.name: getattr(base, field.name) for field in fields(Binding)}
    for key, value in table.items():
        if key not in values or not isinstance(value, str):
            raise InputError(f"verify.toml: [binding] {key}: one of {', '.join(values)} with a name is expected")
        values[key] = value
    return Binding(**values)
