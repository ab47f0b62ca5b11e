"""States that ordinary calls lead to, as numbers in place of a symbolic call's variables: where hunts begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from verify.engine import pages, told
from verify.engine.regions import HOST, PAGE_SIZES, PAGES, set_at_boot
from verify.engine.shared import join_path
from verify.engine.transition import pointee
from verify.interpret.descriptors import Descriptor
from verify.interpret.memory import HOST_BASE, Fault, Snapshot
from verify.interpret.session import Session
from verify.interpret.spmc import Spmc
from verify.interpret.world import FOREIGN, LAST_PAGE, OWN, PagesThen
from verify.ir.expr import POINTER
from verify.prove.histories import HANDLE, MOST_STEPS, RECLAIM, RX, TX, Call, Writer, histories
from verify.prove.invariants import reclaimed, telling
from verify.prove.ledger import Regions, conforming
from verify.prove.target import STEP, Target, buffer_paths, mailbox_size
from verify.prove.trust import SPMC, axioms
from verify.terms import build as t
from verify.terms.evaluate import Memory, evaluate, substitute
from verify.terms.term import Term

IS_FOREIGN = t.var("start.page.foreign", 0)
"""The followed page is somebody else's, where nobody has asked the page tables about it yet."""


INDEX = "ghost.index"
"""The variable of the followed index."""
KEPT = ("map", "unmap", "partition info", "share three ranges", "share in fragments of 1, 2 ranges: first",
        "share in fragments of 1, 2 ranges", "share three ranges, reclaim", "share two regions, reclaim the longer one")
"""Histories that lead to states of their own kind."""
SMCCC_1_2, SMCCC_1_1 = 0x10002, 0x10001
VERSIONS = (0x10001, 0x10000, 0x10002)
MALFORMED = 0x80010000
"""Some mediators take it for 1.0."""


@dataclass(frozen=True, slots=True)
class Way:
    """Calls from reset, with an SPMC of some version. It conforms unless it `refuses` or `believes` something."""

    name: str
    calls: tuple[Call, ...] = ()
    page_shift: int = 12
    spmc: int = 0x10002
    smccc: int = SMCCC_1_2
    is_narrow: bool = False
    """The SPMC's refusals of a version have 32 bits."""
    refuses: bool = False
    """There seems to be none at boot; later it serves all the same."""
    believes: Descriptor | None = None
    """It gives back what nobody ever shared with it."""

    @property
    def conforms(self) -> bool:
        return not self.refuses and self.believes is None


def ways(target: Target) -> list[Way]:
    """The shortest first."""
    result = [Way("boot"), Way("boot with an old SMCCC", smccc=SMCCC_1_1),
              Way("boot with an SPMC of 1.0", spmc=0x10000)]
    known = {x.name: x.calls for x in histories(MALFORMED, 1 << 12, mailbox_size(target, 12))}
    result += [Way("a version with bit 31, 4K: map", known["map"], is_narrow=narrow) for narrow in (False, True)]
    for version in VERSIONS:
        for shift in (12, 14, 16):
            known = {x.name: x.calls for x in histories(version, 1 << shift, mailbox_size(target, shift))}
            name = f"1.{version & 0xFFFF}, {1 << shift - 10}K"
            result.append(Way(f"{name}: agreed", known["map"][:1], shift))
            kept = KEPT if shift == 12 else KEPT[:1]
            result += [Way(f"{name}: {history}", known[history], shift) for history in kept]
        result += _hostile(version, mailbox_size(target, 12))
    return sorted(result, key=lambda way: (len(way.calls), way.page_shift))


def _hostile(version: int, mailbox: int) -> list[Way]:
    """With an EL3 that keeps to no rules."""
    writer, name = Writer(version, 1 << 12, mailbox), f"1.{version & 0xFFFF}, EL3"
    agreed, mapped = writer.start()
    back = writer.call(RECLAIM, HANDLE)
    gives = [Way(f"{name} gives back a mailbox page: {which}", (agreed, mapped, back),
                 believes=Descriptor(version, ((page, 1),))) for which, page in (("TX", TX), ("RX", RX))]
    return [Way(f"{name} refused at boot: agreed", (agreed,), refuses=True),
            Way(f"{name} refused at boot: map", (agreed, mapped), refuses=True), *gives]


