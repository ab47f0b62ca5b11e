"""What random programs found once, in its smallest form: (text, arguments, what has to come out)."""

from __future__ import annotations

import pytest

from tests.fuzz.judge import Result, interpreted, symbolic, unit
from tests.fuzz.syntax import U32, Program
from tests.support import unit_of, unsupported

UNSET, INVALID = Result(violated=("branch-on-uninitialised",)), Result(violated=("invalid-pointer",))
CASES = {
    "an array's designator": ("u64 f(u32 a) { u32 x[3] = { [1] = a, 5 }; return x[0] + x[1] * 10 + x[2]; }", 4, Result(45)),
    "an initialiser sees what it initialises": (
        "u64 f(u32 a) { u16 p = a; { u64 p = sizeof(p); return p; } }", 4, Result(8)),
    "a variable made of itself is not the outer one": (
        "u64 f(u32 a) { u32 x = a; { u32 x = x; if (x) return 1; } return 2; }", 4, UNSET),
    "a jump back past a declaration leaves nothing in the variable": (
        "u64 f(u32 a) { u32 n = 0; again: ; { u32 x; if (n == 0) x = a; if (x) n++; } if (n < 2) goto again; return n; }",
        1, UNSET),
    "a switch in a loop that passes a declaration": (
        "u64 f(u32 a) { u32 n = 0; for (u32 k = 0; k < 2; k++) { switch (k + a) { u32 x = 7; case 1: x = 5; break; "
        "default: if (x) n++; } } return n; }", 1, UNSET),
    "a jump in a loop that passes a declaration": (
        "u64 f(u32 a) { u32 n = 0; for (u32 k = 0; k < 2; k++) { if (k) goto on; u32 x = a; n++; on: if (x) n++; } "
        "return n; }", 1, UNSET),
    "a variable before a label keeps its value": (
        "u64 f(u32 a) { u32 x = a; again: if (x) { x--; goto again; } return x + 3; }", 2, Result(3)),
    "a local of a function that has returned": (
        "static u32 *gone(u32 a) { u32 x[1] = { a }; u32 *p = x; return p; } u64 f(u32 a) { return *gone(a); }", 4, INVALID),
    "and a store there": (
        "static u32 *gone(u32 a) { u32 x[1] = { a }; u32 *p = x; return p; } u64 f(u32 a) { *gone(a) = 1; return 2; }",
        4, INVALID),
    "a branch on what this path has set": (
        "u64 f(u32 a) { u32 x; bool c = a > 3; if (c) x = a; if (c) if (x) return 1; return 2; }", 4, Result(1)),
    "and one where another operand decides": (
        "u64 f(u32 a) { u32 x; bool c = a > 3; if (c) x = a; u32 y = c ? x : 5; if (y > 4) return 1; return 2; }",
        2, Result(1)),
    "a switch on what this path has not set": (
        "u64 f(u32 a) { u32 x; if (a > 3) x = a; switch (x) { case 1: return 1; } return 2; }", 2, UNSET),
    "an uninitialised member, copied": (
        "u64 f(u32 a) { struct arm_smccc_res r, s; r.a0 = a; s = r; if (s.a0) return 1 + !!s.a0; return s.a1; }",
        4, Result(2)),
}
PROGRAM = Program(1, "f", (U32,), (), (), ())


@pytest.mark.parametrize("name", CASES)
def test_found(name: str) -> None:
    text, argument, wanted = CASES[name]
    whole = unit([text])
    assert interpreted(whole, PROGRAM, [(argument,)]) == [wanted]
    assert symbolic(whole, PROGRAM).on((argument,)) == wanted


def test_a_declaration_that_is_not_modelled_leaves_no_variable() -> None:
    """A jump past it found an object that the function had no more."""
    found = unit_of("u32 f(u32 a)\n{\n  if (a)\n    goto out;\n  u32 x[2] = { missing(a) };\nout:\n  x[0] = 1;\n  return x[0];\n}\n")
    assert [line for _, line in unsupported(found, "f")] == [5, 7, 8]
    assert found.functions["f"].locals == ()
