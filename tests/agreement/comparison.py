"""Everything that the engine says of a call, on the numbers of one run, against what the interpreter did."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.agreement.runs import Begun
from tests.agreement.schedule import Answer, Formulas, Given, Schedule, schedule
from verify.engine import content, told
from verify.engine.pages import PAGE
from verify.engine.regions import HOST
from verify.engine.shared import placed
from verify.interpret import memory
from verify.interpret.events import Told
from verify.interpret.session import CallDone, Session
from verify.interpret.world import LAST_PAGE
from verify.prove.choices import interesting_pages
from verify.prove.histories import Call
from verify.prove.starts import standing
from verify.prove.target import HARMLESS, STEP, Target
from verify.terms import build as t
from verify.terms.term import Term

AT = t.var("message.at", 64)
"""A place in EL2's buffers, whose byte is compared: of TX at each SMC, of all of them at the end."""
UNTOLD = frozenset({"branch-on-uninitialised", *HARMLESS})
"""Obligations that the interpreter does not know, or after which it goes on."""
BEYOND = 64
"""Bytes behind what EL2 reads that are known too: an engine that reads on is noticed."""
NOT_ASKED = 0x5A5A_A5A5
"""What EL3 answers to what it was not asked at boot: it must not matter."""
SERVED = (0x84000061, 0x8400007A)
RETURNED, CUT = "returned", "too many iterations"
Row = tuple[object, ...]


@dataclass(slots=True)
class Compared:
    """`end`: how the call ended; `wrong`: where engine and interpreter differ; `call`: what to do to see it.

    `is_served`: the host is told of success, or is asked for more.
    """

    end: str
    wrong: list[str] = field(default_factory=list)
    call: str = ""
    is_served: bool = False