@dataclass(frozen=True, slots=True)
class Start:
    """`calls` lead there from reset, with EL3's `answers` and what it left in EL2's RX buffer, answer by answer."""

    name: str
    page_shift: int
    boot: tuple[tuple[str, int], ...]
    calls: tuple[Call, ...]
    answers: tuple[tuple[int, ...], ...]
    left: Mapping[int, Mapping[int, int]]
    then: PagesThen
    definitions: Mapping[str, Term]
    memories: Mapping[str, Memory]
    regions: Regions
    """What the SPMC has of the host's memory."""
    conforms: bool
    """Does EL3 on the way here?"""
    known: dict[Term, Term] = field(default_factory=dict)

    def is_here(self, asked: Mapping[str, Term]) -> Term:
        """These variables have the values that they have here; of EL2's buffers nothing is said."""
        return t.and_(*(t.eq(asked[name], value) for name, value in self.definitions.items() if name in asked))

    def at(self, terms: Sequence[Term]) -> list[Term]:
        """The terms of a call from here."""
        return substitute(list(terms), self.definitions, self.known, self.memories)


@dataclass(frozen=True, slots=True)
class Starts:
    """`target` looks at a few iterations of each loop only."""

    target: Target
    items: tuple[Start, ...]
    facts: dict[str, list[Term]] = field(default_factory=dict)
    """By trust level: what every call keeps."""
    remembered: dict[str, Term] = field(default_factory=dict)
    """By the state's name: what the SPMC knows there."""

    def answers_conform(self, start: Start, level: str) -> Term:
        """The SPMC remembers what was shared on the way to this state."""
        if level != "L2":
            return t.TRUE
        if not start.conforms:
            return t.FALSE
        if start.name not in self.remembered:
            self.remembered[start.name] = t.and_(*conforming(self.target.step.record, start.regions))
        return self.remembered[start.name]

    def general(self, level: str, where: Term) -> list[Term]:
        """What every call keeps that `where` is about: other CPUs are quiet, EL3 is as trusted."""
        record = self.target.step.record
        if level not in self.facts:
            self.facts[level] = [*record.quiet, *record.relies, *axioms(record, level), *reclaimed(self.target, level)]
        facts = telling(self.facts[level], where)
        return [*facts, *record.exact.definitions(facts)]


def make_starts(target: Target) -> Starts:
    """Of all ways; one whose calls do not end leads nowhere."""
    found: list[Start] = []
    for way in ways(target):
        start = _make_start(target, way)
        if start is not None and all(start.definitions != other.definitions for other in found):
            found.append(start)
    return Starts(target, tuple(found))


def _make_start(target: Target, way: Way) -> Start | None:
    environment = Spmc(version=way.spmc, is_narrow=way.is_narrow, is_late=way.refuses)
    if way.believes is not None:
        environment.ledger.believe(way.believes)
    session = Session(target.unit, environment, way.page_shift, trace=False, init=target.binding.init,
                      paths=buffer_paths(target.binding), most_steps=MOST_STEPS)
    boot = set_smccc(session, way.smccc)
    try:
        if session.initialise() != 0:
            return None
    except Fault:
        return None
    smcs = list(session.machine.log.smcs)
    booted = len(smcs)
    for registers, host in way.calls:
        done = session.call(registers, host)
        if done.fault is not None:
            return None
        smcs += done.log.smcs
    answers = tuple(smc.results for smc in smcs)
    left = {number: smc.rx.content for number, smc in enumerate(smcs) if smc.rx is not None}
    definitions = {
        **standing(target, session, answers[:booted]), **followed(environment.world.now()),
        str(SPMC.data): t.const(way.spmc, 32)}
    return Start(way.name, way.page_shift, boot, way.calls, answers, left, environment.world.now(), definitions,
                 memories(target, session), {x.handle: x.answer for x in environment.ledger.open.values()},
                 way.conforms)


def standing(target: Target, session: Session, booted: Sequence[Sequence[int]]) -> dict[str, Term]:
    """What a call from here begins with, but for the followed page and buffers; `booted`: EL3's answers then."""
    known = {**_page_size(session.machine.page_shift), **_statics(target, session), **_addresses(target, session),
             told.variable(STEP, told.MAPPED): t.truth(session.machine.told.is_mapped),
             told.variable(STEP, told.ASKED): t.truth(session.machine.told.is_asked)}
    return {**known, **_boot(target, booted, known)}


