"""Concrete calls from reset that faults are looked for in: ordinary and hostile ones, refusals, odd answers of EL3.

They form a tree: what begins alike is run once. A call that EL3 answers oddly tells about trust level L0 alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from verify.interpret.memory import Fault
from verify.interpret.session import NO_WRITES, CallDone, HostWrites, Session
from verify.interpret.spmc import ERROR, ONES, SUCCESS, Spmc, frame
from verify.interpret.world import FOREIGN
from verify.mutate.edges import VERSIONS, by_handle, edges, function_numbers, longest
from verify.prove.histories import DATA, HANDLE, MOST_STEPS, RX, RXTX_MAP, TX, Writer, histories
from verify.prove.samples import OTHERS, last_calls
from verify.prove.starts import set_smccc
from verify.prove.target import Target, buffer_paths, mailbox_size

Answers = tuple[tuple[int, tuple[int, ...]], ...]
"""(which SMC of the call, EL3's answer)"""
FFA_VERSION, FFA_FEATURES = 0x84000063, 0x84000064
MOST_SMCS = 6
"""Of one call, that are answered oddly."""
ODD = (
    (ERROR, 0, 0xFFFFFFFA), (SUCCESS,), (SUCCESS, *[ONES] * 17), (ONES,), (0x84000062, 0x8001), (0x8400007A, 0x1001),
    (0x8400007A, 0x1001, 0, 0xFFFFFFFF), (0x84000075, 0x60, 0x60), (0x84000075, ONES, 16), (0x84000075, 0x60, ONES),
    (0x8400007B, 0x1001, 0, 16), (0x8400007B, 0x1001, 0, ONES), (ERROR | 0xAAAA << 32, 5, 0xAAAA_FFFF_FFFE, 7, 8, 9),
    (0x10000,), (0x10002,), (0x20000,), (SUCCESS, 0, 0x8000, 3), (SUCCESS, 0, 1), (SUCCESS, 0, 2),
    (SUCCESS, 0, 3), (SUCCESS, 0, 5, 7), (SUCCESS, 0, 512), (SUCCESS, 0, 513), (SUCCESS, 0, 170, 24),
    (SUCCESS, 0, 171, 24), (SUCCESS, 0, 1, 0x1000), (SUCCESS, 0, 1, 0x1001), (ERROR, 0, 0xFFFFFFFF), (0x18001,),
    (SUCCESS << 32 | SUCCESS, 0, 0), (0x84000075, 0x1000, 0x1000), (0x84000075, 0x1010, 0x1010),
    (0x84000075, 0x8000, 0x40),
)
DESCRIBED = (0x84000075, 0x8400007B)
"""FFA_MEM_RETRIEVE_RESP and FFA_MEM_FRAG_TX: the SPMC does what it is asked, and says something else about it."""
BOOT = ((0x10003,), (ONES, 1), (0x20000,), (0x10000, 9), (0x80010001,), (0x80010000,))
"""EL3's odd first answers."""
AFTERWARDS = ((FFA_VERSION, 0x10000), (FFA_FEATURES, RXTX_MAP), (0x84000069,))
"""What the host does when EL3 answered oddly to its first call."""
WIDE_HANDLE = 0x8000_0002_8000_1001
"""Each half has its highest bit set."""
MISPLACED = ((TX >> 12,), (RX >> 12,), (DATA >> 12,), ((DATA >> 12) + 4,))
"""Pages that somebody else owns."""
WORDS = (1, 0xFFFF0000, 0x8001, 0x123456789ABCDEF0)
WIDE = 0x8765_4321_89AB_CDEF
"""Each half of a half says something, and each has its highest bit set."""


@dataclass(frozen=True, slots=True)
class Root:
    """What is there at reset."""

    version: int
    page_shift: int = 12
    foreign: tuple[int, ...] = ()
    boot: tuple[tuple[int, ...], ...] = ()
    """EL3's first answers."""
    is_narrow: bool = False
    largest: int = 1 << 20
    """Of the fragments of a description that EL2 gets back, in bytes."""
    handle: int = HANDLE
    """The first that the SPMC gives."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the host."""

    registers: tuple[int, ...]
    host: HostWrites = NO_WRITES
    answers: Answers = ()

    @property
    def key(self) -> tuple[object, ...]:
        return (self.registers, tuple(sorted(self.host.before.items())), self.answers)


@dataclass(slots=True)
class Node:
    """A call in the tree; `session` is the one after it, `is_odd`: EL3 answered oddly, here or before."""

    step: Step
    done: CallDone
    session: Session
    is_odd: bool
    children: dict[tuple[object, ...], Node] = field(default_factory=dict)


@dataclass(slots=True)
class Tree:
    """What follows one reset; `session` is the one after initialisation."""

    root: Root
    session: Session
    is_odd: bool
    children: dict[tuple[object, ...], Node] = field(default_factory=dict)


@dataclass(slots=True)
class Scripted(Spmc):
    """A conforming SPMC but for some answers to the call at hand, by their number."""

    odd: Mapping[int, Sequence[int]] = field(default_factory=dict)
    count: int = 0

    def smc(self, arguments: Sequence[int], is_forward: bool) -> Sequence[int]:
        number, self.count = self.count, self.count + 1
        if number in self.odd:
            answer = self.odd[number]
            if answer[0] in DESCRIBED:
                Spmc.smc(self, arguments, is_forward)
            is_short = len(answer) <= 8 and not arguments[0] & 0x40000000
            return [*frame(*answer)[:8], *arguments[8:18]] if is_short else frame(*answer)
        return Spmc.smc(self, arguments, is_forward)


def call(session: Session, step: Step) -> CallDone:
    """The host's next call."""
    environment = session.environment
    assert isinstance(environment, Scripted)
    environment.odd, environment.count = dict(step.answers), 0
    return session.call(step.registers, step.host)


def roots(highest: int) -> Iterator[tuple[Root, bool]]:
    """(what is there, whether EL3 answers oddly at boot)"""
    yield from ((Root(version), False) for version in range(0x10000, highest + 1))
    yield from ((Root(highest, shift), False) for shift in (14, 16))
    yield Root(highest, is_narrow=True), False
    yield Root(highest, largest=64), False
    yield Root(highest, handle=WIDE_HANDLE), False
    yield from ((Root(highest, foreign=pages), False) for pages in MISPLACED)
    yield from ((Root(highest, boot=(answer,)), True) for answer in BOOT)


def sequences(root: Root, target: Target, room: int) -> Iterator[tuple[Step, ...]]:
    """The calls that are made from there: all of them at an ordinary reset, some elsewhere. `room`: for descriptors."""
    size = mailbox_size(target, root.page_shift)
    is_ordinary = root == Root(target.max_version)
    if root.handle != HANDLE:
        yield from (tuple(Step(*one) for one in calls)
                    for calls in by_handle(Writer(target.max_version, 1 << root.page_shift, size), root.handle))
        return
    for version in range(0x10000 if is_ordinary else target.max_version, target.max_version + 1):
        known = histories(version, 1 << root.page_shift, size)
        yield from (tuple(Step(*one) for one in history.calls) for history in known)
        if not root.foreign:
            found = edges(Writer(version, 1 << root.page_shift, size), room)
            yield from (tuple(Step(*one) for one in calls) for calls in found)
        if not root.foreign and root.page_shift == 12:
            agreed = tuple(Step(*one) for one in next(item.calls for item in known if item.name == "map"))
            for start in (agreed[:1], agreed) if is_ordinary else (agreed[:1],):
                yield from ((*start, Step(tuple(last))) for last in last_calls())
                yield from ((*start, Step(last)) for last in (_filled() if is_ordinary else ()))
    if root.page_shift != 12:
        yield from _sizes(target.max_version)
    if is_ordinary:
        yield tuple(Step(*one) for one in longest(Writer(target.max_version, 1 << root.page_shift, size)))
    if not root.foreign:
        yield from ((Step(tuple(last)),) for last in last_calls())
        yield from ((Step((FFA_VERSION, one)), Step((0x84000069,))) for one in VERSIONS)
        yield from ((Step((one,)),) for one in function_numbers())
        yield from _mapping(size // 4096)


def _sizes(highest: int) -> Iterator[tuple[Step, ...]]:
    """What the SPMC may say of the smallest mailbox, where it is asked last."""
    for number, version in ((1, highest), (2, 0x10000)):
        for code in range(4):
            yield (Step((FFA_VERSION, version), answers=((number, (SUCCESS, 0, code)),)), Step((0x84000069,)))


def _filled() -> Iterator[tuple[int, ...]]:
    """Each register of each function holds something that it may not."""
    for function in (*OTHERS, FFA_VERSION, FFA_FEATURES):
        for k in range(1, 8):
            yield (function, *[0] * (k - 1), WORDS[k % len(WORDS)])
            yield (function, *[0] * (k - 1), WIDE)
        yield (function | 1 << 32, 0x8001)
        yield (function | 0x10000, 0x8001)
        yield (function & ~0x80000000, 0x8001)
        yield (function | 0x01000000, 0x8001)
    yield from ((one, 0x10000) for one in function_numbers())
    yield from ((convention << 30 | 0x84000000 | number,) for convention in (0, 1) for number in range(0x60, 0xA0))
    yield from ((FFA_VERSION, one) for one in VERSIONS)
    for number in range(0x60, 0xA0):
        yield from ((FFA_FEATURES, convention << 30 | 0x84000000 | number) for convention in (0, 1))


def _mapping(pages: int) -> Iterator[tuple[Step, ...]]:
    """Mailboxes of all kinds, and what is done with them then."""
    start = Step((FFA_VERSION, 0x10000))
    for function in (RXTX_MAP, 0x84000066):
        for given in ((TX, RX, 0), (TX, RX, pages + 1), (TX + 16, RX, pages), (TX, RX + 16, pages), (TX, TX, pages),
                      (TX, RX, pages | 1 << 31), (TX | 1 << 52, RX, pages), (TX, RX | 1 << 52, pages)):
            one = Step((function, *given))
            yield (start, one)
            yield (start, one, Step((0x84000067,)))
            yield (start, one, Step((RXTX_MAP, TX, RX, pages)))


def grow(target: Target, wanted: Sequence[tuple[Root, bool]] = ()) -> list[Tree]:
    """All trees, or those of the wanted roots; calls that end in a fault are left out, and so is what follows them.

    So is a boot after which EL2 lacks buffers that it has elsewhere: rules that speak of their size mean nothing there.
    """
    result: list[Tree] = []
    for root, is_odd in wanted or roots(target.max_version):
        session = started(target, root)
        if session is None or (result and session.buffers.keys() != result[0].session.buffers.keys()):
            continue
        tree = Tree(root, session, is_odd)
        for steps in sequences(root, target, session.buffers.get(target.binding.descriptor, 0)):
            _add(tree, steps)
        if root == Root(target.max_version):
            _answer_oddly(tree)
        result.append(tree)
    return result


def started(target: Target, root: Root) -> Session | None:
    """After initialisation; None where that fails."""
    environment = Scripted(version=root.version, script=[frame(*one) for one in root.boot],
                           is_narrow=root.is_narrow, largest=root.largest)
    session = Session(target.unit, environment, root.page_shift, trace=False, init=target.binding.init,
                      paths=buffer_paths(target.binding), most_steps=MOST_STEPS)
    set_smccc(session, 0x10002)
    environment.ledger.following = root.handle
    environment.world.begin({page << 12 >> root.page_shift: FOREIGN for page in root.foreign})
    try:
        return session if session.initialise() == 0 else None
    except Fault:
        return None


def _add(tree: Tree, steps: Sequence[Step]) -> None:
    here: Tree | Node = tree
    for step in steps:
        found = here.children.get(step.key) or _follow(here, step)
        if found is None:
            return
        here = found


def _follow(here: Tree | Node, step: Step) -> Node | None:
    session = here.session.fork()
    done = call(session, step)
    if done.fault is not None:
        return None
    node = Node(step, done, session, here.is_odd or bool(step.answers))
    here.children[step.key] = node
    return node


def _answer_oddly(tree: Tree) -> None:
    """One call for each path through the code: each of its SMCs, answered in each odd way."""
    seen: set[tuple[int, frozenset[tuple[str, str, str]]]] = set()
    todo: list[Tree | Node] = [tree]
    while todo:
        here = todo.pop()
        for node in [*here.children.values()]:
            path = (node.step.registers[0], frozenset(node.done.log.edges))
            todo.append(node)
            if path in seen or node.is_odd:
                continue
            seen.add(path)
            for number in range(min(len(node.done.log.smcs), MOST_SMCS)):
                for answer in ODD:
                    _oddly(here, node, (number, answer))


def _oddly(here: Tree | Node, node: Node, answer: tuple[int, tuple[int, ...]]) -> None:
    odd = _follow(here, Step(node.step.registers, node.step.host, (answer,)))
    if odd is not None and isinstance(here, Tree):
        for registers in AFTERWARDS:
            _follow(odd, Step(registers))
