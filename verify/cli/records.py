"""What each obligation of a run costs, for machines: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from verify.cli.measure import metered, peak_memory
from verify.prove.judge import Judge
from verify.prove.outcome import PartResult
from verify.rules.rule import Part
from verify.rules.scene import Scene


@dataclass(frozen=True, slots=True)
class Record:
    """One part of a rule at a trust level. `peak` is the most memory, in MiB, that any process had so far.

    A level that comes after a stricter one rests on what was found there.
    """

    rule: str
    part: str
    function: str
    trust: str
    status: str
    queries: int
    units: int
    seconds: float
    cpu: float
    peak: float


@contextmanager
def recorded() -> Iterator[list[Record]]:
    """Of every part that is judged in this process while the context lasts."""
    records: list[Record] = []
    owner: Any = Judge
    original = Judge._part

    def measured(judge: Judge, scene: Scene, part: Part) -> PartResult:
        with metered() as spent:
            result = original(judge, scene, part)
        records.append(Record(
            judge._rule.identity, part.name, part.function, judge._setting.level, result.status.value, spent.queries,
            spent.units, round(spent.seconds, 3), round(spent.cpu, 3), round(peak_memory(), 1)))
        return result

    owner._part = measured
    try:
        yield records
    finally:
        owner._part = original


def write(file: Path, records: Sequence[tuple[str, Record]]) -> None:
    """With the target of each."""
    lines = (json.dumps({"target": target, **asdict(record)}, ensure_ascii=False) for target, record in records)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
