"""The command, run in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from verify.cli.main import main
from verify.rules.rule import forget_own


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def verify(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """What a command registers, a user's rules, is not there for the next test."""
    def run(*words: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["verify", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert isinstance(stopped.value.code, int)
        return Outcome(stopped.value.code, *capsys.readouterr())

    yield run
    forget_own()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For commands that judge the same steps of our own series again and again; no test counts on what is there."""
    return tmp_path_factory.mktemp("shared-cache") / "kept"
