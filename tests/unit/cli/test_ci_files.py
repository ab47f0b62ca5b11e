"""The files in docs/ci and the pre-commit hook: their steps parse, and run on a small tree as a host would run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import mini
from tests.unit.cli.conftest import Command
from tests.unit.cli.test_run import FAULT, accepted
from verify.cli.output import RENDERERS

ROOT = Path(__file__).resolve().parents[3]
GITHUB = yaml.safe_load((ROOT / "docs" / "ci" / "github.yml").read_text(encoding="utf-8"))
GITLAB = yaml.safe_load((ROOT / "docs" / "ci" / "gitlab.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step["run"] for step in GITHUB["jobs"]["verify"]["steps"] if "run" in step}
INSTALL, JUDGE = GITLAB["verify"]["script"]
GATE = GITLAB["verify-gate"]["script"][0]
SHIM = """#!/bin/sh
exec {python} -c 'from verify.cli.main import main; main()' "$@" --rule VER-07 --trust L2 --jobs 1
"""
PYTHON = """#!/bin/sh
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho "$PWD $*" >> {log}\\n' > "$3/bin/pip"
chmod +x "$3/bin/pip"
"""


def shell(script: str, folder: Path, path: Path, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """As the hosts run it: bash that stops at the first command that fails."""
    environment = {
        **os.environ, **(more or {}), "PATH": f"{path}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    return subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=120, check=False)


def program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """`verify`, which judges one rule here whatever else is asked for."""
    return program(tmp_path / "bin", "verify", SHIM.format(python=sys.executable))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return mini.write(tmp_path / "linux", FAULT)


def scripts() -> Iterator[tuple[str, str]]:
    yield from STEPS.items()
    for job in ("verify", "verify-gate"):
        yield from ((f"{job} {number}", text) for number, text in enumerate(GITLAB[job]["script"]))


@pytest.mark.parametrize(("name", "script"), list(scripts()))
def test_each_step_parses(name: str, script: str) -> None:
    done = subprocess.run(["bash", "-n", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), name


def test_only_formats_that_exist_are_asked_for() -> None:
    for script in (STEPS["Verify"], JUDGE):
        formats = re.findall(r"--format (\S+)", script)
        assert formats and set(formats) <= set(RENDERERS)
        assert script.count("--output") == len(formats) - 1


@pytest.mark.parametrize("host", ["GitHub", "GitLab"])
def test_the_named_commit_is_installed_with_its_constraints(tmp_path: Path, host: str) -> None:
    source, log = tmp_path / "source", tmp_path / "pip.log"
    source.mkdir()
    git = ("git", "-C", str(source), "-c", "user.name=a", "-c", "user.email=a@b")
    for number in (1, 2):
        (source / "constraints.txt").write_text(str(number))
        for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", str(number))):
            subprocess.run((*git, *words), check=True)
    first = subprocess.run((*git, "rev-parse", "HEAD~1"), check=True, capture_output=True, text=True).stdout.strip()
    path = program(tmp_path / "bin", "python3", PYTHON.format(log=log))
    script = STEPS["Install"] if host == "GitHub" else INSTALL.replace("/tmp/", f"{tmp_path}/")
    done = shell(script, tmp_path, path, {
        "VERIFY_URL": str(source), "VERIFY_REV": first, "RUNNER_TEMP": str(tmp_path), "GITHUB_PATH": str(tmp_path / "p")})
    assert done.returncode == 0, done.stderr
    assert log.read_text() == f"{tmp_path}/verify install --quiet -c constraints.txt .\n"
    assert (tmp_path / "verify" / "constraints.txt").read_text() == "1"
    if host == "GitHub":
        assert (tmp_path / "p").read_text() == f"{tmp_path}/venv/bin\n"


def test_github_fails_by_the_exit_status_and_leaves_its_reports(tmp_path: Path, tools: Path, tree: Path) -> None:
    done = shell(STEPS["Verify"], tree, tools, {"GITHUB_STEP_SUMMARY": str(tmp_path / "page.md")})
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=arch/arm64/kvm/hyp/nvhe/ffa.c,line=")
    assert (tmp_path / "page.md").read_text().startswith("## verify fails: ")
    assert {path.name for path in tree.glob("verify.*")} == {"verify.sarif", "verify.junit.xml", "verify.json"}


def test_github_uploads_what_is_not_tolerated(tmp_path: Path, tools: Path, tree: Path) -> None:
    page = {"GITHUB_STEP_SUMMARY": str(tmp_path / "page.md")}
    assert results_to_upload(tools, tree, page, 1) == ["FFA-VER-07"]
    fingerprints = shell("verify run --tree . --format fingerprints", tree, tools)
    (tree / "verify.toml").write_text(accepted(fingerprints.stdout.splitlines()[1][:16]))
    assert results_to_upload(tools, tree, page, 0) == []


def results_to_upload(tools: Path, tree: Path, page: Mapping[str, str], status: int) -> list[str]:
    done = shell(STEPS["Verify"], tree, tools, page)
    assert done.returncode == status, done.stderr
    assert shell(STEPS["Leave out tolerated findings"], tree, tools).returncode == 0
    log: dict[str, Any] = json.loads((tree / "verify.upload.sarif").read_text(encoding="utf-8"))
    return [result["ruleId"] for result in log["runs"][0]["results"]]


def test_gitlab_fails_in_the_gate(tools: Path, tree: Path) -> None:
    done = shell(JUDGE, tree, tools)
    assert done.returncode == 0, done.stderr
    assert shell(GATE, tree, tools).returncode == 1
    assert all((tree / path).is_file() for path in GITLAB["verify"]["artifacts"]["paths"])
    assert GITLAB["verify"]["artifacts"]["reports"] == {"junit": "verify.junit.xml"}


def test_gitlab_fails_at_once_where_there_is_no_result(tmp_path: Path, tools: Path) -> None:
    assert shell(JUDGE, tmp_path, tools).returncode == 2


def test_a_committed_baseline_passes_both(tmp_path: Path, tools: Path, tree: Path) -> None:
    written = shell("verify run --tree . --format fingerprints --output verify.baseline", tree, tools)
    assert written.returncode == 1
    page = {"GITHUB_STEP_SUMMARY": str(tmp_path / "page.md")}
    assert shell(STEPS["Verify"], tree, tools, page).returncode == 0
    assert shell(f"{JUDGE}\n{GATE}", tree, tools).returncode == 0


def test_the_hook_runs_and_watches_what_is_read(verify: Command, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = HOOKS[0]
    monkeypatch.chdir(tree)
    assert verify(*hook["entry"].split()[1:], *hook["args"], "--jobs", 1).status == 1
    files = [str(path.relative_to(tree)) for path in tree.rglob("*") if path.suffix in (".c", ".h")]
    assert files and all(re.search(hook["files"], name) for name in files)
