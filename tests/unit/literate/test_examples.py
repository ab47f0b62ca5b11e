"""Literate tests: what is read from Markdown, how C is put together, and that a disagreement is told at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from verify.cli.literate import base_of
from verify.errors import InputError
from verify.frontend.unit import lower_tree
from verify.ir.instr import Unsupported
from verify.literate.bases import LAYERS, base_files
from verify.literate.document import Line, read_examples
from verify.literate.judged import disagreements
from verify.literate.splice import splice
from verify.prove.outcome import Status
from verify.rules.book import load_rules

FAULT = """static bool do_ffa_direct_req(struct kvm_cpu_context *host)
{
	refuse(host, FFA_RET_DENIED);
	return true;
}
"""
LATE = """static u32 agree(u32 wanted)
{
	if (!hyp_ffa_version || wanted >> 16 != 1)
		return (u32)FFA_RET_NOT_SUPPORTED;
	if (has_version_negotiated)
		return (u32)FFA_RET_INVALID_PARAMETERS;%s
	smp_store_release(&has_version_negotiated, true);
	return hyp_ffa_version;
}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "example.md"
    path.write_text(text, encoding="utf-8")
    return path


def example(code: str, table: str = "", settings: str = "") -> str:
    rows = f"| rule | verdict |\n|---|---|\n{table}\n" if table else ""
    return f"# Title\n\n{settings}## One\n\n```c\n{code}```\n\n{rows}"


def problems(folder: Path, text: str) -> list[str]:
    """Without the folder."""
    found = []
    for one in read_examples(write(folder, text)):
        found += disagreements(one, base_of(one), load_rules())
    return [line.replace(f"{folder}/", "") for line in found]


SECTIONS = """# A file

```toml
trust = "L0"
```

## Only prose

```sh
ignored
```

## A table

| Rule | Verdict |
|------|---------|
| `FFA-VER-01`, FFA-CC-* | proved |
| FFA-MSG-03 part REQ | not-applicable |

| another | table |
|---|---|
| FFA-VER-02 | proved |

## C

```toml
functions = ["FFA_VERSION"]
slow = true
```

```c
int x; /* FFA-VER-01: violated (x0, version) */
int y; // FFA-VER-02, FFA-VER-03 part w*: unsupported; FFA-VER-04: proved
int z; /* FFA-VER-01 is a rule */
```
"""


def test_sections_with_c_or_a_table_are_examples(tmp_path: Path) -> None:
    first, second = read_examples(write(tmp_path, SECTIONS))
    assert [(e.rule, e.part, e.status, e.number, e.is_here) for e in first.expected] == [
        ("FFA-VER-01", "", Status.PROVED, 17, False), ("FFA-CC-*", "", Status.PROVED, 17, False),
        ("FFA-MSG-03", "REQ", Status.NOT_APPLICABLE, 18, False)]
    assert [(e.rule, e.part, e.status, e.number, e.is_here, e.outputs) for e in second.expected] == [
        ("FFA-VER-01", "", Status.VIOLATED, 32, True, {"x0", "version"}),
        ("FFA-VER-02", "w*", Status.UNSUPPORTED, 33, True, set()),
        ("FFA-VER-03", "w*", Status.UNSUPPORTED, 33, True, set()),
        ("FFA-VER-04", "", Status.PROVED, 33, False, set())]
    assert (first.settings.trust, first.settings.functions) == ("L0", ())
    assert (second.settings.trust, second.settings.functions, second.name) == ("L0", ("FFA_VERSION",), "C")
    assert (first.settings.slow, second.settings.slow) == (False, True)


