"""Compiles a tree's ffa.c, unmodified, with our stubs around it, into a program that runs inputs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from tests.differential.shape import Shape
from tests.differential.trees import Tree
from verify.ir.expr import POINTER
from verify.ir.function import Function
from verify.native.program import ERRORS, KERNEL_C

NATIVE = Path(__file__).parent / "native"
ENVIRONMENT = Path(str(resources.files("verify.native"))) / "env"
FFA_C = "arch/arm64/kvm/hyp/nvhe/ffa.c"
PKVM_H = "arch/arm64/include/asm/kvm_pkvm.h"
HYP_MAIN_C = "arch/arm64/kvm/hyp/nvhe/hyp-main.c"
NVHE = "arch/arm64/kvm/hyp/include/nvhe"
AS_THEY_ARE = {
    "linux/arm_ffa.h": "include/linux/arm_ffa.h", "linux/arm-smccc.h": "include/linux/arm-smccc.h",
    "nvhe/ffa.h": f"{NVHE}/ffa.h", "nvhe/arm-smccc.h": f"{NVHE}/arm-smccc.h",
}
LIMITS = "#define FFA_MIN_FUNC_NUM 0x60\n#define FFA_MAX_FUNC_NUM 0xff\n"
PROXY_PAGES = """static inline unsigned long hyp_ffa_proxy_pages(void)
{
	unsigned long bytes = sizeof(struct ffa_mem_region) + sizeof(struct ffa_mem_region_attributes)
		+ sizeof(struct ffa_composite_mem_region) + SG_MAX_SEGMENTS * sizeof(struct ffa_mem_region_addr_range);
	return 2 * KVM_FFA_MBOX_NR_PAGES + (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
}
"""
CALLER = """static void handle_host_smc(struct kvm_cpu_context *context)
{
	u64 function = context->regs.regs[0] & ~0x10000ULL;
	if (!kvm_host_ffa_handler(%s))
		__kvm_hyp_host_forward_smc(context);
}
"""


class BuildError(Exception):
    """The compiler's words."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """A compiler, how its programs are run, and whether the tree's own SMCCC 1.1 macro is used."""

    compiler: str
    optimisation: str
    runner: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


FAR = 0x5500000000
"""Where a wild pointer of an input does not lead."""
NATIVE_GCC = Flavour("gcc", "-O2")
NATIVE_O0 = Flavour("gcc", "-O0", extra=(
    "--coverage", "-fsanitize=shift,integer-divide-by-zero", "-fsanitize-undefined-trap-on-error"))
AARCH64 = Flavour(
    "aarch64-linux-gnu-gcc", "-O2", ("qemu-aarch64",), ("-static", f"-Wl,-Ttext-segment={FAR}", "-DREAL_SMCCC_1_1"))


def build(tree: Tree, shape: Shape, folder: Path, flavour: Flavour = NATIVE_GCC) -> list[str]:
    """The command that runs inputs from stdin; raises BuildError."""
    prepare(tree, shape, folder)
    program = folder / "runner"
    objects = [str(folder / f"{name}.o") for name in ("runner", "proxy")]
    _compile([*_command(shape, flavour), "-Wall", "-c", str(NATIVE / "runner.c"), "-o", objects[0]])
    _compile([*_proxy(tree, shape, folder, flavour), "-c", "-o", objects[1]])
    _compile([flavour.compiler, *flavour.extra, *objects, "-o", str(program)])
    return [*flavour.runner, str(program)]


def preprocessing(tree: Tree, shape: Shape, folder: Path, flavour: Flavour) -> list[str]:
    """The command that prints what the compiler sees of the tree's code; prepared in `folder` before."""
    return [*_proxy(tree, shape, folder, flavour), "-DWITHOUT_TABLES", "-E", "-P"]


def _command(shape: Shape, flavour: Flavour) -> list[str]:
    flags = [f"-D{name}={value}" + ("ULL" if value >> 31 else "") for name, value in shape.defines.items()]
    return [flavour.compiler, "-std=gnu11", flavour.optimisation, *KERNEL_C, *flags, *flavour.extra, "-I", str(NATIVE),
            "-I", str(ENVIRONMENT)]


def _proxy(tree: Tree, shape: Shape, folder: Path, flavour: Flavour) -> list[str]:
    source = (tree.root / FFA_C).resolve()
    return [*_command(shape, flavour), "-ftrivial-auto-var-init=pattern", f'-DFFA_SOURCE="{source}"', "-DCONFIG_ARM64",
            "-DCONFIG_64BIT", "-D__KVM_NVHE_HYPERVISOR__", "-I", str(folder), "-w", *ERRORS, str(NATIVE / "proxy.c")]


def _compile(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(command)}\n{done.stderr}")


def prepare(tree: Tree, shape: Shape, folder: Path) -> None:
    """All that the proxy's compilation reads."""
    headers(tree, folder)
    (folder / "caller.h").write_text(_caller(tree))
    (folder / "tables.h").write_text(_tables(shape))


def headers(tree: Tree, folder: Path) -> None:
    """The tree's FF-A and SMCCC headers as they are; empty files for all others that they name."""
    wanted: set[str] = set()
    present = {name: text for name, path in AS_THEY_ARE.items() if (text := tree.text(path)) is not None}
    for text in (*present.values(), tree.text(FFA_C) or ""):
        wanted |= set(re.findall(r'^#\s*include\s*[<"]([^>"]+)[>"]', text, re.MULTILINE))
    for name in wanted | set(present):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if name in present:
            shutil.copyfile(tree.root / AS_THEY_ARE[name], file)
        else:
            file.write_text("")
    limits = "" if "FFA_MIN_FUNC_NUM" in "".join((*present.values(), tree.text(FFA_C) or "")) else LIMITS
    smccc = "#include <nvhe/arm-smccc.h>\n" if "nvhe/arm-smccc.h" in present else ""
    (folder / "before_ffa.h").write_text(limits + smccc)
    (folder / "asm").mkdir(exist_ok=True)
    (folder / "asm/kvm_pkvm.h").write_text(_pkvm(tree))


def _pkvm(tree: Tree) -> str:
    """Two definitions of kvm_pkvm.h, taken from the tree, or their usual meaning."""
    text = tree.text(PKVM_H) or ""
    pages = re.search(r"^#define\s+KVM_FFA_MBOX_NR_PAGES\b.*$", text, re.MULTILINE)
    function = definition(text, "hyp_ffa_proxy_pages")
    return (pages[0] if pages else "#define KVM_FFA_MBOX_NR_PAGES 1") + "\n" + (function or PROXY_PAGES) + "\n"


def _caller(tree: Tree) -> str:
    text = tree.text(HYP_MAIN_C) or ""
    entry = definition(text, "handle_host_smc")
    if entry is None:
        handler = tree.unit.functions["kvm_host_ffa_handler"]
        return CALLER % ("context, function" if len(handler.parameters) == 2 else "context")
    return (definition(text, "default_host_smc_handler") or "") + "\n" + entry + "\n"


def definition(text: str, name: str) -> str | None:
    """The function definition of that name, as the text has it (kernel style: braces of the body in column 1)."""
    found = re.search(rf"^[a-z][^\n;{{}}]*\b{name}\([^)]*\)\s*\{{", text, re.MULTILINE)
    if found is None:
        return None
    depth, at = 1, found.end()
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return text[found.start():at]


def _tables(shape: Shape) -> str:
    """Calls and statics by number."""
    calls = "".join(
        f"\tcase {index}: {_call(shape.unit.functions[name])}\n" for index, name in enumerate(shape.functions))
    places = "".join(f"\t{{ &{path}, sizeof({path}) }},\n" for path, _ in shape.statics)
    checks = "".join(f'_Static_assert(sizeof({path}) == {size}, "{path}");\n' for path, size in shape.statics)
    return (
        f"{checks}static const struct {{ void *at; unsigned size; }} places[] = {{\n{places}}};\n"
        f"const int function_count = {len(shape.functions)}, static_count = {len(shape.statics)};\n"
        "void *static_place(int index) { return places[index].at; }\n"
        "unsigned static_size(int index) { return places[index].size; }\n"
        f"word call_function(int index, const word *a)\n{{\n\tswitch (index) {{\n{calls}\t}}\n\treturn 0;\n}}\n")


def _call(function: Function) -> str:
    arguments = ", ".join(
        f"(void *)a[{k}]" if parameter.bits == POINTER else f"a[{k}]"
        for k, parameter in enumerate(function.parameters))
    call = f"{function.name}({arguments})"
    if function.result_bits is None:
        return f"{call}; return 0;"
    return f"return (u{function.result_bits}){call};" if function.result_bits > 0 else f"return (word){call};"
