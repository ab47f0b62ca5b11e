"""Rules of a user's own: where they are read from, and what is said of mistakes in them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import specs
from specs.bindings.pkvm import PKVM
from tests import mini
from verify.errors import InputError
from verify.prove.target import make_target
from verify.rules.own import check_parts, load_own, own_rules
from verify.rules.scene import Scene

specs.load()
HEAD = '''from collections.abc import Iterator

from verify.rules import Clause, Part, Scene, all_of, either, part, require, rule

CALLS = 0x84000063


@rule("ACME-VER-01", "A title", Clause("ACME", "1"), force="policy", confidence="high")
def statement(scene: Scene) -> Iterator[Part]:
    """A sentence.

    Clause: none.
    Reading: none.
    Applies to: all.
    Not covered: nothing.
    """
'''
GOOD = 'yield part("a", scene.call.is_(CALLS), [require("text", scene.result.x(3) == 0)])'
LINE = HEAD.count("\n") + 1


def yields(then: str, given: str = "scene.call.is_(CALLS)") -> str:
    return f'yield part("a", {given}, require("text", {then}))'


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    load_own(())


@pytest.fixture(scope="module")
def scene() -> Scene:
    return make_target(mini.unit(), PKVM, memory=True).scene("SEED")


def write(folder: Path, *body: str, head: str = HEAD, name: str = "acme.py") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(head + "".join(f"    {line}\n" for line in body), encoding="utf-8")
    return folder


def test_a_folder_adds_its_rules_and_takes_them_back(tmp_path: Path) -> None:
    load_own([write(tmp_path / "rules", GOOD)])
    assert [(rule.identity, rule.place.rpartition("/")[2]) for rule in own_rules()] == [("ACME-VER-01", "acme.py:8")]
    load_own([])
    assert own_rules() == ()


def test_one_file_of_a_folder_may_import_another(tmp_path: Path) -> None:
    folder = write(tmp_path, GOOD, head=HEAD.replace("CALLS = 0x84000063", "from .phrases import CALLS"))
    (folder / "phrases.py").write_text("CALLS = 0x84000063\n")
    (folder / "test_not_loaded.py").write_text("import nothing_like_that\n")
    load_own([folder / "acme.py"])
    assert len(own_rules()) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["acme.py", "phrases.py", "test_not_loaded.py"]


def test_each_text_of_the_folder_is_in_the_digest(tmp_path: Path) -> None:
    folder = write(tmp_path, GOOD)
    (folder / "_shared.py").write_text("A = 1\n")
    before = load_own([folder])
    assert load_own([folder]) == before != ""
    (folder / "_shared.py").write_text("A = 2\n")
    after = load_own([folder])
    write(folder, GOOD + "  # edited")
    assert len({before, after, load_own([folder]), load_own([])}) == 4


def test_an_edit_within_the_same_second_is_seen(tmp_path: Path) -> None:
    for title in ("One", "Two"):
        load_own([write(tmp_path, GOOD, head=HEAD.replace("A title", title))])
        assert [rule.title for rule in own_rules()] == [title]


@pytest.mark.parametrize(("old", "new", "line", "said"), [
    ("    Reading: none.\n", "", 8, "rule ACME-VER-01: the docstring has no Reading"),
    ('    """A sentence.', '    f"""A sentence.', 8, "rule ACME-VER-01: no docstring"),
    ("ACME-VER-01", "FFA-VER-01", 8, "rule FFA-VER-01: the name is taken, by "),
    ("ACME-VER-01", "acme 1", 8, "a rule's name is like FFA-XYZ-01"),
    ('force="policy"', 'force="law"', 8, "force='law': one of security, spec, contested, policy"),
    ('confidence="high"', 'confidence="sure"', 8, "confidence='sure': one of high"),
    ('"high")', '"high", profiles=("ALL",))', 8, "profiles=('ALL',): some of BASE"),
    ("import Clause,", "import Clauses,", 3, "cannot import name 'Clauses' from 'verify.rules'"),
    ("CALLS = 0x84000063", "CALLS = 1 / 0", 5, "ZeroDivisionError: division by zero"),
    ("CALLS = 0x84000063", "CALLS = (", 5, "not Python: '(' was never closed"),
    ("CALLS = 0x84000063", "raise SystemExit(0)", 1, "ends the program when it is loaded"),
])
def test_a_file_that_cannot_be_taken(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    assert HEAD.count(old) == 1
    folder = write(tmp_path, GOOD, head=HEAD.replace(old, new))
    with pytest.raises(InputError) as problem:
        load_own([folder])
    assert f"acme.py:{line}: " in str(problem.value)
    assert said in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_name_can_be_taken_by_another_folder(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a", GOOD), write(tmp_path / "b", GOOD, name="other.py")
    with pytest.raises(InputError, match=r"other.py:8: rule ACME-VER-01: the name is taken, by .*acme.py:8"):
        load_own([first, second])


@pytest.mark.parametrize(("what", "said"), [
    ("nothing", "No such file or directory"), ("empty", "no *.py file there"), ("empty/a.py", "no such file of rules"),
])
def test_a_folder_that_is_none(tmp_path: Path, what: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as problem:
        load_own([tmp_path / what])
    assert said in str(problem.value)


@pytest.mark.parametrize(("body", "said"), [
    (yields("scene.result.x(31) == 0"), "there is no register x31 here (x0 to x30)"),
    (yields("scene.result.w(0) == scene.result.x(1)"), "widths differ: 32 and 64 bits; use .low32"),
    (yields("scene.result.w(0) == 1 << 32"), "0x100000000 does not fit into the 32 bits"),
    (yields("scene.result.x(0).bits_(64, 0) == 1"), ".bits_(64, 0) of 64 bits"),
    (yields("scene.result.x(0).widened(32) == 1"), ".widened(32) of 64 bits: use .bits_(31, 0)"),
    (yields("not scene.pre.negotiated"), "if/and/or/not: use &, |, ~ or .implies()"),
    (yields("scene.emitted", "scene.call.is_(CALLS) and scene.pre.negotiated"), "if/and/or/not: use &, |, ~"),
    (yields("scene.emitted", "scene.call.is_(CALLS) & scene.call.w(1)"), "& joins truth values"),
    (yields("scene.result.w(0) == 1 & scene.result.w(1) == 2"), "bind more tightly than ==: write (a == b) & (c == d)"),
    (yields("scene.emitted", "scene.call.w(0) == 4 & scene.pre.negotiated"), "& joins truth values of a call, and one "
     "side is a number: compare it first; & and | bind more tightly than ==: write (a == b) & (c == d)"),
    (yields("scene.emitted", "scene.call.w(0) == 4 | scene.pre.negotiated"), "| joins truth values of a call, and one"),
    (yields("scene.emitted", "scene.pre.negotiated & scene.call.w(0) == 4"), "write (a == b) & (c == d)"),
    (yields("scene.result.w(0) & 1 == 0"), "& joins truth values and takes no number's bits (.bits_(high, low) and"),
    (yields("1 | scene.result.w(0) == 0"), "| joins truth values and takes no number's bits"),
    (yields("~scene.result.w(0) == 0"), "~ joins truth values and takes no number's bits"),
    (yields("scene.result.w(0).masked(scene.call.w(0)) == 0"), "a number is needed, not Word"),
    (yields("either(scene.emitted, scene.call.w(0), scene.call.x(0)) == 0"), "either() of 32 and 64 bits; use .low32"),
    (yields("either(scene.emitted, scene.call.w(0), 1) == 0"), "and one is int 1; number(value, bits) makes one"),
    (yields("either(scene.call.x(1), scene.call.w(0), scene.call.w(0)) == 0"), "a truth value of a call, not Word"),
    (yields("scene.call.w(0).only_if(1) == 0"), ".only_if(): its condition is a truth value of a call, not int"),
    (yields("scene.emitted | True"), "| joins truth values of a call, and one side is bool True"),
    (yields("1 < scene.call.w(1) < 4"), "if/and/or/not"),
    (yields("scene.pre.negotiated == scene.post.negotiated"), "not compared with == or !=: use a.iff(b)"),
    (yields("scene.pre.negotiated != scene.post.negotiated"), "not compared with == or !=: use a.iff(b)"),
    (yields("all_of({scene.pre.negotiated})"), "in a set or as a key"),
    (yields("scene.pre.versoin == 1"), "State has no versoin; did you mean version? it has"),
    (yields("scene.result.w(0) == scene.constant('FFA_ERRO')"), "no constant FFA_ERRO; did you mean FFA_ERROR?"),
    (yields("scene.smcs[9].made"), "a call may have fewer of these; go through all of them"),
    (yields("scene.call.w(1)"), "require('text', …) needs a truth value, not Word"),
    (yields("scene.emitted", "True"), "part a: given is a truth value of a call, not bool"),
    ("if scene.pre.negotiated: yield", "if/and/or/not: use &, |, ~ or .implies()"),
    ("yield scene.emitted", "yields Truth; yield part(…)"),
    (f"{GOOD}; {GOOD}", "a second part by the name 'a'; give each its own"),
    ("yield undefined", "NameError: name 'undefined' is not defined"),
])
def test_a_mistake_is_told_at_its_line(tmp_path: Path, scene: Scene, body: str, said: str) -> None:
    load_own([write(tmp_path, "# a line before it", body)])
    (rule,) = own_rules()
    with pytest.raises(InputError) as problem:
        check_parts(rule, scene)
    assert f"acme.py:{LINE + 1}: rule ACME-VER-01: " in str(problem.value)
    assert said in str(problem.value)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(("body", "said"), [
    ("return; yield", "yields no part; yield part(…)"),
    ('yield part("a", scene.call.is_(CALLS), [])', "part a: nothing is required; give require(…)"),
])
def test_a_rule_that_says_nothing(tmp_path: Path, scene: Scene, body: str, said: str) -> None:
    load_own([write(tmp_path, body)])
    with pytest.raises(InputError) as problem:
        check_parts(own_rules()[0], scene)
    assert f"acme.py:8: rule ACME-VER-01: {said}" in str(problem.value)


@pytest.mark.parametrize(("body", "said"), [
    (GOOD.replace("yield ", "return "), "returns Part; write yield before part(…)"),
    (GOOD.replace("yield ", "one = "), "returns nothing; write yield before part(…)"),
])
def test_a_rule_that_forgets_to_yield(tmp_path: Path, scene: Scene, body: str, said: str) -> None:
    load_own([write(tmp_path, body)])
    with pytest.raises(InputError, match=rf"acme.py:8: rule ACME-VER-01: {re.escape(said)}"):
        check_parts(own_rules()[0], scene)


@pytest.mark.parametrize(("body", "said"), [
    (GOOD.replace("yield ", ""), "part(…) is made and not used; write yield before it"),
    ('require("text", scene.emitted)', "require(…) is made and not used; it belongs into a part(…)"),
])
def test_a_part_that_is_dropped_is_told_at_its_line(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"acme.py:{LINE + 1}: {re.escape(said)}"):
        load_own([write(tmp_path, GOOD, body)])


def test_mistakes_are_told_where_assertions_are_off() -> None:
    text = ("from verify.rules import all_of, either, number\n"
            "either(all_of([]), number(0, 32), number(0, 64))\n")
    told = subprocess.run([sys.executable, "-O", "-c", text], capture_output=True, text=True, check=False)
    assert "RuleError: either() of 32 and 64 bits; use .low32" in told.stderr


def test_a_mistake_in_a_shared_phrase_is_told_there(tmp_path: Path, scene: Scene) -> None:
    folder = write(tmp_path, yields("zero(scene)"), head=HEAD.replace("CALLS =", "from .phrases import zero\nCALLS ="))
    (folder / "phrases.py").write_text("def zero(scene):\n    return scene.result.w(0) == scene.call.x(1)\n")
    load_own([folder])
    with pytest.raises(InputError, match=r"phrases.py:2: rule ACME-VER-01: widths differ"):
        check_parts(own_rules()[0], scene)


def test_a_rule_says_the_same_whenever_it_is_asked(tmp_path: Path, scene: Scene) -> None:
    """An iterator at the head of a file is empty when a statement runs again: nothing would be required then."""
    head = HEAD.replace("CALLS = 0x84000063", "CALLS = 0x84000063\nUNUSED = map(int, '123')")
    load_own([write(tmp_path, yields("all_of(scene.result.x(k) == 0 for k in UNUSED)"), head=head)])
    with pytest.raises(InputError, match="says something else when it is asked again"):
        check_parts(own_rules()[0], scene)


def test_a_statement_that_ends_the_program_is_a_mistake(tmp_path: Path, scene: Scene) -> None:
    load_own([write(tmp_path, GOOD, "raise SystemExit(0)")])
    with pytest.raises(InputError, match=rf"acme.py:{LINE + 1}: rule ACME-VER-01: SystemExit"):
        check_parts(own_rules()[0], scene)


def test_a_copied_rule_does_not_replace_the_first(tmp_path: Path) -> None:
    folder = write(tmp_path, GOOD)
    text = (folder / "acme.py").read_text()
    (folder / "acme.py").write_text(text + "\n\n" + text[text.index("@rule"):])
    with pytest.raises(InputError, match=r"the name is taken, by .*acme\.py:8"):
        load_own([folder])


def test_a_number_that_does_not_fit_is_a_mistake(tmp_path: Path, scene: Scene) -> None:
    head = HEAD.replace("either, part", "number, part")
    load_own([write(tmp_path, yields("scene.result.w(0) == number(0x184000063, 32)"), head=head)])
    with pytest.raises(InputError, match="does not fit into 32 bits"):
        check_parts(own_rules()[0], scene)
