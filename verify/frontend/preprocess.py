"""C text → located tokens.

The tree's FF-A and SMCCC headers are read as they are; every other include is answered by our environment
headers (`env/`), which are read before and after them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from verify.errors import InputError
from verify.frontend.columns import Columns
from verify.frontend.outside import MODULE_POINTER, stand_ins
from verify.frontend.reader import Reader
from verify.frontend.text import checked
from verify.ir.span import Span

FFA_C = "arch/arm64/kvm/hyp/nvhe/ffa.c"
FFA_H = "include/linux/arm_ffa.h"
SMCCC_H = "include/linux/arm-smccc.h"
NVHE_FFA_H = "arch/arm64/kvm/hyp/include/nvhe/ffa.h"
PKVM_H = "arch/arm64/include/asm/kvm_pkvm.h"
NVHE_PKVM_H = "arch/arm64/kvm/hyp/include/nvhe/pkvm.h"
PKVM_C = "arch/arm64/kvm/hyp/nvhe/pkvm.c"
HYP_MAIN_C = "arch/arm64/kvm/hyp/nvhe/hyp-main.c"

_INCLUDES = {"linux/arm_ffa.h": FFA_H, "linux/arm-smccc.h": SMCCC_H, "nvhe/ffa.h": NVHE_FFA_H}
_READ = (FFA_C, FFA_H, SMCCC_H, NVHE_FFA_H, PKVM_H, NVHE_PKVM_H, PKVM_C, HYP_MAIN_C)
_SUFFIX_RESTS = {"L", "l", "LL", "ll"}
"""pcpp's lexer takes `0ULL` for `0UL` and `L`; no C program has such neighbours otherwise."""
_DEFINED = {
    "CONFIG_ARM64": "1", "CONFIG_64BIT": "1", "CONFIG_KVM": "1", "__KVM_NVHE_HYPERVISOR__": "1", "__KERNEL__": "1",
    "__aarch64__": "1", "__LP64__": "1",
}
MOST_TOKENS = 200_000
"""A kernel's proxy and its headers have some 20,000."""
_OPTION = re.compile(r"\bCONFIG_\w+")


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is pcpp's: CPP_ID, CPP_INTEGER, punctuation names, …"""

    kind: str
    text: str
    span: Span


def _environment(name: str) -> str:
    return resources.files("verify.frontend").joinpath("env", name).read_text(encoding="utf-8")


def _driver(files: Mapping[str, str]) -> str:
    order = ["<env>/before.h", SMCCC_H, FFA_H, "<env>/after.h"]
    order += [name for name in ("<env>/lists.h", NVHE_PKVM_H, NVHE_FFA_H, PKVM_H) if name in files]
    order += ["<env>/limits.h", FFA_C]
    order += [PKVM_C] if PKVM_C in files else []
    order += [HYP_MAIN_C if HYP_MAIN_C in files else "<env>/entry.h"]
    return "".join(f'#include "{name}"\n' for name in order)


LIMITS = """#ifndef KVM_FFA_MBOX_NR_PAGES
#define KVM_FFA_MBOX_NR_PAGES 1
#endif
#ifndef FFA_MIN_FUNC_NUM
#define FFA_MIN_FUNC_NUM 0x60
#define FFA_MAX_FUNC_NUM 0xFF
#endif
"""
PROXY_PAGES = """static inline unsigned long hyp_ffa_proxy_pages(void)
{
    return 2 * KVM_FFA_MBOX_NR_PAGES +
        DIV_ROUND_UP(sizeof(struct ffa_mem_region) + sizeof(struct ffa_mem_region_attributes) +
            sizeof(struct ffa_composite_mem_region) +
            SG_MAX_SEGMENTS * sizeof(struct ffa_mem_region_addr_range), PAGE_SIZE);
}
"""


_NO_LINE_END = re.compile(r"[^\n]")


