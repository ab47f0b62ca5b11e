"""Answers in files: whole or not at all."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from verify.cache.store import Store, default_folder

KEY, OTHER = "ab" * 32, "cd" * 32
TEXT = '{"said": "…"}\n' * 400


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "kept")


def only(store: Store) -> Path:
    (path,) = store.entries()
    return path


def test_what_was_put_is_found_by_any_run(store: Store) -> None:
    assert store.get(KEY) is None
    store.put(KEY, TEXT)
    assert Store(store.folder).get(KEY) == TEXT
    assert store.get(OTHER) is None


@pytest.mark.parametrize("damage", [
    lambda content: content[:-1], lambda content: content[: len(content) // 2], lambda content: b"",
    lambda content: content.replace(b"said", b"sent", 1), lambda content: content + b" ",
    lambda content: b"\xff" + content[1:], lambda content: content.partition(b"\n")[2],
])
def test_a_damaged_entry_is_none_and_goes(store: Store, damage: object) -> None:
    store.put(KEY, TEXT)
    path = only(store)
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))
    assert store.get(KEY) is None
    assert not path.exists()


def test_an_entry_under_another_key_is_none(store: Store) -> None:
    store.put(KEY, TEXT)
    store.put(OTHER, "else")
    here, there = sorted(store.entries())
    there.write_bytes(here.read_bytes())
    assert store.get(OTHER) is None
    assert store.get(KEY) == TEXT


def test_one_that_only_reads_changes_nothing(store: Store) -> None:
    store.put(KEY, TEXT)
    only(store).write_bytes(b"damaged")
    reader = Store(store.folder, writes=False)
    assert reader.get(KEY) is None
    reader.put(OTHER, TEXT)
    assert only(store).read_bytes() == b"damaged"


def test_a_fresh_one_reads_nothing_and_keeps_what_is_new(store: Store) -> None:
    store.put(KEY, "old")
    fresh = Store(store.folder, reads=False)
    assert fresh.get(KEY) is None
    fresh.put(KEY, "new")
    assert store.get(KEY) == "new"


def test_a_place_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "kept")
    store.put(KEY, TEXT)
    said = store.problem
    store.put(OTHER, TEXT)
    assert str(store.folder) in said
    assert store.problem == said
    assert store.get(KEY) is None


def test_what_a_full_disk_cut_off_is_not_left_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("verify.cache.store.os.replace", full)
    store.put(KEY, TEXT)
    assert "No space left on device" in store.problem
    assert list(store.entries()) == []


def test_the_oldest_go_where_there_is_too_much(store: Store) -> None:
    for number, key in enumerate((KEY, OTHER, "ef" * 32)):
        store.put(key, TEXT)
        (path,) = [path for path in store.entries() if path.name == key]
        os.utime(path, (number, number))
    one = only_size(store)
    Store(store.folder, writes=False).trim(0)
    assert len(list(store.entries())) == 3
    store.trim(2 * one)
    assert [path.name for path in store.entries()] == [OTHER, "ef" * 32]
    store.trim(2 * one - 1)
    assert [path.name for path in store.entries()] == ["ef" * 32]


def only_size(store: Store) -> int:
    (size,) = {path.stat().st_size for path in store.entries()}
    return size


def _write(store: Store, text: str) -> None:
    for _ in range(200):
        store.put(KEY, text)


def test_several_processes_write_one_entry(store: Store) -> None:
    texts = [TEXT + str(k) for k in range(4)]
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(store, text)) for text in texts]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        seen.add(Store(store.folder, writes=False).get(KEY))
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert seen - {None} <= set(texts)
    assert store.get(KEY) in texts
    assert len(list(store.entries())) == 1


def test_where_it_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VERIFY_CACHE", str(tmp_path / "named"))
    assert default_folder() == tmp_path / "named"
    monkeypatch.delenv("VERIFY_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "verify"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".cache" / "verify"
