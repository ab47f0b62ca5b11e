"""Runs of one function: the interpreter leads (its edges say which inputs are new), the native builds follow."""

from __future__ import annotations

import subprocess
import time
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.differential.concrete import Ran, Runner
from tests.differential.describe import describe
from tests.differential.edges import Edge, edges, impossible
from tests.differential.from_reset import FromReset
from tests.differential.inputs import Inputs, Words
from tests.differential.pools import Pools
from tests.differential.shape import Shape
from tests.differential.situations import situation

SEED = 20
MAX_SHOWN = 3
MOST_SITUATIONS = 400
"""So many new ones are kept to be changed; most functions have fewer."""
BATCH = 2000
PATIENCE = 20_000
"""Inputs that a function gets at most, beyond those asked for, while a side of a branch is not reached."""


@dataclass(slots=True)
class Outcome:
    """What the runs of one function showed. `mismatches` are counted; `shown` describes the first ones."""

    function: str
    page_shift: int
    from_reset: bool = False
    inputs: int = 0
    situations: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    blocks: set[tuple[str, str]] = field(default_factory=set)
    edges: set[Edge] = field(default_factory=set)
    warnings: int = 0
    smcs: int = 0
    compared: Counter[str] = field(default_factory=Counter)
    """Records that each native program gave."""
    mismatches: int = 0
    shown: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """`commands` are the native programs; the runs go on until `count` is reached and every edge of `wanted` is met."""

    shape: Shape
    name: str
    commands: tuple[tuple[str, ...], ...]
    count: int
    wanted: frozenset[Edge] = frozenset()
    from_reset: bool = False
    """The host's calls one after another, instead of single calls of a function in any state."""


def explore(job: Job) -> Outcome:
    """The same inputs for the interpreter and for each of the native programs."""
    started = time.perf_counter()
    outcome = Outcome(job.name, job.shape.page_shift, job.from_reset)
    source = _Sequences(job, outcome) if job.from_reset else _Source(job, outcome)
    while outcome.inputs < job.count or (not job.wanted <= outcome.edges and outcome.inputs < PATIENCE):
        size = min(BATCH, job.count - outcome.inputs) if outcome.inputs < job.count else BATCH
        batch = list(source.take(size))
        for command in job.commands:
            _compare(job.shape, outcome, command, batch)
        outcome.inputs += len(batch)
    outcome.seconds = time.perf_counter() - started
    return outcome


def possible_edges(shape: Shape, name: str) -> frozenset[Edge]:
    function = shape.unit.functions[name]
    return frozenset(edges(function) - set(impossible(function)))


class _Source:
    """Inputs with the interpreter's record of each; inputs that showed something new are changed for later ones."""

    def __init__(self, job: Job, outcome: Outcome) -> None:
        self._shape = job.shape
        self._outcome = outcome
        self._rng = Random(f"{SEED} {job.name} {job.shape.page_shift}")
        self._pools = Pools(job.shape)
        self._inputs = Inputs(job.shape, job.name, self._pools, self._rng)
        self._runner = Runner(job.shape)
        self._kept: list[Words] = []

    def take(self, count: int) -> Iterator[tuple[bytes, bytes]]:
        for _ in range(count):
            is_changed = self._kept and self._rng.random() < 0.5
            words = self._inputs.changed(self._rng.choice(self._kept)) if is_changed else self._inputs.fresh()
            yield self._ran(words)[1]

    def _ran(self, words: Words) -> tuple[Ran, tuple[bytes, bytes]]:
        ran = self._runner.run(words)
        self._learn(words, ran)
        return ran, (array("Q", words).tobytes(), array("Q", [len(ran.record) + 1, *ran.record]).tobytes())

    def _learn(self, words: Words, ran: Ran) -> None:
        outcome = self._outcome
        what = situation(ran.script.told)
        outcome.situations[what] += 1
        is_new = outcome.situations[what] == 1 and len(outcome.situations) <= MOST_SITUATIONS
        if is_new or not ran.log.edges <= outcome.edges or not ran.log.blocks <= outcome.blocks:
            self._kept.append(words)
            outcome.edges |= ran.log.edges
            outcome.blocks |= ran.log.blocks
        if ran.fault is not None:
            outcome.faults[_kind(ran.fault)] += 1
        outcome.warnings += len(ran.log.warns)
        outcome.smcs += len(ran.log.smcs)


class _Sequences(_Source):
    """Calls from reset; each batch and what comes after a fault start anew."""

    def take(self, count: int) -> Iterator[tuple[bytes, bytes]]:
        source, statics = FromReset(self._shape, self._pools, self._rng), list[int]()
        for _ in range(count):
            ran, pair = self._ran(source.next(statics))
            if ran.fault is not None:
                source.restart()
            statics = self._runner.statics()
            yield pair


def _kind(fault: str) -> str:
    """The text without its numbers."""
    return " ".join("…" if any(c.isdigit() for c in word) else word for word in fault.split())


def _compare(shape: Shape, outcome: Outcome, command: Sequence[str], batch: list[tuple[bytes, bytes]]) -> None:
    """Word for word: results, statics, memory, warnings, locks, and every call to the outside with what was held."""
    done = subprocess.run(command, input=b"".join(given for given, _ in batch), capture_output=True, check=False)
    at = 0
    for given, expected in batch:
        size = 8 * int.from_bytes(done.stdout[at:at + 8], "little")
        native = done.stdout[at:at + size]
        at += size
        outcome.compared[command[-1]] += bool(native)
        if native == expected:
            continue
        outcome.mismatches += 1
        if len(outcome.shown) < MAX_SHOWN:
            outcome.shown.append(describe(shape, command, given, expected, native))
    if done.returncode or at != len(done.stdout):
        outcome.mismatches += 1
        outcome.shown.append(f"{command}: exit status {done.returncode}: {done.stderr.decode()}")
