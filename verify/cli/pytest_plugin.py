"""Literate tests for pytest: each example of a Markdown file that holds verdicts is a test.

Files are collected below the folders that the ini option `verify_rules_tests` names; none by default.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from verify.literate.document import Example

OPTION = "verify_rules_tests"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(OPTION, "Folders with literate tests of rules (*.md).", type="paths", default=[])
    parser.addini("verify_rules", "Folders with rules of one's own (*.py).", type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes long; -m 'not slow' leaves it out")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    folders: list[Path] = parent.config.getini(OPTION)
    if file_path.suffix == ".md" and any(file_path.is_relative_to(folder) for folder in folders):
        return LiterateFile.from_parent(parent, path=file_path)
    return None


class LiterateFile(pytest.File):
    """Imports the verifier only where there is such a file."""

    def collect(self) -> Iterator[pytest.Item]:
        from verify.literate.document import read_examples

        for example in read_examples(self.path):
            yield LiterateItem.from_parent(self, name=example.name, example=example)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return _told(excinfo) or super().repr_failure(excinfo)


class Disagreement(Exception):
    """An example does not come to what it says."""


class LiterateItem(pytest.Item):
    def __init__(self, *, example: Example, **more: Any) -> None:
        super().__init__(**more)
        self._example = example
        if example.settings.slow:
            self.add_marker("slow")

    def runtest(self) -> None:
        from verify.cli.config import load_book, read_config
        from verify.cli.literate import base_of
        from verify.literate.judged import disagreements

        book = load_book(self.config.getini("verify_rules"), read_config(None))
        problems = disagreements(self._example, base_of(self._example), book.rules, book.own)
        if problems:
            raise Disagreement("\n".join(problems))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return _told(excinfo) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self._example.number - 1, f"{self.path.name}: {self.name}"


def _told(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """What there is to say without a traceback; empty for what nobody expected."""
    from verify.errors import InputError

    return str(excinfo.value) if isinstance(excinfo.value, (Disagreement, InputError)) else ""
