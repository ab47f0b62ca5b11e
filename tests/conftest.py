"""What some tests need from outside; the ones left out are counted at the end, with the reason.

Where VERIFY_TEST_ALL names markers, as in CI, a need of theirs that is not met is an error.
"""

from __future__ import annotations

import os
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import pytest

from tests.answers import share

KERNEL_TREE = "VERIFY_KERNEL_TREE"
SEED_THREAD = "VERIFY_SEED_THREAD"
ALL_FAULTS = "VERIFY_ALL_FAULTS"
"""Set: everything that is slow is judged too."""
COMPILERS = ("gcc", "aarch64-linux-gnu-gcc", "qemu-aarch64", "cadical")
SHARED = Path(__file__).resolve().parents[2] / "shared" / "seeds"


def kernel_tree() -> Path | None:
    """A kernel tree, unpatched, whose ffa.c the seed's series applies to."""
    named = os.environ.get(KERNEL_TREE)
    return Path(named) if named else None


def seed_thread() -> Path | None:
    """The mailing-list thread with the seed's series."""
    named = os.environ.get(SEED_THREAD)
    if named:
        return Path(named)
    return next(iter(sorted(SHARED.glob("*.txt"))), None)


def pytest_configure(config: pytest.Config) -> None:
    share(config)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test takes what another one found for its own."""
    monkeypatch.setenv("VERIFY_CACHE", str(tmp_path_factory.mktemp("cache") / "kept"))


def _missing(marker: str) -> str:
    """Why tests with this marker cannot run; empty if they can."""
    if marker == "kernel" and kernel_tree() is None:
        return f"need a kernel tree: set {KERNEL_TREE}"
    if marker == "shared" and seed_thread() is None:
        return f"need the seed's mail thread: set {SEED_THREAD}"
    if marker == "compiler" and (absent := [name for name in COMPILERS if which(name) is None]):
        return f"need {', '.join(absent)}"
    if marker == "browser" and (reason := _no_browser()):
        return f"need {reason}"
    if marker == "cluster" and find_spec("distributed") is None:
        return "need dask.distributed: pip install distributed"
    if marker == "slow" and not os.environ.get(ALL_FAULTS):
        return f"take long: set {ALL_FAULTS}"
    return ""


def _no_browser() -> str:
    absent = [] if find_spec("playwright") else ["playwright (the extra `browser`)"]
    return ", ".join([*absent, *([] if which("chromium") else ["chromium"])])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        missing = {name: text for name in ("kernel", "shared", "compiler", "browser", "cluster", "slow")
                   if item.get_closest_marker(name) and (text := _missing(name))}
        if not missing:
            continue
        reasons = list(missing.values())
        if set(missing) & set(os.environ.get("VERIFY_TEST_ALL", "").split()):
            raise pytest.UsageError(f"{item.nodeid}: {reasons[0]}")
        item.add_marker(pytest.mark.skip(reason=reasons[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.stats.get("passed", []):
        for name, text in report.user_properties:
            if name == "summary" and report.when == "call":
                terminalreporter.write_line(text)
    skipped = (report.longrepr for report in terminalreporter.stats.get("skipped", ()))
    left_out = Counter(longrepr[2].removeprefix("Skipped: ") for longrepr in skipped)
    for reason, count in sorted(left_out.items()):
        terminalreporter.write_line(f"{count} test{'s' * (count != 1)} left out: they {reason}")


@pytest.fixture(scope="session")
def tree() -> Path:
    """For tests marked `kernel`."""
    found = kernel_tree()
    assert found is not None
    return found


@pytest.fixture(scope="session")
def patches(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """1.patch, 2.patch and 3.patch as files; for tests marked `shared`."""
    from tests.series import series

    thread = seed_thread()
    assert thread is not None
    folder = tmp_path_factory.mktemp("series")
    for name, text in series(thread).items():
        (folder / name).write_text(text, encoding="utf-8")
    return tuple(sorted(folder.glob("*.patch")))
