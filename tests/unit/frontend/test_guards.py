"""Locks that end with a scope, held against the same functions with their locks written out."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support import unit_of, unsupported
from verify import native
from verify.interpret.environment import Scripted
from verify.interpret.machine import Machine

LOCKS = "static DEFINE_HYP_SPINLOCK(one);\nstatic DEFINE_HYP_SPINLOCK(two);\nstatic u32 seen;\n"
PREFACE = """#include <stdio.h>
typedef unsigned int u32;
typedef u32 hyp_spinlock_t;
static hyp_spinlock_t one, two;
#define hyp_spin_lock(lock) printf("+%s ", (lock) == &one ? "one" : "two")
#define hyp_spin_unlock(lock) printf("-%s ", (lock) == &one ? "one" : "two")
"""
HOLD, HOLD_TWO = "guard(hyp_spinlock)(&one);", "guard(hyp_spinlock)(&two);"
CASES = [
    ("the end of a block", f"{{ {HOLD} seen = a; }} seen++; return seen;", "+one -one"),
    ("the end of the function", f"{HOLD} seen = a; return seen;", "+one -one"),
    ("the youngest first", f"{HOLD} {HOLD_TWO} return a;", "+one +two -two -one"),
    ("return out of an inner one", f"{HOLD} if (a) {{ {HOLD_TWO} return 1; }} return 2;", "+one +two -two -one"),
    ("past an inner one", f"{HOLD} if (!a) {{ {HOLD_TWO} return 1; }} return 2;", "+one -one"),
    ("each round of a loop", f"for (u32 k = 0; k < 2; k++) {{ {HOLD} seen += k; }} return seen;", "+one -one +one -one"),
    ("continue", f"for (u32 k = 0; k < 2; k++) {{ {HOLD} if (k == 0) continue; seen = k; }} return seen;",
     "+one -one +one -one"),
    ("break", f"while (1) {{ {HOLD} if (a) break; seen = 1; }} return a;", "+one -one"),
    ("break of a loop around which one is held", f"{HOLD} while (1) {{ {HOLD_TWO} if (a) break; }} seen = 1; return a;",
     "+one +two -two -one"),
    ("break of a switch inside", f"{HOLD} switch (a) {{ case 7: {{ {HOLD_TWO} break; }} default: seen = 2; }} return a;",
     "+one +two -two -one"),
    ("goto out", f"{{ {HOLD} if (a) goto out; seen = 1; }} seen = 2; out: return seen;", "+one -one"),
    ("goto inside", f"{HOLD} if (a) goto out; seen = 1; out: seen++; return seen;", "+one -one"),
    ("goto back over it", f"u32 n = 0; again: n++; {HOLD} if (n < 2) goto again; return n;", "+one -one +one -one"),
    ("a statement of its own", "scoped_guard(hyp_spinlock, &one) seen = a; return seen;", "+one -one"),
    ("a block of its own", "scoped_guard(hyp_spinlock, &one) { seen = a; } seen++; return seen;", "+one -one"),
    ("return out of it", "scoped_guard(hyp_spinlock, &one) { if (a) return 1; } return 2;", "+one -one"),
    ("break out of it, not of the loop around",
     "u32 n = 0; while (n < 2) { scoped_guard(hyp_spinlock, &one) { n++; if (a) break; n = 9; } n++; } return n;",
     "+one -one"),
    ("continue leaves it, too",
     "u32 n = 0; while (n < 2) { scoped_guard(hyp_spinlock, &one) { n++; if (a) continue; n = 9; } n++; } return n;",
     "+one -one"),
    ("one inside another", "scoped_guard(hyp_spinlock, &one) scoped_guard(hyp_spinlock, &two) seen = a; return seen;",
     "+one +two -two -one"),
    ("the lock that it was, though the pointer goes on",
     "hyp_spinlock_t *lock = &one; { guard(hyp_spinlock)(lock); lock = &two; } return a;", "+one -one"),
    ("a value from before", f"seen = a; {HOLD} return seen++;", "+one -one"),
]
VALUES = {"a value from before": 7, "the end of a block": 8, "break out of it, not of the loop around": 2,
          "continue leaves it, too": 2, "goto back over it": 2, "past an inner one": 2}


def steps(body: str, argument: int = 7) -> tuple[int | None, str]:
    """(what it returns, the locks that it takes and gives back)"""
    unit = unit_of(f"{LOCKS}u32 f(u32 a)\n{{\n\t{body}\n}}\n")
    assert unsupported(unit, "f") == []
    machine = Machine(unit, Scripted())
    value = machine.call("f", (argument,))
    assert machine.held == ()
    return value, " ".join(f"{'+' if step.is_acquire else '-'}{step.path}" for step in machine.log.locks)


@pytest.mark.parametrize(("what", "body", "wanted"), CASES, ids=[what for what, _, _ in CASES])
def test_whatever_leaves_the_scope_gives_the_lock_back(what: str, body: str, wanted: str) -> None:
    value, found = steps(body)
    assert found == wanted
    assert what not in VALUES or value == VALUES[what]


def test_a_write_before_the_end_is_made_under_the_lock() -> None:
    unit = unit_of(f"{LOCKS}u32 f(u32 a)\n{{\n\t{{ {HOLD} seen = 1; }}\n\tseen = 2;\n\treturn 0;\n}}\n")
    machine = Machine(unit, Scripted())
    machine.call("f", (7,))
    writes = [event for event in machine.log.accesses if event.is_write]
    assert [bool(event.held) for event in writes] == [True, False]


@pytest.mark.parametrize(("body", "construct"), [
    ("guard(mutex)(&one); return a;", "guard(mutex)"),
    ("guard(hyp_spinlock)(&one, a); return a;", "with 2 arguments"),
    (f"if (a) {HOLD} return a;", "guard() that is no statement of a block"),
    (f"switch (a) {{ case 1: {HOLD} seen = 1; case 2: seen = 2; }} return a;", "guard() that is no statement of a block"),
    (f"if (a) goto in; {HOLD} in: return a;", "jump into the scope of a guard"),
    ("if (a) goto in; scoped_guard(hyp_spinlock, &one) { in: seen = 1; } return a;", "jump into the scope of a guard"),
    ("a = ({ guard(hyp_spinlock)(&one); a; }); return a;", "guard() that is no statement of a block"),
    ("scoped_cond_guard(hyp_try, return 1, &one) { seen = 1; } return a;", "scoped_cond_guard"),
])
def test_what_is_no_scope_is_refused(body: str, construct: str) -> None:
    found = unsupported(unit_of(f"{LOCKS}u32 f(u32 a)\n{{\n\t{body}\n}}\n"), "f")
    assert found and construct in found[0][0]


@pytest.mark.compiler
def test_a_compiler_does_the_same(tmp_path: Path) -> None:
    """With the macros that the compiled proxy gets, and gcc's own `cleanup`."""
    header = (Path(native.__file__).parent / "env" / "hypervisor.h").read_text(encoding="utf-8")
    macros = header[header.index("/* Linux's cleanup.h"):header.index("struct user_pt_regs")]
    functions = [f"static u32 f{k}(u32 a)\n{{\n\t{body}\n}}\n" for k, (_, body, _) in enumerate(CASES)]
    calls = [f'\tseen = 0;\n\tprintf("= %u\\n", f{k}(7));\n' for k in range(len(CASES))]
    source, program = tmp_path / "guards.c", tmp_path / "guards"
    source.write_text("".join((PREFACE, macros, "static u32 seen;\n", *functions, "int main(void)\n{\n", *calls,
                               "\treturn 0;\n}\n")), encoding="utf-8")
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-o", program, source], check=True)
    said = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    found = [(int(value), " ".join(steps.split())) for steps, value in re.findall(r"([^=]*)= (\d+)", said)]
    assert found == [steps(body) for _, body, _ in CASES]
    assert [taken for _, taken in found] == [wanted for _, _, wanted in CASES]
