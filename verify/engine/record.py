"""What one symbolic run leaves behind, in program order: each entry with the guard under which it happens."""

from __future__ import annotations

from dataclasses import dataclass, field

from verify.engine.value import ORIGIN_BITS, Integer, Value
from verify.ir.span import Span
from verify.terms import build as t
from verify.terms.term import Term


@dataclass(frozen=True, slots=True)
class Site:
    """A place where a value was made. kind: computed, uninitialised, smc, host, state, interference."""

    span: Span
    function: str
    kind: str
    text: str
    ordinal: int


@dataclass(frozen=True, slots=True)
class SmcEvent:
    """`results` are free variables, named by occurrence: both runs of a two-run query share them."""

    guard: Term
    arguments: tuple[Integer, ...]
    results: tuple[Integer, ...]
    span: Span
    is_forward: bool
    locks: tuple[tuple[str, Term], ...]
    site: int


@dataclass(frozen=True, slots=True)
class AccessEvent:
    path: str
    is_write: bool
    order: str
    guard: Term
    locks: tuple[tuple[str, Term], ...]
    value: Value
    flags: tuple[tuple[str, Term], ...]
    span: Span
    site: int


@dataclass(frozen=True, slots=True)
class Obligation:
    """`holds` has to follow from `guard`; otherwise behaviour after it is undefined."""

    kind: str
    guard: Term
    holds: Term
    span: Span
    function: str


@dataclass(frozen=True, slots=True)
class Boundary:
    """Control reaches something that is not modelled; `writes` are the statics it may still change."""

    guard: Term
    construct: str
    span: Span
    function: str
    writes: tuple[str, ...]
    state: tuple[tuple[str, Integer], ...] = ()
    """version and negotiated as far as this path got, by path; a fresh unknown where the rest may write them."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Other CPUs may run here: (version, negotiated) as this CPU leaves them, and as it finds them again."""

    guard: Term
    before: tuple[Term, Term]
    after: tuple[Term, Term]


@dataclass(frozen=True, slots=True)
class LockEvent:
    guard: Term
    path: str
    is_acquire: bool
    held_before: Term
    span: Span
    version_state: tuple[tuple[str, Value], ...]


@dataclass(slots=True)
class Record:
    """Filled while executing; read-only afterwards. `prefix` makes variable names of this run unique."""

    prefix: str
    sites: list[Site] = field(default_factory=list)
    smcs: list[SmcEvent] = field(default_factory=list)
    accesses: list[AccessEvent] = field(default_factory=list)
    obligations: list[Obligation] = field(default_factory=list)
    boundaries: list[Boundary] = field(default_factory=list)
    locks: list[LockEvent] = field(default_factory=list)
    warns: list[tuple[Term, Span]] = field(default_factory=list)
    relies: list[Term] = field(default_factory=list)
    quiet: list[Term] = field(default_factory=list)
    """Equations that say that no other CPU interferes."""
    meetings: list[Meeting] = field(default_factory=list)
    """Wherever other CPUs may have run since this one last looked at the version."""
    axioms: dict[str, list[Term]] = field(default_factory=dict)
    """What EL3's answers satisfy, by trust level, once it was asked for."""
    unknowns: int = 0
    _known: dict[tuple[Span, str, str, str], int] = field(default_factory=dict)

    def site(self, span: Span, function: str, kind: str, text: str = "") -> Term:
        key = (span, function, kind, text)
        if key not in self._known:
            same = sum(1 for x in self.sites if (x.function, x.kind, x.text) == (function, kind, text))
            self._known[key] = len(self.sites)
            self.sites.append(Site(span, function, kind, text, same))
        return t.const(self._known[key], ORIGIN_BITS)

    def copied(self, origin: Term, here: Term) -> Term:
        """The origin of a value that a store passes on: `here` if EL2's code did not make the value."""
        if origin.op == "ite":
            return t.ite(origin.args[0], self.copied(origin.args[1], here), self.copied(origin.args[2], here))
        made = origin.op == "const" and self.sites[origin.value].kind not in ("host", "state", "interference", "smc")
        return origin if made else here

    def unknown(self, label: str, bits: int, origin: Term, secret: bool = False) -> Integer:
        """A fresh variable; secret ones (`!` in the name) stand for uninitialised bytes."""
        self.unknowns += 1
        mark = "!" if secret else "?"
        return Integer(t.var(f"{self.prefix}{label}{mark}{self.unknowns}", bits), origin)