def _only(text: str, pattern: str) -> str:
    """The matches at their own lines; everything else blank."""
    result, done = [], 0
    for found in re.finditer(pattern, text, re.MULTILINE | re.DOTALL):
        result += [_NO_LINE_END.sub(" ", text[done : found.start()]), found[0]]
        done = found.end()
    return "".join([*result, _NO_LINE_END.sub(" ", text[done:])])


_BODY = r"\n\{.{0,20000}?^\}"
_PKVM_PARTS = (
    r"^#define[ \t]+KVM_FFA_\w+[ \t][^\n]*$|^DECLARE_STATIC_KEY_\w+\(kvm_ffa_\w+\);"
    r"|^extern [^;{}()]{0,100}\bkvm_nvhe_sym\(ffa_\w+\);"
    r"|^static inline [^;{}]{0,200}\bhyp_ffa_proxy_pages\(void\)" + _BODY
)
_FFA_FUNCTION = r"^[^;{}()#/*\n]{1,200}\b\w*ffa\w*\([^;{}()]{0,500}\)"
_FOUND = r"^struct \w{1,100}[ \t]*\*\w*ffa\w*\([^;{}()]{0,500}\);"
_NVHE_PKVM_PARTS = r"^struct kvm_ffa_buffers[ \t]*\{[^{}]{0,5000}^\};|" + _FFA_FUNCTION + ";|" + _FOUND
_FFA_FUNCTIONS = _FFA_FUNCTION + _BODY
_MAIN_PARTS = (
    r"^static void (?:default_host_smc_handler|handle_host_smc)\([^)]{0,200}\)" + _BODY
    + rf"|^static bool \(\*{MODULE_POINTER}\)\([^;{{}}]{{0,200}}\);"
)


@dataclass(frozen=True, slots=True)
class Preprocessed:
    tokens: tuple[Token, ...]
    macros: Mapping[str, str]
    assumptions: tuple[str, ...]
    expanded: Mapping[str, tuple[Token, ...]]
    """Object-like macros of the FF-A and SMCCC headers, fully expanded."""


_CONSTANTS = re.compile(r"(FFA|SMCCC|ARM_SMCCC|KVM_FFA|HOST_FFA|HYP_FFA)_\w+$")


def preprocess(files: Mapping[str, str], handler: str = "kvm_host_ffa_handler") -> Preprocessed:
    """All tokens of the unit. Raises InputError for a missing file or a broken directive."""
    prepared, assumptions = _prepare(files, handler)
    reader = Reader(prepared, _INCLUDES, _DEFINED)
    tokens: list[Token] = []
    columns = Columns(prepared, reader.macros)
    for raw in reader.tokens(_driver(prepared)):
        if raw.type in reader.t_WS or raw.type in ("CPP_COMMENT1", "CPP_COMMENT2") or not raw.value.strip():
            continue
        source = raw.source or "<driver>"
        span = Span(source, raw.lineno, columns.of(source, raw.lineno, raw.lexpos, raw.value))
        if tokens and tokens[-1].kind == "CPP_INTEGER" and raw.value in _SUFFIX_RESTS:
            tokens[-1] = Token("CPP_INTEGER", tokens[-1].text + raw.value, tokens[-1].span)
            continue
        if raw.value == "=" and tokens and tokens[-1].text == "^":  # pcpp does not know `^=`
            tokens[-1] = Token("CPP_XOREQUAL", "^=", tokens[-1].span)
            continue
        if len(tokens) > MOST_TOKENS:
            raise InputError(f"{source}:{raw.lineno}: more than {MOST_TOKENS} words and marks in this tree's files")
        tokens.append(Token(raw.type, raw.value, span))
    macros = {
        name: "".join(part.value for part in macro.value)
        for name, macro in reader.macros.items() if macro.arglist is None
    }
    return Preprocessed(tuple(tokens), macros, assumptions, _expanded(reader, macros))


def _expanded(reader: Reader, macros: Mapping[str, str]) -> dict[str, tuple[Token, ...]]:
    result = {}
    for name, text in sorted(macros.items()):
        if _CONSTANTS.match(name) and text.strip():
            parts = reader.expanded(name, text)
            result[name] = tuple(
                Token(part.type, part.value, Span(f"<macro {name}>", 1))
                for part in parts if part.type not in reader.t_WS and part.value.strip())
    return result


