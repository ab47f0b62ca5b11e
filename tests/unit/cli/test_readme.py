"""The counterexample in the README is what the command prints."""

from __future__ import annotations

import re
from pathlib import Path

from tests.unit.cli.conftest import Command

README = Path(__file__).resolve().parents[3] / "README.md"


def test_the_counterexample_is_printed_like_that(verify: Command) -> None:
    text = README.read_text(encoding="utf-8")
    shown = re.search(r"`verify (run --target [^`]+)`.*?```\n(.*?)```", text, re.DOTALL)
    assert shown is not None
    assert verify(*shown[1].split()).out.rstrip() == shown[2].rstrip()
