"""One host call, and the initialisation, as transitions over the unit's statics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from verify.engine import memory, pages, told, wraps
from verify.engine.access import Accesses
from verify.engine.content import Content, Unknown
from verify.engine.contracts import CONTRACTS
from verify.engine.execute import Executor
from verify.engine.induction import Decide
from verify.engine.memory import Cell
from verify.engine.record import Record, Snapshot
from verify.engine.regions import CONTEXT, HOST, PAGES, Region, built, find_regions, set_at_boot
from verify.engine.relevance import numbers_of
from verify.engine.shared import Shared, flags, join_path
from verify.engine.state import State
from verify.engine.value import Integer, Pointer, Target, Value, null
from verify.engine.writes import written
from verify.ir.expr import POINTER
from verify.ir.function import Field, Object, Unit
from verify.ir.span import NOWHERE
from verify.terms import build as t
from verify.terms.term import Term, variables

FFA_ERROR = 0x84000060
PROXY_PAGES = "hyp_ffa_proxy_pages"
"""Says how many pages setup.c sets aside for the initialisation."""

FOLLOWED = t.zext(t.var("ghost.index", 32), 64)
"""The index of the range that rules follow."""


@dataclass(frozen=True, slots=True)
class Transition:
    """`before`/`after`: scalars of statics by path (pointers as `path` → 1 where not null).

    `inputs` are x0..x30 of the host; `outputs` their values afterwards. All terms are over the variables
    of `prefix`. A path that does not return is in `record.boundaries`; `alive` is the guard of the rest.
    `start` and `end` are what invariants speak of; `contents` what EL2's buffers hold at the end, by object; `page` and
    `found` the followed page, and what EL3 was told, at the end and when the buffers' lock was taken.
    """

    record: Record
    inputs: tuple[Term, ...]
    outputs: tuple[Integer, ...]
    before: Mapping[str, Integer]
    after: Mapping[str, Integer]
    pre: Mapping[str, Integer]
    pointers: Mapping[str, Pointer]
    returned: Term
    alive: Term
    held: Mapping[str, Term]
    start: Snapshot
    end: Snapshot
    regions: Mapping[int, Region]
    contents: Mapping[str, Content]
    page: Mapping[str, Term]
    found: Mapping[str, Term]
    seen: Mapping[str, Pointer]
    """Static pointers as `pre` has them."""
    left: Mapping[str, Pointer]
    """The same as this call leaves them, whatever others do to them later."""

    @property
    def decided(self) -> Term:
        """The site where EL2 decided how the call ends: where the code of an error was made, or else x0."""
        x0, code = self.outputs[0], self.outputs[2]
        is_error = t.eq(t.extract(x0.term, 31, 0), t.const(FFA_ERROR, 32))
        return t.ite(is_error, self.record.copied(code.origin, x0.origin), x0.origin)

    def blamed(self, output: str) -> Term:
        """The site to show for an output that EL2's code did not make: a register was left by who wrote x0."""
        return self.outputs[0].origin if output.startswith("x") else self.decided


@dataclass(frozen=True, slots=True)
class Kind:
    """What runs are made of."""

    record: Callable[[str], Record] = Record
    accesses: type[Accesses] = Accesses
    executor: type[Executor] = Executor


PLAIN = Kind()


@dataclass(frozen=True, slots=True)
class Setup:
    """What every run of a unit needs: what other CPUs may do, and who decides about loops."""

    unit: Unit
    shared: Shared
    decide: Decide
    kind: Kind = PLAIN


def page_shift() -> Term:
    """12, 14 or 16, by two free choices that the whole query shares."""
    return t.ite(t.var("page.64K", 0), t.const(16, 32),
                 t.ite(t.var("page.16K", 0), t.const(14, 32), t.const(12, 32)))


def _statics(unit: Unit) -> dict[str, Object]:
    return dict(sorted(unit.statics.items()))


def _scalar(value: Value) -> Integer:
    """A pointer as 0 (null) or 1, for states that are compared and carried over."""
    if isinstance(value, Pointer):
        return Integer(t.ite(value.is_null, t.const(0, 64), t.const(1, 64)), value.origin)
    return value


