"""Texts that are meant to keep a front end busy, or to make it fall over: name → (ffa.c, what has to be said).

What has to be said is a part of the message, where the text is wrong input, or `unsupported: …` for C that is not
modelled; nothing for C that is.
"""

from __future__ import annotations

from tests import mini

MANY = 20_000


def within(body: str, before: str = "") -> str:
    """The mediator with one more function."""
    return f"{mini.SOURCE}{before}\nu64 bomb(u64 a)\n{{\n{body}\n}}\n"


def doubling(parameter: str, text: str) -> str:
    macros = "".join(f"#define A{k + 1}{parameter} A{k}{parameter} + A{k}{parameter}\n" for k in range(40))
    return f"#define A0{parameter} 1\n{macros}{text}"


DEEP = "unsupported: brackets nested more than 50 deep"
CHAINED = "unsupported: more than 100 operators"
NESTED = "unsupported: nesting too deep"
TOO_MUCH = "expand to more than"
DIRECTIVE = "malformed directive"

BOMBS: dict[str, tuple[str, str]] = {
    "brackets": (within("return " + "(" * MANY + "a" + ")" * MANY + ";"), DEEP),
    "blocks": (within("{" * MANY + "a++;" + "}" * MANY + "return a;"), DEEP),
    "conditions": (within("if (a)\n" * MANY + ";return a;"), NESTED),
    "else-if": (within("".join(f"if (a == {k}) a++; else " for k in range(130)) + ";return a;"), CHAINED),
    "sum": (within("return " + "+".join(["a"] * 5000) + ";"), CHAINED),
    "and": (within("return " + "&&".join(["a"] * 5000) + ";"), CHAINED),
    "not": (within("return " + "!" * MANY + "a;"), NESTED),
    "pointers": (within("u64 " + "*" * MANY + "p; return a;"), CHAINED),
    "choices": (within("return " + "a ? " * 40 + "a" + ": a" * 40 + ";"), ""),
    "dimensions": (within("u8 x" + "[2]" * 40 + "; return sizeof x;"), "unsupported: type of more than"),
    "elements": (within("u8 x[1UL << 40] = {}; return x[a];"), "unsupported: type of more than"),
    "overflow": (within("u8 x[0x7fffffffffffffff][0x7fffffffffffffff]; return sizeof x;"), "unsupported: type of more than"),
    "negative": (within("u8 x[-1]; return sizeof x;"), "unsupported: array of negative size"),
    "scalars": (within("u64 x" + "[20]" * 3 + "; return a;"), ""),
    "local": (within("u8 x[1 << 20]; return x[a];"), "unsupported: local object of more than"),
    "static": (within("return big[a];", "static u64 big[1 << 20] = { 1 };\n"), ""),
    "literal": (within("return " + "9" * 100_000 + ";"), "unsupported: integer constant that fits no type"),
    "hexadecimal": (within("return 0x" + "f" * 100_000 + ";"), "unsupported: integer constant that fits no type"),
    "typedefs": (mini.SOURCE + "".join(f"typedef int t{k};\n" for k in range(1000)), ""),
    "jumps": (within("".join(f"l{k}: if (a == {k}) goto l{k * 7 % 500};\n" for k in range(500)) + "return a;"), ""),
    "cases": (within("switch (a) {" + "".join(f"case {k}: a++; break;\n" for k in range(1000)) + "} return a;"), ""),
    "recursion": (mini.SOURCE + "\nu64 odd(u64 a);\nu64 even(u64 a) { return odd(a); }\nu64 odd(u64 a) { return even(a); }\n",
                  "unsupported: recursion"),
    "calls": (mini.SOURCE + "static u64 f0(u64 a) { return a; }\n"
              + "".join(f"static u64 f{k + 1}(u64 a) {{ return f{k}(a); }}\n" for k in range(100)), "unsupported: calls more than 40 deep"),
    "doubling macros": (doubling("", within("return A40;")), TOO_MUCH),
    "doubling calls": (doubling("(x)", within("return A40(a);")), TOO_MUCH),
    "doubling condition": (doubling("", "#if A40\n#endif\n" + mini.SOURCE), TOO_MUCH),
    "doubling constant": (doubling("", "#define FFA_X A40\n" + mini.SOURCE), TOO_MUCH),
    "doubling argument": ("#define d(x) x + x\n" + within("return " + "d(" * 30 + "a" + ")" * 30 + ";"), TOO_MUCH),
    "macro chain": ("#define A0 a\n" + "".join(f"#define A{k + 1} A{k}\n" for k in range(3000)) + within("return A3000;"), TOO_MUCH),
    "shift": ("#if 1 << 40000000000\n#endif\n" + mini.SOURCE, "#if with what is no expression"),
    "evaluation": ("#if __import__('os').system('true')\n#endif\n" + mini.SOURCE, "ffa.c:1: #if"),
    "long condition": ("#if " + "9" * 100_000 + "\n#endif\n" + mini.SOURCE, "#if with what is no expression"),
    "attribute asked": ("#if __has_attribute(x)\n#endif\n" + mini.SOURCE, "#if asks __has_attribute"),
    "error": ("#error no kernel\n" + mini.SOURCE, "ffa.c:1: #error no kernel"),
    "late condition": ("#if 0\n#elifdef CONFIG_ARM64\n#endif\n" + mini.SOURCE, "ffa.c:2: #elifdef is not modelled"),
    "define": ("#define\n" + mini.SOURCE, DIRECTIVE), "undef": ("#undef\n" + mini.SOURCE, DIRECTIVE),
    "if": ("#if\n" + mini.SOURCE, DIRECTIVE), "ifdef": ("#ifdef\n#endif\n" + mini.SOURCE, DIRECTIVE),
    "pragma": ("#pragma\n" + mini.SOURCE, DIRECTIVE), "parameters": ("#define f(x\n" + mini.SOURCE, "Missing ')' in macro arguments"),
    "includes itself": ('#include "arch/arm64/kvm/hyp/nvhe/ffa.c"\n' + mini.SOURCE, ""),
    "includes a device": ('#include "/dev/zero"\n#include </etc/passwd>\n' + mini.SOURCE, ""),
    "asm": (within("asm; return a;"), "unsupported: asm"), "copy": (within("memcpy(&a); return a;"), "unsupported: memcpy with 1 arguments"),
    "no argument": (within("return smp_load_acquire();"), "unsupported: __verify_load_acquire with 0 arguments"),
    "our own name": (within("__verify_owner(a); return a;"), "ffa.c:94: names that begin with __verify_"),
    "our own macro": ("#ifdef __VERIFY_HANDLER\n#endif\n" + mini.SOURCE, "ffa.c:1: names that begin with __VERIFY_"),
    "twice": (mini.SOURCE + "\nint hyp_ffa_init(void *pages) { return 0; }\n", "second definition of hyp_ffa_init"),
    "NUL": (mini.SOURCE + "\0", "U+0000"), "byte order mark": ("\ufeff" + mini.SOURCE, "not C"),
    "line separator": (mini.SOURCE.replace("{\n", "{ // \u2028\n", 1), "ffa.c:9: the character U+2028"),
    "carriage return": (mini.SOURCE.replace("{\n", "{ // \r return;\n", 1), "ffa.c:9: the character U+000D"),
    "comment that goes on": (mini.SOURCE.replace("    if (has_", "    // so \\\n    if (has_", 1), "goes on behind a backslash"),
    "open comment": (mini.SOURCE + "/* never", "this comment is never closed"),
    "open comments": (mini.SOURCE + "/* " * 100_000, "this comment is never closed"),
    "open quote": ("#if 0\ndon't /*\n#endif\n/* */\n" + mini.SOURCE, "ffa.c:2: this ' has no partner"),
    "trigraph": (mini.SOURCE.replace("int k;", "int k??(1??);", 1), "trigraph"),
    "cut word": (mini.SOURCE.replace("int k;", "int ab\\\ncd;", 1), "cuts a word in two"),
    "long file": (mini.SOURCE + "/* x */ int x;\n" * 100_000, "characters, and at most"),
    "many words": (mini.SOURCE + ";" * 300_000, "more than 200000 words"),
    "CRLF": (mini.SOURCE.replace("\n", "\r\n"), ""), "form feed": (mini.SOURCE + "\f\v\n", ""),
}
