"""Programs as gcc compiles them: a batch is one executable, which runs a table of inputs and prints what came out.

A sanitizer's trap, or a mark of the generator's, ends a call, and not the run.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.differential.build import KERNEL_C, BuildError
from tests.fuzz.syntax import Program
from tests.fuzz.undefined import givers

Inputs = Sequence[Sequence[tuple[int, ...]]]
"""By program, then rows of arguments."""
TRAP, SIGNAL = -1, -2
"""What a call yields that ran into undefined behaviour, or where no sanitizer looked, died of it."""
SANITIZERS = ("-fsanitize=shift-exponent,integer-divide-by-zero,bounds,null", "-fsanitize-undefined-trap-on-error")
BEFORE = """
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
typedef signed char s8; typedef short s16; typedef int s32; typedef long long s64; typedef _Bool bool;
#define UB_IF(c) do { if (c) __builtin_trap(); } while (0)
#define check_add_overflow(a, b, d) __builtin_add_overflow(a, b, d)
#define check_sub_overflow(a, b, d) __builtin_sub_overflow(a, b, d)
#define check_mul_overflow(a, b, d) __builtin_mul_overflow(a, b, d)
"""
AFTER = """
static sigjmp_buf home;
static void caught(int number)
{
	siglongjmp(home, number);
}
int main(void)
{
	static const int numbers[] = { SIGILL, SIGTRAP, SIGFPE, SIGSEGV, SIGBUS, SIGALRM };
	for (unsigned k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++)
		signal(numbers[k], caught);
	for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		int number = sigsetjmp(home, 1);
		if (!number) {
			alarm(10);
			unsigned long long value = calls[rows[k].program](rows[k].x);
			printf("%llu\\n", value);
		} else {
			printf(number == SIGILL || number == SIGTRAP ? "trap\\n" : "signal %d\\n", number);
		}
	}
	return 0;
}
"""


@dataclass(frozen=True, slots=True)
class Build:
    """How a batch is compiled."""

    compiler: str = "gcc"
    optimisation: str = "-O0"
    extra: tuple[str, ...] = SANITIZERS
    runner: tuple[str, ...] = ()


SANITIZED = Build()
OPTIMISED = Build(optimisation="-O2", extra=())


class Surprise(Exception):
    """The program ended in a way that the generator rules out."""


def source(programs: Sequence[Program], inputs: Inputs) -> str:
    """One C file."""
    parts = [BEFORE, *givers(), *(program.text for program in programs)]
    parts += [_caller(program) for program in programs]
    parts.append(f"static u64 (*const calls[])(const u64 *) = {{ {', '.join(f'c{p.seed}' for p in programs)} }};\n")
    rows = [f"{{ {at}, {{ {', '.join(f'{value}ULL' for value in row)} }} }}"
            for at, own in enumerate(inputs) for row in own]
    parts.append("static const struct { unsigned program; u64 x[4]; } rows[] = {\n" + ",\n".join(rows) + "\n};\n")
    return "".join((*parts, AFTER))


def _caller(program: Program) -> str:
    """Statics are as they were initialised at the beginning of each call."""
    number = program.seed
    kept = "".join(f"\tstatic __typeof__({name}) k_{name};\n" for name in program.statics)
    first = "".join(f" memcpy(&k_{name}, &{name}, sizeof({name}));" for name in program.statics)
    again = "".join(f" memcpy(&{name}, &k_{name}, sizeof({name}));" for name in program.statics)
    values = ", ".join(f"({kind.name})x[{at}]" for at, kind in enumerate(program.parameters))
    return (f"static u64 c{number}(const u64 *x)\n{{\n\tstatic int called;\n{kept}"
            f"\tif (!called) {{ called = 1;{first} }} else {{{again} }}\n\treturn {program.name}({values});\n}}\n")


def run(programs: Sequence[Program], inputs: Inputs, folder: Path, build: Build = SANITIZED) -> list[list[int]]:
    """What each call yields; raises BuildError and Surprise."""
    text, program = folder / "batch.c", folder / f"batch{build.optimisation}"
    text.write_text(source(programs, inputs))
    command = [build.compiler, "-std=gnu11", build.optimisation, *KERNEL_C, *build.extra,
               "-fno-delete-null-pointer-checks", "-w", str(text), "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(done.stderr)
    ran = subprocess.run([*build.runner, str(program)], capture_output=True, text=True, check=False, timeout=600)
    lines = ran.stdout.splitlines()
    if ran.returncode or len(lines) != sum(len(rows) for rows in inputs):
        raise Surprise(f"status {ran.returncode} after {len(lines)} calls")
    found = iter(lines)
    return [[_number(next(found)) for _ in own] for own in inputs]


def _number(line: str) -> int:
    if line.startswith("signal"):
        return SIGNAL
    return TRAP if line == "trap" else int(line)
