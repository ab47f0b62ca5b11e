"""The order in which the blocks of a function run: predecessors first, a loop as one step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from verify.engine.state import Registers, State
from verify.ir.function import Block

Side = tuple[State, Registers]
"""A state with the C variables that live in registers, on one edge."""


@dataclass(slots=True)
class Ways:
    """Where paths leave some blocks: by label, back to the head of the loop, or out of the function."""

    out: dict[str, list[Side]] = field(default_factory=dict)
    back: list[Side] = field(default_factory=list)
    returns: list[Side] = field(default_factory=list)

    def add(self, other: Ways) -> None:
        for label, sides in other.out.items():
            self.out.setdefault(label, []).extend(sides)
        self.returns += other.returns


class Runner(Protocol):
    """What runs single blocks and loops."""

    def meet(self, block: Block, sides: list[Side]) -> Side | None:
        """One state for those that come together; None: not modelled."""

    def block(self, block: Block, side: Side) -> list[tuple[str, Side]]:
        """Run one block; where its paths go on, "" for a return."""

    def loop(self, region: Region, side: Side) -> Ways:
        """Any number of iterations from the head on."""

    def lost(self, side: Side, construct: str) -> None:
        """This path ends in something that is not modelled."""


@dataclass(frozen=True, slots=True)
class Region:
    """Some blocks, predecessors first; `head` is the first one where the region is the body of a loop."""

    order: tuple[Block, ...]
    loops: Mapping[str, frozenset[str]]
    head: str = ""

    def body(self, head: str) -> Region:
        inside = self.loops[head]
        return Region(tuple(block for block in self.order if block.label in inside), self.loops, head)


def walk(runner: Runner, region: Region, start: str, side: Side) -> Ways:
    """Run a region once, from its first block; inner loops are run as a whole."""
    ways = Ways()
    here = {block.label for block in region.order}
    waiting: dict[str, list[Side]] = {start: [side]}
    done: set[str] = set()
    for block in region.order:
        if block.label in done:
            continue
        sides = [side for side in waiting.pop(block.label, []) if not side[0].is_dead]
        is_loop = block.label in region.loops and block.label != region.head
        done |= region.loops[block.label] if is_loop else {block.label}
        met = runner.meet(block, sides) if sides else None
        if met is None:
            continue
        if is_loop:
            inner = runner.loop(region.body(block.label), met)
            ways.returns += inner.returns
            edges: Iterable[tuple[str, Side]] = [(label, one) for label, many in inner.out.items() for one in many]
        else:
            edges = runner.block(block, met)
        for label, after in edges:
            if label == "":
                ways.returns.append(after)
            elif label == region.head:
                ways.back.append(after)
            elif label in done:
                runner.lost(after, "a jump into a loop")
            else:
                (waiting if label in here else ways.out).setdefault(label, []).append(after)
    return ways


