"""`verify bisect` in repositories of our own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests import mini
from tests.unit.cli.conftest import Command
from tests.unit.cli.series_of_ours import OPENED
from tests.unit.cli.test_run import FAULT
from tests.unit.source.test_tree import git
from verify.frontend.preprocess import FFA_C

Edits = Sequence[tuple[str, str]] | None
"""None: a text that is no C."""


@pytest.fixture
def repository(tmp_path: Path) -> Callable[..., Path]:
    tree = tmp_path / "repository"

    def make(*commits: Edits) -> Path:
        """Commits 0, 1, …, each different from the one before."""
        if not tree.exists():
            tree.mkdir()
            git(tree, "init", "-q", "-b", "main")
        for edits in commits:
            number = git(tree, "rev-list", "--all", "--count")
            mini.write(tree, *(edits or ()))
            text = (tree / FFA_C).read_text() if edits is not None else "{ never closed\n"
            (tree / FFA_C).write_text(f"{text}/* {number} */\n")
            git(tree, "add", "-A")
            git(tree, "commit", "-qm", f"commit {number}")
        return tree

    return make


def words(tree: Path, text: str, cache: Path, rule: str = "MSG-01") -> tuple[object, ...]:
    return "bisect", text, "--git", tree, "--rule", rule, "--jobs", 1, "--cache", cache


def test_the_commit_is_found(verify: Command, repository: Callable[..., Path], cache: Path) -> None:
    tree = repository((), (), (), (), (OPENED,), (OPENED,), (OPENED,), (OPENED,), (OPENED,))
    done = verify(*words(tree, "HEAD~8..HEAD", cache))
    assert done.status == 0
    found = git(tree, "rev-parse", "HEAD~4")
    assert done.out.startswith(f"{found} is the first commit with another verdict\n    commit 4\n")
    assert "FFA-MSG-01 proved" in done.out
    assert "FFA-MSG-01 violated" in done.out
    assert "FFA_MSG_SEND_DIRECT_REQ(" in done.out
    assert done.err.count("verify: judging") <= 2 + 3


def test_what_is_mended_is_found_too(verify: Command, repository: Callable[..., Path], cache: Path) -> None:
    tree = repository((FAULT,), (FAULT,), (), ())
    done = verify(*words(tree, "HEAD~3..HEAD", cache, "VER-07"))
    assert done.status == 0
    assert "    commit 2\n" in done.out
    assert "mends     FFA-VER-07" in done.out


def test_a_new_finding_of_a_rule_that_was_red(verify: Command, repository: Callable[..., Path], cache: Path) -> None:
    """The status is the same at both ends, the findings are not."""
    answer = "        result = hyp_ffa_version;\n"
    other = (f"{answer}        goto out;", f"{answer}        hyp_ffa_version = wanted;\n        goto out;")
    tree = repository((FAULT,), (FAULT,), (FAULT, other), (FAULT, other))
    done = verify(*words(tree, "HEAD~3..HEAD", cache, "VER-07"))
    assert done.status == 0
    assert "    commit 2\n" in done.out
    assert "brings    FFA-VER-07 Lower minor requested after negotiation, part effects" in done.out


def test_commits_that_are_no_c_are_skipped(verify: Command, repository: Callable[..., Path], cache: Path) -> None:
    tree = repository((), None, (), None, (OPENED,), (OPENED,))
    done = verify(*words(tree, "HEAD~5..HEAD", cache))
    assert done.status == 3
    left = [git(tree, "rev-parse", "--short=12", name) for name in ("HEAD~2", "HEAD~1")]
    assert f"all but the last cannot be read:\n    {left[0]} commit 3\n    {left[1]} commit 4\n" in done.out
    assert f"skipped {left[0]}: {FFA_C}:1" in done.out


def test_a_merge_is_followed_into_what_it_brought(
    verify: Command, repository: Callable[..., Path], cache: Path
) -> None:
    tree = repository((), ())
    git(tree, "checkout", "-qb", "side", "HEAD~1")
    repository((), (OPENED,))
    git(tree, "checkout", "-q", "main")
    git(tree, "merge", "-q", "--no-edit", "-X", "theirs", "side")
    done = verify(*words(tree, "main~2..main", cache))
    assert done.status == 0
    assert done.out.startswith(git(tree, "rev-parse", "side"))


@pytest.mark.parametrize(("text", "said"), [
    ("HEAD~1..HEAD", "the same verdict at both ends (FFA-MSG-01 proved)"), ("HEAD", "not a git range"),
    ("HEAD..HEAD", "no commit in"), ("HEAD~9..HEAD", "no commit 'HEAD~9'"),
])
def test_nothing_to_find(
    verify: Command, repository: Callable[..., Path], cache: Path, text: str, said: str
) -> None:
    done = verify(*words(repository((), ()), text, cache))
    assert (done.status, done.out) == (2, "")
    assert said in done.err.splitlines()[-1]


def test_an_end_that_is_no_c(verify: Command, repository: Callable[..., Path], cache: Path) -> None:
    done = verify(*words(repository((), None), "HEAD~1..HEAD", cache))
    assert done.status == 2
    assert "an end of the range, cannot be read" in done.err.splitlines()[-1]