def set_smccc(session: Session, version: int) -> tuple[tuple[str, int], ...]:
    """What another file keeps of the firmware's SMCCC, by path."""
    boot = tuple(
        (f"{name}.{member.path}", version) for name, item in session.unit.statics.items()
        for member in item.fields if item.is_external and member.path == "smccc_version")
    for path, value in boot:
        session.machine.set_static(path, value)
    return boot


def _page_size(shift: int) -> dict[str, Term]:
    choice = PAGE_SIZES[{12: 0, 14: 1, 16: 2}[shift]]
    return {name: t.truth(bool(value)) for name, value in choice.items()}


def _boot(target: Target, answers: Sequence[Sequence[int]], known: Mapping[str, Term]) -> dict[str, Term]:
    """What EL3 answered to the initialisation; what EL2 asked then depends on what is `known` of the machine."""
    values: dict[str, int] = {}
    given = {name: term.value for name, term in known.items()}
    left = list(answers)
    for event in target.init.record.smcs:
        if left and evaluate([event.guard], {**given, **values})[0]:
            names = (str(result.term.data) for result in event.results)
            values.update(zip(names, left.pop(0), strict=True))
    return {name: t.const(value, 64) for name, value in values.items()}


def _statics(target: Target, session: Session) -> dict[str, Term]:
    result: dict[str, Term] = {}
    for name, item in sorted(target.unit.statics.items()):
        for member in item.fields:
            path = join_path(name, member)
            value = session.machine.static(path)
            bits = 64 if member.bits == POINTER else member.bits
            result[f"{STEP}s.{path}"] = t.const(value, bits)
            if item.is_external:
                result[f"boot.{path}"] = t.const(value, bits)
            elif member.bits == POINTER:
                result[str(set_at_boot(path).data)] = t.truth(value != 0)
                if pointee(target.init, path)[0] == HOST and value:
                    result[f"{STEP}s.{path}.at"] = t.const(value - HOST_BASE & (1 << 64) - 1, 64)
    return result


def _addresses(target: Target, session: Session) -> dict[str, Term]:
    """Where EL2's objects lie."""
    places = {PAGES: session.pages}
    for name in target.unit.statics:
        address = session.machine.address(name)
        if address is not None:
            places[name] = address
    return {f"phys.{name}": t.const(session.environment.outside("hyp_virt_to_phys", [address], 12), 64)
            for name, address in places.items()}


def followed(then: PagesThen) -> dict[str, Term]:
    """State and pins of the followed page, whichever it is."""
    state = t.ite(IS_FOREIGN, t.const(FOREIGN, 2), t.const(OWN, 2))
    pins = t.const(0, pages.PIN_BITS)
    for first, end, decided in then.states.pieces(0, LAST_PAGE + 1):
        if decided is not None:
            state = t.ite(_between(first, end), t.const(decided, 2), state)
    for first, end, count in then.pins.pieces(0, LAST_PAGE + 1):
        if count:
            pins = t.ite(_between(first, end), t.const(count, pages.PIN_BITS), pins)
    return {f"{STEP}s.$page.state": state, f"{STEP}s.$page.pins": pins}


def _between(first: int, end: int) -> Term:
    return t.and_(t.ule(t.const(first, 64), pages.PAGE), t.ult(pages.PAGE, t.const(end, 64)))


def memories(target: Target, session: Session) -> dict[str, Memory]:
    """What EL2's buffers hold."""
    result: dict[str, Memory] = {}
    for region in target.init.regions.values():
        path = region.name.removeprefix("$")
        address = session.machine.static(path)
        content = session.machine.memory.snapshot(address) if path in session.buffers else Snapshot({}, 0)
        result[f"{STEP}b.{region.name}"] = partial(_byte, content)
    return result


def _byte(content: Snapshot, offset: Term) -> Term:
    if offset.is_const:
        return t.const(content.read(offset.value, 1), 8)
    result = t.const(0, 8)
    for at, byte in sorted(content.content.items()):
        if byte:
            result = t.ite(t.eq(offset, t.const(at, 64)), t.const(byte, 8), result)
    return result
