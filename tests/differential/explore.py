"""Runs of one function: the interpreter leads (its edges say which inputs are new), the native build follows."""

from __future__ import annotations

import subprocess
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.differential.concrete import Ran, run
from tests.differential.inputs import Inputs, Words
from tests.differential.pools import Pools
from tests.differential.shape import ARENA_WORDS, ARENAS, EVENT_WORDS, Shape

SEED = 20
MAX_SHOWN = 3


@dataclass(slots=True)
class Outcome:
    """What `inputs` runs of one function showed. `mismatches` are described, the first ones in full."""

    function: str
    inputs: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    blocks: set[tuple[str, str]] = field(default_factory=set)
    edges: set[tuple[str, str, str]] = field(default_factory=set)
    warnings: int = 0
    events: int = 0
    mismatches: int = 0
    shown: list[str] = field(default_factory=list)
    seconds: float = 0.0


def explore(shape: Shape, name: str, commands: Sequence[Sequence[str]], count: int) -> Outcome:
    """The same inputs for the interpreter and for each of the native programs."""
    started = time.perf_counter()
    outcome = Outcome(name)
    inputs: list[bytes] = []
    records: list[bytes] = []
    for words, ran in _runs(shape, name, count, outcome):
        inputs.append(array("Q", words).tobytes())
        records.append(array("Q", [len(ran.record) + 1, *ran.record]).tobytes())
    for command in commands:
        _compare(shape, outcome, command, inputs, records)
    outcome.inputs = len(inputs)
    outcome.seconds = time.perf_counter() - started
    return outcome


def _runs(shape: Shape, name: str, count: int, outcome: Outcome) -> list[tuple[Words, Ran]]:
    rng = Random(f"{SEED} {name} {shape.page_shift}")
    source = Inputs(shape, name, Pools(shape), rng)
    kept: list[Words] = []
    result = []
    for _ in range(count):
        words = source.changed(rng.choice(kept)) if kept and rng.random() < 0.5 else source.fresh()
        ran = run(shape, words)
        if not ran.log.edges <= outcome.edges or not ran.log.blocks <= outcome.blocks:
            kept.append(words)
            outcome.edges |= ran.log.edges
            outcome.blocks |= ran.log.blocks
        if ran.fault is not None:
            outcome.faults[_kind(ran.fault)] += 1
        outcome.warnings += len(ran.log.warns)
        outcome.events += len(ran.log.smcs)
        result.append((words, ran))
    return result


def _kind(fault: str) -> str:
    """The text without its numbers."""
    return " ".join("…" if any(c.isdigit() for c in word) else word for word in fault.split())


def _compare(
    shape: Shape, outcome: Outcome, command: Sequence[str], inputs: list[bytes], records: list[bytes]
) -> None:
    done = subprocess.run(command, input=b"".join(inputs), capture_output=True, check=False)
    at = 0
    for given, expected in zip(inputs, records, strict=True):
        size = 8 * int.from_bytes(done.stdout[at:at + 8], "little")
        native = done.stdout[at:at + size]
        at += size
        if native == expected:
            continue
        outcome.mismatches += 1
        if len(outcome.shown) < MAX_SHOWN:
            outcome.shown.append(_describe(shape, command, given, expected, native))
    if done.returncode or at != len(done.stdout):
        outcome.mismatches += 1
        outcome.shown.append(f"{command}: exit status {done.returncode}: {done.stderr.decode()}")


def _describe(shape: Shape, command: Sequence[str], given: bytes, expected: bytes, native: bytes) -> str:
    ours, theirs = array("Q", expected).tolist(), array("Q", native).tolist()
    fault = run(shape, array("Q", given).tolist()).fault
    lines = [f"{' '.join(command)}: interpreter {fault or 'returns'}; {len(ours)} and {len(theirs)} words"]
    for index, (a, b) in enumerate(zip(ours, theirs, strict=False)):
        if a != b and len(lines) < 12:
            lines.append(f"  {_label(shape, index)}: interpreter {a:#x}, native {b:#x}")
    words = array("Q", given).tolist()
    lines.append("  input: " + " ".join(f"{at}:{word:#x}" for at, word in enumerate(words) if word))
    return "\n".join(lines)


def _label(shape: Shape, index: int) -> str:
    """What the word of a record is."""
    if index < 3:
        return ("length", "fault", "result")[index]
    index -= 3
    if index < len(shape.statics):
        return shape.statics[index][0]
    index -= len(shape.statics)
    if index < ARENAS * ARENA_WORDS:
        return f"arena {index // ARENA_WORDS}, word {index % ARENA_WORDS}"
    index -= ARENAS * ARENA_WORDS
    if index < 3:
        return ("hash of memory", "warnings", "locks held")[index]
    event, word = divmod(index - 3, EVENT_WORDS)
    return f"event {event}, " + (("kind", "locks held", "warnings")[word] if word < 3 else f"argument {word - 3}")
