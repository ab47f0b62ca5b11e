"""Binary search among commits of which some cannot be read."""

from __future__ import annotations

from verify.verdict.bisection import Narrowed, narrow


def search(first: int, last: int, unreadable: frozenset[int] = frozenset()) -> tuple[Narrowed, list[int]]:
    asked: list[int] = []

    def differs(number: int) -> bool | None:
        asked.append(number)
        return None if number in unreadable else number >= first

    return narrow(last, differs), asked


def test_every_first_one_is_found_with_few_questions() -> None:
    for last in range(1, 40):
        for first in range(1, last + 1):
            found, asked = search(first, last)
            assert found == Narrowed(first - 1, first)
            assert found.is_exact
            assert len(asked) <= last.bit_length()


def test_what_cannot_be_read_is_passed_over() -> None:
    for first in range(1, 13):
        for one in range(1, 12):
            for two in range(one, 12):
                gaps = frozenset({one, two})
                found, asked = search(first, 12, gaps)
                assert len(asked) == len(set(asked))
                assert found.same < first <= found.other
                assert all(number in gaps for number in range(found.same + 1, found.other))


def test_all_between_unreadable() -> None:
    found, _ = search(3, 5, frozenset({1, 2, 3, 4}))
    assert found == Narrowed(0, 5)
    assert not found.is_exact
