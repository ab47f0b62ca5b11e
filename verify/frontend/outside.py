"""What the proxy and its caller call elsewhere, and what is said to take no part in FF-A; the keys that switch code.

Each of these is taken by its name, and is an assumption that reports tell. Whatever else is called and not read stays a
place where the model ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HANDLERS = {
    "kvm_host_scmi_handler": "the SCMI handler takes no FF-A function ID",
    "module_handle_host_smc": "no module takes an FF-A function ID",
}
"""Asked by the host's SMC handler before it forwards what the proxy left; a call of FF-A goes past them."""
GUESTS = {
    "__pkvm_get_vm_ffa_transfer": "what guests have shared is kept outside of the proxy's own statics and buffers",
}
"""Finds something of a guest's; what is done with that changes nothing of the host's."""
MODULE_POINTER = "default_host_smc_handler"
"""Where a module may put a function that is asked the same."""
_KEY = re.compile(r"^[ \t]*DECLARE_STATIC_KEY_(FALSE|TRUE)\((\w+)\)", re.MULTILINE)
_TRACE = re.compile(r"\b(trace_\w+|__hyp_enter|__hyp_exit)\s*\(")


def stand_ins(texts: Iterable[str]) -> tuple[str, list[str]]:
    """Macros for what these texts call and do not define, and what they assume."""
    text = "\n".join(texts)
    assumed = {name: said for name, said in HANDLERS.items() if re.search(rf"\b{name}\s*\(", text)}
    recorded = {name: f"{name} records its arguments and does nothing else" for name in _TRACE.findall(text)}
    known = {name: said for name, said in sorted({**assumed, **recorded}.items()) if not _defines(text, name)}
    macros = "".join(
        f"#define {name}(...) " + ("(__verify_recorded(__VA_ARGS__), 0)\n" if name in HANDLERS
                                   else "__verify_recorded(__VA_ARGS__)\n")
        for name in known)
    said = list(known.values())
    if re.search(rf"\(\s*\*\s*{MODULE_POINTER}\s*\)", text):
        said.append(f"no module takes the host's SMCs ({MODULE_POINTER} stays NULL)")
    said += [told for name, told in GUESTS.items() if re.search(rf"\b{name}\s*\(", text)]
    keys = {name: value.lower() for value, name in _KEY.findall(text)}
    said += [f"the static key {name} is {value}" for name, value in sorted(keys.items())]
    return macros, said


def _defines(text: str, name: str) -> bool:
    """As a macro, or as a function with its body."""
    return re.search(rf"^[ \t]*#[ \t]*define[ \t]+{name}\b|\b{name}\s*\([^;{{}}()]{{0,1000}}\)\s*\{{", text,
                     re.MULTILINE) is not None
