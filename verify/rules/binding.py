"""Which statics and functions of a target the vocabulary's names stand for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from verify.errors import InputError
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


def choose(unit: Unit, bindings: Iterable[Binding]) -> Binding:
    """The first binding that the unit satisfies; raises InputError with what is missing."""
    missing: list[str] = []
    for binding in bindings:
        missing = binding.missing(unit)
        if not missing:
            return binding
    raise InputError(
        f"no binding fits this target: it has no {', '.join(missing)}; bind the names under [binding] in verify.toml")


def from_table(table: dict[str, object], base: Binding) -> Binding:
    """`base` with the names of a [binding] table; raises InputError for an unknown key."""
    values = {field.name: getattr(base, field.name) for field in fields(Binding)}
    for key, value in table.items():
        if key not in values or not isinstance(value, str):
            raise InputError(f"verify.toml: [binding] {key}: one of {', '.join(values)} with a name is expected")
        values[key] = value
    return Binding(**values)
