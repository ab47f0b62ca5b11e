"""One host call, and the initialisation, as transitions over the unit's statics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from verify.engine import memory
from verify.engine.access import PAGES, Accesses, Shared, join_path
from verify.engine.contracts import CONTRACTS
from verify.engine.execute import Executor
from verify.engine.memory import Cell
from verify.engine.record import Record
from verify.engine.state import State
from verify.engine.value import Integer, Pointer, Target, Value, null
from verify.engine.writes import written
from verify.ir.expr import POINTER
from verify.ir.function import Field, Object, Unit
from verify.ir.span import NOWHERE
from verify.terms import build as t
from verify.terms.term import Term

CONTEXT = "$context"
PAGES_SIZE = 1 << 40
"""Bound of the object behind hyp_ffa_init's `pages`; its real size is setup.c's business."""


@dataclass(frozen=True, slots=True)
class Transition:
    """`before`/`after`: scalars of statics by path (pointers as `path` → 1 where not null).

    `inputs` are x0..x30 of the host; `outputs` their values afterwards. All terms are over the variables
    of `prefix`. A path that does not return is in `record.boundaries`; `alive` is the guard of the rest.
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
    return memory.read(state.objects[name], name, field.offset, size, accesses.fresh)


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
    upper, lower = t.var(f"{prefix}x0.hi", 15), t.var(f"{prefix}x0.lo", 16)
    hint = t.var(f"{prefix}x0.hint", 1)
    return t.concat(t.var(f"{prefix}x0.up", 32), t.concat(upper, t.concat(hint, lower)))


def initial_zero(unit: Unit, record: Record) -> State:
    """Zeroed statics, as at boot; what other files define is unknown."""
    objects: dict[str, Mapping[int, Cell]] = {}
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


def run_init(unit: Unit, name: str, shared: Shared) -> Transition:
    """hyp_ffa_init once, on zeroed statics; `returned` is its result as a 32-bit term."""
    record = Record("init.")
    objects = {**_statics(unit), PAGES: Object(PAGES, PAGES_SIZE, 65536, (), NOWHERE)}
    accesses = Accesses(record, objects, Shared({}, shared.version, shared.negotiated))
    executor = Executor(unit, record, accesses, page_shift(), CONTRACTS)
    state = initial_zero(unit, record)
    before = {path: _scalar(_read(state, accesses, obj, field)) for path, obj, field in _paths(unit)}
    origin = record.site(NOWHERE, "", "state", PAGES)
    pages = Pointer((Target(t.TRUE, PAGES, t.const(0, 64)),), origin)
    final, result = executor.run(name, (pages,), state)
    values = {path: _read(final, accesses, obj, field) for path, obj, field in _paths(unit)}
    returned = result.term if isinstance(result, Integer) else t.const(0, 32)
    return Transition(
        record, (), (), before, {path: _scalar(value) for path, value in values.items()}, {},
        {path: value for path, value in values.items() if isinstance(value, Pointer)},
        returned, final.guard, dict(final.held),
    )


def _any_state(unit: Unit, record: Record, init: Transition, shared: Shared) -> dict[str, Mapping[int, Cell]]:
    """Every static holds a free variable; a pointer is null or what initialisation could leave there."""
    objects: dict[str, dict[int, Cell]] = {name: {} for name in _statics(unit)}
    fixed = initial_zero(unit, record).objects
    changing = written(unit, (b for f in unit.functions.values() for b in f.blocks))
    for path, name, field in _paths(unit):
        origin = record.site(unit.statics[name].span, "", "state", path)
        if name not in changing and not unit.statics[name].is_external:
            objects[name] = dict(fixed[name])
        elif field.bits != POINTER:
            variable: Term = t.var(f"{record.prefix}s.{path}", field.bits)
            if path == shared.negotiated and shared.is_truth:
                variable = t.zext(t.extract(variable, 0, 0), field.bits)
            objects[name][field.offset] = Cell(field.bits // 8, Integer(variable, origin))
        else:
            is_set = t.ne(t.var(f"{record.prefix}s.{path}", 64), t.const(0, 64))
            objects[name][field.offset] = Cell(8, Pointer((
                Target(is_set, *pointee(init, path)), Target(t.not_(is_set), None, t.const(0, 64))), origin))
    return dict(objects)


def pointee(init: Transition, path: str) -> tuple[str, Term]:
    """Where a static pointer leads in every state in which it is set; calls must keep it so (the guarantee)."""
    return _init_target(init.pointers.get(path)) or (f"$host.{path}", t.const(0, 64))


def _init_target(pointer: Pointer | None) -> tuple[str, Term] | None:
    if pointer is None:
        return None
    return next(((x.object, x.offset) for x in pointer.targets if x.object is not None), None)


def run_call(unit: Unit, init: Transition, shared: Shared, prefix: str = "c.") -> Transition:
    """One host SMC from an arbitrary state of the statics, through the unit's entry."""
    record = Record(prefix)
    context, cells, inputs = _context(record)
    objects = {**_statics(unit), CONTEXT: context, PAGES: Object(PAGES, PAGES_SIZE, 65536, (), NOWHERE)}
    accesses = Accesses(record, objects, shared)
    executor = Executor(unit, record, accesses, page_shift(), CONTRACTS)
    start = _any_state(unit, record, init, shared)
    state = State(t.TRUE, {**start, CONTEXT: cells}, {})
    before = {path: _read(state, accesses, name, field) for path, name, field in _paths(unit)}
    state.pre = {path: before[path] for path in (shared.version, shared.negotiated)}
    origin = record.site(NOWHERE, "", "state", CONTEXT)
    pointer = Pointer((Target(t.TRUE, CONTEXT, t.const(0, 64)),), origin)
    final, _ = executor.run(unit.entry, (pointer,), state)
    after = {path: _read(final, accesses, name, field) for path, name, field in _paths(unit)}
    outputs = []
    for k in range(31):
        value = memory.read(final.objects[CONTEXT], CONTEXT, 8 * k, 8, accesses.fresh)
        assert isinstance(value, Integer)
        outputs.append(value)
    return Transition(
        record, inputs, tuple(outputs), {path: _scalar(value) for path, value in before.items()},
        {path: _scalar(value) for path, value in after.items()},
        {path: _scalar(value) for path, value in final.pre.items()},
        {path: value for path, value in after.items() if isinstance(value, Pointer)},
        t.const(0, 32), final.guard, dict(final.held),
    )
