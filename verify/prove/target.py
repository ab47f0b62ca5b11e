"""One revision under proof: its initialisation, one symbolic call, and further calls for sequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from verify.engine import told
from verify.engine.content import Content, Unknown, byte
from verify.engine.regions import PAGE_SIZES, set_at_boot
from verify.engine.shared import Shared, join_path
from verify.engine.transition import PLAIN, Kind, Setup, Transition, pointee, run_call, run_init
from verify.engine.writes import holds_truth, written
from verify.errors import InputError, InternalError
from verify.interpret.session import BufferPaths
from verify.ir.expr import POINTER
from verify.ir.function import Unit
from verify.rules.binding import Binding, taken_locks
from verify.rules.scene import Scene
from verify.rules.symbolic_scene import symbolic_scene
from verify.solve.query import Solver, Unsatisfiable
from verify.solve.remembered import NOTHING, Remembered
from verify.terms import build as t
from verify.terms.evaluate import Memory, evaluate
from verify.terms.term import Term, variables

FFA_VERSION = 0x84000063
STEP = "c."
HARMLESS = frozenset({"endless-loop", "wrap"})
"""Obligations without which behaviour is defined all the same: rules ask for them."""


@dataclass(slots=True)
class Target:
    """Everything about a revision that does not depend on a rule. Transitions of history are made on demand."""

    unit: Unit
    binding: Binding
    init: Transition
    step: Transition
    max_version: int
    setup: Setup
    answers: Sequence[list[bool]] = ()
    """About the loops of one call."""
    _history: dict[int, Transition] = field(default_factory=dict)
    _scenes: dict[str, Scene] = field(default_factory=dict)
    sliced: dict[int, dict[Term, Term]] = field(default_factory=dict)
    """By the host's function number: terms with that number in its place."""

    @property
    def shared(self) -> Shared:
        return self.setup.shared

    @property
    def written(self) -> frozenset[str]:
        """Statics that calls may write; the others keep what initialisation gave them."""
        return frozenset(written(self.unit, self.unit.functions[self.unit.entry].blocks))

    def is_private(self, path: str) -> bool:
        """Does this scalar hold what is EL2's own: from calls, from another file, or an address kept at boot?"""
        name = path.partition(".")[0]
        made = self.init.after[path].term
        return (name in self.written or self.unit.statics[name].is_external
                or any(variable.startswith("phys.") for variable in variables([made])))

    def history(self, number: int) -> Transition:
        """The call before the last (1), the one before that (2), …"""
        if number not in self._history:
            self._history[number] = run_call(
                replace(self.setup, decide=Again(self.answers)), self.init, f"h{number}.")
        return self._history[number]

    def scene(self, profile: str) -> Scene:
        if profile not in self._scenes:
            self._scenes[profile] = symbolic_scene(
                self.step, self.binding, profile, self.unit.constants, self.max_version)
        return self._scenes[profile]


def make_target(
    unit: Unit, binding: Binding, memory: bool = False, rounds: int = 0, kind: Kind = PLAIN,
    remembered: Remembered = NOTHING,
) -> Target:
    """Execute initialisation and one call. Raises InputError where initialisation asks for no version.

    `memory`: follow the memory handlers to their end; otherwise they are not modelled. `rounds`: for counterexamples,
    look at no more iterations of a loop than these; 0: at all of them. `remembered`: what solvers said of loops before.
    """
    _check_types(unit, binding)
    locks = {binding.version: binding.version_lock, binding.negotiated: binding.version_lock}
    buffers = unit.statics[binding.buffers]
    locks |= {join_path(binding.buffers, member): binding.buffers_lock for member in buffers.fields
              if member.bits == POINTER}
    shared = Shared(locks, binding.version, binding.negotiated, _others(unit, locks),
                    holds_truth(unit, binding.negotiated.partition(".")[0]), binding.buffers_lock, memory=memory,
                    locks=taken_locks(unit) | {binding.version_lock, binding.buffers_lock}, rounds=rounds)
    answers = Answers(Solver(remembered=remembered))
    setup = Setup(unit, shared, answers, kind)
    init = run_init(setup, binding.init)
    asked = [
        event.arguments[1].term for event in init.record.smcs
        if event.arguments[0].term.is_const and event.arguments[0].term.value & 0xFFFFFFFF == FFA_VERSION
    ]
    if len(asked) != 1 or not asked[0].is_const:
        raise InputError(f"{binding.init} does not ask EL3 for one FF-A version; bind the right function as init")
    known = replace(shared, tx=_buffer(init, binding.own_tx), rx=_buffer(init, binding.own_rx),
                    regions=tuple(sorted(region.name for region in init.regions.values())))
    setup = replace(setup, shared=known)
    before = len(answers.given)
    step = run_call(setup, init, STEP)
    refined = _refined(step, known, answers.solver)
    if refined != known:
        setup = replace(setup, shared=refined)
        init = run_init(setup, binding.init)
        before = len(answers.given)
        step = run_call(setup, init, STEP)
    return Target(unit, binding, init, step, asked[0].value & 0xFFFFFFFF, setup, answers.given[before:])


def _refined(step: Transition, shared: Shared, solver: Solver) -> Shared:
    """What one call shows of the locks: which other statics they protect, and what EL3 is told without them."""
    held: dict[str, frozenset[str]] = {}
    unseen = {name for boundary in step.record.boundaries for name in boundary.writes}
    for path, locks in step.record.looks:
        held[path] = held.get(path, locks) & locks
    known = sorted(set(shared.lock_of.values()))
    found = {path: next(lock for lock in known if lock in locks)
             for path, locks in held.items() if not locks.isdisjoint(known) and path.partition(".")[0] not in unseen}
    return replace(shared, lock_of={**shared.lock_of, **found}, others=shared.others - found.keys(),
                   unruly=_unruly(step, solver))


