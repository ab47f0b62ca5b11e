"""What forks of a machine share, and what they do not."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

import pytest

from verify.interpret.environment import Scripted
from verify.interpret.fork import forked
from verify.interpret.memory import Memory


def test_containers_are_copied_down_to_what_never_changes() -> None:
    inner, span = [1], (2, 3)
    given: dict[str, Any] = {"list": inner, "again": inner, "queue": deque([span]), "set": {4}, "bytes": bytearray(b"a")}
    made = forked(given, {})
    assert made == given and made["queue"][0] is span
    assert all(made[name] is not given[name] for name in given)
    assert made["list"] is made["again"]


def test_what_is_to_be_shared_is() -> None:
    log = [1]
    made = forked([log, [log]], {id(log): log})
    assert made[0] is log and made[1][0] is log


def test_a_bound_method_is_bound_to_the_copy() -> None:
    environment = Scripted()
    memory = Memory(environment.fill)
    known: dict[int, Any] = {}
    made, other = forked([memory, environment], known)
    other.pattern = 0x11
    address = made.allocate("object", 1)
    assert made.load(address, 1) == 0x11
    assert memory.load(memory.allocate("object", 1), 1) == 0xAA


def test_of_others_it_says_so() -> None:
    with pytest.raises(TypeError, match="nobody knows how to fork a Counter"):
        forked([Counter()], {})