@pytest.mark.parametrize(("text", "line", "said"), [
    ("# Nothing\n", 1, "no example"),
    (example("int x;\n"), 3, "nothing is expected of this C"),
    (example("int x; /* FFA-VER-01: violatd */\n"), 6, "no verdict violatd; there are not-applicable, proved"),
    (example("int x; /* FFA-VER-01 refused: violated */\n"), 6, "not an expectation: 'FFA-VER-01 refused: violated'"),
    (example("int x;\n", "| FFA-VER-01 | sure |"), 11, "no verdict sure"),
    (example("int x;\n", "| FFA-VER-01 | proved | L2 |"), 11, "a row of verdicts has two cells"),
    ("# A\n```c\nint x;\n", 2, "this block is never closed"),
    (example("int x;\n", "| FFA-VER-01 | proved |", "```toml\nlevel = 1\n```\n"), 4, "level: there are base, profile"),
    (example("int x;\n", "| FFA-VER-01 | proved |", "```toml\ntrust =\n```\n"), 4, "not TOML"),
    (2 * example("int x; /* FFA-VER-01: proved */\n"), 11, "a second example by the name 'One'"),
    (example("int x; /* FFA-VER-01 violated */\n"), 6, "not an expectation: 'FFA-VER-01 violated'"),
    (example("int x;\n/* FFA-VER-01\n is violated */\n"), 7, "not an expectation: 'FFA-VER-01 is violated'"),
    ("# A\n```cpp\nint x;\n```\n", 3, "a block of cpp"),
    ("# A\n| rule | verdict | why |\n|---|---|---|\n| FFA-VER-01 | proved | so |\n", 2, "has two columns"),
    ("# A\n ```TOML\n trust = 1\n ```\n", 3, "there are base, profile"),
])
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(InputError) as problem:
        read_examples(write(tmp_path, text))
    assert str(problem.value).startswith(f"{tmp_path}/example.md:{line}: ")
    assert said in str(problem.value)


def test_definitions_take_the_place_of_others() -> None:
    base = """#include <a.h>
#define A 1
/* What it is. */
struct s {
	int x;
};
static struct s table[] = { { 1 } };
static int f(int x);
/* "{" */
static int f(int x)
{
	return '{' + x;
}

int g(void)
{
	return f(A);
}
"""
    code = ["#define A 2", "#define B \\", "\t3", "static int h(void) { return B; }", "int g(void)", "{",
            "\treturn h();", "}", "int last;"]
    lines = splice(base, [Line(text, 10 + k) for k, text in enumerate(code)], Path("x.md"))
    text = "\n".join(line.text for line in lines)
    assert text == base.replace("A 1", "A 2").replace("\nint g(void)\n{\n\treturn f(A);\n}\n", "\n".join(code[1:]))
    assert [line.number for line in lines if line.number] == list(range(10, 19))


def test_statics_of_types_without_a_name_are_told_apart() -> None:
    base = "static struct {\n\tint x;\n} first;\nint f(void)\n{\n\treturn first.x;\n}\n"
    code = ["static struct {", "\tlong y;", "} second = {};", "static const struct {", "\tlong x;", "} first = { 1 };"]
    text = "\n".join(line.text for line in splice(base, [Line(line, 1) for line in code], Path("x.md")))
    assert text == "\n".join([*code, *base.splitlines()[3:]])


@pytest.mark.parametrize("name", LAYERS)
def test_a_mediator_that_comes_with_the_program_is_whole(name: str) -> None:
    unit = lower_tree(base_files(name))
    assert unit.functions["hyp_ffa_init"]
    places = [item.span for function in unit.functions.values() for block in function.blocks
              for item in block.instructions if isinstance(item, Unsupported)]
    assert places == []


def test_fences_are_read_as_markdown_does(tmp_path: Path) -> None:
    (found,) = read_examples(write(tmp_path, "# A\n  ```C\n  int x; /* FFA-VER-01:\n   violated */\n  ```\n"))
    assert [(one.rule, one.status, one.number) for one in found.expected] == [("FFA-VER-01", Status.VIOLATED, 3)]


def test_a_table_ends_with_its_section(tmp_path: Path) -> None:
    (found,) = read_examples(write(tmp_path, "# A\n| rule | verdict |\n|---|---|\n| FFA-VER-01 | proved |\n# B\n| x | y |\n"))
    assert [one.rule for one in found.expected] == ["FFA-VER-01"]


