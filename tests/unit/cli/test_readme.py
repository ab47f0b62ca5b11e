"""The counterexamples in the README are what the commands print."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.answers import FOLDER
from tests.unit.cli.conftest import Command

README = Path(__file__).resolve().parents[3] / "README.md"


EXAMPLES: list[tuple[str, str]] = re.findall(
    r"`verify (run --target [^`]+)`[^`]*?```\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_there_are_two() -> None:
    assert len(EXAMPLES) == 2


@pytest.mark.parametrize(("command", "shown"), EXAMPLES)
def test_the_counterexample_is_printed_like_that(
    verify: Command, command: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERIFY_CACHE", os.environ[FOLDER])  # no other test judges this
    assert verify(*command.split()).out.rstrip() == shown.rstrip()
