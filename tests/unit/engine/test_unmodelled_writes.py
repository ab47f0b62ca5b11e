"""What is not lowered may write what it names, and so may the code behind it: else proofs would lean on its silence."""

from __future__ import annotations

import pytest

from tests.support import unit_of
from verify.engine.writes import escaped, holds_truth, written
from verify.ir import instr as i
from verify.ir.codec import decode_function, encode_function
from verify.ir.function import Unit
from verify.ir.validate import validate

HEAD = ("static u32 a, b, c;\nstatic u32 many[4];\nstatic bool flag;\nstatic u32 g(u32 x)\n{\n  b = x;\n  return b;\n}\n"
        "u32 see(void) { return a + b + c + many[0] + flag; }\n")


def unit(body: str) -> Unit:
    made = unit_of(HEAD + "u32 f(u32 x, u32 *p)\n{\n" + body + "\n}\n")
    assert validate(made) == []
    return made


def writes(body: str) -> set[str]:
    made = unit(body)
    assert any(isinstance(x, i.Unsupported) for block in made.functions["f"].blocks for x in block.instructions)
    return written(made, made.functions["f"].blocks)


@pytest.mark.parametrize(("body", "names"), [
    ("missing(x); a = 1; return x;", {"a"}),
    ("a = missing(x); return x;", {"a"}),
    ("missing(g(x)); return x;", {"b"}),
    ("missing(g); return x;", {"b"}),
    ("missing(&a); return x;", {"a"}),
    ("if (missing(x)) a = 1; else b = 1; return x;", {"a", "b"}),
    ("while (missing(x)) a = 1; c = 1; return x;", {"a", "c"}),
    ("do a = 1; while (missing(x)); return x;", {"a"}),
    ("for (missing(x); x; missing(x)) a = 1; return x;", {"a"}),
    ("switch (missing(x)) { case 1: a = 1; break; default: b = 1; } c = 1; return x;", {"a", "b", "c"}),
    ("u32 y = ({ if (x) goto out; 1; }); return y; out: a = 1; return 0;", {"a"}),
    ("while (1) { x = ({ if (x) break; 1; }); } a = 1; return 0;", {"a"}),
    ("return missing(x, a = 1);", {"a"}),
    ("for_each_thing(x, a) { b = 1; } return x;", {"a", "b"}),
    ('asm volatile("mov %0, 1" : "=r"(a)); return x;', {"a"}),
    ('asm goto("" : : : : out); return x; out: a = 1; return 1;', {"a"}),
    ("u32 y = missing(x); a = y; return y;", {"a"}),
    ("typeof(x) y = x; a = y; return y;", {"a"}),
])
def test_what_it_names_and_what_runs_behind_it(body: str, names: set[str]) -> None:
    assert writes(body) >= names


def test_nothing_else() -> None:
    assert writes("if (x) { missing(x, c); return 1; } return x;") == {"c"}


def test_a_function_of_a_header_that_it_names_is_there() -> None:
    made = unit("missing(g(x)); return x;")
    assert "g" in made.functions


@pytest.mark.parametrize(("body", "is_open"), [
    ("missing(a, many[x]); return x;", False), ("missing(&a, &many[1]); return x;", True),
    ("missing(many); return x;", True), ("for_each_thing(a, many) x++; return x;", True),
])
def test_an_address_that_is_taken_may_be_written_through(body: str, is_open: bool) -> None:
    assert ("many" in escaped(unit(body))) is is_open


def test_a_flag_that_such_a_statement_sets_may_hold_anything() -> None:
    assert holds_truth(unit("flag = x; return x;"), "flag")
    assert not holds_truth(unit("flag = missing(x); return x;"), "flag")


def test_names_survive_a_snapshot() -> None:
    made = unit("a = missing(g(x), &c); return x;")
    (found,) = [x.names for block in made.functions["f"].blocks for x in block.instructions
                if isinstance(x, i.Unsupported)]
    assert found == ("&c", "a", "c", "g()")
    assert decode_function(encode_function(made.functions["f"]), "f") == made.functions["f"]
