"""Calls that campaigns make besides histories: what they are to reach is reached."""

from __future__ import annotations

from functools import cache

import specs
from specs.bindings.pkvm import PKVM
from verify.frontend.unit import lower_tree
from verify.interpret.session import CallDone
from verify.literate.bases import base_files
from verify.mutate.edges import by_handle
from verify.mutate.situations import DESCRIBED, WIDE_HANDLE, Root, Step, Tree, call, grow, started
from verify.prove.histories import HANDLE, RECLAIM, SHARE, Writer
from verify.prove.target import Target, make_target

specs.load()
SUCCESS = 0x84000061


@cache
def target() -> Target:
    return make_target(lower_tree(base_files("memory")), PKVM, memory=True)


@cache
def writer() -> Writer:
    return Writer(target().max_version, 4096, 4096)


def run(root: Root, *steps: Step) -> list[CallDone]:
    session = started(target(), root)
    assert session is not None
    return [call(session, step) for step in steps]


def test_handles_whose_halves_have_their_highest_bit_set_come_back() -> None:
    calls = next(by_handle(writer(), WIDE_HANDLE))
    done = run(Root(target().max_version, handle=WIDE_HANDLE), *(Step(*one) for one in calls))
    reclaimed = next(one for one in done if one.before[0] == RECLAIM)
    assert reclaimed.registers[0] == SUCCESS and reclaimed.before[1:3] == (0x80001001, 0x80000002)


def test_an_odd_description_is_of_a_region_that_is_there() -> None:
    """The SPMC has put it into EL2's buffer, and says another length."""
    share = Step(*writer().send(writer().descriptor(1)))
    odd = Step((RECLAIM, HANDLE), answers=((0, (DESCRIBED[0], 0x60, 0x2000)),))
    shared, done = run(Root(target().max_version), *(Step(*one) for one in writer().start()), share, odd)[-2:]
    assert shared.registers[0] == SUCCESS
    asked = done.log.smcs[0]
    assert asked.results[:3] == (DESCRIBED[0], 0x60, 0x2000)
    assert asked.rx is not None and asked.rx.read(8, 8) == HANDLE


def test_right_calls_with_one_register_filled_are_among_them() -> None:
    tree: Tree = grow(target(), ((Root(target().max_version), False),))[0]
    found = set[int]()
    todo = [*tree.children.values()]
    while todo:
        node = todo.pop()
        todo += node.children.values()
        words = node.step.registers
        if words[0] == SHARE and words[1:3] == (len(bytes(writer().descriptor(1))),) * 2 and any(words[3:]):
            found.add(next(k for k, word in enumerate(words) if k > 2 and word))
    assert found == {3, 4, 5, 6, 7}
