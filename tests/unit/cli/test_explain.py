"""`verify explain`: text, JSON, a build's options, wrong words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests import mini
from tests.unit.cli.conftest import Command, Outcome
from tests.unit.prove.test_weigh import LATE, LEAKED, UNSET
from tests.unit.report.test_finding import SCHEMA
from verify.errors import ReplayMismatch

EXPLAINED = SCHEMA.parent / "explain-1.json"
BOTH = ("--rule", "VER-07", "--rule", "SEC-01", "--function", "FFA_VERSION", "--trust", "L2", "--jobs", "1")
LEAK = ("--rule", "SEC-01", *BOTH[4:])


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.write(tmp_path_factory.mktemp("faulty"), LATE, UNSET, LEAKED)


@pytest.fixture
def explain(verify: Command, tree: Path, cache: Path, tmp_path: Path) -> Command:
    """By the rule's name in place of its finding's fingerprint."""
    report = tmp_path / "run.json"
    verify("run", "--tree", tree, *BOTH, "--cache", cache, "--format", "json", "--output", report)
    known = {result["rule"]: part["findings"][0]["fingerprint"]
             for result in json.loads(report.read_text(encoding="utf-8"))["runs"][0]["results"]
             for part in result["parts"] if part["findings"]}

    def run(rule: object, *words: object) -> Outcome:
        return verify("explain", known[str(rule)], "--tree", tree, "--cache", cache, *words)

    return run


def test_a_leak_is_told_with_what_a_build_hides(explain: Command, tmp_path: Path) -> None:
    build = tmp_path / ".config"
    build.write_text("CONFIG_INIT_STACK_ALL_ZERO=y\nCONFIG_GCC_PLUGIN_STRUCTLEAK_BYREF_ALL=y\n", encoding="utf-8")
    settings = tmp_path / "verify.toml"
    settings.write_text('[[accepted]]\nfingerprint = "0"\nreason = "none"\n', encoding="utf-8")
    told = explain("FFA-SEC-01", *LEAK, "--config", build, "--config", settings)
    assert told.status == 0
    assert "FFA-SEC-01, No EL2 memory reaches the host\n" in told.out and "\n  Clause: " in told.out
    assert "  x0  0x84000063 (FFA_VERSION) → " in told.out and "(memory that nobody wrote)" in told.out
    assert "wrong: x5; made from uninitialised memory" in told.out and "All else is said of what was tried" in told.out
    assert ("build: CONFIG_INIT_STACK_ALL_ZERO masks it, which mends nothing: with all variables filled with 0x00"
            in told.out)
    assert "build: CONFIG_GCC_PLUGIN_STRUCTLEAK_BYREF_ALL may mask it" in told.out
    assert "--config .config says what your build has" not in told.out


def test_json_has_its_schema(explain: Command) -> None:
    told = explain("FFA-VER-07", *BOTH, "--format", "json")
    data: dict[str, Any] = json.loads(told.out)
    jsonschema.validate(data, json.loads(EXPLAINED.read_text(encoding="utf-8")))
    of_a_run = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.validate(data["finding"], {"$ref": "#/$defs/finding", "$defs": of_a_run["$defs"]})
    assert {"name": "x2", "before": "0x30", "asked": "", "after": "0x0", "answered": ""} in data["registers"]
    forced = {(one["where"], one["what"]): one for one in data["values"] if one["weight"] == "forced"}
    assert forced["call 2", "w2"]["value"] == "0x30" and forced["call 2", "w2"]["kept"] == 0
    assert forced["call 2", "w2"]["proved"] and not any(one.get("proved") for one in data["values"] if one["kept"])
    (change,) = data["smallest"][0]["changes"]
    assert (change["where"], change["what"], change["old"]) == ("call 2", "w2", "0x30")
    assert data["build"] == {"given": False, "options": [
        {"option": "CONFIG_INIT_STACK_ALL_ZERO", "fill": "0x00", "all": True, "outcome": "violated",
         "effect": "does not mask"}]}


def test_what_cannot_be_tried_is_said_and_is_3(explain: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(rerun: object) -> None:
        raise ReplayMismatch("run again, the calls do not show the violation")

    monkeypatch.setattr("verify.cli.explain.weigh", refuse)
    told = explain("FFA-SEC-01", *LEAK)
    assert told.status == 3 and "inputs: not tried: run again, the calls do not show the violation\n" in told.out
    assert "fingerprint " in told.out and "build:" not in told.out


@pytest.mark.parametrize(("files", "said"), [
    ({".config": "CONFIG_A=y\n", "other": "CONFIG_B=y\n"}, "one .config"),
    ({"a.toml": "", "b.toml": ""}, "one verify.toml"),
    ({"a.toml": "nothing of ours\n"}, "not TOML"),
    ({"absent": None}, "cannot be read"),
])
def test_wrong_configs_are_one_line(verify: Command, tmp_path: Path, files: dict[str, str | None], said: str) -> None:
    words: list[object] = []
    for name, text in files.items():
        if text is not None:
            (tmp_path / name).write_text(text, encoding="utf-8")
        words += ["--config", tmp_path / name]
    told = verify("explain", "0" * 16, *words)
    assert told.status == 2 and said in told.err and told.err.count("\n") == 1


def test_what_is_no_fingerprint_is_refused_before_anything_is_judged(
    verify: Command, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verify.cli.finding.judge_all", lambda *_, **__: pytest.fail("it is judged"))
    told = verify("explain", "FFA-VER-07", "--tree", tree)
    assert told.status == 2 and "'FFA-VER-07' is no fingerprint" in told.err and told.err.count("\n") == 1
