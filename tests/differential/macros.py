"""The cases on both sides: lowered with our environment headers and interpreted; compiled with the kernel's headers."""

from __future__ import annotations

import subprocess
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.differential.build import FAR, NATIVE
from tests.differential.kernel_headers import COMPILER, compile_kernel, generate, run
from tests.differential.macro_cases import Case
from tests.support import unit_of
from verify.interpret.machine import Machine
from verify.interpret.memory import Fault

MEMORY_WORDS, ARGUMENTS, REGISTERS = 64, 9, 18
ANSWER, STOPPED = 0x1122334455660000, 0x57A9
OFFSET = 1 << 44
EDGES = (0, 1, 2, 7, 255, 256, 4095, 4096, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
HEADERS = (
    "linux/types.h", "linux/errno.h", "linux/bits.h", "linux/bitfield.h", "linux/align.h", "linux/math.h",
    "linux/array_size.h", "linux/overflow.h", "linux/wordpart.h", "linux/sizes.h", "linux/build_bug.h", "linux/bug.h",
    "linux/uuid.h", "linux/mm.h", "linux/kvm_host.h", "linux/scatterlist.h", "asm/barrier.h", "asm/rwonce.h", "asm/esr.h",
    "asm/kvm_host.h", "asm/kvm_hyp.h", "nvhe/spinlock.h", "nvhe/memory.h", "nvhe/trap_handler.h", "linux/arm-smccc.h",
)
SYMBOLS = """
s64 hyp_physvirt_offset = OFFSET;
void __warn_printk(const char *text, ...) { }
"""
PROTOTYPE = "u64 run_case(u64 number, const u64 *a, u64 *memory)\n{\n\tswitch (number) {\n"

Words = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """One run of a case."""

    case: int
    memory: Words
    arguments: Words


@dataclass(frozen=True, slots=True)
class Shown:
    """What it did; `registers` are the compared ones of its last SMC."""

    result: int
    traps: int
    registers: Words
    memory: Words


def inputs(cases: Sequence[Case], count: int, rng: Random) -> list[Given]:
    """`count` for each case, one for a case without parameters."""
    return [Given(index, tuple(_words(rng)), tuple(_argument(case, k, rng) for k in range(len(case.types))))
            for index, case in enumerate(cases) for _ in range(count if case.types else 1)]


def _words(rng: Random) -> Iterator[int]:
    for _ in range(MEMORY_WORDS):
        yield rng.getrandbits(64) if rng.random() < 0.7 else rng.choice(EDGES)


def _argument(case: Case, index: int, rng: Random) -> int:
    if index < len(case.limits) and case.limits[index]:
        return rng.choice(case.limits[index])
    kind = rng.random()
    if kind < 0.5:
        return rng.choice(EDGES)
    return rng.getrandbits(rng.choice((8, 13, 31, 32, 64, 64)))


# -- interpreter -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Around:
    """EL3 and the outside functions, as native/macros.c and SYMBOLS have them."""

    registers: Words = ()
    calls: list[str] = field(default_factory=list)

    def smc(self, arguments: Sequence[int], is_forward: bool) -> Sequence[int]:
        self.registers = tuple(arguments)
        return [ANSWER + k for k in range(REGISTERS)]

    def outside(self, name: str, arguments: Sequence[int], page_shift: int) -> int:
        assert name == "hyp_virt_to_phys"
        return (arguments[0] + OFFSET) & (1 << 64) - 1

    def fill(self, name: str, offset: int) -> int:
        return 0


def interpreted(cases: Sequence[Case], given: Sequence[Given], page_shift: int) -> list[Shown]:
    unit = unit_of("".join(case.text(f"case_{index}") for index, case in enumerate(cases)))
    result = []
    for item in given:
        around = _Around()
        machine = Machine(unit, around, page_shift, trace=False)
        address = machine.allocate("memory", 8 * MEMORY_WORDS, array("Q", item.memory).tobytes())
        types = cases[item.case].types
        arguments = [address if kind.endswith("*") and kind != "void *" else value
                     for kind, value in zip(types, item.arguments, strict=True)]
        try:
            value, traps = machine.call(f"case_{item.case}", arguments) or 0, len(machine.log.warns)
        except Fault as problem:
            assert cases[item.case].stops, (cases[item.case], problem)
            value, traps = STOPPED, 1
        registers = around.registers[:cases[item.case].registers]
        memory = tuple(array("Q", machine.memory.content(address, 8 * MEMORY_WORDS)))
        result.append(Shown(value, traps, registers, memory))
    return result


# -- kernel ------------------------------------------------------------------------------------------------------


def build(tree: Path, cases: Sequence[Case], folder: Path, page_shift: int) -> Path:
    """The program of native/macros.c with the cases; its headers are the tree's."""
    generated = folder / "generated-headers"
    generate(tree, generated, page_shift)
    source = folder / "cases.c"
    source.write_text(_source(cases))
    compile_kernel(tree, generated, source, folder / "cases.o", ["-c", f"-DOFFSET={OFFSET}"])
    smccc = folder / "smccc.o"
    compile_kernel(tree, generated, tree / "arch/arm64/kernel/smccc-call.S", smccc, ["-c", "-D__ASSEMBLY__"])
    sizes = {"MEMORY_WORDS": MEMORY_WORDS, "ARGUMENTS": ARGUMENTS, "ANSWER": f"{ANSWER}ULL", "STOPPED": STOPPED}
    flags = [f"-D{name}={value}" for name, value in sizes.items()]
    program = folder / "macros"
    run([COMPILER, "-std=gnu11", "-Wall", "-Werror", "-O2", *flags, "-static", f"-Wl,-Ttext-segment={FAR}",
         str(NATIVE / "macros.c"), str(folder / "cases.o"), str(smccc), "-o", str(program)])
    return program


def _source(cases: Sequence[Case]) -> str:
    includes = "".join(f"#include <{name}>\n" for name in HEADERS)
    functions = "".join(case.text(f"case_{index}") for index, case in enumerate(cases))
    stops = ", ".join(str(int(case.stops)) for case in cases)
    answers = ", ".join(str(case.answers) for case in cases)
    table = "".join(f"\tcase {index}: return case_{index}({_arguments(case)});\n" for index, case in enumerate(cases))
    return (f"{includes}{SYMBOLS}const unsigned char stops[] = {{ {stops} }}, answers[] = {{ {answers} }};\n"
            f"{functions}{PROTOTYPE}{table}\t}}\n\treturn 0;\n}}\n")


def _arguments(case: Case) -> str:
    return ", ".join("(void *)memory" if kind.endswith("*") and kind != "void *" else f"({kind})a[{k}]"
                     for k, kind in enumerate(case.types))


def compiled(cases: Sequence[Case], given: Sequence[Given], program: Path) -> list[Shown]:
    text = b"".join(
        array("Q", (item.case, *item.memory, *item.arguments, *[0] * (ARGUMENTS - len(item.arguments)))).tobytes()
        for item in given)
    done = subprocess.run(["qemu-aarch64", str(program)], input=text, capture_output=True, check=True)
    words, size = array("Q", done.stdout).tolist(), 2 + REGISTERS + MEMORY_WORDS
    result = []
    for index, item in enumerate(given):
        row = words[index * size:(index + 1) * size]
        count = cases[item.case].registers
        result.append(Shown(row[0], row[1], tuple(row[2:2 + count]), tuple(row[2 + REGISTERS:])))
    return result
