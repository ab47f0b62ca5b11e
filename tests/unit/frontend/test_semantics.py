"""C's rules on AArch64, through the front end and the interpreter."""

from __future__ import annotations

import pytest

from tests.support import evaluate

ONES = (1 << 64) - 1
CASES = [
    ("narrow unsigned values promote to int", "u64 f(u16 a) { return ~a; }", (0,), ONES),
    ("u32 arithmetic wraps at 32 bits", "u64 f(u32 a, u32 b) { return a + b; }", (0xFFFFFFFF, 2), 1),
    ("sizeof makes the sum 64 bits wide", "u64 f(u32 a) { return a + sizeof(u32); }", (0xFFFFFFFF,), 0x100000003),
    ("an int compares as unsigned with a u32", "int f(int a, u32 b) { return a < b; }", (ONES & 0xFFFFFFFF, 1), 0),
    ("s32 to u64 extends the sign", "u64 f(s32 a) { return a; }", (0xFFFFFFFE,), ONES - 1),
    ("u32 to s64 does not", "s64 f(u32 a) { return a; }", (0xFFFFFFFE,), 0xFFFFFFFE),
    ("assignment narrows", "u64 f(u64 a) { u8 b = a; return b; }", (0x1234,), 0x34),
    ("bool is 0 or 1", "u64 f(u64 a) { bool b = a; return b; }", (0x100000000,), 1),
    ("char is unsigned", "int f(void) { char c = -1; return c; }", (), 255),
    ("signed right shift keeps the sign", "s32 f(s32 a) { return a >> 4; }", (0xFFFFFF00,), 0xFFFFFFF0),
    ("division rounds to zero", "s32 f(s32 a, s32 b) { return a / b; }", (0xFFFFFFF9, 2), 0xFFFFFFFD),
    ("remainder has the dividend's sign", "s32 f(s32 a, s32 b) { return a % b; }", (0xFFFFFFF9, 2), 0xFFFFFFFF),
    ("&& does not evaluate its right side", "u32 f(u32 a) { u32 n = 0; if (a && n++) return 9; return n; }", (0,), 0),
    ("({ }) is worth its last value", "u32 f(u32 a) { return ({ u32 t = a; t++; t; }) * 2; }", (4,), 10),
    ("its names are its own", "u32 f(u32 a) { u32 b = ({ u32 a = 3; a; }); return a + b; }", (4,), 7),
    ("and nest", "u32 f(u32 a) { return ({ u32 t = ({ u32 t = a; t + 1; }); t * t; }); }", (4,), 25),
    ("it may change what is outside", "u32 f(u32 a) { u32 b = ({ a = 9; 1; }); return a + b; }", (4,), 10),
    ("and take its address", "void s(u32 *p) { *p = 6; }\nu32 f(u32 a) { ({ s(&a); }); return a; }", (4,), 6),
    ("it is not evaluated behind a false &&", "u32 f(u32 a) { return (a && ({ a = 9; 1; })) + a; }", (0,), 0),
    ("each iteration evaluates it",
     "u32 f(u32 a) { u32 n = 0; while (n < a) n = ({ u32 t[2] = { n }; t[0] + 2; }); return n; }", (5,), 6),
    ("?: without a middle is worth its condition", "u64 f(u32 a, u32 b) { return (u8)a ?: b; }", (0x1FE, 7), 0xFE),
    ("or its other side", "u64 f(u32 a, u32 b) { return (u8)a ?: b; }", (0x100, 7), 7),
    ("and evaluates that once", "u32 f(u32 a) { u32 n = a; return (n++ ?: 9) * 16 + n; }", (3,), 0x34),
    ("its type is that of both", "s64 f(s32 a, u32 b) { return a ?: b; }", (0xFFFFFFFF, 1), 0xFFFFFFFF),
    ("and may be a pointer", "u32 f(u32 a) { u32 b = 5, *p = a ? &a : NULL; return *(p ?: &b); }", (0,), 5),
    ("one within another", "u32 f(u32 a, u32 b) { return a ?: b ? 4 : a ?: 6; }", (0, 0), 6),
    ("a case may be a range", "u32 f(u32 a) { switch (a) { case 1: return 1; case 2 ... 4: return 2; default: return 3; } }",
     (4,), 2),
    ("which ends", "u32 f(u32 a) { switch (a) { case 1: return 1; case 2 ... 4: return 2; default: return 3; } }", (5,), 3),
    ("of what its constants say",
     "u32 f(s32 a) { switch (a) { case -(int)sizeof(u16) ... (int)sizeof(u32) - 3: return 2; } return 3; }", (0xFFFFFFFF,), 2),
    ("from below zero", "u32 f(s32 a) { switch (a) { case -2 ... 1: return 2; } return 3; }", (0xFFFFFFFF,), 2),
    ("its ends have the type of what is switched on: 1 is below UINT_MAX",
     "u32 f(u32 a) { switch (a) { case -1 ... 1: return 2; } return 3; }", (0,), 3),
    ("and 0xfffffffe is -2", "u32 f(s32 a) { switch (a) { case 0xfffffffe ... 1: return 2; } return 3; }", (0,), 2),
    ("and may be empty", "u32 f(u32 a) { switch (a) { case 4 ... 2: return 2; } return 3; }", (3,), 3),
    ("?: takes one side", "u32 f(u32 a) { u32 n = 0; a ? n++ : (n += 10); return n; }", (0,), 10),
    ("postfix ++ gives the old value", "u32 f(u32 a) { u32 b = a++; return b * 16 + a; }", (3,), 0x34),
    ("compound assignment converts back", "u64 f(u8 a) { a += 300; return a; }", (1,), 45),
    ("switch falls through", "int f(u32 a) { int r = 0; switch (a) { case 1: r++; case 2: r++; break; default: r = 9; }"
     " return r; }", (1,), 2),
    ("switch on a negative case", "int f(s32 a) { switch (a) { case -1: return 5; } return 6; }", (0xFFFFFFFF,), 5),
    ("for, continue, break", "int f(u32 n) { int s = 0; for (u32 k = 0; k < n; k++) { if (k == 2) continue;"
     " if (k == 5) break; s += k; } return s; }", (9,), 8),
    ("do runs once", "int f(void) { int n = 0; do { n++; } while (0); return n; }", (), 1),
    ("goto out of a loop", "int f(u32 n) { u32 k = 0; while (1) { if (k == n) goto out; k++; } out: return k; }", (4,), 4),
    ("array elements", "u32 f(u32 k) { u32 a[4] = { 1, 2, 3 }; return a[k]; }", (3,), 0),
    ("designated members, the rest is zero",
     "u64 f(void) { struct arm_smccc_res r = { .a2 = 7 }; return r.a2 + r.a3; }", (), 7),
    ("struct assignment copies", "u64 f(u64 a) { struct arm_smccc_res r = { .a1 = a }, s; s = r; r.a1 = 0;"
     " return s.a1; }", (5,), 5),
    ("a union with an anonymous struct is initialised by a named member",
     "u32 f(u32 a) { union { u32 word; struct { u16 low; u16 high; }; } v = { .word = a }; return v.high; }",
     (0x10002,), 1),
    ("braces reach into an anonymous struct",
     "u32 f(void) { union { struct { u16 low; u16 high; }; u32 word; } v = { { 2, 1 } }; return v.word; }", (), 0x10002),
    ("an empty initialiser clears a union with an anonymous struct",
     "u32 f(void) { union { u8 low; struct { u16 a; u16 b; }; } v = {}; return v.a + v.b; }", (), 0),
    ("pointer steps by the element", "u64 f(void) { u64 a[3] = { 1, 2, 4 }; u64 *p = a; p++; return p[1] + *p; }", (), 6),
    ("pointer difference counts elements", "s64 f(void) { u32 a[8]; return &a[7] - &a[2]; }", (), 5),
    ("address of a scalar", "void g(u32 *p) { *p = 3; } u32 f(void) { u32 a = 1; g(&a); return a; }", (), 3),
    ("packed fields through a mask", "u32 f(u32 v) { return FIELD_GET(0x7fff0000, v); }", (0x80021111,), 2),
    ("FIELD_PREP", "u32 f(u32 v) { return FIELD_PREP(0xff00, v); }", (0x12,), 0x1200),
    ("DIV_ROUND_UP", "u64 f(u64 n) { return DIV_ROUND_UP(n, 4096); }", (4097,), 2),
    ("overflow check", "int f(u32 a) { u32 d; return check_add_overflow(a, 1u, &d) * 16 + d; }", (0xFFFFFFFF,), 16),
    ("offsetof of an element", "u64 f(u32 k) { return offsetof(struct ffa_mem_region, handle); }", (0,), 8),
    ("octal and suffixes", "u64 f(void) { return 010 + 0x10UL + 1ULL; }", (), 25),
    ("u64 from a large hexadecimal constant", "u64 f(void) { return 0xffffffff + 1; }", (), 0),
]


@pytest.mark.parametrize(("text", "arguments", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_value(text: str, arguments: tuple[int, ...], expected: int) -> None:
    assert evaluate(text, "f", *arguments) == expected
