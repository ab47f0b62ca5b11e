"""One revision under proof: its initialisation, one symbolic call, and further calls for sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from verify.engine.access import Shared, join_path
from verify.engine.transition import Transition, run_call, run_init
from verify.engine.writes import holds_truth, written
from verify.errors import InputError
from verify.ir.expr import POINTER
from verify.ir.function import Unit
from verify.rules.binding import Binding
from verify.rules.scene import Scene
from verify.rules.symbolic_scene import symbolic_scene
from verify.terms import build as t
from verify.terms.term import Term, variables

FFA_VERSION = 0x84000063
STEP = "c."


@dataclass(slots=True)
class Target:
    """Everything about a revision that does not depend on a rule. Transitions of history are made on demand."""

    unit: Unit
    binding: Binding
    init: Transition
    step: Transition
    max_version: int
    shared: Shared
    _history: dict[int, Transition] = field(default_factory=dict)
    _scenes: dict[str, Scene] = field(default_factory=dict)

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
            self._history[number] = run_call(self.unit, self.init, self.shared, f"h{number}.")
        return self._history[number]

    def scene(self, profile: str) -> Scene:
        if profile not in self._scenes:
            self._scenes[profile] = symbolic_scene(
                self.step, self.binding, profile, self.unit.constants, self.max_version)
        return self._scenes[profile]


def make_target(unit: Unit, binding: Binding) -> Target:
    """Execute initialisation and one call. Raises InputError where initialisation asks for no version."""
    _check_types(unit, binding)
    locks = {binding.version: binding.version_lock, binding.negotiated: binding.version_lock}
    buffers = unit.statics[binding.buffers]
    for member in buffers.fields:
        if member.bits == POINTER:
            locks[f"{binding.buffers}.{member.path}"] = binding.buffers_lock
    shared = Shared(locks, binding.version, binding.negotiated, _others(unit, locks),
                    holds_truth(unit, binding.negotiated.partition(".")[0]))
    init = run_init(unit, binding.init, shared)
    asked = [
        event.arguments[1].term for event in init.record.smcs
        if event.arguments[0].term.is_const and event.arguments[0].term.value & 0xFFFFFFFF == FFA_VERSION
    ]
    if len(asked) != 1 or not asked[0].is_const:
        raise InputError(f"{binding.init} does not ask EL3 for one FF-A version; bind the right function as init")
    return Target(unit, binding, init, run_call(unit, init, shared, STEP), asked[0].value & 0xFFFFFFFF, shared)


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
    found = {}
    for name, item in sorted(target.unit.statics.items()):
        for member in item.fields:
            path = f"{name}.{member.path}" if member.path else name
            bits = 64 if member.bits == POINTER else member.bits
            left = t.var(f"boot.{path}", bits) if item.is_external else earlier.after[path].term
            found[f"{step.record.prefix}s.{path}"] = left
    return found


def quiet_and_safe(step: Transition) -> list[Term]:
    """One CPU, no undefined behaviour, and the path is modelled to its end."""
    safe = [t.or_(t.not_(o.guard), o.holds) for o in step.record.obligations]
    return [step.alive, *step.record.quiet, *safe]


def started(target: Target) -> list[Term]:
    """hyp_ffa_init returned 0."""
    success = t.eq(target.init.returned, t.const(0, target.init.returned.bits))
    return [*quiet_and_safe(target.init), success]
