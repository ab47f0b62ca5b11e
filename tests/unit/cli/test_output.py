"""Reports as files: all of it or nothing, in what is there already."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from verify.cli.output import deliver, pair_outputs
from verify.errors import InputError


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may grow beyond that: as on a full disk, writing breaks off in the middle."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_report_that_does_not_fit_leaves_what_was_there(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("a baseline")
    for path in (old, new):
        with room_for(1000), pytest.raises(InputError, match="cannot be written: File too large"):
            deliver("x" * 5000, path)
    assert old.read_text() == "a baseline"
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_report_takes_the_place_of_another_one(tmp_path: Path) -> None:
    path, link = tmp_path / "report", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    deliver("new", link)
    assert path.read_text() == "new" and link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    fresh = tmp_path / "fresh"
    deliver("new", fresh)
    plain = tmp_path / "plain"
    plain.write_text("")
    assert fresh.stat().st_mode == plain.stat().st_mode


def test_a_device_is_written_as_it_is(tmp_path: Path) -> None:
    deliver("lost", Path("/dev/null"))
    assert Path("/dev/null").is_char_device()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    deliver("told", pipe)
    assert os.read(end, 100) == b"told" and stat.S_ISFIFO(pipe.stat().st_mode)
    os.close(end)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_device_is_said() -> None:
    with pytest.raises(InputError, match="/dev/full: cannot be written: No space left on device"):
        deliver("x", Path("/dev/full"))


def test_a_read_only_file_system_is_no_lack_of_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match="no permission"):
        pair_outputs(("text",), (tmp_path / "x",))
    told = os.statvfs(tmp_path)
    flags = os.statvfs_result((*told[:8], told.f_flag | os.ST_RDONLY, told.f_namemax))
    monkeypatch.setattr(os, "statvfs", lambda path: flags)
    with pytest.raises(InputError, match="its file system is read-only"):
        pair_outputs(("text",), (tmp_path / "x",))