@pytest.mark.parametrize(("code", "said"), [
    (["static bool do_ffa_direct_rek(void)", "{", "}"], "x.md:3: nothing calls do_ffa_direct_rek; the base has do_ffa_direct_req"),
    (["#ifdef A", "int x;", "#endif"], "x.md:1: #ifdef A: leave conditions out"),
])
def test_code_that_changes_nothing_is_told(code: list[str], said: str) -> None:
    base = "static bool do_ffa_direct_req(void)\n{\n}\n"
    with pytest.raises(InputError) as problem:
        splice(base, [Line(text, 1 + k) for k, text in enumerate(code)], Path("x.md"))
    assert str(problem.value).startswith(said)


def test_a_row_about_a_part_excuses_no_other(tmp_path: Path) -> None:
    told = problems(tmp_path, example(LATE % "", "| FFA-VER-08 part equal | violated |"))
    assert len(told) == 1 and "not expected: FFA-VER-08 part higher: violated (x0)" in told[0]


def test_a_definition_without_an_end_is_told() -> None:
    with pytest.raises(InputError, match=r"x.md:8: this definition does not end"):
        splice("int x;\n", [Line("int y;", 7), Line("int f(void)", 8), Line("{", 9)], Path("x.md"))


def test_what_is_expected_at_a_line_is_found_there(tmp_path: Path) -> None:
    assert problems(tmp_path, example(LATE % "\t/* FFA-VER-08: violated (x0) */")) == []


def test_each_kind_of_disagreement_is_told(tmp_path: Path) -> None:
    code = LATE % "\t/* FFA-VER-08: proved */"
    assert problems(tmp_path, example(f"/* FFA-VER-08 part equal: violated; FFA-VER-03: violated */\n{code}")) == [
        "example.md:12: FFA-VER-08: expected proved, found violated",
        "example.md:12: not expected: FFA-VER-08 part equal: violated (x0): answered with the agreed version",
        "example.md:12: not expected: FFA-VER-08 part higher: violated (x0): answered with the agreed version or "
        "NOT_SUPPORTED",
        "example.md:6: FFA-VER-03: expected violated, found proved",
        "example.md:6: FFA-VER-08 part equal: violated is expected here, it is elsewhere"]


def test_wrong_outputs_and_parts_are_told(tmp_path: Path) -> None:
    comment = "\t/* FFA-VER-08 part equal: violated (x3); FFA-VER-08 part none: proved */"
    told = problems(tmp_path, example(LATE % comment))
    assert "example.md:11: FFA-VER-08 part none: there is no such part; it has equal, higher" in told
    assert "example.md:11: not expected: FFA-VER-08 part equal: violated (x0): answered with the agreed version" in told


def test_a_violation_in_the_base_is_expected_in_a_table(tmp_path: Path) -> None:
    told = problems(tmp_path, example(f"/* FFA-MSG-03: proved */\n{FAULT}",
                                      settings='```toml\nfunctions = ["FFA_MSG_SEND_DIRECT_REQ"]\n```\n'))
    assert "made in the base, in refuse: answer(host, FFA_ERROR, 0, (u32)code, 0); (copy that function" in told[0]
    table = "| FFA-MSG-03 | violated |"
    assert problems(tmp_path, example(FAULT, table, '```toml\nfunctions = ["FFA_MSG_SEND_DIRECT_REQ"]\n```\n')) == []


@pytest.mark.parametrize(("code", "said"), [
    ("static u32 agree(u32 wanted)\n{\n\treturn wanted +;\n}\n", "example.md:3: line 9:1: not C"),
    ("static u32 agree(u32 wanted)\n{\n\treturn ((wanted;\n}\n", "example.md:6: this definition does not end"),
    ("int hyp_ffa_init(void *pages)\n{\n\treturn 0;\n}\n", "does not ask EL3 for one FF-A version"),
])
def test_c_that_cannot_be_judged_is_wrong_input(tmp_path: Path, code: str, said: str) -> None:
    with pytest.raises(InputError) as problem:
        problems(tmp_path, example(code, "| FFA-VER-01 | proved |"))
    assert said in str(problem.value)


def test_a_base_of_ones_own_is_seen_from_the_file(tmp_path: Path) -> None:
    text = example("int x; /* FFA-VER-01: proved */\n", settings='```toml\nbase = "nowhere"\n```\n')
    with pytest.raises(InputError, match=r"example.md:6: base 'nowhere': .*no such directory"):
        problems(tmp_path, text)