@dataclass(slots=True)
class Engine:
    """The symbolic call of a target, for runs. Its loops were cut after some rounds."""

    target: Target = field(repr=False)
    _evaluate: Schedule = field(init=False)

    def __post_init__(self) -> None:
        self._evaluate = schedule(self.target.step.record, formulas(self.target))

    def compare(self, begun: Begun, session: Session, call: Call, rng: random.Random) -> Compared:
        """Make the call, and hold both sides against each other."""
        view = View(self.target, begun, session, call)
        done = session.call(*call)
        view.at = rng.choice((rng.randrange(128), rng.randrange(4096), *_edges(done)))
        pages = _pages(done, rng)
        if done.ended is not None and done.ended.kind != "endless-loop":
            result = self._fault(view, done, pages)
        else:
            result = self._returned(view, done, pages[0])
        result.is_served = done.ended is None and done.registers[0] & 0xFFFFFFFF in SERVED
        result.call = f"{begun.name}: {[hex(value) for value in call[0]]}"
        return result

    def _fault(self, view: View, done: CallDone, pages: Sequence[int]) -> Compared:
        """One of the obligations at this place is broken, for some page."""
        assert done.ended is not None
        obligations = self.target.step.record.obligations
        for page in pages:
            said = self._evaluate(view.given(done, page))
            broken = [item for item, is_broken in zip(obligations, said["broken"], strict=True) if is_broken]
            if any((item.kind, item.span) == (done.ended.kind, done.ended.span) for item in broken):
                return Compared(f"fault: {done.ended.kind}")
            if not said["alive"][0]:
                return Compared(CUT)
        return Compared("fault", [f"the engine knows nothing of {done.ended.text} ({done.ended.span})"])

    def _returned(self, view: View, done: CallDone, page: int) -> Compared:
        said = self._evaluate(view.given(done, page))
        is_cut = not said["alive"][0]
        result = Compared(CUT if is_cut else RETURNED)
        result.wrong += [f"boundary {k}" for k, met in enumerate(said["boundaries"]) if met]
        result.wrong += [f"{kind} {k} does not hold" for kind in ("quiet", "relies")
                         for k, holds in enumerate(said[kind]) if not holds]
        for kind, mine, theirs in self._events(said, done, page, view.at):
            theirs = theirs[:len(mine)] if is_cut else theirs
            if mine != theirs:
                result.wrong.append(f"{kind}: engine {mine}, interpreter {theirs}")
        if is_cut:
            return result
        result.wrong += self._broken(said)
        for name, engine, interpreter in (*self._ends(said, done, page), *self._contents(said, view)):
            if engine != interpreter:
                result.wrong.append(f"{name}: engine {engine:#x}, interpreter {interpreter:#x}")
        if done.ended is not None:
            result.wrong.append(f"the engine ends; interpreter: {done.ended.text}")
        return result

    def _broken(self, said: Mapping[str, Sequence[int]]) -> Iterator[str]:
        for item, is_broken in zip(self.target.step.record.obligations, said["broken"], strict=True):
            if is_broken and item.kind not in UNTOLD:
                yield f"{item.kind} at {item.span}: only the engine"

    def _events(
        self, said: Mapping[str, Sequence[int]], done: CallDone, page: int, at: int
    ) -> Iterator[tuple[str, list[Row], list[Row]]]:
        """What happens, in order: (kind, by the engine, by the interpreter).

        Where a call is forwarded is a stand-in's line, of which each side has its own notion.
        """
        record, log = self.target.step.record, done.log
        sent = [tuple(said["arguments"][18 * k:18 * k + 18]) for k in range(len(record.smcs))]
        known = [tuple(said["told then"][3 * k:3 * k + 3]) for k in range(len(record.smcs))]
        yield "SMCs", _made(said["smcs"], (
            (x.is_forward, None if x.is_forward else x.span, arguments, byte, known)
            for x, arguments, byte, known in zip(record.smcs, sent, said["messages"], known, strict=True))), [
            (x.is_forward, None if x.is_forward else x.span, x.arguments, x.tx.read(at, 1) if x.tx is not None else 0,
             (*_told(x.told), int(x.is_own))) for x in log.smcs]
        yield "pages", _made(said["transfers"], (
            (x.action, x.span, covers, found)
            for x, covers, found in zip(record.transfers, said["covers"], said["found"], strict=True))), [
            (x.action, x.span, int(x.covers(page)), x.before.state(page)) for x in log.transfers]
        yield "buffers", _made(said["buffers"], (
            (_buffer(x.object), x.is_write, x.is_copy, x.span, offset, length)
            for x, offset, length in zip(record.buffers, said["offsets"], said["lengths"], strict=True))), [
            (x.buffer, x.is_write, x.is_copy, x.span, x.offset, x.length) for x in log.buffers]
        yield "locks", _made(said["locks"], ((x.path, x.is_acquire, x.span) for x in record.locks)), [
            (x.path, x.is_acquire, x.span) for x in log.locks]
        yield "warnings", _made(said["warns"], ((span,) for _, span, _ in record.warns)), [
            (span,) for span in log.warns]

    def _ends(
        self, said: Mapping[str, Sequence[int]], done: CallDone, page: int
    ) -> Iterator[tuple[str, int, int]]:
        """(what, by the engine, by the interpreter) of what the call leaves."""
        step, after = self.target.step, dict(done.state_after)
        yield from ((f"x{k}", *pair) for k, pair in enumerate(zip(said["outputs"], done.registers, strict=True)))
        for path, value in zip(sorted(step.after), said["statics"], strict=True):
            if path in after:
                yield path, value, int(after[path] != 0) if path in step.pointers else after[path]
        for path, value in zip(_host_pointers(self.target), said["places"], strict=True):
            if after[path]:
                yield f"where {path} leads", value, after[path] - memory.HOST_BASE
        yield "the page's state", said["page"][0], done.pages[1].state(page)
        yield "the page's pins", said["page"][1], done.pages[1].pins.at(page)
        before, left = map(_told, done.told)
        for name, value, there in zip(("mapped", "asked", "mapped, left", "asked before"), said["told"],
                                      (*left, left[0], before[1]), strict=True):
            yield name, value, there
        yield from ((f"is {path} held", value, int(path in done.held))
                    for path, value in zip(sorted(step.held), said["held"], strict=True))

    def _contents(self, said: Mapping[str, Sequence[int]], view: View) -> Iterator[tuple[str, int, int]]:
        for name, value in zip(sorted(self.target.step.contents), said["contents"], strict=True):
            yield f"byte {view.at} of {name}", value, _content(view.session, name[1:]).get(view.at, 0)


class View:
    """A state before a call, and how a run fills in the engine's unknowns."""

    def __init__(self, target: Target, begun: Begun, session: Session, call: Call) -> None:
        self.at = 0
        self.session = session
        asked = [str(result.term.data) for smc in target.init.record.smcs for result in smc.results]
        self._values = dict.fromkeys(asked, NOT_ASKED)
        self._values |= {f"{STEP}s.{path}.at": 0 for path in _host_pointers(target)}
        self._values |= {name: term.value for name, term in standing(target, session, begun.booted).items()}
        self._values |= _registers(call[0])
        self._memories = {f"{STEP}b.{region.name}": _content(session, region.name[1:])
                          for region in target.init.regions.values()}

    def given(self, done: CallDone, page: int) -> Given:
        before = done.pages[0]
        values = {**self._values, str(PAGE.data): page, str(AT.data): self.at,
                  f"{STEP}s.$page.state": before.state(page), f"{STEP}s.$page.pins": before.pins.at(page)}
        smcs: list[Answer] = [(smc.results, smc.rx.content if smc.rx is not None else {}) for smc in done.log.smcs]
        return Given(values, self._memories, smcs, [x.result & 0xFFFFFFFF for x in done.log.transfers],
                     list(self._looks(done)), int.from_bytes(bytes([self.session.environment.fill("", 0)] * 8)))

    def _looks(self, done: CallDone) -> Iterator[dict[int, int]]:
        """The host's memory is as it was before the call: EL2 writes there when it has read."""
        has_written = False
        for access in done.log.buffers:
            if access.buffer != memory.HOST:
                continue
            has_written |= access.is_write
            if not access.is_write:
                assert not has_written
                length = min(access.length, 1 << 16) + BEYOND
                yield dict(enumerate(self.session.machine.memory.read_host(access.offset, length)))


