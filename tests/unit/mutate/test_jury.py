"""Which pages and bytes a call is judged by."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from verify.interpret.memory import Snapshot
from verify.mutate import jury


def done(*transfers: tuple[int, int], message: bytes = b"") -> Any:
    asked = [SimpleNamespace(first=first, count=count) for first, count in transfers]
    sent = [SimpleNamespace(tx=Snapshot(dict(enumerate(message)), 4096))] if message else []
    return SimpleNamespace(log=SimpleNamespace(transfers=asked, smcs=sent))


def test_pages_that_the_page_tables_are_asked_about_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many others lie before them, by number."""
    monkeypatch.setattr(jury, "interesting_pages", lambda calls: list(range(100)))
    found = jury._pages(done((0x90000, 3), (0x90010, 1)))
    assert found[:3] == [0x90000, 0x90002, 0x90010] and len(found) == jury.MOST_PAGES


def test_bytes_that_are_not_zero_are_looked_at_where_a_rule_speaks_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jury, "interesting_indices", lambda one: [0, 1, 2])
    message = bytes(28) + b"\xaa" * 4 + bytes(16)
    assert jury._indices(done(message=message), True) == [0, 1, 28, 29, 30, 31]
    assert jury._indices(done(message=message), False) == [0, 1]
