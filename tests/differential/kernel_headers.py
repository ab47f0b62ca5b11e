"""Compiling against a kernel tree's own headers, with the files that the kernel's build would generate."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.differential.build import BuildError

COMPILER = "aarch64-linux-gnu-gcc"
INCLUDE = ("arch/arm64/include", "include", "arch/arm64/include/uapi", "include/uapi", "arch/arm64/kvm/hyp/include")
FIRST = ("include/linux/compiler-version.h", "include/linux/kconfig.h", "include/linux/compiler_types.h")
FLAGS = ("-std=gnu11", "-O2", "-w", "-nostdinc", "-D__KERNEL__", "-D__KVM_NVHE_HYPERVISOR__",
         "-fno-strict-aliasing", "-fno-strict-overflow", "-fshort-wchar", "-funsigned-char", "-fno-stack-protector",
         "-ffixed-x18", "-DKASAN_SHADOW_SCALE_SHIFT=")
OPTIONS = {
    "64BIT": 1, "MMU": 1, "SMP": 1, "NR_CPUS": 4, "HZ": 250, "KVM": 1, "BUG": 1, "GENERIC_BUG": 1,
    "GENERIC_BUG_RELATIVE_POINTERS": 1, "CC_IS_GCC": 1, "GCC_VERSION": 120200, "CC_HAS_ASM_GOTO_OUTPUT": 1,
    "TREE_RCU": 1, "TREE_SRCU": 1, "PREEMPT_NONE": 1, "THREAD_INFO_IN_TASK": 1, "SPARSEMEM": 1,
    "SPARSEMEM_VMEMMAP": 1, "ARCH_FORCE_MAX_ORDER": 10, "NODES_SHIFT": 0, "LOG_BUF_SHIFT": 17, "BASE_SMALL": 0,
    "ARM64_L1_CACHE_SHIFT": 6, "HAVE_KVM_IRQ_ROUTING": 1, "ILLEGAL_POINTER_VALUE": 0xDEAD000000000000,
    "ARM64_VA_BITS": 48, "ARM64_PA_BITS": 48, "FUNCTION_ALIGNMENT": 8, "PHYS_ADDR_T_64BIT": 1,
}
PAGE_LEVELS = {12: ("4K", 4), 14: ("16K", 4), 16: ("64K", 3)}
BOUNDS = {"NR_PAGEFLAGS": 24, "MAX_NR_ZONES": 4, "NR_CPUS_BITS": 2, "SPINLOCK_SIZE": 4, "LRU_GEN_WIDTH": 0,
          "__LRU_REFS_WIDTH": 0}
TIMES = ("HZ_TO_MSEC", "MSEC_TO_HZ", "HZ_TO_USEC", "USEC_TO_HZ")
OFFSETS_C = "arch/arm64/kernel/asm-offsets.c"
SYSCALLS = ("unistd_64.h", "unistd_32.h", "unistd_compat_32.h", "syscall_table_64.h")


def is_complete(tree: Path) -> bool:
    """A sparse tree has not what most headers include."""
    return (tree / "include/linux/bitfield.h").is_file() and (tree / "arch/arm64/Kconfig").is_file()


def generate(tree: Path, folder: Path, page_shift: int) -> None:
    """What a build of the smallest configuration with this page size would put before the headers."""
    for name in ("asm", "uapi/asm", "generated"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _wrappers(tree, folder)
    for name in SYSCALLS:
        (folder / "asm" / name).write_text("")
    offsets = folder / "generated/asm-offsets.h"
    offsets.write_text("")
    size, levels = PAGE_LEVELS[page_shift]
    options = {**dict.fromkeys(_selected(tree), 1), **OPTIONS, f"ARM64_{size}_PAGES": 1, "PGTABLE_LEVELS": levels,
               "ARM64_PAGE_SHIFT": page_shift, "PAGE_SHIFT": page_shift}
    (folder / "generated/autoconf.h").write_text(_defines({f"CONFIG_{name}": value for name, value in options.items()}))
    (folder / "generated/bounds.h").write_text(_defines(BOUNDS))
    (folder / "generated/timeconst.h").write_text(_defines(
        {f"{name}_{part}": 1 for name in TIMES for part in ("MUL32", "ADJ32", "SHR32", "NUM", "DEN")}))
    tools = tree / "arch/arm64/tools"
    for script, table, target in (("gen-sysreg.awk", "sysreg", "sysreg-defs.h"),
                                  ("gen-cpucaps.awk", "cpucaps", "cpucap-defs.h")):
        text = run(["awk", "-f", str(tools / script), str(tools / table)])
        (folder / "asm" / target).write_text(text)
    compile_kernel(tree, folder, tree / OFFSETS_C, folder / "asm-offsets.s", ["-S"])
    found = re.findall(r'"->(\w+) (-?\d+) ', (folder / "asm-offsets.s").read_text(encoding="utf-8"))
    offsets.write_text(_defines({name: int(value) for name, value in found}))


def compile_kernel(tree: Path, generated: Path, source: Path, target: Path, extra: Sequence[str]) -> None:
    """As the kernel's nVHE objects are compiled; `extra` flags say how far to go. Raises BuildError."""
    places = [str(tree / name) for name in INCLUDE]
    includes = ["-I", places[0], "-I", str(generated), *(part for place in places[1:] for part in ("-I", place))]
    first = [part for name in FIRST for part in ("-include", str(tree / name))]
    run([COMPILER, *FLAGS, *includes, *first, *extra, str(source), "-o", str(target)])


def run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def _wrappers(tree: Path, folder: Path) -> None:
    """asm/X.h for each asm-generic/X.h that the architecture has none of its own for."""
    arch, uapi = tree / "arch/arm64/include/asm", tree / "arch/arm64/include/uapi/asm"
    for source, is_uapi in ((tree / "include/asm-generic", False), (tree / "include/uapi/asm-generic", True)):
        for name in (file.name for file in source.glob("*.h")):
            text = f"#include <asm-generic/{name}>\n"
            if not (arch / name).exists() and not (uapi / name).exists():
                (folder / "asm" / name).write_text(text)
            if is_uapi and not (uapi / name).exists():
                (folder / "uapi/asm" / name).write_text(text)


def _selected(tree: Path) -> list[str]:
    """Options that the architecture always selects."""
    text = (tree / "arch/arm64/Kconfig").read_text(encoding="utf-8")
    part = re.search(r"^config ARM64\n(.*?)^config ", text, re.MULTILINE | re.DOTALL)
    return ["ARM64", *re.findall(r"^\tselect (\w+)$", part[1] if part else "", re.MULTILINE)]


def _defines(values: Mapping[str, int]) -> str:
    return "".join(f"#define {name} {value:#x}\n" if value > 1 << 31 else f"#define {name} {value}\n"
                   for name, value in values.items())