def _read(state: State, accesses: Accesses, name: str, field: Field) -> Value:
    size = 8 if field.bits == POINTER else field.bits // 8
    return memory.read(state.cells(name), name, field.offset, size, accesses.fresh)


def _paths(unit: Unit) -> list[tuple[str, str, Field]]:
    return [(join_path(name, field), name, field) for name, item in _statics(unit).items() for field in item.fields]


def _context(record: Record) -> tuple[Object, dict[int, Cell], tuple[Term, ...]]:
    fields = tuple(Field(f"x{k}", 8 * k, 64) for k in range(31))
    declared = Object(CONTEXT, 8 * 34, 16, fields, NOWHERE)
    cells, inputs = {}, []
    for k in range(34):
        origin = record.site(NOWHERE, "", "host", f"x{k}")
        variable = t.var(f"{record.prefix}x{k}", 64) if k else _function_register(record.prefix)
        cells[8 * k] = Cell(8, Integer(variable, origin))
        if k < 31:
            inputs.append(variable)
    return declared, cells, tuple(inputs)


def _function_register(prefix: str) -> Term:
    """x0 in pieces, so that a function ID without the SVE hint (bit 16) is an equation on variables."""
    upper, lower = t.var(f"{prefix}x0.hi", 15), function_number(prefix)
    hint = t.var(f"{prefix}x0.hint", 1)
    return t.concat(t.var(f"{prefix}x0.up", 32), t.concat(upper, t.concat(hint, lower)))


def function_number(prefix: str) -> Term:
    """Bits 15:0 of x0: what tells handlers apart. The variable has the calls' prefix."""
    return t.var(f"{prefix}x0.lo", 16)


def named_functions(where: Term, prefix: str) -> tuple[Term, list[int]] | None:
    """(conjunct that names one in each of its alternatives, their numbers); None: it may be any function."""
    return numbers_of(where, str(function_number(prefix).data))


def initial_zero(unit: Unit, record: Record) -> State:
    """Zeroed statics, as at boot; what other files define is unknown."""
    objects: dict[str, Mapping[int, Cell] | Content] = {}
    for name, item in _statics(unit).items():
        cells: dict[int, Cell] = {}
        for field in item.fields:
            path = join_path(name, field)
            origin = record.site(item.span, "", "state", path)
            size = 8 if field.bits == POINTER else field.bits // 8
            if item.is_external:
                cells[field.offset] = Cell(size, Integer(t.var(f"boot.{path}", size * 8), origin))
            elif field.bits == POINTER:
                cells[field.offset] = Cell(size, null(origin))
            else:
                start = item.initial[field.offset : field.offset + size] if item.initial else bytes(size)
                cells[field.offset] = Cell(size, Integer(t.const(int.from_bytes(start, "little"), size * 8), origin))
        objects[name] = cells
    return State(t.TRUE, objects, {})


def run_init(setup: Setup, name: str) -> Transition:
    """hyp_ffa_init once, on zeroed statics; `returned` is its result as a 32-bit term."""
    unit, record = setup.unit, setup.kind.record("init.")
    shared = Shared({}, setup.shared.version, setup.shared.negotiated)
    accesses = setup.kind.accesses(record, _statics(unit), shared, {}, page_shift())
    executor = setup.kind.executor(unit, record, accesses, page_shift(), CONTRACTS, setup.decide)
    state = initial_zero(unit, record)
    state.ghost = told.at_boot()
    before = {path: _scalar(_read(state, accesses, obj, field)) for path, obj, field in _paths(unit)}
    start = accesses.others.snapshot(state)
    origin = record.site(NOWHERE, "", "state", PAGES)
    given = Pointer((Target(t.TRUE, PAGES, t.const(0, 64)),), origin)
    final, result = executor.run(name, (given,), state)
    values = {path: _read(final, accesses, obj, field) for path, obj, field in _paths(unit)}
    returned = result.term if isinstance(result, Integer) else t.const(0, 32)
    pointers = {path: value for path, value in values.items() if isinstance(value, Pointer)}
    version = accesses.others.snapshot(final)
    homes = tuple((path, (t.FALSE, t.const(0, 64))) for path in sorted(setup.shared.lock_of) if path in pointers)
    page = (("state", t.var("boot.page.state", 2)), ("pins", t.const(0, pages.PIN_BITS))) if setup.shared.memory else ()
    regions = find_regions(pointers, _total(setup))
    end = Snapshot(version.version, version.negotiated, homes, page, version.told, *flags(setup.shared, values),
                   built(item.name for item in regions.values()))
    return Transition(
        record, (), (), before, {path: _scalar(value) for path, value in values.items()}, {}, pointers, returned,
        final.guard, dict(final.held), start, end, regions, {}, {}, {}, {}, {})


