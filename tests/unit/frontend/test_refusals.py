"""What is not modelled is named where it stands, and costs only what depends on it."""

from __future__ import annotations

import pytest

from tests.support import SMCCC, evaluate, unit_of, unsupported
from verify.errors import InputError
from verify.frontend.preprocess import FFA_C, FFA_H, SMCCC_H
from verify.frontend.unit import lower_tree

CONSTRUCTS = [
    ("asm volatile(\"nop\");", "asm"),
    ("a = ({ u32 t = 1; if (a) t = 2; t; });", "If inside a statement expression"),
    ("a = ({ return a; a; });", "Return inside a statement expression"),
    ("for_each_thing(a) { a = 1; }", "macro for_each_thing, whose text is not read"),
    ("if (a) for_each_thing(a) a = 1;", "macro for_each_thing, whose text is not read"),
    ("static u32 n; n++;", "static variable inside a function"),
    ("volatile u32 v = 1;", "volatile variable"),
    ("unknown_function(a);", "call of unknown_function, which is not declared"),
    ("a = __builtin_popcount(a);", "__builtin_popcount"),
    ("switch (a) { case 0 ... 5000: a = 2; }", "case range of more than 1024 values"),
    ("a = missing_name;", "unknown name missing_name"),
]


@pytest.mark.parametrize(("statement", "construct"), CONSTRUCTS)
def test_one_statement(statement: str, construct: str) -> None:
    unit = unit_of(f"u32 f(u32 a)\n{{\n  if (a == 7) {{\n    {statement}\n  }}\n  return a;\n}}\nu32 g(void) {{ return 1; }}\n")
    found = unsupported(unit, "f")
    assert [line for _, line in found] == [4]
    assert construct in found[0][0]
    assert unsupported(unit, "g") == []


@pytest.mark.parametrize("body", [
    "typeof(a) b = a; return b;", "u32 b[4] = { [0 ... 3] = 7 }; return b[a & 3];",
    "__auto_type b = a; return b;", "return odd_t(u32, a, 4);", "return g() + odd_t((a), unsigned long *);",
    "return ring_entry(&a, struct arm_smccc_res, a1)->a0;",
])
def test_a_whole_function(body: str) -> None:
    unit = unit_of(f"u32 f(u32 a)\n{{\n  {body}\n}}\nu32 g(void) {{ return 1; }}\n")
    assert len(unsupported(unit, "f")) == 1
    assert unsupported(unit, "g") == []
    assert "f" in unit.unparsed


@pytest.mark.parametrize("text", [
    "DEFINE_THING(struct missing, a);\n%s", "static DEFINE_THING(struct missing, a);\n%s",
    "DEFINE_THING(a)\n%s", "DEFINE_THING(a) DEFINE_OTHER(b, c)\n%s",
])
def test_a_macro_at_file_scope_declares_what_nobody_can_name(text: str) -> None:
    unit = unit_of(text % "u32 f(u32 a)\n{\n  return a + 1;\n}\nu32 g(void)\n{\n  return thing;\n}\n")
    assert unsupported(unit, "f") == []
    assert [construct for construct, _ in unsupported(unit, "g")] == ["unknown name thing"]


@pytest.mark.parametrize("text", [
    "u32 other(vendor_t a);\n", "static vendor_t a;\n", "static vendor_t *a;\n", "struct odd { u32 a; vendor_t b; };\n",
    "static u32 other(vendor_t *a)\n{\n  return 1;\n}\n", "static u32 other(void)\n{\n  vendor_t a;\n  return 1;\n}\n",
])
def test_a_type_that_is_not_known_costs_what_is_declared_with_it(text: str) -> None:
    unit = unit_of(text + "u32 f(u32 a)\n{\n  return a + 1;\n}\nu32 g(struct odd *p)\n{\n  return other(a, p->a);\n}\n")
    assert unsupported(unit, "f") == []
    assert len(unsupported(unit, "g")) == 1


@pytest.mark.parametrize("text", [
    "u32 f(struct odd *p) { odd_t a; if (!p) return 7; a = p->a; return other(a); }",
    "u32 f(void *p) { odd_t *a; odd_t b, *c; if (!p) return 7; return a == (odd_t *)p; }",
    "u32 f(void *p) { if (p) { odd_t a = 1; return a; } return 7; }",
])
def test_a_type_that_is_not_known_costs_the_statements_that_use_it(text: str) -> None:
    unit = unit_of(text)
    assert len(unsupported(unit, "f")) >= 1
    assert evaluate(text, "f", 0) == 7


