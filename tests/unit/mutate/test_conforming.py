"""Which odd answers a conforming SPMC may give."""

from __future__ import annotations

import pytest

from verify.interpret.events import SmcDone, Told
from verify.interpret.spmc import ERROR, SUCCESS, frame
from verify.ir.span import NOWHERE
from verify.mutate.conforming import conforms

SHARE, INFO, RECLAIM, MAP, UNMAP, FEATURES = 0xC4000073, 0x84000068, 0x84000077, 0xC4000066, 0x84000067, 0x84000064
MAPPED = Told(True, True)
DENIED = 0xFFFFFFFA


def asked(function: int, *answer: int, told: Told = MAPPED) -> SmcDone:
    return SmcDone(tuple(frame(function)), tuple(frame(*answer)), False, NOWHERE, "f", told=told)


def is_conforming(done: SmcDone, level: str = "L2", agreed: int = 0x10001) -> bool:
    return conforms(done, level, 0x10002, agreed, 4096)


@pytest.mark.parametrize("done", [
    asked(SHARE, ERROR, 0, DENIED), asked(RECLAIM, ERROR, 0, DENIED), asked(MAP, ERROR, 0, DENIED),
    asked(INFO, SUCCESS, 0, 170, 24), asked(FEATURES, SUCCESS, 0, 7),
])
def test_it_may_refuse_and_tell(done: SmcDone) -> None:
    assert is_conforming(done)


@pytest.mark.parametrize("done", [
    asked(SHARE, ERROR, 0, 5), asked(SHARE, ERROR, 1, DENIED), asked(SHARE, ERROR | 1 << 32, 0, DENIED),
    asked(SHARE, SUCCESS), asked(RECLAIM, SUCCESS), asked(UNMAP, ERROR, 0, DENIED), asked(INFO, SUCCESS, 0, 171, 24),
    asked(INFO, SUCCESS, 0, 1, 25), asked(INFO, SUCCESS, 1, 1, 24), asked(0x84000074, 0x84000075, 0x60, 0x60),
])
def test_not_with_a_malformed_answer_nor_with_one_that_its_later_answers_do_not_know_of(done: SmcDone) -> None:
    assert not is_conforming(done) and is_conforming(done, "L0")


def test_what_it_may_say_depends_on_what_it_was_told() -> None:
    assert not is_conforming(asked(UNMAP, ERROR, 0, DENIED)) and is_conforming(
        asked(UNMAP, ERROR, 0, 0xFFFFFFFE, told=Told()))
    assert is_conforming(asked(INFO, SUCCESS, 0, 512, 0), agreed=0x10000)
    assert not is_conforming(asked(INFO, SUCCESS, 0, 512, 0))
