"""What the terminal gets: progress, colours, its width, less and more; and completion in shells."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import mini
from tests.unit.cli.conftest import Command, Outcome
from verify.cli import output, progress, terminal
from verify.cli.main import cli, main
from verify.cli.progress import Line, watched
from verify.prove.outcome import PartResult, RuleResult, Status
from verify.report.text import WIDTH, Detail
from verify.verdict.watch import NOBODY

FAULT = ("if (wanted >= hyp_ffa_version)\n            result", "result")
ESCAPES = re.compile("\x1b\\[[0-9;]*[mK]")
RESULTS = [RuleResult("FFA-VER-07", "SEED", trust, (PartResult("p", "f", Status.PROVED),)) for trust in ("L0", "L2")]


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise io.UnsupportedOperation


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen()
    for name in ("CI", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=made))  # pytest puts its own into sys
    return made


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.write(tmp_path_factory.mktemp("tree") / "bad", FAULT)


@pytest.fixture
def run(verify: Command, bad: Path) -> Command:
    """Judged once for all tests; `verify run` says with "(cached)" what it did not judge again."""
    def run_(*words: object) -> Outcome:
        kept = bad.parent / "kept"
        return verify("run", "--tree", bad, "--rule", "VER-0[17]", "--trust", "L2", "--jobs", 1, "--cache", kept, *words)

    return run_


def test_progress_says_what_is_judged_and_what_is_left(screen: Screen) -> None:
    with watched("6.12", False, False) as watch:
        watch.stage("executing the handlers")
        watch.rules(["FFA-MEM-24", "FFA-VER-07"], 17, 114)
        watch.finished(RESULTS)
    shown = screen.getvalue().split("\r")
    assert re.fullmatch("6.12: executing the handlers, 0:0[0-9]\x1b\\[K", shown[1])
    assert re.fullmatch("6.12: 17 of 114 rules, 97 left, 0:0[0-9]; now FFA-MEM-24, FFA-VER-07\x1b\\[K", shown[2])
    assert shown[-1] == "\x1b[K", "nothing of it stays"
    assert "\n" not in screen.getvalue()


def test_progress_is_no_wider_than_the_terminal(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    Line("a-name\x1b[31m", True, False).rules(["FFA-MEM-24"] * 8, 1, 2)
    shown = screen.getvalue().removeprefix("\r").removesuffix("\x1b[K")
    assert len(shown) < 40 and shown.endswith("…")
    assert "\x1b" not in shown and "\\x1b[31m" in shown


@pytest.mark.parametrize(("variable", "value"), [("CI", "true"), ("TERM", "dumb")])
def test_no_progress_where_nobody_watches(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with watched("6.12", False, False) as watch:
        assert watch is NOBODY
    assert screen.getvalue() == ""


def test_quiet_has_no_progress_and_verbose_a_line_for_each_rule(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    with watched("6.12", True, False) as watch:
        assert watch is NOBODY
    with watched("6.12", False, True) as watch:
        watch.finished(RESULTS)
    told = screen.getvalue().replace("\r\x1b[K", "")
    assert told == "6.12: FFA-VER-07 L0 \x1b[32mproved\x1b[0m, queries 0; L2 \x1b[32mproved\x1b[0m, queries 0\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in progress._told(RESULTS, "6.12")


def test_colours_change_no_word(run: Command) -> None:
    text = run().out
    coloured = terminal.coloured(text)
    assert ESCAPES.sub("", coloured) == text
    assert f"{terminal.RED}violated{terminal.OFF}" in coloured and f"{terminal.GREEN}proved{terminal.OFF}" in coloured
    assert f"{terminal.BOLD}{terminal.RED}FFA-VER-07 L2 SEED" in coloured
    assert f"{terminal.RED}  wrong: " in coloured


def test_a_title_is_not_coloured_for_its_words() -> None:
    line = "FFA-VER-07  violated        proved                12  What is proved is not violated"
    assert terminal.coloured(line).endswith("12  What is proved is not violated")
    assert terminal.coloured(line).count("\x1b") == 4
    assert terminal.coloured("a proved thing\n") == "a proved thing\n"


def test_names_do_not_reach_a_terminal_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    for variable in ("", "1"):
        monkeypatch.setenv("NO_COLOR", variable)
        assert output._for_terminal("text", "\x1b]0;t\x07\u202e\x0c\u2028\n") == "\\x1b]0;t\\x07\\u202e\\x0c\\u2028\n"
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert output._for_terminal("text", "\x1b\n") == "\x1b\n", "a file gets what was written"


@pytest.mark.parametrize(("stream", "columns", "width"), [
    (Screen(), "60", 60), (Screen(), "", 99), (Screen(), "none", 99), (io.StringIO(), "60", 99),
])
def test_the_width(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, columns: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal.columns(stream, 99) == width


def test_a_text_fits_a_narrow_terminal(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = run().out
    monkeypatch.setattr(output, "columns", lambda *_: 60)
    narrow = run().out
    told = [line for line in narrow.splitlines() if line.startswith(("     lines:", " " * 12))]
    assert told and max(map(len, told)) <= 60 < max(map(len, wide.splitlines())) <= WIDTH + 12


def test_quiet_tells_counts_and_a_line_a_finding(run: Command) -> None:
    run()
    done = run("--quiet")
    first, second = done.out.splitlines()
    assert first.startswith("bad: 2 rules at L2, which decides: 1 violated, 1 proved. Findings that fail the run: 1")
    assert re.match(r"arch/arm64/kvm/hyp/nvhe/ffa\.c:\d+: FFA-VER-07 .*; wrong: x0", second)
    assert (done.status, done.err) == (1, "")


def test_verbose_tells_parts_and_all_calls(run: Command) -> None:
    normal, verbose = run(), run("-v", "--fresh")
    assert "    L2 violated: " in verbose.out and "    L2 proved: " in verbose.out
    assert normal.out.count("     lines: ") == 1 and verbose.out.count("     lines: ") == 2
    assert "bad: FFA-VER-07 L2 violated, findings 1, queries " in verbose.err
    assert "bad: FFA-VER-01 L2 proved, queries " in verbose.err


def test_quiet_and_verbose_contradict_each_other(run: Command) -> None:
    done = run("-q", "-v")
    assert done.status == 2 and "give one of them" in done.err


def test_a_report_that_is_no_text_is_the_same_with_both(run: Command) -> None:
    run()
    assert len({run("--format", "json", *more).out for more in ((), ("-q",), ("-v",))}) == 1
    assert Detail.NORMAL is not Detail.FULL


def test_html_has_the_trees_lines(run: Command, tmp_path: Path) -> None:
    assert run("--format", "html", "--output", tmp_path / "page.html").status == 1
    text = re.sub("</?i[^>]*>", "", (tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "DECLARE_REG(u32, wanted, ctxt, 1);" in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize("form", ["text", "json", "html", "markdown", "junit", "sarif"])
def test_a_tree_may_have_any_name(run: Command, verify: Command, bad: Path, tmp_path: Path, form: str) -> None:
    run()
    tree, file = tmp_path / os.fsdecode(b"bad\xff"), tmp_path / "report"
    shutil.copytree(bad, tree)
    done = verify("run", "--tree", tree, "--rule", "VER-0[17]", "--trust", "L2", "--jobs", 1, "--cache",
                  bad.parent / "kept", "--format", form, "--output", file)
    assert done.status == 1
    assert "bad" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [[], *([name] for name in sorted(cli.commands))])
def test_help_has_examples_that_the_commands_know(verify: Command, words: list[str]) -> None:
    shown = verify(*words, "--help").out
    examples = re.findall(r"^    (verify .*)", shown.partition("Examples:")[2], re.MULTILINE)
    assert examples
    for example in examples:
        first, *rest = example.partition("#")[0].partition(">")[0].split()[1:]
        if first == "COMMAND":
            continue
        known = {name for option in cli.commands[first].params for name in (*option.opts, *option.secondary_opts)}
        assert {word for word in rest if word.startswith("-")} <= known, example


@pytest.mark.parametrize(("shell", "says"), [
    ("bash", "complete -o nosort -F _verify_completion verify"), ("zsh", "#compdef verify"), ("fish", "complete --no-files"),
])
def test_completion_prints_a_script(verify: Command, shell: str, says: str) -> None:
    done = verify("completion", shell)
    assert done.status == 0 and says in done.out and "_VERIFY_COMPLETE" in done.out


@pytest.mark.parametrize(("words", "offers"), [
    ("verify run --rule VER-0", "plain,VER-07"), ("verify run --target 6.12+", "plain,6.12+1-3"),
    ("verify run --trust ", "plain,L2"), ("verify run --format h", "plain,html"), ("verify rules SEC-0", "plain,SEC-01"),
    ("verify run --profile S", "plain,STRICT"), ("verify run --page-size ", "plain,16K"), ("verify comp", "plain,completion"),
])
def test_a_shell_is_offered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, offers: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["verify"])
    for name, value in (("_VERIFY_COMPLETE", "bash_complete"), ("COMP_WORDS", words),
                        ("COMP_CWORD", str(len(words.split(" ")) - 1))):
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        main()
    assert offers in capsys.readouterr().out.splitlines()


def test_bash_takes_the_script(verify: Command) -> None:
    script = verify("completion", "bash").out
    done = subprocess.run(["bash", "--norc", "-n"], input=script, text=True, capture_output=True,
                          env={"PATH": os.environ["PATH"]}, check=False)
    assert (done.returncode, done.stderr) == (0, "")
