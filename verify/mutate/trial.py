"""A mutant's calls beside those of the unit that it was made of: where do they differ, and who says that this is wrong?

A call is run again only where what was changed runs in it, or ran before and left something else behind.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from verify.interpret.environment import Surroundings
from verify.interpret.session import CallDone, Session
from verify.interpret.spmc import ERROR
from verify.mutate.conforming import conforms
from verify.mutate.holds import Holds
from verify.mutate.jury import Broken, Jury
from verify.mutate.mutant import Mutant
from verify.mutate.seen import INSIDE, are_left_alike, differing
from verify.mutate.situations import MOST_SMCS, Node, Root, Step, Tree, call, started
from verify.prove.replay import named_by_w1
from verify.prove.target import Target
from verify.prove.two_calls import ARGUMENTS, BEYOND
from verify.rules.binding import Binding
from verify.rules.rule import IDENTIFIER, STACK

MOST_JUDGED = 40
"""Calls that differ and break nothing: the next ones most likely break nothing either."""
AFTER_A_KILL = 3
"""Calls that are judged to know who else says so."""
SOON = 100
"""Calls, run again, by which most mutants differ that ever do: of those that do not, equivalence is asked first."""
OTHER_PATTERN = 0x55
DISTURBANCE = 0xDEAD_BEEF


@dataclass(frozen=True, slots=True)
class Difference:
    """A call that is another one with the fault. `before`: the session that it was made in.

    `kind` is alike for calls that differ in the same, at one version. `node`, `beside`: the unit's own call, and the
    session before it.
    """

    tree: Tree
    path: tuple[Step, ...]
    before: Session
    done: CallDone
    kind: tuple[object, ...]
    node: Node
    beside: Session

    def is_at(self, level: str, binding: Binding) -> bool:
        """May EL3 have answered so at that trust level, in this call and in the unit's own?"""
        if level == "L0" or not self.node.is_odd:
            return True
        if self.tree.is_odd or any(step.answers for step in self.path[:-1]):
            return False
        return all(conforms(done.log.smcs[number], level, self.tree.root.version,
                            dict(done.state_before).get(binding.version, 0), dict(done.buffers).get(binding.own_rx, 0))
                   for done in (self.done, self.node.done)
                   for number, _ in self.path[-1].answers if number < len(done.log.smcs))

    @property
    def tells(self) -> bool:
        """Could somebody outside EL2 see it?"""
        parts = self.kind[2]
        assert isinstance(parts, tuple)
        return any(part not in INSIDE for part in parts)

    @property
    def itself(self) -> Difference:
        """The unit's own call in its place."""
        return replace(self, before=self.beside, done=self.node.done)


@dataclass(frozen=True, slots=True)
class Shown:
    """Calls from reset; the last one is another one than the unit's."""

    root: Root
    path: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`killers`: conjuncts by trust level. `shown`: calls that a rule says is broken, or the first that differ.

    `boots`: initialisation succeeds wherever the unit's does. `tells`: somebody outside EL2 could see some difference.
    `is_equal`: it was proved equivalent before all calls were run; None: that was not asked.
    """

    killers: tuple[tuple[str, Broken], ...]
    runs: int
    boots: bool = True
    shown: Shown | None = None
    tells: bool = False
    near: tuple[tuple[str, Broken], ...] = ()
    """What a call breaks where the unit's own does not, but a finding of the unit is about it in other calls."""
    is_equal: bool | None = None


Ask = Callable[[], bool]
"""Is the mutant proved equivalent?"""



@dataclass(slots=True)
class Trial:
    """`holds`: by trust level; those that are not asked for are missing."""

    target: Target
    trees: list[Tree]
    jury: Jury
    holds: Mapping[str, Holds]

    def of(self, mutant: Mutant, is_equal: Ask | None = None) -> Verdict:
        """`is_equal`, if there is one, is asked once if no call differs soon: if so, the others are not run."""
        walk = Walk(self.target, self.trees, mutant, is_equal)
        killers, near = set[tuple[str, Broken]](), set[tuple[str, Broken]]()
        judged, left, shown, tells = set[object](), MOST_JUDGED, None, False
        for found in walk.differences():
            here = Shown(found.tree.root, found.path)
            shown, tells = shown or here, tells or found.tells
            if found.kind in judged:
                continue
            judged.add(found.kind)
            new, others = self._kills(found, walk)
            if new and not killers:
                left, shown = AFTER_A_KILL, here
            killers |= new
            near |= others
            left -= 1
            if left <= 0:
                break
        return Verdict(tuple(sorted(killers)), walk.runs, walk.boots, shown, tells, tuple(sorted(near)),
                       walk.is_equal)

    def _kills(self, found: Difference, walk: Walk) -> tuple[set[tuple[str, Broken]], set[tuple[str, Broken]]]:
        """What kills, and what is near to it. A conforming answer is one that EL3 may give at every level."""
        levels = [holds for level, holds in self.holds.items() if found.is_at(level, self.target.binding)]
        all_ = self._broken(found, walk, None) if levels else set()
        new = {(holds.level, one) for holds in levels for one in all_ if holds.is_new(one)}
        near = {(holds.level, one) for holds in levels for one in all_ if holds.is_elsewhere(one)}
        if not new and not near:
            return new, near
        itself = Walk(self.target, self.trees, None)
        known = self._broken(found.itself, itself, {one[0] for _, one in new | near})
        for holds in levels:
            holds.check(known)
        return {one for one in new if one[1] not in known}, {one for one in near if one[1] not in known}

    def _broken(self, found: Difference, walk: Walk, rules: Container[str] | None) -> set[Broken]:
        """By these rules; None: by all."""
        return self.jury.broken(
            found.done, partial(walk.again, found), partial(walk.asked, found), rules)