def _unruly(step: Transition, solver: Solver) -> frozenset[str]:
    """What some call may tell EL3 while the lock that this takes is free; what is not modelled may tell it anything."""
    if step.record.boundaries:
        return frozenset(told.KEPT)
    asked: dict[str, list[Term]] = {}
    for name, happens in step.record.out_of_turn:
        asked.setdefault(name, []).append(happens)
    return frozenset(name for name, found in asked.items()
                     if not isinstance(solver.refute([*step.record.relies, t.or_(*found)]), Unsatisfiable))


@dataclass(slots=True)
class Answers:
    """Decides about loops, and keeps what it said, in order."""

    solver: Solver
    given: list[list[bool]] = field(default_factory=list)

    def __call__(self, given: Sequence[Term], claims: Sequence[Term]) -> list[bool]:
        self.given.append(self.solver.implied(given, claims))
        return self.given[-1]


@dataclass(slots=True)
class Again:
    """The same answers for another call: it asks the same questions, with other names of variables."""

    given: Sequence[list[bool]]
    used: int = 0

    def __call__(self, given: Sequence[Term], claims: Sequence[Term]) -> list[bool]:
        answer = self.given[self.used]
        if len(answer) != len(claims):
            raise InternalError("the calls of a history do not ask the same questions")
        self.used += 1
        return answer


def buffer_paths(binding: Binding) -> BufferPaths:
    """The statics that point to EL2's buffers, for the interpreter."""
    return BufferPaths(binding.own_tx, binding.own_rx, binding.descriptor)


def mailbox_size(target: Target, page_shift: int) -> int:
    """Of each of EL2's mailbox buffers, in bytes; a page where the target has none."""
    sizes = [region.size for region in target.init.regions.values() if region.name == f"${target.binding.own_tx}"]
    choice = PAGE_SIZES[(page_shift - 12) // 2]
    return evaluate(sizes, choice)[0] if sizes else 1 << page_shift


def _buffer(init: Transition, path: str) -> str:
    """The buffer of EL2's that a static points to; empty if there is none."""
    if path not in init.pointers:
        return ""
    home, _ = pointee(init, path)
    return home if home in {region.name for region in init.regions.values()} and home is not None else ""


def _check_types(unit: Unit, binding: Binding) -> None:
    """The version is 32 bits wide, the flag a whole number of bytes; neither is a pointer."""
    for path, sizes in ((binding.version, (32,)), (binding.negotiated, (8, 16, 32))):
        name, _, rest = path.partition(".")
        found = [member.bits for member in unit.statics[name].fields if member.path == rest]
        if not found or found[0] not in sizes:
            kind = "no scalar" if not found else "a pointer" if found[0] == POINTER else f"{found[0]} bits wide"
            raise InputError(f"{path}: {kind}, where {' or '.join(map(str, sizes))} bits are needed; "
                             "bind another name in verify.toml")


def _others(unit: Unit, locks: Mapping[str, str]) -> frozenset[str]:
    """Scalars of statics that calls write and that no lock is known to protect."""
    changing = written(unit, unit.functions[unit.entry].blocks)
    paths = {
        join_path(name, member) for name in changing for member in unit.statics[name].fields}
    return frozenset(paths - set(locks) - set(locks.values()))


def link(target: Target, step: Transition, earlier: Transition) -> dict[str, Term]:
    """The statics that `step` starts with, by variable: what `earlier` left; other files' statics stay as at boot."""
    prefix = step.record.prefix
    found = {}
    for name, item in sorted(target.unit.statics.items()):
        for member in item.fields:
            path = f"{name}.{member.path}" if member.path else name
            bits = 64 if member.bits == POINTER else member.bits
            left = t.var(f"boot.{path}", bits) if item.is_external else earlier.after[path].term
            found[f"{prefix}s.{path}"] = left
    for path, (_, at) in earlier.end.pointers:
        found[f"{prefix}s.{path}.at"] = at
    for name, term in earlier.end.page:
        found[f"{prefix}s.$page.{name}"] = term
    for name, term in earlier.end.told:
        found[told.variable(prefix, name)] = term
    return found


def link_contents(step: Transition, earlier: Transition) -> dict[str, Memory]:
    """What EL2's buffers hold when `step` starts: what `earlier` left there; zeros at first."""
    return {f"{step.record.prefix}b.{region.name}": _reader(earlier.contents.get(region.name, ZEROS))
            for region in step.regions.values()}


ZEROS = Unknown("")


def _reader(content: Content) -> Memory:
    return lambda offset: byte(content, offset)


def quiet_and_safe(step: Transition) -> list[Term]:
    """One CPU, no undefined behaviour, and the path is modelled to its end."""
    safe = [t.or_(t.not_(o.guard), o.holds) for o in step.record.obligations if o.kind not in HARMLESS]
    return [step.alive, *step.record.quiet, *safe]


def started(target: Target) -> list[Term]:
    """hyp_ffa_init returned 0; what `set_at_boot` means."""
    success = t.eq(target.init.returned, t.const(0, target.init.returned.bits))
    pointers = [
        t.eq(set_at_boot(path), t.not_(pointer.is_null)) for path, pointer in sorted(target.init.pointers.items())]
    return [*quiet_and_safe(target.init), success, *pointers]