def formulas(target: Target) -> Formulas:
    """All that is compared, by name."""
    step, record = target.step, target.step.record
    arguments = [value.term for smc in record.smcs for value in smc.arguments]
    messages = [t.const(0, 8) if smc.tx is None else content.byte(smc.tx, AT) for smc in record.smcs]
    made: dict[str, Iterable[Term]] = {
        "alive": [step.alive], "outputs": (value.term for value in step.outputs),
        "statics": (step.after[path].term for path in sorted(step.after)),
        "places": (placed(step.pointers[path])[1] for path in _host_pointers(target)),
        "page": (step.page["state"], step.page["pins"]), "held": (step.held[path] for path in sorted(step.held)),
        "smcs": (smc.guard for smc in record.smcs), "arguments": arguments, "messages": messages,
        "transfers": (x.guard for x in record.transfers), "covers": (x.covers for x in record.transfers),
        "found": (x.found for x in record.transfers), "buffers": (x.guard for x in record.buffers),
        "offsets": (x.offset for x in record.buffers), "lengths": (x.length for x in record.buffers),
        "locks": (x.guard for x in record.locks), "warns": (guard for guard, _, _ in record.warns),
        "broken": (t.and_(x.guard, t.not_(x.holds)) for x in record.obligations),
        "told": (step.page[name] for name in (*told.KEPT, told.LEFT, told.FOUND)),
        "told then": (term for smc in record.smcs for term in (
            *(dict(smc.ghost)[name] for name in told.KEPT),
            t.FALSE if smc.is_forward else told.is_own(dict(smc.ghost)))),
        "boundaries": (x.guard for x in record.boundaries), "quiet": record.quiet, "relies": record.relies,
    }
    made["contents"] = (content.byte(step.contents[name], AT) for name in sorted(step.contents))
    return {name: list(terms) for name, terms in made.items()}


def _pages(done: CallDone, rng: random.Random) -> list[int]:
    """Pages to follow, the first one mostly one that the call is about."""
    asked = [rng.choice((x.first, x.first + x.count - 1, x.first + x.count)) for x in done.log.transfers]
    near = interesting_pages([done])
    rng.shuffle(near)
    first = rng.choice((*asked, *asked, *near[:2], rng.randrange(LAST_PAGE)))
    return [first & LAST_PAGE, *near]


def _edges(done: CallDone) -> list[int]:
    """Around the ends of what was written to a buffer."""
    ends = {access.offset + access.length for access in done.log.buffers if access.is_write and access.buffer != memory.HOST}
    return sorted(end + k for end in ends for k in (-1, 0) if end + k >= 0)


def _host_pointers(target: Target) -> list[str]:
    """Statics that lead to the host's memory."""
    return [path for path, pointer in sorted(target.step.pointers.items())
            if any(home.object == HOST for home in pointer.targets)]


def _made(happens: Sequence[int], rows: Iterable[Row]) -> list[Row]:
    return [row for row, does in zip(rows, happens, strict=True) if does]


def _told(known: Told) -> tuple[int, int]:
    return int(known.is_mapped), int(known.is_asked)


def _buffer(name: str) -> str:
    return memory.HOST if name == HOST else name.removeprefix("$")


def _content(session: Session, path: str) -> Mapping[int, int]:
    return session.machine.memory.snapshot(session.machine.static(path)).content if path in session.buffers else {}


def _registers(values: Sequence[int]) -> dict[str, int]:
    padded = [*values, *[0] * (31 - len(values))]
    x0 = padded[0]
    pieces = {"x0.up": x0 >> 32, "x0.hi": x0 >> 17 & 0x7FFF, "x0.hint": x0 >> 16 & 1, "x0.lo": x0 & 0xFFFF}
    return {f"{STEP}{name}": value for name, value in {**pieces, **{f"x{k}": v for k, v in enumerate(padded)}}.items()}