class Walk:
    """One mutant through all trees; the unit itself without one."""

    def __init__(self, target: Target, trees: list[Tree], mutant: Mutant | None, is_equal: Ask | None = None) -> None:
        self._trees = trees
        self._ask = is_equal
        self._place = (mutant.function, mutant.block) if mutant else ("", "")
        self._unit = mutant.of(target.unit) if mutant else target.unit
        self._target = replace(target, unit=self._unit)
        self.runs = 0
        self.boots = True
        self.differs = False
        self.is_equal: bool | None = None

    def differences(self) -> Iterator[Difference]:
        for tree in self._trees:
            if self._is_settled():
                return
            begun: Session | None = None
            if self._place in tree.session.machine.log.blocks:
                begun = started(self._target, tree.root)
                if begun is None:
                    self.boots = False
                    continue
                if are_left_alike(begun, tree.session):
                    begun = None
            yield from self._below(tree, begun)

    def _below(self, tree: Tree, begun: Session | None) -> Iterator[Difference]:
        """The shortest sequences first."""
        todo: list[tuple[Node, Session, Session | None, tuple[Step, ...]]] = [
            (node, tree.session, begun, ()) for node in tree.children.values()]
        while todo:
            following = []
            for node, before, own, path in todo:
                if self._is_settled():
                    return
                path, left = (*path, node.step), None
                if own is not None or self._place in node.done.log.blocks:
                    session = self._session(own or before)
                    done = self._call(session, node.step)
                    kind = _difference(done, node)
                    if kind:
                        self.differs = True
                        yield Difference(
                            tree, path, own or before, done, (*kind, *self._about(done, node.done)), node, before)
                    if done.ended is not None:
                        continue
                    left = None if not kind and are_left_alike(session, node.session) else session
                following += [(child, node.session, left, path) for child in node.children.values()]
            todo = following

    def _is_settled(self) -> bool:
        """Would no other call tell anything?"""
        if self._ask is not None and self.is_equal is None and not self.differs and self.runs >= SOON:
            self.is_equal = self._ask()
        return self.is_equal is True

    def _about(self, one: CallDone, other: CallDone) -> tuple[object, ...]:
        """How both calls end, in what they differ there, and at which version: rules speak of these."""
        version = dict(other.state_before).get(self._target.binding.version, 0)
        return _outcome(one), _outcome(other), _changed(one, other), version

    def again(self, found: Difference, kind: str) -> CallDone | None:
        """Where it may only differ in what must not matter."""
        last = found.path[-1]
        if kind != STACK:
            other = replace(last, registers=_disturbed(found.done.before, kind))
            done = self._call(self._session(found.before), other)
            return done if _asks_the_same(done, found.done) else None
        session = self._session(found.before)
        environment = session.environment
        assert isinstance(environment, Surroundings)
        environment.pattern = OTHER_PATTERN
        return self._call(session, last)

    def asked(self, found: Difference) -> CallDone | None:
        """The function that w1 names, called in the call's place."""
        other = replace(found.path[-1], registers=named_by_w1(found.done.before), answers=())
        done = self._call(self._session(found.before), other)
        return None if done.ended is not None else done

    def _session(self, before: Session) -> Session:
        session = before.fork()
        session.unit = session.machine.unit = self._unit
        return session

    def _call(self, session: Session, step: Step) -> CallDone:
        self.runs += 1
        return call(session, step)


def _difference(done: CallDone, node: Node) -> tuple[object, ...]:
    """Which of the things that rules can see are others; the function that was called, too."""
    parts, ended = differing(done, node.done), done.ended
    return (node.step.registers[0] & 0xFFFFFFFF, node.is_odd, parts, ended.kind if ended else None) if parts else ()


def _outcome(done: CallDone) -> tuple[int, ...]:
    """What the host is told, and how often EL3 was asked."""
    word = done.registers[0] & 0xFFFFFFFF
    return word, done.registers[2] & 0xFFFFFFFF if word == ERROR else 0, len(done.log.smcs)


def _changed(one: CallDone, other: CallDone) -> tuple[tuple[int, int, bool], ...]:
    """Registers that differ, of the host's and of each SMC, and whether they are zero now."""
    lists = [(one.registers, other.registers), *(
        (mine.arguments, theirs.arguments) for mine, theirs in zip(one.log.smcs, other.log.smcs, strict=False))]
    return tuple((n, k, bool(x)) for n, (mine, theirs) in enumerate(lists[:MOST_SMCS])
                 for k, (x, y) in enumerate(zip(mine, theirs, strict=False)) if x != y)


def _disturbed(registers: tuple[int, ...], kind: str) -> tuple[int, ...]:
    result = list(registers)
    if kind == IDENTIFIER:
        result[0] ^= DISTURBANCE << 32 | 0x10000
        return tuple(result)
    for k in ARGUMENTS:
        result[k] ^= DISTURBANCE << 32
    for k in BEYOND:
        result[k] ^= DISTURBANCE << 16
    return tuple(result)


def _asks_the_same(one: CallDone, other: CallDone) -> bool:
    mine, theirs = ([smc.arguments for smc in done.log.smcs if not smc.is_forward] for done in (one, other))
    return mine == theirs
