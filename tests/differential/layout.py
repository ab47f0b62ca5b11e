"""What the compiler says of the tree's structs and constants, as C programs that print numbers."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.differential.build import AARCH64, ENVIRONMENT, headers
from tests.differential.trees import Tree
from verify.ir.function import Object
from verify.native.program import KERNEL_C

DEFINES = ("-DCONFIG_ARM64", "-DCONFIG_64BIT", "-D__KVM_NVHE_HYPERVISOR__", "-DPAGE_SHIFT=12")
INCLUDES = """#include "kernel.h"
#include <linux/arm-smccc.h>
#include <linux/arm_ffa.h>
"""
PRINTF = "int printf(const char *, ...);\n"


Layout = tuple[int, int, tuple[tuple[str, int, int], ...]]
"""(size, alignment, (member path, offset, size in bytes) of each scalar member)."""


def layouts(tree: Tree, wanted: Mapping[str, Object], folder: Path) -> dict[str, Layout]:
    """The structs of `wanted`, with the members that it names."""
    rows = []
    for tag, item in wanted.items():
        rows.append(f'printf("{tag}||%zu|%zu\\n", sizeof({tag}), _Alignof({tag}));')
        rows += [f'printf("{tag}|{field.path}|%zu|%zu\\n", offsetof({tag}, {field.path}), sizeof((({tag} *)0)->{field.path}));'
                 for field in item.fields]
    printed = [line.split("|") for line in _printed(tree, rows, folder)]
    return {
        tag: (*next((int(a), int(b)) for name, path, a, b in printed if name == tag and not path),
              tuple((path, int(a), int(b)) for name, path, a, b in printed if name == tag and path))
        for tag in wanted}


def constants(tree: Tree, names: Sequence[str], folder: Path) -> dict[str, tuple[int, int]]:
    """Macro → (value as 64 bits, size of its type in bytes), of those that are integer constant expressions."""
    usable = _usable(tree, names, folder)
    rows = [f'printf("{name}|%llu|%zu\\n", (u64)({name}), sizeof({name}));' for name in usable]
    return {name: (int(value), int(size)) for name, value, size in (line.split("|") for line in _printed(tree, rows, folder))}


def object_macros(texts: Iterable[str]) -> list[str]:
    """Macros without parameters and with a body."""
    found = {name for text in texts for name in re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+\S", text, re.MULTILINE)}
    return sorted(found)


def _usable(tree: Tree, names: Sequence[str], folder: Path) -> list[str]:
    """One enumerator a line: the compiler names the lines that are no integer constants."""
    before = INCLUDES.count("\n")
    lines = "".join(f"enum {{ constant_{index} = sizeof(char[1 + !({name})]) }};\n" for index, name in enumerate(names))
    source = folder / "usable.c"
    headers(tree, folder)
    source.write_text(INCLUDES + lines)
    command = [*_command(folder), "-fsyntax-only", "-fmax-errors=0", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    bad = {int(line) for line in re.findall(r"usable\.c:(\d+):\d+: error", done.stderr)}
    return [name for line, name in enumerate(names, before + 1) if line not in bad]


def _printed(tree: Tree, rows: Sequence[str], folder: Path) -> list[str]:
    headers(tree, folder)
    source, program = folder / "print.c", folder / "print"
    body = "\n\t".join(rows)
    source.write_text(f"{INCLUDES}{PRINTF}int main(void)\n{{\n\t{body}\n\treturn 0;\n}}\n")
    subprocess.run([*_command(folder), "-static", str(source), "-o", str(program)], check=True)
    done = subprocess.run([*AARCH64.runner, str(program)], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def _command(folder: Path) -> list[str]:
    return [AARCH64.compiler, "-std=gnu11", *KERNEL_C, *DEFINES, "-w", "-I", str(folder), "-I", str(ENVIRONMENT)]
