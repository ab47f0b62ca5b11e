"""From reset: initialise EL2's FF-A proxy, then the host's calls one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verify.interpret.environment import Environment
from verify.interpret.events import Log
from verify.interpret.machine import Machine
from verify.interpret.memory import Fault
from verify.ir.function import Unit

BUFFER_PAGES = 64
"""More than hyp_ffa_proxy_pages asks for, at every page size."""


@dataclass(frozen=True, slots=True)
class CallDone:
    """One host call. `fault` is None where it returned; `registers` are x0..x30 for the host's next instruction."""

    before: tuple[int, ...]
    registers: tuple[int, ...]
    handled: bool
    fault: str | None
    log: Log
    held: tuple[str, ...]
    state_before: tuple[tuple[str, int], ...]
    state_after: tuple[tuple[str, int], ...]


class Session:
    """A machine between calls. `init` is the function that runs at boot."""

    def __init__(
        self, unit: Unit, environment: Environment, page_shift: int = 12, trace: bool = True, init: str = "hyp_ffa_init"
    ) -> None:
        self.unit = unit
        self.init = init
        self.machine = Machine(unit, environment, page_shift, trace)
        self.pages = self.machine.allocate("proxy pages", BUFFER_PAGES << page_shift, b"")
        self._paths = [
            f"{name}.{field.path}" if field.path else name
            for name, item in unit.statics.items() if not item.is_external for field in item.fields
        ]

    def state(self) -> tuple[tuple[str, int], ...]:
        return tuple((path, self.machine.static(path)) for path in self._paths)

    def initialise(self) -> int:
        """Result of hyp_ffa_init as a C int; 0 is success. Raises Fault."""
        result = self.machine.call(self.init, [self.pages]) or 0
        return result - (1 << 32) if result >> 31 else result

    def call(self, registers: Sequence[int]) -> CallDone:
        """The host's SMC with x0..x30 (missing ones are 0)."""
        before = tuple(registers) + (0,) * (31 - len(registers))
        content = b"".join(value.to_bytes(8, "little") for value in before) + bytes(24)
        context = self.machine.allocate("host context", len(content), content)
        self.machine.log = Log()
        old = self.state()
        fault = None
        try:
            self.machine.call(self.unit.entry, [context])
        except Fault as problem:
            fault = str(problem)
        after = tuple(self.machine.memory.load(context + 8 * k, 8) for k in range(31))
        log = self.machine.log
        handled = not any(smc.is_forward for smc in log.smcs)
        return CallDone(before, after, handled, fault, log, self.machine.held, old, self.state())
