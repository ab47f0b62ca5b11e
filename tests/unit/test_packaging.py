"""What is installed is what is in the tree: an installed copy, not only an editable one, has every module and file."""

from __future__ import annotations

import fnmatch
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
FOLDERS = {"verify": "verify", "specs": "verify_specs", "extracted": "verify_extracted"}


def _package(folder: Path) -> str:
    top, *rest = folder.relative_to(ROOT).parts
    return ".".join([FOLDERS[top], *rest])


def test_each_folder_with_modules_is_a_package() -> None:
    found = {_package(module.parent) for top in FOLDERS for module in (ROOT / top).rglob("*.py")}
    assert found == set(SETUP["packages"])


def test_each_data_file_is_installed() -> None:
    patterns = [(ROOT / "verify" / package.removeprefix("verify").removeprefix(".").replace(".", "/"), pattern)
                for package, patterns in SETUP["package-data"].items() if package.startswith("verify")
                and package != "verify_extracted" for pattern in patterns]
    files = [file for file in (ROOT / "verify").rglob("*")
             if file.is_file() and file.suffix != ".py" and "__pycache__" not in file.parts]
    assert files
    left_out = [str(file.relative_to(ROOT)) for file in files
                if not any(file.is_relative_to(base) and fnmatch.fnmatch(str(file.relative_to(base)), pattern)
                           and str(file.relative_to(base)).count("/") == pattern.count("/")
                           for base, pattern in patterns)]
    assert left_out == []


@pytest.mark.xdist_group("together")
def test_tests_of_a_group_are_told_apart_from_others(request: pytest.FixtureRequest) -> None:
    """pytest-xdist tells by this suffix which go to one process: where it is lost what they share is made in each."""
    is_distributed = getattr(request.config.option, "loadgroup", False)
    assert request.node.nodeid.endswith("@together") == is_distributed
