"""`verify series` from end to end: what each patch does, in all formats; what does not apply; statuses."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests import mini
from tests.unit.cli.conftest import Command
from tests.unit.cli.series_of_ours import OPENED, RULES, base, patch, thread
from tests.unit.cli.test_run import FAULT, accepted
from tests.unit.source.test_tree import git
from verify.cli.main import cli
from verify.frontend.preprocess import FFA_C

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "schema" / "series-1.json"
FORMATS = ("text", "json", "markdown", "mail", "html")


@dataclass(frozen=True)
class Told:
    status: int
    data: dict[str, Any]
    texts: dict[str, str]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Told:
    """All three patches, from an mbox."""
    folder = tmp_path_factory.mktemp("series")
    (folder / "thread.mbox").write_text(thread())
    words = ["series", str(folder / "thread.mbox"), "--tree", str(base(folder / "tree")), *RULES, "--cache", str(cache)]
    for name in FORMATS:
        words += ["--format", name, "--output", str(folder / name)]
    status = cli.main(words, standalone_mode=False)
    texts = {name: (folder / name).read_text() for name in FORMATS}
    return Told(status, json.loads(texts["json"]), texts)


def test_the_status_is_that_of_what_is_new(told: Told) -> None:
    assert told.status == told.data["exit_status"] == 1


def test_the_matrix_says_which_patch_brings_and_mends_what(told: Told) -> None:
    jsonschema.validate(told.data, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [step["name"] for step in told.data["steps"]] == ["base", "1/3", "2/3", "3/3"]
    (level,) = told.data["levels"]
    assert {rule["rule"]: rule["statuses"] for rule in level["rules"]} == {
        "FFA-MSG-01": ["proved", "proved", "violated", "unknown"],
        "FFA-VER-07": ["violated", "proved", "proved", "unsupported"]}
    found = {row["rule"]: row for row in level["findings"]}
    assert (found["FFA-VER-07"]["brought"], found["FFA-VER-07"]["mended"]) == (None, "1/3")
    assert found["FFA-VER-07"]["steps"] == ["there", "absent", "absent", "undecided"]
    assert (found["FFA-MSG-01"]["brought"], found["FFA-MSG-01"]["mended"]) == ("2/3", None)
    assert found["FFA-MSG-01"]["steps"] == ["absent", "absent", "there", "undecided"]


def test_what_is_not_disproved_is_not_mended(told: Told) -> None:
    last = told.data["levels"][0]["turns"][-1]
    assert last["mends"] == []
    assert [item["rule"] for item in last["loses"]] == ["FFA-MSG-01"]
    assert "FFA-VER-07" in {item["rule"] for item in last["undecided"]}


def test_the_text_names_the_patches(told: Told) -> None:
    text = " ".join(told.texts["text"].split())
    assert text.startswith("series: Better answers")
    assert "patch 2/3 introduces 1 violation: FFA-MSG-01" in text
    assert "patch 1/3 mends 1 violation: FFA-VER-07" in text
    assert "the patches are in the order of their numbers" in text
    assert "2. FFA_MSG_SEND_DIRECT_REQ(" in text


def test_the_mail_is_short_and_answers_the_patch_that_is_to_blame(told: Told) -> None:
    lines = told.texts["mail"].splitlines()
    assert lines[0] == "Subject: Re: [PATCH 2/3] opens the sender check"
    assert lines[1] == "In-Reply-To: <2@b>"
    assert len(lines) < 100
    assert max(map(len, lines[1:])) <= 76
    text = " ".join(told.texts["mail"].split())
    assert "patch 2/3 (opens the sender check) introduces:" in text
    assert "verify series thread.mbox --tree tree --rule FFA-MSG-01" in text
    assert "1/3: FFA-VER-07" in text


def test_the_page_has_a_table(told: Told) -> None:
    assert "| **FFA-MSG-01** Sender identity is the caller's | proved | proved | violated | unknown | |" in told.texts["markdown"]


def test_the_html_leads_from_a_patch_to_its_finding(told: Told) -> None:
    text = told.texts["html"]
    course = text[text.index('id="course"'):text.index("Rules and verdicts")]
    links = set(re.findall(r'href="#(finding-[^"]+)"', course))
    assert {link.split("-")[2] for link in links} == {"MSG", "VER"}
    assert links <= set(re.findall(r'id="(finding-[^"]+)"', text))
    assert "opens the sender check" in course
    for column in ("base", "1/3", "2/3", "3/3"):
        assert f"<h2>{column} <strong" in text


def test_no_report_has_a_folder_of_this_machine(told: Told, tmp_path_factory: pytest.TempPathFactory) -> None:
    for text in told.texts.values():
        assert str(tmp_path_factory.getbasetemp()) not in text


def files(folder: Path, *texts: str) -> list[Path]:
    for number, text in enumerate(texts, 1):
        (folder / f"{number}.patch").write_text(text)
    return [folder / f"{number}.patch" for number in range(1, len(texts) + 1)]


def test_old_findings_do_not_fail_and_nothing_is_judged_twice(verify: Command, tmp_path: Path, cache: Path, told: Told) -> None:
    """The base has VER-07; the patch changes another file."""
    other = "--- a/drivers/x.c\n+++ b/drivers/x.c\n@@ -1 +1 @@\n-a\n+b\n"
    done = verify("series", *files(tmp_path, other), "--tree", base(tmp_path / "tree"), *RULES, "--cache", cache)
    assert done.status == 0
    assert "no step changes a verdict" in done.out
    assert "changes nothing that the front end reads" in done.out
    assert "of the base, 1 violation remains (FFA-VER-07)" in done.out
    assert done.err.count("rules told as an earlier run found them: 2, judged now: 0") == 1


def test_newly_undecided_is_3(verify: Command, tmp_path: Path, cache: Path) -> None:
    paths = files(tmp_path, patch(3))
    tree = mini.write(tmp_path / "tree", OPENED)
    done = verify("series", *paths, "--tree", tree, *RULES, "--cache", cache)
    assert done.status == 3
    assert "1.patch leaves" in done.out


def test_what_a_later_patch_mends_again_is_1_all_the_same(verify: Command, tmp_path: Path, cache: Path) -> None:
    back = patch(2).replace("\n-", "\n#").replace("\n+", "\n-").replace("\n#", "\n+").replace("\n--- b", "\n+++ b")
    back = f"--- a/{FFA_C}\n+++ b/{FFA_C}\n" + back[back.index("@@"):]
    tree = mini.write(tmp_path / "tree")
    done = verify("series", *files(tmp_path, patch(2), back), "--tree", tree, *RULES, "--cache", cache)
    assert done.status == 1
    assert "2.patch mends 1 violation: FFA-MSG-01" in done.out


def test_an_accepted_finding_does_not_fail(verify: Command, tmp_path: Path, cache: Path, told: Told) -> None:
    (finding,) = (row for row in told.data["levels"][0]["findings"] if row["brought"])
    config = tmp_path / "verify.toml"
    config.write_text(accepted(finding["fingerprint"]))
    tree = mini.write(tmp_path / "tree")
    done = verify("series", *files(tmp_path, patch(2)), "--tree", tree, *RULES, "--cache", cache, "--config", config)
    assert done.status == 0
    assert "accepted: known, see the list" in done.out


def test_the_command_that_reproduces_it_has_what_the_verdict_depends_on(
    verify: Command, tmp_path: Path, cache: Path
) -> None:
    config, own = tmp_path / "my config.toml", tmp_path / "own"
    config.write_text("")
    assert verify("rules", "new", "ACME-VER-01", "--dir", own).status == 0
    done = verify("series", *files(tmp_path, patch(2)), "--tree", base(tmp_path / "tree"), *RULES, "--cache", cache,
                  "--config", config, "--rules", own, "--rlimit", 7_000_000, "--page-size", "4K", "--format", "mail")
    assert done.status == 1
    command = done.out[done.out.index("  verify series"):].partition("\n\n")[0]
    assert shlex.split(command.replace("\\\n", " ")) == shlex.split(
        "verify series 1.patch --tree tree --config 'my config.toml' --rules own --rlimit 7000000 --rule FFA-MSG-01 "
        "--function FFA_MSG_SEND_DIRECT_REQ --trust L2 --page-size 4K")
    assert all(line.endswith(" \\") for line in command.splitlines()[:-1]) and "'my config.toml'" in command


def test_a_patch_that_does_not_apply_is_named_and_is_2(verify: Command, tmp_path: Path, cache: Path) -> None:
    (tmp_path / "m.mbox").write_text(thread(text={2: patch(2).replace("case FFA_MSG", "case  FFA_MSG")}))
    done = verify("series", tmp_path / "m.mbox", "--tree", base(tmp_path / "tree"), *RULES, "--cache", cache)
    assert done.status == 2
    text = " ".join(done.out.split())
    assert "2/3 has no result: does not apply: 2/3:3: hunk #1" in text
    assert "3/3 has no result: not judged: 2/3 does not apply" in text
    assert "patch 1/3 mends 1 violation: FFA-VER-07" in text


def test_c_that_cannot_be_read_is_named_and_the_next_patch_judged(verify: Command, tmp_path: Path, cache: Path) -> None:
    good, bad = "static bool has_version_negotiated;", "static bool has_version_negotiated"
    head = f"--- a/{FFA_C}\n+++ b/{FFA_C}\n@@ -6 +6 @@\n"
    lines = mini.files(FAULT)[FFA_C].splitlines()
    assert lines[5] == good
    paths = files(tmp_path, f"{head}-{good}\n+{bad} = = 1;\n", f"{head}-{bad} = = 1;\n+{good}\n")
    done = verify("series", *paths, "--tree", base(tmp_path / "tree"), *RULES, "--cache", cache)
    assert done.status == 2
    assert f"1.patch has no result: cannot be read: {FFA_C}:6" in done.out
    assert "2.patch has no result" not in done.out


def test_a_range_of_git(verify: Command, tmp_path: Path, cache: Path) -> None:
    tree = base(tmp_path / "tree")
    git(tree, "init", "-q")
    for number, edits in enumerate(((FAULT,), (), (OPENED,))):
        mini.write(tree, *edits)
        git(tree, "add", "-A")
        git(tree, "commit", "-qm", f"commit {number}")
    (tree / "notes").write_text("not read")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "notes")
    ids = {number: git(tree, "rev-parse", "--short=12", f"HEAD~{number}") for number in range(4)}
    done = verify("series", "HEAD~3..", "--git", tree, *RULES, "--cache", cache)
    assert done.status == 1
    assert f"{ids[1]} introduces 1 violation: FFA-MSG-01" in done.out
    assert f"{ids[2]} mends 1 violation: FFA-VER-07" in done.out
    assert f"alone: verify series {ids[3]}..{ids[0]} --git tree --rule FFA-MSG-01" in done.out
    upon = verify("series", *files(tmp_path, patch(1)), "--git", tree, "--base", "HEAD~3", *RULES, "--cache", cache,
                  "--format", "mail")
    assert upon.status == 0
    text = " ".join(upon.out.split())
    assert "1.patch mends 1 violation: FFA-VER-07" in text
    assert (f"verify series 1.patch --git tree --base {ids[3]} --rule VER-07 --rule MSG-01 --trust L2 "
            "If a verdict is wrong" in text.replace(" \\ ", " "))


@pytest.mark.parametrize(("words", "said"), [
    (["nowhere.mbox", "--tree", "."], "nowhere.mbox: cannot be read"),
    (["a..b", "--tree", "."], "a git range needs --git"),
    (["x.mbox"], "--tree DIR, or --git REPO"),
    (["x.mbox", "--tree", ".", "--git", "."], "--tree DIR, or --git REPO"),
    (["a..b", "--git", "."], "git rev-parse"),
    (["v1", "--git", "."], "v1: no such file, and no git range"),
    (["../a.mbox", "--tree", "."], "../a.mbox: cannot be read"),
    ([".", "--tree", "."], "no patch in this folder"),
])
def test_wrong_input(verify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = verify("series", *words)
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1
