"""From reset: initialise EL2's FF-A proxy, then the host's calls one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from struct import unpack

from verify.interpret.environment import Mailbox, Surroundings
from verify.interpret.events import NOTHING_TOLD, FaultDone, Log, Told
from verify.interpret.fork import forked
from verify.interpret.machine import MAX_STEPS, Machine
from verify.interpret.memory import SLOT_BITS, Bytes, Fault
from verify.interpret.world import PagesThen
from verify.ir.expr import POINTER
from verify.ir.function import Unit
from verify.ir.span import NOWHERE

BUFFER_PAGES = 64
"""Where the unit does not say how many initialisation gets: more than it needs, at every page size."""
PROXY_PAGES = "hyp_ffa_proxy_pages"
MOST_MEMORY = 1 << SLOT_BITS - 1
"""In bytes: no machine has more to spare for FF-A, and more would lie where other objects do."""


@dataclass(frozen=True, slots=True)
class BufferPaths:
    """Statics that point to EL2's buffers."""

    tx: str = "hyp_buffers.tx"
    rx: str = "hyp_buffers.rx"
    descriptor: str = "ffa_desc_buf.buf"


@dataclass(frozen=True, slots=True)
class HostWrites:
    """What the host writes to its memory: `before` the call, by physical address; and while EL2 looks there.

    `looks`: what the n-th read or copy of host memory in this call finds, relative to where it looks.
    """

    before: Mapping[int, bytes] = field(default_factory=dict)
    looks: tuple[Bytes, ...] = ()


NO_WRITES = HostWrites()


@dataclass(frozen=True, slots=True)
class CallDone:
    """One host call. `fault` is None where it returned; `registers` are x0..x30 for the host's next instruction.

    `buffers` are the sizes of EL2's buffers by the static that points to them; `pages` before and after the call.
    """

    before: tuple[int, ...]
    registers: tuple[int, ...]
    handled: bool
    fault: str | None
    log: Log
    held: tuple[str, ...]
    state_before: tuple[tuple[str, int], ...]
    state_after: tuple[tuple[str, int], ...]
    host: HostWrites
    pages: tuple[PagesThen, PagesThen]
    page_shift: int
    buffers: tuple[tuple[str, int], ...]
    ended: FaultDone | None = None
    told: tuple[Told, Told] = (NOTHING_TOLD, NOTHING_TOLD)
    """What EL3 had been told before and after."""
    own: tuple[int, int] = (0, 0)
    """Physical addresses of EL2's TX and RX buffers, where there are such."""


class Session:
    """A machine between calls. `init` is the function that runs at boot.

    `lenient`: reads outside an object yield what unused memory holds, instead of a fault. After `most_steps` a call is
    taken for one without end.
    """

    def __init__(
        self, unit: Unit, environment: Surroundings, page_shift: int = 12, trace: bool = True,
        init: str = "hyp_ffa_init", paths: BufferPaths | None = None, lenient: bool = False,
        most_steps: int = MAX_STEPS,
    ) -> None:
        self.unit = unit
        self.init = init
        self.environment = environment
        self.machine = Machine(unit, environment, page_shift, trace, environment.world, lenient, most_steps)
        self.buffers: dict[str, int] = {}
        """EL2's buffers: size by the static that points to it."""
        self._buffer_paths = paths or BufferPaths()
        asked = self._proxy_pages() << page_shift
        self._total = asked if asked <= MOST_MEMORY else 0
        self._lacks = asked - self._total
        self.pages = self.machine.allocate("proxy pages", self._total, b"")
        self._paths = [
            f"{name}.{field.path}" if field.path else name
            for name, item in unit.statics.items() if not item.is_external for field in item.fields
        ]

    def _proxy_pages(self) -> int:
        function = self.unit.functions.get(PROXY_PAGES)
        if function is None or function.parameters:
            return BUFFER_PAGES
        try:
            return self.machine.call(PROXY_PAGES, []) or 0
        except Fault:
            return BUFFER_PAGES

    def state(self) -> tuple[tuple[str, int], ...]:
        return tuple((path, self.machine.static(path)) for path in self._paths)

    def initialise(self) -> int:
        """Result of hyp_ffa_init as a C int; 0 is success. Raises Fault, also where it wants more than there is."""
        if self._lacks:
            raise Fault(f"{PROXY_PAGES} asks for {self._lacks:#x} bytes, and no machine has so many")
        result = self.machine.call(self.init, [self.pages]) or 0
        self._split()
        return result - (1 << 32) if result >> 31 else result

    def fork(self) -> Session:
        """One that goes on from here by itself. What this one's calls did stays as it is known now."""
        return forked(self, {id(item): item for item in (self._paths, *self.machine.fixed)})

    def _split(self) -> None:
        """EL2's buffers become objects of their own: the memory is cut where statics point into it."""
        pointers = [
            f"{name}.{member.path}" if member.path else name
            for name, item in self.unit.statics.items() for member in item.fields if member.bits == POINTER]
        offsets = {path: self.machine.static(path) - self.pages for path in pointers}
        inside = {path: offset for path, offset in offsets.items() if 0 <= offset < self._total}
        starts: dict[int, str] = {}
        for path, start in sorted(inside.items()):
            starts.setdefault(start, path)
        if not starts:
            return
        ends = [*sorted(starts)[1:], self._total]
        cuts = [(starts[start], start, end - start) for start, end in zip(sorted(starts), ends, strict=True)]
        moved = dict(zip(sorted(starts), self.machine.memory.split(self.pages, cuts), strict=True))
        for path, start in inside.items():
            self.machine.set_static(path, moved[start])
        self.environment.parts = {address: (self.pages, start) for start, address in moved.items()}
        self.buffers = {name: size for name, _, size in cuts}
        home = {path: moved[start] for path, start in inside.items()}
        self.environment.mailbox = self.machine.mailbox = Mailbox(
            self.machine.memory, home.get(self._buffer_paths.tx), home.get(self._buffer_paths.rx))

    def call(self, registers: Sequence[int], host: HostWrites = NO_WRITES) -> CallDone:
        """The host's SMC with x0..x30 (missing ones are 0)."""
        before = tuple(registers) + (0,) * (31 - len(registers))
        content = b"".join(value.to_bytes(8, "little") for value in before) + bytes(24)
        machine, world = self.machine, self.environment.world
        for address, written in host.before.items():
            machine.memory.write_host(address, dict(enumerate(written)))
        machine.memory.looks.clear()
        machine.memory.looks.extend(host.looks)
        context = machine.allocate("host context", len(content), content)
        machine.log = Log()
        old, pages, told = self.state(), world.now(), machine.told
        ended = None
        machine.begin(context)
        try:
            machine.call(self.unit.entry, [context])
        except Fault as problem:
            ended = FaultDone(problem.kind, str(problem), problem.span or NOWHERE, problem.function)
        after = unpack("<31Q", machine.memory.content(context, 31 * 8))
        log = machine.log
        handled = not any(smc.is_forward for smc in log.smcs)
        return CallDone(
            before, after, handled, ended.text if ended else None, log, machine.held, old, self.state(), host,
            (pages, world.now()), machine.page_shift, tuple(sorted(self.buffers.items())), ended,
            (told, machine.told), self._own())

    def _own(self) -> tuple[int, int]:
        """Where EL2's pair lies."""
        pair = self.machine.mailbox
        if pair is None:
            return 0, 0
        tx, rx = (0 if at is None else self.environment.outside("hyp_virt_to_phys", [at], self.machine.page_shift)
                  for at in (pair.tx, pair.rx))
        return tx, rx
