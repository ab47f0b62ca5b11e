"""Terms as C, compiled, against our own evaluator."""

from __future__ import annotations

import subprocess
from pathlib import Path
from random import Random

import pytest

from verify.native.expression import MOST_BITS, NotInC, function
from verify.native.program import FLAGS
from verify.terms import build as t
from verify.terms.evaluate import evaluate
from verify.terms.term import Term, variables

BEFORE = """#include <stdio.h>
typedef unsigned long long word;
typedef unsigned __int128 wide;
struct seen { word v[8]; };
static inline __int128 as_signed(wide value, unsigned bits)
{
	return value >> (bits - 1) & 1 ? (__int128)(value - ((wide)1 << bits)) : (__int128)value;
}
"""
OPERATORS = ("add", "sub", "mul", "and", "or", "xor", "udiv", "urem", "shl", "lshr")


def terms(rng: Random) -> list[Term]:
    """Of all operators that rules make, at odd widths too."""
    result = []
    for bits in (1, 7, 32, 33, 64):
        a, b = (t.var(f"v{k}.{bits}", bits) for k in range(2))
        result += [t.binary(operator, a, b) for operator in OPERATORS]
        result += [t.sext(a, bits + 9), t.zext(a, bits + 30), t.concat(a, b) if bits < 60 else a, t.complement(a)]
        result += [t.ite(truth, a, b) for truth in (
            t.eq(a, b), t.ult(a, b), t.ule(a, b), t.slt(a, b), t.sle(a, b), t.not_(t.eq(a, t.const(1, bits))),
            t.and_(t.ult(a, b), t.ule(b, t.const(rng.getrandbits(bits), bits))), t.or_(t.ult(a, b), t.eq(a, b)))]
        result.append(t.extract(a, bits - 1, bits // 2))
    return result


@pytest.mark.compiler
def test_compiled_terms_have_the_evaluators_values(tmp_path: Path) -> None:
    rng = Random(1)
    made = terms(rng)
    tables, body = [], []
    expected: list[int] = []
    for number, term in enumerate(made):
        names = sorted(variables([term]))
        known = {name: f"seen->v[{k}]" for k, name in enumerate(names)}
        tables.append(function(f"f{number}", "wide", term, known))
        for _ in range(12):
            values = {name: rng.choice((0, 1, rng.getrandbits(64))) & (1 << int(name.split(".")[1])) - 1 for name in names}
            given = ", ".join(f"{values[name]:#x}ULL" for name in names)
            body.append(f'r = f{number}(&(struct seen){{ {{ {given} }} }}); printf("%llx %llx\\n", (word)(r >> 64), (word)r);')
            expected += evaluate([term], values)
    source = tmp_path / "terms.c"
    source.write_text(BEFORE + "".join(tables) + "int main(void)\n{\n\twide r;\n" + "\n".join(body) + "\n}\n")
    subprocess.run(["gcc", *FLAGS, "-w", source, "-o", tmp_path / "terms"], check=True)
    printed = subprocess.run([tmp_path / "terms"], capture_output=True, text=True, check=True).stdout.splitlines()
    found = [int(high, 16) << 64 | int(low, 16) for high, low in (line.split() for line in printed)]
    assert found == expected and len(set(found)) > 100


def test_what_is_too_wide_is_refused() -> None:
    with pytest.raises(NotInC, match="127"):
        function("f", "wide", t.zext(t.var("x", 64), MOST_BITS + 1), {"x": "seen->v[0]"})
