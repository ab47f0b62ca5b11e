"""`--rules DIR`: rules of a user's own are judged like others, and never told from another text's results."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import mini
from tests.unit.cli.conftest import Command, Outcome
from tests.unit.rules.test_own import HEAD, yields

KEPT, BROKEN = yields("scene.result.x(4) == 0"), yields("scene.result.x(0) == 0")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    return folder


@pytest.fixture
def judge(verify: Command, tmp_path: Path, rules: Path) -> Command:
    mini.write(tmp_path / "tree")

    def run(body: str, *words: object) -> Outcome:
        (rules / "acme.py").write_text(f"{HEAD}    {body}\n")
        given = words or ("--rules", rules)
        return verify("run", "--tree", tmp_path / "tree", "--rule", "ACME-*", "--trust", "L2", *given)

    return run


def test_another_text_is_judged_anew(judge: Command) -> None:
    assert judge(KEPT).status == 0
    broken = judge(BROKEN)
    assert (broken.status, "cached" in broken.out) == (1, False)
    assert "kvm/hyp/nvhe/ffa.c:" in broken.out
    again = judge(KEPT)
    assert (again.status, "proved (cached)" in again.out) == (0, True)


def test_verify_toml_may_name_the_folder(
    judge: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "verify.toml").write_text('rules = ["rules"]\n')
    assert judge(BROKEN, "--config", tmp_path / "verify.toml").status == 1
    (tmp_path / "verify.toml").write_text("rules = 5\n")
    told = judge(BROKEN, "--config", tmp_path / "verify.toml")
    assert (told.status, 'rules = ["my-rules"]' in told.err) == (2, True)


def test_without_the_folder_there_is_no_such_rule(judge: Command, verify: Command, tmp_path: Path) -> None:
    assert judge(KEPT).status == 0
    told = verify("run", "--tree", tmp_path / "tree", "--rule", "ACME-*")
    assert (told.status, told.err) == (2, "verify: no rule matches ACME-*; `verify rules` lists them\n")


@pytest.mark.parametrize("command", [("export", "--out", "there"), ("recheck",), ("ledger", "--check")])
def test_commands_that_take_a_rule_take_rules(
    verify: Command, rules: Path, tmp_path: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    (rules / "acme.py").write_text(f"{HEAD}    yield nothing\n")
    monkeypatch.chdir(tmp_path)
    mini.write(tmp_path / "tree")
    (tmp_path / "proofs").mkdir()
    (tmp_path / "proofs" / "tree.jsonl").write_text("")
    told = verify(*command, "--tree", "tree", "--rules", "rules", "--rule", "ACME-VER-01")
    assert told.status == 2
    assert told.err == "verify: rules/acme.py:17: rule ACME-VER-01: NameError: name 'nothing' is not defined\n"


@pytest.mark.parametrize("form", ["markdown", "html", "junit", "sarif"])
def test_reports_name_the_rules_and_the_settings_that_show_a_finding_again(
    judge: Command, rules: Path, tmp_path: Path, form: str
) -> None:
    """Without the folders that they are in: those are the machine's own."""
    (tmp_path / "my.toml").write_text("")
    told = judge(BROKEN, "--rules", rules, "--config", tmp_path / "my.toml", "--format", form)
    assert "--trust L2 --config my.toml --rules rules" in told.out
    assert str(tmp_path) not in told.out
    again = judge(BROKEN, "--rules", rules)
    assert "(cached)" in again.out, "results do not depend on these names"