def _prepare(files: Mapping[str, str], handler: str) -> tuple[dict[str, str], tuple[str, ...]]:
    if not re.fullmatch(r"[A-Za-z_]\w*", handler, re.ASCII):
        raise InputError(f"{handler[:40]!r}: no name of a function that could handle a call")
    for name in (FFA_C, FFA_H, SMCCC_H):
        if name not in files:
            raise InputError(f"{name}: missing; a kernel tree (or a sparse one with ffa.c and its headers) is needed")
    files = {name: checked(name, text) for name, text in files.items() if name in _READ}
    assumptions = ["the PSCI handler takes no FF-A function ID", "the host's SMC has immediate 0"]
    limits = LIMITS
    pkvm = _only(files[PKVM_H], _PKVM_PARTS) if PKVM_H in files else ""
    if "KVM_FFA_MBOX_NR_PAGES" not in pkvm:
        assumptions.append("KVM_FFA_MBOX_NR_PAGES is 1 (the tree has no kvm_pkvm.h)")
    if "hyp_ffa_proxy_pages" not in pkvm:
        limits += PROXY_PAGES
        assumptions.append("the descriptor buffer has its usual size (the tree has no hyp_ffa_proxy_pages)")
    if "FFA_MIN_FUNC_NUM" not in files.get(NVHE_FFA_H, "") + files[FFA_C] + files[FFA_H]:
        assumptions.append("FF-A function numbers are 0x60 to 0xFF (the tree has no nvhe/ffa.h)")
    prepared = _in_parts(files, pkvm)
    if HYP_MAIN_C not in prepared:
        assumptions.append("the caller strips the SVE hint from x0 and forwards what is not handled")
    others = (NVHE_FFA_H, NVHE_PKVM_H, PKVM_H, PKVM_C, HYP_MAIN_C)
    texts = (files[FFA_C], *(prepared.get(name, "") for name in others))
    options = {name for text in texts for name in _OPTION.findall(text)} - set(_DEFINED)
    assumptions += [f"{name} is not set" for name in sorted(options)]
    macros, assumed = stand_ins(texts)
    limits, assumptions = limits + macros, assumptions + assumed
    call = f"{handler}(ctxt)" if _takes_context_only(files[FFA_C], handler) else f"{handler}(ctxt, id)"
    prepared["<env>/before.h"] = _environment("before.h")
    prepared["<env>/after.h"] = _environment("after.h")
    if any("list_head" in text for text in texts):
        prepared["<env>/lists.h"] = _environment("lists.h")
    prepared["<env>/entry.h"] = f"#define __VERIFY_HANDLER(ctxt, id) {call}\n" + _environment("entry.h")
    prepared["<env>/limits.h"] = limits
    return prepared, tuple(assumptions)


def _in_parts(files: Mapping[str, str], pkvm: str) -> dict[str, str]:
    """The files, large ones cut down to what the proxy uses of them; `pkvm` is kvm_pkvm.h's part."""
    prepared = dict(files)
    parts = {PKVM_H: pkvm, **{name: _only(files[name], pattern) for name, pattern in (
        (NVHE_PKVM_H, _NVHE_PKVM_PARTS), (PKVM_C, _FFA_FUNCTIONS), (HYP_MAIN_C, _MAIN_PARTS)) if name in files}}
    if "handle_host_smc" not in parts.get(HYP_MAIN_C, ""):
        parts[HYP_MAIN_C] = ""
    for name, part in parts.items():
        if part.strip():
            prepared[name] = part
        else:
            prepared.pop(name, None)
    return prepared


def _takes_context_only(text: str, handler: str) -> bool:
    found = re.search(rf"\b{handler}\s*\(([^)]{{0,1000}})\)\s*\{{", text)
    return found is not None and "," not in found.group(1)
