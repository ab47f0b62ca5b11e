"""`verify rules …` and `verify watch`: what an author of rules sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Command
from tests.unit.rules.test_own import HEAD, yields

REPO = Path(__file__).resolve().parents[3]


@pytest.fixture
def rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    return Path("rules") / "acme.py"


def says(rule: Path, *body: str) -> Path:
    rule.write_text(HEAD + "".join(f"    {line}\n" for line in body))
    return rule


def test_a_rule_is_shown_by_its_name_alone(verify: Command) -> None:
    shown = verify("rules", "VER-07")
    assert shown.status == 0 and shown.out.startswith("FFA-VER-07  Lower minor requested after negotiation\n")
    assert verify("rules", "show", "FFA-VER-07").out == shown.out
    assert verify("rules").out.count("FFA-") >= 114
    assert verify("rules", "nothing").err == "verify: no rule matches nothing; `verify rules` lists them\n"


def test_a_rule_of_ones_own_is_listed_and_shown(verify: Command, rule: Path) -> None:
    says(rule, yields("scene.emitted"))
    assert "ACME-VER-01  policy     A title" in verify("rules", "--rules", "rules").out
    assert "A sentence." in verify("rules", "--rules", "rules", "ACME-*").out
    assert "A sentence." in verify("rules", "show", "ACME-*", "--rules", "rules").out


def test_a_check_tells_what_is_bound_met_and_wrong(verify: Command, rule: Path) -> None:
    says(rule, yields("scene.result.x(1) == scene.call.x(1)", "scene.call.is_(CALLS) & scene.result.handled"))
    told = verify("rules", "check", rule, "--target", "small")
    assert told.status == 1
    assert told.out.splitlines()[:3] == [
        "ACME-VER-01  A title  (rules/acme.py:8)", "  part a: violated at L2", "    binds    FFA_VERSION"]
    assert "    premise  met by FFA_VERSION(" in told.out
    assert "through  kvm_host_ffa_handler, is_ffa_call, do_ffa_version, agree, answer\n" in told.out
    assert "wrong    arch/arm64/kvm/hyp/nvhe/ffa.c:80 (do_ffa_version): text: x1" in told.out


@pytest.mark.parametrize(("body", "status", "said"), [
    (yields("scene.pre.minor <= 1"), 0, "note     'text' holds without the premise, for every call"),
    (yields("scene.call.w(1) >= 0"), 0, "note     'text' is true as it is written, of any call"),
    (yields("scene.result.x(4) == 0", "scene.call.is_(CALLS) & (scene.call.w(1) == 1) & (scene.call.w(1) == 2)"), 3,
     "note     the premise contradicts itself"),
    (yields("scene.result.x(4) == 0", "scene.call.is_(CALLS) & (scene.pre.version == 0x30000)"), 3,
     "premise  no call meets it"),
    (yields("scene.result.x(4) == 0", "scene.call.is_(CALLS) & scene.post.negotiated"), 0,
     "note     the premise reads post.negotiated"),
])
def test_a_check_tells_what_says_nothing(verify: Command, rule: Path, body: str, status: int, said: str) -> None:
    told = verify("rules", "check", says(rule, body), "--target", "small")
    assert (told.status, said in told.out) == (status, True), told.out


def test_a_rule_that_says_something_has_no_note(verify: Command, rule: Path) -> None:
    told = verify("rules", "check", says(rule, yields("scene.result.x(4) == 0")), "--target", "small")
    assert (told.status, "note" in told.out, "proved" in told.out) == (0, False, True)


def test_a_first_look_at_a_kernel_leaves_open_what_needs_memory(verify: Command, rule: Path) -> None:
    body = [yields("scene.result.x(20) == scene.call.x(20)", f"scene.call.is_({call})").replace('"a"', f'"{call:x}"')
            for call in (0xC4000066, 0x8400006F)]
    told = verify("rules", "check", says(rule, *body), "--quick")
    assert told.status == 3
    assert "part c4000066: unsupported at L2: share-hyp of pages (arch/arm64/kvm/hyp/nvhe/ffa.c:" in told.out
    assert "part 8400006f: proved at L2\n" in told.out
    assert "assumed  memory-safe(" in told.out


def test_a_rule_that_comes_with_the_program_can_be_checked(verify: Command) -> None:
    told = verify("rules", "check", REPO / "specs" / "ffa" / "message_refusals.py", "--target", "small")
    assert told.status == 0
    assert "FFA-MSG-" in told.out


def test_what_cannot_be_checked_is_told(verify: Command, rule: Path) -> None:
    assert verify("rules", "check", "none.py").err.startswith("verify: none.py: no such file of rules")
    rule.write_text("A = 1\n")
    assert "no rule there; @rule(…) stands above each" in verify("rules", "check", rule, "--target", "small").err
    assert verify("rules", "check", says(rule, "yield 1"), "--target", "small").err == (
        "verify: rules/acme.py:17: rule ACME-VER-01: yields int; yield part(…)\n")


def test_new_writes_what_passes(verify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert verify("rules", "new", "ACME-X-01", "--dir", "own").status == 0
    tested = verify("rules", "test", "--rules", "own", "--jobs", "1")
    assert (tested.status, tested.out.splitlines()[-1]) == (0, "2 examples agree")
    again = verify("rules", "new", "ACME-X-01", "--dir", "own")
    assert (again.status, again.err.split(";")[0]) == (2, "verify: own/acme_x_01.py: is there already")
    assert "a rule's name is like FFA-XYZ-01" in verify("rules", "new", "x").err
    assert "the name is taken" in verify("rules", "new", "FFA-VER-01").err


def test_a_test_that_does_not_agree_fails(verify: Command, tmp_path: Path) -> None:
    path = tmp_path / "one.md"
    path.write_text("# One\n\n| rule | verdict |\n|---|---|\n| FFA-VER-03 | violated |\n")
    told = verify("rules", "test", path, "--jobs", "1")
    assert (told.status, told.out) == (1, f"FAILED  {path}: One\n  {path}:5: FFA-VER-03: expected violated, found proved\n"
                                          "1 examples, 1 do not agree\n")
    again = verify("rules", "test", tmp_path / "none.md")
    assert (again.status, again.err) == (2, f"verify: {tmp_path}/none.md: no literate test there (*.md)\n")


def test_one_that_cannot_be_judged_does_not_hide_the_others(verify: Command, tmp_path: Path) -> None:
    path = tmp_path / "one.md"
    path.write_text("# One\n\n| rule | verdict |\n|---|---|\n| FFA-NO-01 | proved |\n\n## Two\n\n"
                    "| rule | verdict |\n|---|---|\n| FFA-VER-03 | proved |\n")
    told = verify("rules", "test", path, "--jobs", "1")
    assert (told.status, told.out) == (
        2, f"FAILED  {path}: One\n  {path}:5: no rule matches FFA-NO-01; `verify rules` lists them\n"
           f"ok      {path}: Two\n2 examples, 1 cannot be run\n")


def test_a_file_that_cannot_be_read_does_not_hide_the_others(verify: Command, tmp_path: Path) -> None:
    broken, good = tmp_path / "a.md", tmp_path / "b.md"
    broken.write_text("# One\n\n```c\nint x;\n")
    good.write_text("# Two\n\n| rule | verdict |\n|---|---|\n| FFA-VER-03 | proved |\n")
    (tmp_path / "c.md").write_bytes(b"# \xff\n")
    told = verify("rules", "test", tmp_path, "--jobs", "1")
    assert told.status == 2
    assert told.out.startswith(f"FAILED  {broken}\n  {broken}:3: this block is never closed; end it with ```\n"
                               f"ok      {good}: Two\nFAILED  {tmp_path}/c.md\n  {tmp_path}/c.md")
    assert told.out.endswith("\n1 examples, 2 cannot be run\n")


def test_slow_examples_are_left_out_where_it_is_to_be_quick(verify: Command, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\n## One\n\n```toml\nslow = true\n```\n\n| rule | verdict |\n|---|---|\n"
                                   "| FFA-VER-03 | proved |\n\n## Two\n\n| rule | verdict |\n|---|---|\n"
                                   "| FFA-VER-03 | proved |\n")
    told = verify("rules", "test", tmp_path, "--jobs", "1", "--quick")
    assert (told.status, told.out) == (0, f"ok      {tmp_path}/a.md: Two\n1 examples agree; 1 left out, as they are slow\n")


def test_mediators_of_literate_tests_are_printed_and_judged(verify: Command, rule: Path) -> None:
    small, memory = verify("rules", "base"), verify("rules", "base", "memory")
    assert (small.status, memory.status) == (0, 0)
    assert "static void do_ffa_version(" in small.out and "do_ffa_mem_reclaim" not in small.out
    assert "static void do_ffa_version(" in memory.out and memory.out.count("static bool do_ffa_mem_reclaim(") == 1
    told = verify("rules", "base", "large")
    assert (told.status, "'small', 'mailbox', 'partition', 'memory'" in told.err) == (2, True)
    told = verify("rules", "check", says(rule, yields("scene.result.x(4) == 0")), "--target", "mailbox", "--quick")
    assert (told.status, "part a: proved" in told.out) == (0, True)


def test_watch_looks_again_when_a_file_is_saved(
    verify: Command, rule: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = iter([yields("scene.result.x(4) == 1"), yields("oops"), yields("scene.result.x(5) == 0")])

    def sleep(seconds: float) -> None:
        body = next(saved, None)
        if body is None:
            raise KeyboardInterrupt
        says(rule, f"{body}  # {len(body) * ' '}")

    left: list[int] = []
    monkeypatch.setattr("verify.cli.watch.time.sleep", sleep)
    monkeypatch.setattr("verify.cli.main._leave", lambda status: left.append(status) or exit(status))
    told = verify("watch", says(rule, yields("scene.result.x(4) == 0")), "--target", "small")
    verdicts = [line for line in told.out.splitlines() if line.startswith(("  part", "--"))]
    assert [line.split(" at ")[0].split(" s;")[-1].strip() for line in verdicts] == [
        "part a: proved", "waiting for rules/acme.py to be saved (Ctrl-C ends)", "part a: violated",
        "waiting for rules/acme.py to be saved (Ctrl-C ends)", "waiting for rules/acme.py to be saved (Ctrl-C ends)",
        "part a: proved", "waiting for rules/acme.py to be saved (Ctrl-C ends)"]
    assert "rules/acme.py:17: rule ACME-VER-01: NameError: name 'oops' is not defined" in told.err
    assert left == [130]
