"""A mismatch in words: the function, the input, both outcomes."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from tests.differential.concrete import Runner
from tests.differential.shape import ANSWER_WORDS, ARENA_WORDS, ARENAS, EVENT_WORDS, GOES_ON, Shape

MAX_DIFFERENCES = 12
BEFORE_STATICS = ("length", "fault", "result")
EVENT_PARTS = ("kind", "locks held", "warnings", "hash of TX")
AFTER_ARENAS = ("hash of memory", "warnings", "locks held")


def describe(shape: Shape, command: Sequence[str], given: bytes, expected: bytes, native: bytes) -> str:
    """`given` is an input; the other two are records."""
    words, ours, theirs = (array("Q", data).tolist() for data in (given, expected, native))
    lines = [
        f"{shape.functions[words[0] & ~GOES_ON]}{' after others' * (words[0] >= GOES_ON)}, page shift {shape.page_shift}, {command[-1]}",
        f"  interpreter: {_outcome(ours)}{_why(shape, words)}", f"  native:      {_outcome(theirs)}",
        *differences(shape, ours, theirs),
        "  input: " + ", ".join(f"{_place(shape, at)} {word:#x}" for at, word in enumerate(words) if word and at),
    ]
    return "\n".join(lines)


def differences(shape: Shape, ours: Sequence[int], theirs: Sequence[int]) -> list[str]:
    different = [index for index, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b]
    is_fault = len(ours) > 1 and len(theirs) > 1 and ours[1] == theirs[1] == 1
    return [f"  {_event_label(index - 2) if is_fault else _label(shape, index)}: interpreter {ours[index]:#x}, native {theirs[index]:#x}"
            for index in different[:MAX_DIFFERENCES]]


def _outcome(record: Sequence[int]) -> str:
    if len(record) < 2:
        return "no record"
    return "fault" if record[1] else f"returns {record[2]:#x}, record of {len(record)} words"


def _why(shape: Shape, words: Sequence[int]) -> str:
    if words[0] & GOES_ON:
        return ""
    fault = Runner(shape).run(words).fault
    return f" ({fault})" if fault else ""


def _label(shape: Shape, index: int) -> str:
    """What the word of a record is."""
    if index < len(BEFORE_STATICS):
        return BEFORE_STATICS[index]
    index -= len(BEFORE_STATICS)
    if index < len(shape.statics):
        return shape.statics[index][0]
    index -= len(shape.statics)
    if index < ARENAS * ARENA_WORDS:
        return f"pointed-to memory {index // ARENA_WORDS}, word {index % ARENA_WORDS}"
    index -= ARENAS * ARENA_WORDS
    if index < len(AFTER_ARENAS):
        return AFTER_ARENAS[index]
    return _event_label(index - len(AFTER_ARENAS))


def _event_label(index: int) -> str:
    event, word = divmod(index, EVENT_WORDS)
    return f"event {event}, " + (EVENT_PARTS[word] if word < len(EVENT_PARTS) else f"argument {word - len(EVENT_PARTS)}")


def _place(shape: Shape, at: int) -> str:
    """What the word of an input is."""
    if at < shape.statics_at:
        return f"argument {at - 1}"
    if at < shape.answers_at:
        return shape.statics[at - shape.statics_at][0]
    if at == shape.answers_at:
        return "answers of EL3"
    if at < shape.outs_at:
        answer, word = divmod(at - shape.answers_at - 1, ANSWER_WORDS)
        return f"answer {answer} x{word}"
    if at < shape.arena_at(0):
        return f"outside result {at - shape.outs_at}"
    if at < shape.tx_at:
        arena, word = divmod(at - shape.arena_at(0), ARENA_WORDS)
        return f"pointed-to memory {arena}[{word}]"
    if at >= shape.stir_at:
        return ("changes of buffers meanwhile", "SMCs that leave something in RX")[at - shape.stir_at] if at < shape.words else (
            f"left[{at - shape.words}]")
    return f"tx[{at - shape.tx_at}]" if at < shape.rx_at else f"rx[{at - shape.rx_at}]"
