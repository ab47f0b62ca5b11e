"""A counterexample, run from boot on the natively compiled C: state and answers are carried from call to call."""

from __future__ import annotations

import subprocess
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from tests.differential.shape import (
    ANSWER_WORDS,
    ANSWERS,
    ARENA_WORDS,
    ARENAS,
    EVENT_WORDS,
    FIRST_ARENA,
    FORWARD,
    PAGES,
    SMC,
    Shape,
)
from verify.prove.outcome import Episode

REGISTERS = 31


@dataclass(slots=True)
class Native:
    """A program between calls."""

    shape: Shape
    command: Sequence[str]
    statics: list[int]
    answers: list[tuple[int, ...]]

    def call(self, name: str, argument: int, context: Sequence[int] = ()) -> list[int]:
        """The record, without its length; statics and answers move on."""
        words = [0] * self.shape.words
        words[0:2] = [self.shape.functions.index(name), argument]
        words[self.shape.statics_at:self.shape.statics_at + len(self.statics)] = self.statics
        rest = self.answers[:ANSWERS]
        words[self.shape.answers_at] = len(rest)
        for number, answer in enumerate(rest):
            at = self.shape.answers_at + 1 + number * ANSWER_WORDS
            words[at:at + len(answer)] = answer
        words[self.shape.arena_at(0):self.shape.arena_at(0) + len(context)] = context
        done = subprocess.run(self.command, input=array("Q", words).tobytes(), capture_output=True, check=True)
        record = array("Q", done.stdout).tolist()[1:]
        assert record[0] == 0, "the native program faults"
        self.statics = record[2:2 + len(self.statics)]
        del self.answers[:self._smcs(record)]
        return record

    def _smcs(self, record: Sequence[int]) -> int:
        first = 2 + len(self.statics) + ARENAS * ARENA_WORDS + 3
        return sum(record[at] in (SMC, FORWARD) for at in range(first, len(record), EVENT_WORDS))

    def registers(self, record: Sequence[int]) -> list[int]:
        first = 2 + len(self.statics)
        return list(record[first:first + REGISTERS])


def run_natively(shape: Shape, command: Sequence[str], episode: Episode, init: str, entry: str) -> list[list[int]]:
    """x0 to x30 after each call of the episode."""
    statics = [dict(episode.boot).get(path, 0) for path, _ in shape.statics]
    native = Native(shape, command, statics, list(episode.answers))
    assert native.call(init, shape.base(PAGES))[1] == 0
    context = shape.base(FIRST_ARENA)
    return [native.registers(native.call(entry, context, done.before)) for done in episode.calls]
