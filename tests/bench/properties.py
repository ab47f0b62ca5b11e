"""What both tools are asked, in their own words: a rule (or a part of it), and a check of c/after.h for CBMC."""

from __future__ import annotations

from dataclasses import dataclass

NO_LOOP = (2,)
"""A jump back to a label is a loop for CBMC, which is left after the first round."""
LOOPS = (2, 16, 258)
"""A mailbox of 4K holds at most 256 ranges; a retrieved description 2304."""


@dataclass(frozen=True, slots=True)
class Property:
    """`part`: of the rule, empty: all of the function. `trusts`: ours. CBMC's EL3 answers anything, as at L0, but has
    let EL2 initialise, as at L2: with both, ours are above and below.

    `bounds`: for each unwinding of the handlers' loops CBMC runs once, until it finds a violation or gives up.
    """

    name: str
    rule: str
    function: str
    check: str
    bounds: tuple[int, ...] = NO_LOOP
    trusts: tuple[str, ...] = ("L0",)
    part: str = ""
    is_memory: bool = False


def _memory(function: str, check: str, trusts: tuple[str, ...] = ("L0", "L2"), how: str = "") -> Property:
    name = f"memory safety of {function}{how}"
    return Property(name, "FFA-SEC-09", function, check, LOOPS, trusts, function, True)


PROPERTIES = (
    Property("another major version is refused", "FFA-VER-03", "FFA_VERSION", "check_incompatible"),
    Property("a version above EL2's is answered with EL2's", "FFA-VER-05", "FFA_VERSION", "check_above"),
    Property("FFA_VERSION answers with zero in w4-w7", "FFA-CC-08", "FFA_VERSION", "check_reserved"),
    Property("no FF-A function before a version is agreed", "FFA-VER-10", "*", "check_unnegotiated",
             trusts=("L0", "L2")),
    Property("undefined functions are NOT_SUPPORTED", "FFA-CC-13", "undefined functions", "check_undefined"),
    Property("FFA_MEM_DONATE is NOT_SUPPORTED", "FFA-MEM-28", "FFA_MEM_DONATE", "check_donate"),
    Property("FFA_RXTX_MAP leaves x18-x30 alone", "FFA-CC-06", "FFA_RXTX_MAP", "check_preserved_map"),
    Property("every function leaves x18-x30 alone", "FFA-CC-06", "*", "check_preserved_all", LOOPS, ("L0", "L2")),
    _memory("FFA_MEM_SHARE", "check_memory_share"),
    _memory("FFA_MEM_FRAG_TX", "check_memory_frag_tx"),
    _memory("FFA_MEM_RECLAIM", "check_memory_reclaim", ("L0",), ", EL3 answers anything"),
    _memory("FFA_MEM_RECLAIM", "check_memory_reclaim_conforming", ("L2",), ", EL3 conforms"),
)
