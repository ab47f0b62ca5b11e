"""Clocks of `verify bench`: seconds, the solvers' resource units and memory, by stage."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from verify.solve import finding, refuting
from verify.solve.answer import Answer
from verify.solve.query import UNITS_A_STEP

T = TypeVar("T")
MILLION = 1_000_000


@dataclass(slots=True)
class Spent:
    """`seconds` on the clock, `cpu` seconds of this process and of those that it started and that have ended.

    `units` are the solvers' resource units, as --rlimit counts, `solving` the seconds on the clock that they took.
    """

    seconds: float = 0.0
    cpu: float = 0.0
    solving: float = 0.0
    units: int = 0
    queries: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """`peak` is the most memory that any process had so far, in MiB. Parts of another stage are not in the total."""

    name: str
    spent: Spent
    peak: float
    is_part: bool


@dataclass(slots=True)
class Clock:
    """What the stages took, in order."""

    stages: list[Stage] = field(default_factory=list)

    def time(self, stage: str, action: Callable[[], T], is_part: bool = False) -> T:
        with metered() as spent:
            result = action()
        self.add(stage, spent, is_part)
        return result

    def add(self, stage: str, spent: Spent, is_part: bool) -> None:
        self.stages.append(Stage(stage, spent, peak_memory(), is_part))

    @property
    def total(self) -> Spent:
        whole = [stage.spent for stage in self.stages if not stage.is_part]
        return Spent(*(sum(getattr(one, name) for one in whole) for name in Spent.__dataclass_fields__))

    def table(self) -> Iterator[str]:
        yield f"{'stage':<44}{'seconds':>9}{'CPU':>9}{'M units':>9}{'queries':>9}{'peak MiB':>10}"
        for stage in self.stages:
            yield _row("  " * stage.is_part + stage.name, stage.spent, stage.peak)
        yield _row("total", self.total, peak_memory())


def _row(name: str, spent: Spent, peak: float) -> str:
    return f"{name:<44}{figures(spent)}{peak:>10.0f}"


def figures(spent: Spent) -> str:
    return f"{spent.seconds:>9.3f}{spent.cpu:>9.3f}{spent.units / MILLION:>9.2f}{spent.queries:>9}"


def peak_memory() -> float:
    """MiB of this process or of its largest child, whichever is more."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


@contextmanager
def metered() -> Iterator[Spent]:
    """What is spent in this process while the context lasts."""
    spent, found, refuted = Spent(), finding.find, refuting.refute
    start, cpu = time.perf_counter(), used()

    def find(*arguments: Any) -> tuple[Answer, int]:
        before = time.perf_counter()
        answer, steps = found(*arguments)
        _count(time.perf_counter() - before, 1, steps * UNITS_A_STEP)
        return answer, steps

    def refute(*arguments: Any) -> tuple[Answer, int]:
        before = time.perf_counter()
        answer, units = refuted(*arguments)
        _count(time.perf_counter() - before, 1, units)
        return answer, units

    def _count(seconds: float, queries: int, units: int) -> None:
        spent.solving += seconds
        spent.queries += queries
        spent.units += units

    patched: list[tuple[Any, str, Any, Any]] = [(finding, "find", find, found), (refuting, "refute", refute, refuted)]
    for owner, name, new, _ in patched:
        setattr(owner, name, new)
    try:
        yield spent
    finally:
        for owner, name, _, old in patched:
            setattr(owner, name, old)
        spent.seconds, spent.cpu = time.perf_counter() - start, used() - cpu


def used() -> float:
    """Seconds of CPU, of this process and of children that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@contextmanager
def stopwatch(owner: Any, name: str) -> Iterator[Spent]:
    """Seconds spent in a function of a module or class while the context lasts, calls from within itself not twice."""
    original, spent, depth = getattr(owner, name), Spent(), [0]

    def timed(*arguments: Any, **named: Any) -> Any:
        start, cpu = time.perf_counter(), used()
        depth[0] += 1
        try:
            return original(*arguments, **named)
        finally:
            depth[0] -= 1
            if not depth[0]:
                spent.seconds += time.perf_counter() - start
                spent.cpu += used() - cpu

    setattr(owner, name, timed)
    try:
        yield spent
    finally:
        setattr(owner, name, original)