def _total(setup: Setup) -> Term:
    """The size of the memory that initialisation gets, in bytes; 0 where nobody says."""
    unit, record = setup.unit, Record("pages.")
    if PROXY_PAGES not in unit.functions or unit.functions[PROXY_PAGES].parameters:
        return t.const(0, 64)
    shared = Shared({}, setup.shared.version, setup.shared.negotiated)
    accesses = Accesses(record, _statics(unit), shared, {}, page_shift())
    executor = Executor(unit, record, accesses, page_shift(), CONTRACTS, setup.decide)
    final, result = executor.run(PROXY_PAGES, (), initial_zero(unit, record))
    if not isinstance(result, Integer) or record.boundaries or final.is_dead:
        return t.const(0, 64)
    return t.binary("shl", t.zext(result.term, 64), t.zext(page_shift(), 64))


def _any_state(setup: Setup, record: Record, init: Transition) -> dict[str, Mapping[int, Cell] | Content]:
    """Every static that calls write holds a free variable; the others what initialisation left there."""
    unit = setup.unit
    objects: dict[str, dict[int, Cell]] = {name: {} for name in _statics(unit)}
    changing = written(unit, unit.functions[unit.entry].blocks)
    changing |= {path.partition(".")[0] for path, value in init.after.items() if not _is_known(setup, value.term)}
    for path, name, field in _paths(unit):
        origin = record.site(unit.statics[name].span, "", "state", path)
        size = 8 if field.bits == POINTER else field.bits // 8
        if unit.statics[name].is_external or (name in changing and field.bits != POINTER):
            objects[name][field.offset] = Cell(size, Integer(_variable(setup, record, path, 8 * size), origin))
        elif name not in changing:
            objects[name][field.offset] = Cell(size, _left(init, path, origin))
        else:
            objects[name][field.offset] = Cell(8, _any_pointer(record, init, path, origin))
    return {**objects, **{item.name: Unknown(f"{record.prefix}b.{item.name}") for item in init.regions.values()}}


def _is_known(setup: Setup, left: Term) -> bool:
    """Is what initialisation left used as it is? Addresses are secrets, which a second run has others of."""
    return left.is_const or (setup.shared.memory and not any(name.startswith("phys.") for name in variables([left])))


def _variable(setup: Setup, record: Record, path: str, bits: int) -> Term:
    variable = t.var(f"{record.prefix}s.{path}", bits)
    if path == setup.shared.negotiated and setup.shared.is_truth:
        return t.zext(t.extract(variable, 0, 0), bits)
    return variable


def _left(init: Transition, path: str, origin: Term) -> Value:
    """What initialisation left in a static."""
    if path not in init.pointers:
        return Integer(init.after[path].term, origin)
    homes = [x for x in init.pointers[path].targets if x.object is not None]
    if len(homes) != 1:
        return Pointer(tuple(Target(x.guard, *_home(init, x)) for x in init.pointers[path].targets), origin)
    is_set = set_at_boot(path)
    return Pointer((Target(is_set, *_home(init, homes[0])), Target(t.not_(is_set), None, t.const(0, 64))), origin)


def _home(init: Transition, target: Target) -> tuple[str | None, Term]:
    """A place in the memory that initialisation got, as a buffer's."""
    region = init.regions.get(id(target.offset)) if target.object == PAGES else None
    return (target.object, target.offset) if region is None else (region.name, t.const(0, 64))