@pytest.mark.parametrize("text", [
    "u32 f(u32 a) { odd_t b; return b; }", "u32 f(u32 a) { odd_t b; return sizeof(b); }",
    "u32 f(u32 a) { return sizeof(odd_t) + (odd_t)a; } u32 g(void) { odd_t b; return 0; }",
    "u32 f(odd_t a) { return 1; }", "odd_t f(void) { odd_t b; return b; }",
])
def test_what_uses_such_a_type_is_refused_with_its_place(text: str) -> None:
    assert unsupported(unit_of(text), "f") != []


def test_a_name_that_may_be_a_macros_is_no_type() -> None:
    """`ODD(a)` might do anything, which a declaration of `a` would not."""
    text = "static u32 n;\nu32 f(u32 a)\n{\n  ODD b;\n  ODD(a);\n  return 1;\n}\n"
    assert unsupported(unit_of(text), "f") == [("type ODD, which is not known", 2)]


@pytest.mark.parametrize("text", [
    "DEFINE_CALL(other, u32, a)\n{\n  return a;\n}\n", "static DEFINE_CALL(other, u32, a)\n{\n  return a;\n}\n",
    "static u32 other(u32 a)\n{\n  CLEANUP(put) u32 b = a;\n  return b;\n}\n",
])
def test_a_macro_that_is_part_of_a_function_costs_the_function(text: str) -> None:
    unit = unit_of(text + "u32 f(u32 a)\n{\n  return a + 1;\n}\nu32 g(u32 a)\n{\n  return other(a);\n}\n")
    assert unsupported(unit, "f") == []
    assert unsupported(unit, "g") != [] or unsupported(unit, "other") != []


def test_a_macro_does_not_head_what_an_if_leaves_out() -> None:
    text = "u32 f(u32 a) { if (a == 7) for_each_thing(a) a = 1; return a; }"
    assert evaluate(text, "f", 5) == 5


def test_code_behind_an_unsupported_statement_is_still_lowered() -> None:
    text = "u32 f(u32 a) { if (a) goto out; missing(a); out: return a + 1; }"
    assert evaluate(text, "f", 4) == 5


@pytest.mark.parametrize(("text", "message"), [
    ("u32 f(void) { return 1;\n", "never closed"),
    ("u32 f(void) { return 1; } }\n", "matches nothing"),
    ("this is not C\n", "not C"),
    ("u32 f(void) { return + ; }\n", "not C"),
    ("#if 1\nu32 f(void) { return 1; }\n", "ffa.c"),
])
def test_what_is_not_c_is_wrong_input_with_a_position(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        unit_of(text)
    assert "ffa.c:" in str(raised.value)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(InputError, match=r"arm_ffa\.h: missing"):
        lower_tree({FFA_C: "", SMCCC_H: SMCCC})
    with pytest.raises(InputError, match=r"ffa\.c: missing"):
        lower_tree({FFA_H: "", SMCCC_H: SMCCC})


def test_spans_go_through_macros() -> None:
    unit = unit_of("#define TWICE(x) ((x) + \\\n (x))\n\nu32 f(u32 a)\n{\n  u32 b = TWICE(a);\n  return b;\n}\n")
    lines = {item.span.line for block in unit.functions["f"].blocks for item in block.instructions}
    assert lines == {6}


def test_spans_have_columns() -> None:
    unit = unit_of("#define READ(p) (*(p))\n\nu32 f(u32 *a)\n{\n\tu32 b;\n\n\tb = READ(a);\n\treturn b;\n}\n")
    spans = {str(item.span).partition(":")[2] for block in unit.functions["f"].blocks for item in block.instructions}
    assert spans == {"7:2"}
    assert str(unit.functions["f"].blocks[0].terminator.span).endswith("ffa.c:8:2")


def test_large_arrays_are_zeroed_by_an_initialiser() -> None:
    assert evaluate("u64 f(void) { u64 a[100] = { 1 }; return a[99] + a[0]; }", "f") == 1
