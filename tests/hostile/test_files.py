"""Damaged snapshots, patches, settings and baselines; and files that do not end."""

from __future__ import annotations

import difflib
import hashlib
import re
from pathlib import Path
from random import Random

import pytest

from tests import mini
from tests.hostile.command import Outcome, Verify, complaint
from tests.hostile.mutate import damaged, damaged_json
from verify.frontend.preprocess import FFA_C

NEW = mini.SOURCE.replace("int k;", "int j;").replace("    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n", "")
PATCH = "".join([
    "From: x\nSubject: y\n\n---\n", f"diff --git a/{FFA_C} b/{FFA_C}\nindex 1..2 100644\n",
    *difflib.unified_diff(mini.SOURCE.splitlines(True), NEW.splitlines(True), f"a/{FFA_C}", f"b/{FFA_C}"), "-- \n2.30\n"])
STRANGE = (
    "--- ../../../../etc/passwd", "+++ /etc/passwd", "rename from a/x", "rename to ../../x", "Binary files a/x and b/y differ",
    "GIT binary patch", "@@ -0,0 +1,99999999999999999999 @@", "@@ -99999999999999999999,1 +1,1 @@", "+++ /dev/null", "--- /dev/null",
    "new file mode 120000", "deleted file mode 100644", "\x1b[31m", "@@@ -1 -1 +1 @@@")
SETTINGS = """[[accepted]]
fingerprint = "1a765e292f97f652"
reason = "a series is under review"
expires = 2027-06-30

[binding]
handler = "kvm_host_ffa_handler"
"""
BASELINE = '{"schema":2,"runs":[{"results":[{"parts":[{"findings":[{"fingerprint":"1a765e292f97f652"}]}]}]}]}'
ONE_RULE = ("--rule", "CC-02", "--trust", "L2", "--jobs", "1")


@pytest.fixture
def snapshot(verify: Verify, tree: Path) -> Path:
    assert verify(tree, ["extract", "--tree", tree, "--out", tree / "all", "--name", "mini"]).status == 0
    return tree / "all" / "mini"


def replaced(snapshot: Path, file: Path, text: str) -> None:
    """With the digest that it now has, so that it is read."""
    file.write_bytes(text.encode(errors="surrogatepass"))
    manifest, name = snapshot / "manifest.toml", re.escape(str(file.relative_to(snapshot)))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest.write_text(re.sub(rf'("{name}" = )"[0-9a-f]+"', rf'\1"{digest}"', manifest.read_text()))


def checked(verify: Verify, tree: Path) -> Outcome:
    return verify(tree, ["extract", "--tree", tree, "--name", "mini", "--check", tree / "all"])


@pytest.mark.parametrize("shard", range(3))
def test_damaged_snapshots(verify: Verify, tree: Path, snapshot: Path, shard: int, inputs: int) -> None:
    rng = Random(shard)
    texts = {file: file.read_text() for file in sorted(snapshot.rglob("*.json"))}
    for number in range(inputs):
        file = rng.choice([*texts])
        replaced(snapshot, file, damaged_json(texts[file], rng))
        done = checked(verify, tree)
        assert complaint(done) == "", (number, done.err)
        replaced(snapshot, file, texts[file])


@pytest.mark.parametrize(("old", "new", "said"), [
    ('["const",64,', '["const",1099511627776,', "IR that breaks its own rules"),
    ('["const",64,', f'["const",{"9" * 4000},', "is not an integer of this size"),
    ('["const",64,', '["const",NaN,', "is not an integer"),
    ('"result":', f'"result":{"[" * 5000}{"]" * 5000},"x":', "malformed"),
    ('"name":"answer"', '"name":"answer\\u001b[2J"', "printable"),
    ('"name":"answer"', '"name":"\\ud800"', "printable"),
])
def test_what_a_snapshot_must_not_hold(verify: Verify, tree: Path, snapshot: Path, old: str, new: str, said: str) -> None:
    file = next(file for file in sorted((snapshot / "functions").iterdir()) if old in file.read_text())
    replaced(snapshot, file, file.read_text().replace(old, new, 1))
    done = checked(verify, tree)
    assert (done.status, complaint(done), said in done.err) == (2, "", True), done.err


def test_functions_of_a_snapshot_that_call_each_other(verify: Verify, tree: Path, snapshot: Path) -> None:
    """No C that was extracted does."""
    file = snapshot / "functions" / "answer.json"
    replaced(snapshot, file, file.read_text().replace(
        '"blocks":[\n["entry.1",', '"blocks":[\n["entry.1",\n ["call",null,"hyp_ffa_init",[["null",-1]],[0,1]],')
        .replace('"hyp_ffa_init",[["null",-1]]', '"answer",[["null",-1],["const",64,0],["const",64,0],["const",64,0]]'))
    done = checked(verify, tree)
    assert (done.status, "answer: calls itself" in done.err) == (2, True), done.err


def test_damaged_manifests(verify: Verify, tree: Path, snapshot: Path, inputs: int) -> None:
    manifest, rng = snapshot / "manifest.toml", Random(7)
    text = manifest.read_bytes()
    for number in range(inputs):
        manifest.write_bytes(damaged(text, rng))
        assert complaint(done := checked(verify, tree)) == "", (number, done.err)


def test_damaged_patches(verify: Verify, tree: Path, inputs: int) -> None:
    rng, patch = Random(3), tree / "a.patch"
    patch.write_text(PATCH)
    assert verify(tree, ["extract", "--tree", tree, "--patch", patch]).status == 0
    for number in range(2 * inputs):
        lines = damaged(PATCH.encode(), rng).split(b"\n")
        if rng.random() < 0.4:
            lines[rng.randrange(len(lines))] = rng.choice(STRANGE).encode()
        patch.write_bytes(b"\n".join(lines))
        done = verify(tree, ["extract", "--tree", tree, "--patch", patch])
        assert complaint(done) == "", (number, done.err)


@pytest.mark.parametrize(("option", "content"), [("--config", SETTINGS), ("--baseline", BASELINE)])
def test_damaged_settings(verify: Verify, tree: Path, inputs: int, option: str, content: str) -> None:
    rng, file = Random(5), tree / "file"
    for number in range(inputs):
        file.write_bytes(damaged(content.encode(), rng))
        done = verify(tree, ["run", "--tree", tree if number % 8 == 0 else tree / "none", *ONE_RULE, option, file])
        assert complaint(done) == "", (number, done.err)


@pytest.mark.parametrize(("settings", "said"), [
    ('handler = "(a+)+$"', "no name of a function"), ('handler = "x) y(\\n#define z"', "no name of a function"),
    ('init = "refuse"', "refuse: does not take one pointer"), ('version = "nope.x"', "no binding fits" ), ("handler = 1", "no name of a function"), ("init = 1", "is expected"),
])
def test_settings_that_are_text_and_nothing_more(verify: Verify, tree: Path, settings: str, said: str) -> None:
    (tree / "verify.toml").write_text(f"[binding]\n{settings}\n")
    done = verify(tree, ["run", "--tree", tree, *ONE_RULE])
    assert complaint(done) == ""
    assert done.status == 0 if said == "no binding fits" else said in done.err


@pytest.mark.parametrize("words", [
    ("extract", "--tree", ".", "--patch", "/dev/zero"), ("run", "--config", "/dev/zero"), ("run", "--baseline", "/dev/zero")])
def test_a_file_that_does_not_end(verify: Verify, tree: Path, words: tuple[str, ...]) -> None:
    done = verify(tree, words)
    assert (done.status, complaint(done), "longer than 32 MiB" in done.err) == (2, "", True)