def _any_pointer(record: Record, init: Transition, path: str, origin: Term) -> Pointer:
    is_set = t.ne(t.var(f"{record.prefix}s.{path}", 64), t.const(0, 64))
    home, offset = pointee(init, path)
    if home == HOST:
        offset = t.var(f"{record.prefix}s.{path}.at", 64)
    return Pointer((Target(is_set, home, offset), Target(t.not_(is_set), None, t.const(0, 64))), origin)


def pointee(init: Transition, path: str) -> tuple[str | None, Term]:
    """Where a static pointer leads in every state in which it is set; calls must keep it so (the guarantee).

    One that initialisation leaves empty may lead to the host's memory, anywhere.
    """
    found = init.pointers.get(path)
    for target in found.targets if found is not None else ():
        if target.object is not None:
            return _home(init, target)
    return HOST, t.const(0, 64)


def run_call(setup: Setup, init: Transition, prefix: str = "c.") -> Transition:
    """One host SMC from an arbitrary state of the statics, through the unit's entry."""
    unit, record = setup.unit, setup.kind.record(prefix)
    record.matters(t.TRUE, FOLLOWED)
    context, cells, inputs = _context(record)
    regions = {item.name: item for item in init.regions.values()}
    accesses = setup.kind.accesses(
        record, {**_statics(unit), CONTEXT: context}, setup.shared, regions, page_shift())
    executor = setup.kind.executor(unit, record, accesses, page_shift(), CONTRACTS, setup.decide)
    state = State(t.TRUE, {**_any_state(setup, record, init), CONTEXT: cells}, {})
    state.ghost = told.at_a_call(prefix)
    if setup.shared.memory:
        record.rx_size = _room(regions.get(setup.shared.rx))
        pins = t.var(f"{prefix}s.$page.pins", pages.PIN_BITS)
        state.ghost |= {"state": t.var(f"{prefix}s.$page.state", 2), "pins": pins, **pages.unfollowed()}
    state.found = dict(state.ghost)
    before = {path: _read(state, accesses, name, field) for path, name, field in _paths(unit)}
    watched = {setup.shared.version, setup.shared.negotiated, *setup.shared.lock_of}
    state.pre = {path: before[path] for path in sorted(watched)}
    state.left = dict(state.pre)
    start = accesses.others.snapshot(state)
    origin = record.site(NOWHERE, "", "state", CONTEXT)
    final, _ = executor.run(unit.entry, (Pointer((Target(t.TRUE, CONTEXT, t.const(0, 64)),), origin),), state)
    return _finished(setup, executor, (final, before, start, inputs), init)


def _room(rx: Region | None) -> Term | None:
    """The size of EL2's RX buffer, if it is known: where nobody says how much memory there is, it may end anywhere."""
    return rx.size if rx is not None and not (rx.size.is_const and rx.size.value == 0) else None


Run = tuple[State, Mapping[str, Value], Snapshot, tuple[Term, ...]]
"""(state at the end, statics before, snapshot before, the host's registers)"""


def _finished(setup: Setup, executor: Executor, run: Run, init: Transition) -> Transition:
    (final, before, start, inputs), accesses = run, executor.memory
    wraps.oblige(executor.record)
    after = {path: _read(final, accesses, name, field) for path, name, field in _paths(setup.unit)}
    outputs = []
    for k in range(31):
        value = memory.read(final.cells(CONTEXT), CONTEXT, 8 * k, 8, accesses.fresh)
        assert isinstance(value, Integer)
        outputs.append(value)
    contents = {name: final.content(name) for name in accesses.regions if name in final.objects}
    executor.record.exact.close()
    return Transition(
        executor.record, inputs, tuple(outputs), {path: _scalar(value) for path, value in before.items()},
        {path: _scalar(value) for path, value in after.items()},
        {path: _scalar(value) for path, value in final.pre.items()},
        {path: value for path, value in after.items() if isinstance(value, Pointer)}, t.const(0, 32), final.guard,
        dict(final.held), start, accesses.others.snapshot(final), init.regions, contents, dict(final.ghost),
        dict(final.found), _pointers(final.pre), _pointers(final.left))


def _pointers(values: Mapping[str, Value]) -> dict[str, Pointer]:
    return {path: value for path, value in values.items() if isinstance(value, Pointer)}
