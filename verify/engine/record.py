"""What one symbolic run leaves behind, in program order: each entry with the guard under which it happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from verify.engine.content import Content, Unknown
from verify.engine.exact import Abstractions
from verify.engine.place import Place
from verify.engine.relevance import contradict, iterations, trace
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
    tx: Content | None = None
    """What EL2's TX buffer holds then, if the target has one."""
    rx: Content | None = None
    """What EL3 leaves in EL2's RX buffer."""
    ghost: tuple[tuple[str, Term], ...] = ()
    version: Term | None = None
    """EL2's then, which is the one that a conforming SPMC was told of; where memory is followed."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """`answered`: the SPMC gives the descriptor `whole` of the region `handle`, piece by piece; `total` bytes."""

    guard: Term
    answered: Term
    whole: Unknown
    handle: Term
    total: Term


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
    """`holds` has to follow from `guard`; otherwise behaviour after it is undefined.

    `outside`: of a load that changes nothing where it leaves its object, but finds bytes that are nobody's to see:
    their name, as a variable or as a memory. `stops`: EL2 stops there instead, and nothing comes after it.
    """

    kind: str
    guard: Term
    holds: Term
    span: Span
    function: str
    outside: str = ""
    stops: bool = False

    @property
    def is_read(self) -> bool:
        return bool(self.outside)


@dataclass(frozen=True, slots=True)
class Outside:
    """A load that may leave its object: `size` bytes of `name` from `offset` on, or all of a memory of that name."""

    guard: Term
    name: str
    offset: Term
    size: int | None
    origin: Term


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
class BufferEvent:
    """`length` bytes at `offset` of a buffer or of host memory (`object`) are read or written.

    `written`: what is written, and from which offset of that on.
    """

    guard: Term
    object: str
    is_write: bool
    is_copy: bool
    offset: Term
    length: Term
    locks: tuple[tuple[str, Term], ...]
    span: Span
    site: int
    written: tuple[Content, Term] | None = None
    own: Term = t.FALSE


def in_range(page: Term, first: Term, count: Term) -> Term:
    """Is the page one of `count` from `first` on? A range does not wrap."""
    return t.and_(t.ule(first, page), t.ult(page, t.binary("add", first, count)))


@dataclass(frozen=True, slots=True)
class TransferEvent:
    """A page-table function was called: `covers` the followed page, which it `found` in this state.

    `first` and `count` of its pages, as frame numbers.
    """

    guard: Term
    action: str
    first: Term
    count: Term
    result: Term
    covers: Term
    found: Term
    locks: tuple[tuple[str, Term], ...]
    span: Span
    site: int
    blamed: Term
    """The followed page is the reason for the failure."""

    @property
    def succeeds(self) -> Term:
        return t.eq(self.result, t.const(0, self.result.bits))

    def has(self, page: Term) -> Term:
        return in_range(page, self.first, self.count)

    def overlaps(self, other: TransferEvent) -> Term:
        return t.or_(self.has(other.first), other.has(self.first))


@dataclass(frozen=True, slots=True)
class Fetch:
    """Host memory is read: what is there then is the unknown memory `name`, from its offset 0 on."""

    guard: Term
    name: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What invariants speak of: version and agreement, static pointers as (set?, where to), the followed page."""

    version: Term
    negotiated: Term
    pointers: tuple[tuple[str, tuple[Term, Term]], ...] = ()
    page: tuple[tuple[str, Term], ...] = ()
    told: tuple[tuple[str, Term], ...] = ()
    """What EL3 was told (`engine.told`)."""
    flags: tuple[Term, ...] = ()
    """Other scalars that the version's lock protects: are they set?"""
    switches: tuple[Term, ...] = ()
    """Scalars that the buffers' lock protects: are they set?"""
    built: Term = t.FALSE
    """Did initialisation give EL2 a buffer of its own?"""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Other CPUs may run here: the state as this CPU leaves it, and as it finds it again."""

    guard: Term
    before: Snapshot
    after: Snapshot


@dataclass(frozen=True, slots=True)
class LockEvent:
    guard: Term
    path: str
    is_acquire: bool
    held_before: Term
    span: Span
    version_state: tuple[tuple[str, Value], ...]
    inside: tuple[tuple[str, Term], ...] = ()
    """Which locks are held just before."""
    site: int = 0


@dataclass(frozen=True, slots=True)
class Sink:
    """A number is used as a size, an offset or a count, or compared with one."""

    guard: Term
    term: Term
    place: Place


@dataclass(frozen=True, slots=True)
class Carried:
    """What an iteration leaves for the next, which knows it by these names of variables."""

    names: tuple[str, ...]
    guard: Term
    term: Term
    place: Place


@dataclass(frozen=True, slots=True)
class Flow:
    """What a loop leaves open, by these names of variables and memories, is decided by the terms."""

    names: tuple[str, str]
    terms: tuple[Term, ...]


AT_ONCE = 8
"""So many unknowns come up together where other CPUs may run; what is known of one of them speaks of others."""
_LISTS = ("smcs", "accesses", "obligations", "boundaries", "locks", "warns", "buffers", "transfers", "fetches",
          "releases", "sinks", "carried", "flows", "relies", "rely_guards", "quiet", "meetings", "universals",
          "indices", "writes", "looks", "out_of_turn", "retrievals", "outsides", "byte_facts")


@dataclass(slots=True)
class Record:
    """Filled while executing; read-only afterwards. `prefix` makes variable names of this run unique."""

    prefix: str
    made: dict[int, Place] = field(default_factory=dict)
    """Where sums and products were computed first, by the identity of their terms."""
    sinks: list[Sink] = field(default_factory=list)
    carried: list[Carried] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    smcs: list[SmcEvent] = field(default_factory=list)
    accesses: list[AccessEvent] = field(default_factory=list)
    obligations: list[Obligation] = field(default_factory=list)
    boundaries: list[Boundary] = field(default_factory=list)
    locks: list[LockEvent] = field(default_factory=list)
    warns: list[tuple[Term, Span, int]] = field(default_factory=list)
    buffers: list[BufferEvent] = field(default_factory=list)
    transfers: list[TransferEvent] = field(default_factory=list)
    fetches: list[Fetch] = field(default_factory=list)
    writes: list[tuple[Term, str, Span]] = field(default_factory=list)
    """Statics that are written while their lock is not surely held: (when it is not, path, place)."""
    looks: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    """Statics that no lock is known to protect are read or written: (path, the locks that are surely held then)."""
    out_of_turn: list[tuple[str, Term]] = field(default_factory=list)
    """EL3 is told something while the lock that this takes is free: (what, when)."""
    releases: list[tuple[Term, Snapshot]] = field(default_factory=list)
    """What a lock is given back with."""
    flows: list[Flow] = field(default_factory=list)
    relies: list[Term] = field(default_factory=list)
    rely_guards: list[Term] = field(default_factory=list)
    """Where each of them was made; it says nothing elsewhere."""
    quiet: list[Term] = field(default_factory=list)
    """Equations that say that no other CPU interferes."""
    meetings: list[Meeting] = field(default_factory=list)
    """Wherever other CPUs may have run since this one last looked at the version."""
    universals: list[tuple[Term, Callable[[Term], Term]]] = field(default_factory=list)
    """(guard, what holds of every index below a loop's)."""
    indices: list[tuple[Term, Term]] = field(default_factory=list)
    """Those that matter: of each, all universals are among the relies."""
    retrievals: list[Retrieval] = field(default_factory=list)
    outsides: list[Outside] = field(default_factory=list)
    byte_facts: list[tuple[str, Callable[[Term], Term]]] = field(init=False)
    index: Term | None = None
    """Of the innermost loop that is being run."""
    exact: Abstractions = field(init=False)
    axioms: dict[str, list[Term]] = field(default_factory=dict)
    """What EL3's answers satisfy, by trust level, once it was asked for."""
    unknowns: int = 0
    rx_size: Term | None = None
    """Of EL2's RX buffer, in bytes, where memory is followed."""
    _known: dict[tuple[Span, str, str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.exact = Abstractions(self.prefix)
        self.byte_facts = self.exact.facts

    def mark(self) -> dict[str, int]:
        """How much there is, to come back to."""
        return {name: len(getattr(self, name)) for name in _LISTS}

    def rewind(self, mark: dict[str, int]) -> None:
        """Forget what happened since; names of variables are not used again."""
        for name, length in mark.items():
            del getattr(self, name)[length:]

    def site(self, span: Span, function: str, kind: str, text: str = "") -> Term:
        key = (span, function, kind, text)
        if key not in self._known:
            same = sum(1 for x in self.sites if (x.function, x.kind, x.text) == (function, kind, text))
            self._known[key] = len(self.sites)
            self.sites.append(Site(span, function, kind, text, same))
        return t.const(self._known[key], ORIGIN_BITS)

    def number(self, site: Site) -> int | None:
        """The same place in this run; None if control never met it."""
        return self._known.get((site.span, site.function, site.kind, site.text))

    def sink(self, guard: Term, term: Term, place: Place) -> None:
        if not term.is_const:
            self.sinks.append(Sink(guard, term, place))

    def abstract(self, truth: Term) -> Term:
        return self.exact.predicate(truth, self.index)

    def word(self, content: Content, offset: Term, size: int) -> Term:
        return self.exact.word(content, offset, size, self.index)

    def rely(self, guard: Term, fact: Term) -> None:
        """A fact about what is outside, where control comes by."""
        if fact is not t.TRUE:
            self.relies.append(t.implies(guard, fact))
            self.rely_guards.append(guard)

    def relevant(self, guard: Term, claims: Sequence[Term] = ()) -> list[Term]:
        """The facts that speak neither of other functions' calls nor of earlier loops' arbitrary iterations.

        With claims: nor of what is unknown only after all that guard and claims speak of.
        """
        own, fits = iterations(guard), dict[int, bool]()
        age = self.exact.traced([guard, *claims]).age if claims else self.unknowns
        result = []
        for fact, other in zip(self.relies, self.rely_guards, strict=True):
            known = fits.get(id(other))
            if known is None:
                known = fits[id(other)] = not contradict(guard, other) and iterations(other) <= own
            if known and trace(fact).age <= age + AT_ONCE:
                result.append(fact)
        return result

    def of_every(self, guard: Term, says: Callable[[Term], Term]) -> None:
        """A fact about every index."""
        self.universals.append((guard, says))
        for other, index in self.indices:
            if not contradict(guard, other):
                self.rely(t.and_(guard, other), says(index))

    def matters(self, guard: Term, index: Term) -> None:
        """An index (64 bits) that universal facts are wanted of, where control comes by."""
        self.indices.append((guard, index))
        for other, says in self.universals:
            if not contradict(guard, other):
                self.rely(t.and_(guard, other), says(index))

    def copied(self, origin: Term, here: Term) -> Term:
        """The origin of a value that a store passes on: `here` if EL2's code did not make the value."""
        known: dict[int, Term] = {}

        def found(node: Term) -> Term:
            if id(node) not in known:
                if node.op == "ite":
                    known[id(node)] = t.ite(node.args[0], found(node.args[1]), found(node.args[2]))
                else:
                    kind = self.sites[node.value].kind if node.is_const else "host"
                    known[id(node)] = here if kind in ("host", "state", "interference", "smc") else node
            return known[id(node)]

        return found(origin)

    def unknown(self, label: str, bits: int, origin: Term, secret: bool = False) -> Integer:
        """A fresh variable; secret ones (`!` in the name) stand for uninitialised bytes."""
        return Integer(t.var(self.name(f"{label}{'!' if secret else '?'}"), bits), origin)

    def name(self, label: str) -> str:
        """One that was not used before."""
        self.unknowns += 1
        return f"{self.prefix}{label}{self.unknowns}"
